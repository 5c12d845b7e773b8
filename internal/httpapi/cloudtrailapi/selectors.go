package cloudtrailapi

import (
	"context"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/json11"
)

// selectors returns the rows for event selectors.
func (a *api) selectors() []row {
	return []row{
		{
			name: "PutEventSelectors", about: aTrail,
			decode: func(r *json11.Reader, in *input) {
				in.on = []string{r.String("TrailName")}
				in.basic, in.advanced = readBasic(r), readAdvanced(r)
			},
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				t, err := a.Trails.PutSelectors(ctx, c.Caller.Account, in.first(), in.basic, in.advanced)
				return answer(t, err, selectorsOf)
			},
		},
		{
			name: "GetEventSelectors", about: aTrail, decode: on("TrailName"),
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				t, err := a.Trails.Get(ctx, c.Caller.Account, in.first())
				return answer(t, err, selectorsOf)
			},
		},
	}
}

// readBasic reads basic event selectors, with the defaults of what is left out.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
func readBasic(r *json11.Reader) (list []selector.Basic) {
	for _, item := range r.Objects("EventSelectors") {
		b := selector.Basic{ReadWriteType: selector.All, IncludeManagementEvents: true}
		b.ExcludeManagementEventSources = item.Strings("ExcludeManagementEventSources")
		if item.Has("ReadWriteType") {
			b.ReadWriteType = item.String("ReadWriteType")
		}
		if include := item.Bool("IncludeManagementEvents"); include != nil {
			b.IncludeManagementEvents = *include
		}
		for _, d := range item.Objects("DataResources") {
			b.DataResources = append(b.DataResources, selector.Resource{Type: d.String("Type"), Values: d.Strings("Values")})
		}
		list = append(list, b)
	}
	return list
}

// readAdvanced reads advanced event selectors.
func readAdvanced(r *json11.Reader) (list []selector.Advanced) {
	for _, item := range r.Objects("AdvancedEventSelectors") {
		one := selector.Advanced{Name: item.String("Name")}
		item.Need("FieldSelectors")
		for _, f := range item.Objects("FieldSelectors") {
			one.FieldSelectors = append(one.FieldSelectors, selector.Field{
				Field: f.Required("Field"), Equals: operator(f, "Equals"), StartsWith: operator(f, "StartsWith"), EndsWith: operator(f, "EndsWith"),
				NotEquals: operator(f, "NotEquals"), NotStartsWith: operator(f, "NotStartsWith"), NotEndsWith: operator(f, "NotEndsWith"),
			})
		}
		list = append(list, one)
	}
	return list
}

// operator reads the values of an operator, which has one at least if it is there.
func operator(r *json11.Reader, name string) []string {
	values := r.Strings(name)
	if r.Has(name) && len(values) == 0 {
		r.Refuse(name, json11.TooShort)
	}
	return values
}

// selectorsShape is the answer of both operations: selectors of one kind.
type selectorsShape struct {
	TrailARN               string
	EventSelectors         []selector.Basic    `json:",omitempty"`
	AdvancedEventSelectors []selector.Advanced `json:",omitempty"`
}

func selectorsOf(t *cloudtrail.Trail) any {
	s := &selectorsShape{TrailARN: t.ARN, EventSelectors: t.Basic(), AdvancedEventSelectors: t.Advanced()}
	for i := range s.EventSelectors {
		b := &s.EventSelectors[i]
		b.DataResources, b.ExcludeManagementEventSources = some(b.DataResources), some(b.ExcludeManagementEventSources)
	}
	return s
}

// some returns a list that is not rendered as null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
