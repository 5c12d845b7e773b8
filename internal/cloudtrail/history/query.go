package history

import (
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail/event"
	"crossgrant/internal/ids"
)

// Query is what LookupEvents is asked.
type Query struct {
	Account ids.AccountID // whose history it is
	// Attribute is one of AWS's lookup attributes, such as "EventName", and Value what it has to be, exactly; Attribute
	// empty: anything.
	Attribute, Value string
	// From and To bound the time of events, both included; zero: no bound.
	From, To time.Time
	// Max is how many events are returned at most, 1 to 50; 0 means 50.
	Max int
	// Token is that of the page before; empty: the first one.
	Token string
}

const (
	// maxEvents is the largest Max, maxValue how many characters Value has at most.
	maxEvents = 50
	maxValue  = 2000
)

// attributes report, for each lookup attribute, whether the event of a record, as the account sees it, has the value.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupAttribute.html
var attributes = map[string]func(r *audit.Record, account ids.AccountID, value string) bool{
	"EventId":     func(r *audit.Record, a ids.AccountID, v string) bool { return event.ID(r, a) == v },
	"EventName":   func(r *audit.Record, _ ids.AccountID, v string) bool { return event.FactsOf(r).Name == v },
	"EventSource": func(r *audit.Record, _ ids.AccountID, v string) bool { return event.FactsOf(r).Source == v },
	"ReadOnly": func(r *audit.Record, _ ids.AccountID, v string) bool {
		return strconv.FormatBool(event.FactsOf(r).ReadOnly) == v
	},
	"Username":    func(r *audit.Record, a ids.AccountID, v string) bool { return event.Username(r, a) == v },
	"AccessKeyId": func(r *audit.Record, a ids.AccountID, v string) bool { return accessKey(r, a) == v },
	"ResourceType": func(r *audit.Record, a ids.AccountID, v string) bool {
		return slices.ContainsFunc(event.Resources(r, a), func(of event.Resource) bool { return of.Type == v })
	},
	"ResourceName": func(r *audit.Record, a ids.AccountID, v string) bool {
		return slices.ContainsFunc(event.Resources(r, a), func(of event.Resource) bool { return of.Name == v })
	},
}

// check refuses what is not valid, with the errors of LookupEvents, and fills in what is not given.
//
// What AWS does with a value of ReadOnly that is neither true nor false is not documented; it is refused.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
func (q *Query) check() error {
	if q.Max == 0 {
		q.Max = maxEvents
	}
	if q.Max < 1 || q.Max > maxEvents {
		return refuse("InvalidMaxResultsException", "A number of results between 1 and %d must be specified.", maxEvents)
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return refuse("InvalidTimeRangeException", "The start time is after the end time.")
	}
	if q.Attribute == "" {
		if q.Value != "" {
			return refuse("InvalidLookupAttributesException", "The value of a lookup attribute needs its key.")
		}
		return nil
	}
	if attributes[q.Attribute] == nil {
		return refuse("InvalidLookupAttributesException", "%q is not a lookup attribute.", q.Attribute)
	}
	if n := utf8.RuneCountInString(q.Value); n < 1 || n > maxValue {
		return refuse("InvalidLookupAttributesException", "The value of a lookup attribute has 1 to %d characters.", maxValue)
	}
	if q.Attribute == "ReadOnly" && q.Value != "true" && q.Value != "false" {
		return refuse("InvalidLookupAttributesException", "The value of ReadOnly is true or false.")
	}
	return nil
}

func refuse(code, format string, args ...any) error {
	return apierr.New(http.StatusBadRequest, code, format, args...)
}

// matches reports whether the event of a record is looked for, whenever it was.
func (q *Query) matches(r *audit.Record) bool {
	return q.Attribute == "" || attributes[q.Attribute](r, q.Account, q.Value)
}

// inSeconds returns a time as events tell it.
func inSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// accessKey returns the access key ID that an event tells: it is for the caller's account alone.
func accessKey(r *audit.Record, account ids.AccountID) string {
	if r.CallerAccount != account {
		return ""
	}
	return string(r.AccessKeyID)
}
