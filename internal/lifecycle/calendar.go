package lifecycle

import (
	"math"
	"net/url"
	"strings"
	"time"
)

// Day is the length of a day where nothing else is asked for.
const Day = 24 * time.Hour

// Calendar counts days. The zero Calendar counts real ones; Day makes them shorter for tests, and then nothing is
// rounded.
type Calendar struct{ Day time.Duration }

// After returns when an action is due that comes days after a moment: S3 adds the days and rounds the sum up to the
// next day at midnight UTC. An object created at 10:30 on 15 January is 3 days old at midnight of 19 January. A sum
// that is midnight already counts as of the day that it begins, so that nothing is removed too early.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html ("Lifecycle rules: Based on
// an object's age")
func (c Calendar) After(from time.Time, days int32) time.Time {
	if c.Day == 0 || c.Day == Day {
		return from.UTC().AddDate(0, 0, int(days)).Truncate(Day).Add(Day)
	}
	if int64(days) > math.MaxInt64/int64(c.Day) {
		return from.UTC().Add(math.MaxInt64) // in 292 years
	}
	return from.UTC().Add(time.Duration(days) * c.Day)
}

// Header returns the value of x-amz-expiration for an object that a rule expires at a moment.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (x-amz-expiration: "It includes the
// expiry-date and rule-id key-value pairs providing object expiration information. The value of the rule-id is
// URL-encoded.")
func Header(due time.Time, rule string) string {
	return `expiry-date="` + HTTPDate(due) + `", rule-id="` + RuleID(rule) + `"`
}

// HTTPDate returns a moment as it stands in headers such as x-amz-abort-date.
func HTTPDate(t time.Time) string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") }

// RuleID returns a rule's ID as headers have it: percent-encoded, because an ID can hold any character.
func RuleID(id string) string { return strings.ReplaceAll(url.QueryEscape(id), "+", "%20") }
