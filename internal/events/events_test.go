package events

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/apierr"
)

// TestRules runs the files of testdata/rules:
//
//	check        whether a configuration is accepted; one rule a line:
//	             kind=Queue arn=… events=a,b [id=…] [prefix=…] [suffix=…] [filter=NAME:VALUE]
//	match event=ObjectCreated:Put      which keys, one a line, the rules of the last check match
func TestRules(t *testing.T) {
	var rules []Rule
	datadriven.RunTest(t, "testdata/rules", func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "check":
			rules = nil
			for line := range strings.SplitSeq(d.Input, "\n") {
				rules = append(rules, parseRule(line))
			}
			return describe(Check(rules))
		case "match":
			var event string
			d.ScanArgs(t, "event", &event)
			var out strings.Builder
			for key := range strings.SplitSeq(d.Input, "\n") {
				var ids []string
				for i := range rules {
					if rules[i].Matches(event, key) {
						ids = append(ids, rules[i].ID)
					}
				}
				fmt.Fprintf(&out, "%s: %s\n", key, strings.Join(ids, " "))
			}
			return out.String()
		}
		d.Fatalf(t, "unknown command %s", d.Cmd)
		return ""
	})
}

func parseRule(line string) Rule {
	r := Rule{Kind: Queue, Destination: "arn:aws:sqs:us-east-1:111111111111:q"}
	for word := range strings.FieldsSeq(line) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "id":
			r.ID = value
		case "kind":
			r.Kind = Kind(value)
		case "arn":
			r.Destination = value
		case "events":
			r.Events = strings.Split(value, ",")
		case "filter":
			name, value, _ = strings.Cut(value, ":")
			fallthrough
		default:
			if value == "long" {
				value = strings.Repeat("x", 1025)
			}
			r.Filters = append(r.Filters, Filter{name, value})
		}
	}
	return r
}

func describe(err error) string {
	if err == nil {
		return "ok\n"
	}
	e := apierr.From(err)
	out := fmt.Sprintf("%d %s: %s\n", e.Status, e.Code, e.Message)
	for _, d := range e.Detail {
		out += fmt.Sprintf("%s: %.60s\n", d.Name, d.Value)
	}
	return out
}

// TestOverlapIsWhatMatchesTwice holds for all pairs of small rules that they are refused exactly if there is
// an event and a key that both match.
func TestOverlapIsWhatMatchesTwice(t *testing.T) {
	t.Parallel()
	all := []string{"", "a", "b", "ab"}
	written := []string{"s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectRemoved:*", "s3:LifecycleTransition"}
	happens := []string{"ObjectCreated:Put", "ObjectCreated:Copy", "ObjectRemoved:Delete", "LifecycleTransition"}
	var rules []Rule
	for _, w := range written {
		for _, prefix := range all {
			for _, suffix := range all {
				rules = append(rules, Rule{Events: []string{w}, Filters: []Filter{{Prefix, prefix}, {Suffix, suffix}}})
			}
		}
	}
	var keys []string
	for n := range 1 << 6 {
		keys = append(keys, strings.NewReplacer("0", "a", "1", "b").Replace(fmt.Sprintf("%06b", n)))
	}
	for i := range rules {
		for j := range rules {
			both := false
			for _, key := range keys {
				for _, event := range happens {
					both = both || rules[i].Matches(event, key) && rules[j].Matches(event, key)
				}
			}
			if refused := overlap(&rules[i], &rules[j]) != nil; refused != both {
				t.Errorf("%v and %v: refused is %v, but that some key matches both is %v", rules[i], rules[j], refused, both)
			}
		}
	}
}

// TestMessages shows a message of each form.
func TestMessages(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	datadriven.RunTest(t, "testdata/messages", func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd == "test" {
			e := TestEvent{at, "walnut", "R1", "H1"}
			return pretty(e.Message())
		}
		e := Event{
			Time: at, Region: "us-east-1", SourceIP: "192.0.2.1", RequestID: "R1", HostID: "H1", ConfigurationID: "c",
			Bucket: "walnut", BucketOwner: "111111111111", Key: "k", Size: 3, ETag: "ab", Sequence: 0xAED6DCD90281E5,
		}
		d.ScanArgs(t, "name", &e.Name)
		d.MaybeScanArgs(t, "principal", &e.PrincipalID)
		d.MaybeScanArgs(t, "version", &e.VersionID)
		d.MaybeScanArgs(t, "class", &e.StorageClass)
		if d.HasArg("until") {
			e.RestoredUntil = at.Add(time.Hour)
		}
		if d.Input != "" {
			e.Key = d.Input
		}
		return pretty(e.Message())
	})
}

// pretty breaks a message into lines at its objects.
func pretty(message []byte) string {
	return strings.NewReplacer(`,"`, ",\n\"", `{"`, "{\n\"").Replace(string(message)) + "\n"
}

func FuzzCheck(f *testing.F) {
	f.Add("s3:ObjectCreated:*", "Prefix", "images/", "a", "arn:aws:sqs:us-east-1:111111111111:q")
	f.Add("s3:Object", "x", "", "b", "arn:")
	f.Fuzz(func(t *testing.T, event, name, value, key, destination string) {
		rules := []Rule{{Kind: Queue, Destination: destination, Events: []string{event}, Filters: []Filter{{name, value}}}}
		if Check(rules) != nil {
			return
		}
		if n := rules[0].Filters[0].Name; n != Prefix && n != Suffix {
			t.Errorf("a filter of name %q was accepted", n)
		}
		if Check(append(rules, rules[0])) == nil {
			t.Error("the same rule was accepted twice")
		}
		rules[0].Matches("ObjectCreated:Put", key)
		e := Event{Name: strings.TrimPrefix(event, "s3:"), Key: key, PrincipalID: value}
		e.Message()
	})
}
