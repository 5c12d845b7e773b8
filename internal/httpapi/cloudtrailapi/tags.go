package cloudtrailapi

import (
	"context"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/json11"
)

// maxResources is how many ARNs ListTags takes.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html
const maxResources = 20

// tags returns the rows for tags.
func (a *api) tags() []row {
	return []row{
		{
			name: "AddTags", about: aTrail,
			decode: func(r *json11.Reader, in *input) {
				in.on = []string{r.Required("ResourceId")}
				r.Need("TagsList")
				readTags(r, in)
			},
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return nil, a.Trails.AddTags(ctx, c.Caller.Account, in.first(), in.tags)
			},
		},
		{
			// Tags are removed by their keys; a value that is sent beside one says nothing.
			name: "RemoveTags", about: aTrail,
			decode: func(r *json11.Reader, in *input) {
				in.on = []string{r.Required("ResourceId")}
				r.Need("TagsList")
				for _, item := range r.Objects("TagsList") {
					in.tagKeys = append(in.tagKeys, item.Required("Key", json11.Length(1, 128)))
					item.String("Value", json11.Length(1, 256))
				}
			},
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return nil, a.Trails.RemoveTags(ctx, c.Caller.Account, in.first(), in.tagKeys)
			},
		},
		{
			name: "ListTags", about: aTrail,
			decode: func(r *json11.Reader, in *input) {
				in.on, in.token = r.Strings("ResourceIdList"), r.String("NextToken")
				if n := len(in.on); n == 0 {
					r.Refuse("ResourceIdList", json11.Missing)
				} else if n > maxResources {
					r.Refuse("ResourceIdList", json11.TooLong)
				}
			},
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				if in.token != "" {
					return nil, cloudtrail.Error("InvalidToken", "The value of NextToken is not valid.")
				}
				var list []resourceTags
				for _, name := range in.on {
					tags, err := a.Trails.Tags(ctx, c.Caller.Account, name)
					if err != nil {
						return nil, err
					}
					list = append(list, resourceTags{name, some(tags)})
				}
				return map[string]any{"ResourceTagList": list}, nil
			},
		},
	}
}

type resourceTags struct {
	ResourceId string
	TagsList   []cloudtrail.Tag
}
