package cloudtrailapi

import (
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/json11"
)

// maxEvents is how many events a page has at most, and if the request does not say.
const maxEvents = 50

// events returns the rows for the history of events, and for the keys that digest files are verified with.
func (a *api) events() []row {
	return []row{
		{
			name: "LookupEvents", decode: readLookup,
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				if err := in.checkLookup(); err != nil {
					return nil, err
				}
				if in.insight { // nothing is found out here about how often things are asked
					return &lookupShape{Events: []eventShape{}}, nil
				}
				in.query.Account = c.Caller.Account
				page, err := a.History.Lookup(ctx, in.query)
				if err != nil {
					return nil, err
				}
				return lookupOf(page), nil
			},
		},
		{
			name: "ListPublicKeys",
			decode: func(r *json11.Reader, in *input) {
				in.from, in.to, in.token = r.Time("StartTime"), r.Time("EndTime"), r.String("NextToken")
			},
			run: func(ctx context.Context, _ *httpapi.Call, in *input) (any, error) {
				if in.token != "" {
					return nil, cloudtrail.Error("InvalidToken", "The value of NextToken is not valid.")
				}
				now := a.Now()
				from, to := cmp.Or(in.from, now), cmp.Or(in.to, now)
				if to.Before(from) {
					return nil, errTimeRange
				}
				keys, err := a.Keys.Public(ctx, from, to)
				return map[string]any{"PublicKeyList": shapes(keys, keyOf)}, err
			},
		},
	}
}

var errTimeRange = cloudtrail.Error("InvalidTimeRange", "The start time is after the end time.")

// readLookup reads the members of LookupEvents.
func readLookup(r *json11.Reader, in *input) {
	list := r.Objects("LookupAttributes")
	for _, item := range list {
		in.query.Attribute, in.query.Value = item.Required("AttributeKey", attributes...), item.Required("AttributeValue", json11.Length(1, 0))
	}
	in.several = len(list) > 1
	in.query.From, in.query.To = r.Time("StartTime"), r.Time("EndTime")
	in.insight = r.String("EventCategory", categories...) != ""
	in.query.Max = r.Int("MaxResults", maxEvents, 1, maxEvents)
	in.query.Token = r.String("NextToken", tokens...)
}

// maxAttribute is how long the value of an attribute may be, in characters of which some count twice.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupAttribute.html
const maxAttribute = 2000

// checkLookup refuses queries that make no sense.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
func (in *input) checkLookup() error {
	q := &in.query
	long := utf8.RuneCountInString(q.Value)
	for _, double := range []string{"_", " ", ",", "\n"} {
		long += strings.Count(q.Value, double)
	}
	invalid := func(format string, args ...any) error {
		return cloudtrail.Error("InvalidLookupAttributes", format, args...)
	}
	switch {
	case in.several:
		return invalid("Only one lookup attribute can be given.")
	case long > maxAttribute:
		return invalid("The value of the lookup attribute is longer than %d characters.", maxAttribute)
	case q.Attribute == "ReadOnly" && q.Value != "true" && q.Value != "false":
		return invalid("The lookup attribute ReadOnly is true or false.")
	case in.insight && q.Attribute != "" && q.Attribute != "EventId" && q.Attribute != "EventName" && q.Attribute != "EventSource":
		return invalid("The lookup attribute %s is not one of Insights events.", q.Attribute)
	case !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From):
		return errTimeRange
	case in.insight && q.Token != "":
		return cloudtrail.Error("InvalidNextToken", "The value of NextToken is not valid.")
	}
	return nil
}

// The shapes of answers, from the API's model.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/cloudtrail

type lookupShape struct {
	Events    []eventShape
	NextToken string `json:",omitempty"`
}

type eventShape struct {
	EventId         string
	EventName       string
	ReadOnly        string
	AccessKeyId     string `json:",omitempty"`
	EventTime       json11.Time
	EventSource     string
	Username        string `json:",omitempty"`
	Resources       []resourceShape
	CloudTrailEvent string
}

type resourceShape struct {
	ResourceType string `json:",omitempty"`
	ResourceName string `json:",omitempty"`
}

func lookupOf(p *history.Page) *lookupShape { return &lookupShape{shapes(p.Events, eventOf), p.Token} }

func eventOf(e history.Event) eventShape {
	readOnly := "false"
	if e.ReadOnly {
		readOnly = "true"
	}
	return eventShape{
		EventId: e.ID, EventName: e.Name, ReadOnly: readOnly, AccessKeyId: e.AccessKeyID, EventTime: json11.Time(e.Time), EventSource: e.Source,
		Username: e.Username, Resources: shapes(e.Resources, func(r event.Resource) resourceShape { return resourceShape{r.Type, r.Name} }), CloudTrailEvent: e.Text,
	}
}

type keyShape struct {
	Value             []byte // base64
	ValidityStartTime json11.Time
	ValidityEndTime   json11.Time
	Fingerprint       string
}

func keyOf(k signing.PublicKey) keyShape {
	return keyShape{k.DER, json11.Time(k.Begins), json11.Time(k.Ends), k.Fingerprint}
}
