package cloudtrailapi

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/jsonapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/json11"
)

// input is what operations read from a request, of which each uses a part.
type input struct {
	// on is what the operation is about: the name or ARN of a trail, or what else the row says.
	on []string
	// about takes the place of the row's where the request says what type of resource it is about.
	about    string
	settings cloudtrail.Settings
	delivery delivery
	shadows  bool
	basic    []selector.Basic
	advanced []selector.Advanced
	tags     []cloudtrail.Tag
	tagKeys  []string
	query    history.Query
	insight  bool
	several  bool // attributes
	from, to time.Time
	token    string
	member   string // an account

	// What is read before the checks.
	owner ids.AccountID      // of a trail that is to be made
	have  [][]cloudtrail.Tag // of each of on
}

// first returns what the operation is about; "" if the request does not say.
func (in *input) first() string {
	if len(in.on) == 0 {
		return ""
	}
	return in.on[0]
}

// row declares an operation.
type row struct {
	name string
	// about is the type of resource that the action is authorized on; empty: it has none, "*".
	about  string
	decode func(r *json11.Reader, in *input)
	run    func(ctx context.Context, c *httpapi.Call, in *input) (result any, err error)
	// notOffered is as in httpapi.Row.
	notOffered string
}

// Types of resources.
const (
	aTrail     = "trail"
	aStore     = "eventdatastore"
	aChannel   = "channel"
	aDashboard = "dashboard"
)

// maxBody is the largest body of a request, in bytes; the pipeline takes no larger one either.
const maxBody = 1 << 20

// operation turns a row into an operation.
func (a *api) operation(r row) httpapi.Operation {
	return httpapi.Row[input]{
		Name:       r.name,
		NotOffered: r.notOffered,
		Decode:     r.read,
		Load: func(ctx context.Context, c *httpapi.Call, in *input) error {
			return a.load(ctx, r, c.Caller.Account, in)
		},
		Checks: func(c *httpapi.Call, in *input) []access.Check { return a.checks(r, c.Caller.Account, in) },
		Run: func(ctx context.Context, c *httpapi.Call, in *input) (*httpapi.Response, error) {
			result, err := r.run(ctx, c, in)
			if err != nil {
				return nil, err
			}
			return jsonapi.Respond(r.name, result)
		},
	}.Operation()
}

// read reads the body of a request.
func (r row) read(c *httpapi.Call) (*input, error) {
	reader, err := jsonapi.Read(c, maxBody)
	if err != nil {
		return nil, err
	}
	in := new(input)
	if r.decode != nil {
		r.decode(reader, in)
	}
	err = reader.Err()
	var violation *json11.Violation
	if errors.As(err, &violation) {
		return nil, invalid(violation)
	}
	return in, err
}

// load reads the tags of the trails that a request is about, which conditions may be about, and who will own a new one.
func (a *api) load(ctx context.Context, r row, account ids.AccountID, in *input) (err error) {
	if cmp.Or(in.about, r.about) != aTrail {
		return nil
	}
	in.owner = account
	if r.name == "CreateTrail" {
		in.owner, err = a.Trails.Owner(ctx, account, in.settings.Organization != nil && *in.settings.Organization)
		return err
	}
	in.have = make([][]cloudtrail.Tag, len(in.on))
	for i, text := range in.on {
		if in.have[i], err = a.Trails.TagsOf(ctx, account, text); err != nil {
			return err
		}
	}
	return nil
}

// checks asks for the action of the row on each of the things that the request is about.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html
func (a *api) checks(r row, account ids.AccountID, in *input) []access.Check {
	if r.about == "" || len(in.on) == 0 {
		return []access.Check{a.check(r, in, "*", nil)}
	}
	var checks []access.Check
	for i, text := range in.on {
		var have []cloudtrail.Tag
		if i < len(in.have) {
			have = in.have[i]
		}
		checks = append(checks, a.check(r, in, a.resource(r, account, in, text), have))
	}
	return checks
}

// resource returns the ARN of what a request calls by text.
func (a *api) resource(r row, account ids.AccountID, in *input, text string) string {
	switch {
	case strings.HasPrefix(text, "arn:"):
		return text
	case in.owner != "": // a trail
		return a.Trails.ARN(in.owner, text)
	default:
		name := arn.ARN{Partition: arn.Partition, Service: "cloudtrail", Region: a.Trails.Region, Account: string(account)}
		name.Resource = cmp.Or(in.about, r.about) + "/" + text
		return name.String()
	}
}

// check is the check of an action on a resource with these tags. It is judged in the caller's account, whatever account
// the ARN has.
func (a *api) check(r row, in *input, resource string, have []cloudtrail.Tag) access.Check {
	c := access.Check{Action: "cloudtrail:" + r.name, Resource: resource}
	if name, err := arn.Parse(resource); err == nil {
		c.ToldOwner = ids.AccountID(name.Account)
	}
	c.Keys = func(k *policy.Context) {
		for _, tag := range have {
			k.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		}
		names := in.tagKeys
		for _, tag := range in.tags {
			k.Set("aws:RequestTag/"+tag.Key, tag.Value)
			names = append(names[:len(names):len(names)], tag.Key)
		}
		if len(names) > 0 {
			k.SetMulti("aws:TagKeys", names)
		}
	}
	return c
}
