package why

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"crossgrant/internal/console/page"
)

// shownEvent is an event as it is listed. What does not stand among the members of the answer is read from its document.
type shownEvent struct {
	ID, Name, Source, User, ReadOnly, AccessKey string
	Time                                        any
	Resources                                   []types.Resource
	// Document is the whole event, indented.
	Document string
	eventFacts
	// Why is the page that explains the denial.
	Why string
}

// eventFacts are members of the document of an event. Only texts are read: a document may have anything else in their
// place.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
type eventFacts struct {
	ErrorCode, ErrorMessage, SourceIP, UserAgent, RequestID, Region, Type, Recipient string
	Identity, IdentityType                                                           string
}

func factsOf(document string) eventFacts {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(document), &members) != nil {
		return eventFacts{}
	}
	of := func(members map[string]json.RawMessage, name string) string {
		var s string
		if json.Unmarshal(members[name], &s) != nil {
			return ""
		}
		return s
	}
	var identity map[string]json.RawMessage
	if json.Unmarshal(members["userIdentity"], &identity) != nil {
		identity = nil
	}
	f := eventFacts{
		ErrorCode: of(members, "errorCode"), ErrorMessage: of(members, "errorMessage"), SourceIP: of(members, "sourceIPAddress"), UserAgent: of(members, "userAgent"),
		RequestID: of(members, "requestID"), Region: of(members, "awsRegion"), Type: of(members, "eventType"), Recipient: of(members, "recipientAccountId"),
		Identity: of(identity, "arn"), IdentityType: of(identity, "type"),
	}
	for _, name := range []string{"invokedBy", "accountId", "principalId"} {
		if f.Identity == "" {
			f.Identity = of(identity, name)
		}
	}
	return f
}

// attributes are those that events can be looked up by.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupAttribute.html
var attributes = []struct{ Value, Text string }{
	{"EventName", "Event name"}, {"Username", "User name"}, {"ResourceName", "Resource name"}, {"ResourceType", "Resource type"},
	{"EventSource", "Event source"}, {"AccessKeyId", "Access key ID"}, {"ReadOnly", "Read-only"}, {"EventId", "Event ID"},
}

// eventPage is the page.
type eventPage struct {
	Key, Value, From, To string
	Attributes           any
	Events               []shownEvent
	Next, First          string
	Problem              *page.Problem
	// Reads says that something was asked for; otherwise events that change nothing are left out.
	Reads bool
	// NoTrail says that the account has no trail, so that events are kept for a while only.
	NoTrail bool
}

func showEvents(ctx context.Context, v *page.Visit) (*page.View, error) {
	p := eventPage{Key: v.Query("key"), Reads: v.Request.URL.Query().Has("key"), Value: strings.TrimSpace(v.Query("value")), From: v.Query("from"), To: v.Query("to"), Attributes: attributes}
	if !p.Reads {
		// As AWS's console: what changes nothing, the console's own pages above all, would hide the rest.
		p.Key, p.Value = string(types.LookupAttributeKeyReadOnly), "false"
	}
	v.Together(
		func() { p.Problem = v.Problem(p.lookup(ctx, v)) },
		func() {
			out, err := v.AWS.CloudTrail().DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
			p.NoTrail = err == nil && len(out.TrailList) == 0
		},
	)
	return &page.View{Title: "Events", Template: "why-events", Data: &p}, nil
}

func (p *eventPage) lookup(ctx context.Context, v *page.Visit) error {
	in := &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(onPage)}
	if p.Value != "" {
		if p.Key == "" {
			p.Key = string(types.LookupAttributeKeyEventName)
		}
		in.LookupAttributes = []types.LookupAttribute{{AttributeKey: types.LookupAttributeKey(p.Key), AttributeValue: &p.Value}}
	}
	from, to, err := moments(&p.From, &p.To)
	if err != nil {
		return err
	}
	if !from.IsZero() {
		in.StartTime = &from
	}
	if !to.IsZero() {
		in.EndTime = &to
	}
	address := []string{"key", p.Key, "value", p.Value, "from", p.From, "to", p.To}
	if token := v.Query("token"); token != "" {
		in.NextToken = &token
		p.First = page.Query("/why/events", address...)
	}
	out, err := v.AWS.CloudTrail().LookupEvents(ctx, in)
	if err != nil {
		return err
	}
	for i := range out.Events {
		p.Events = append(p.Events, eventOf(&out.Events[i]))
	}
	if token := aws.ToString(out.NextToken); token != "" {
		p.Next = page.Query("/why/events", append(address, "token", token)...)
	}
	return nil
}

func eventOf(e *types.Event) shownEvent {
	document := aws.ToString(e.CloudTrailEvent)
	s := shownEvent{
		ID: aws.ToString(e.EventId), Name: aws.ToString(e.EventName), Source: aws.ToString(e.EventSource), User: aws.ToString(e.Username), ReadOnly: aws.ToString(e.ReadOnly),
		AccessKey: aws.ToString(e.AccessKeyId), Time: e.EventTime, Resources: e.Resources, Document: page.ShowJSON(document), eventFacts: factsOf(document),
	}
	if page.IsDenial(s.ErrorCode) && s.RequestID != "" {
		s.Why = page.Path("why", "requests", s.RequestID)
	}
	return s
}

// Who is who called, in short.
func (e *shownEvent) Who() string {
	switch {
	case e.User != "":
		return e.User
	case e.Identity != "":
		return e.Identity
	default:
		return "anonymous"
	}
}

// Service is the event source in short.
func (e *shownEvent) Service() string { return strings.TrimSuffix(e.Source, ".amazonaws.com") }
