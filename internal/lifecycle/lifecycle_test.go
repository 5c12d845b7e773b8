package lifecycle

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"google.golang.org/protobuf/proto"

	"crossgrant/internal/records"
)

// TestRules runs the cases of testdata: what documented lifecycles ask for.
//
//	rules [varies]        one rule a line: words of id=, prefix=, tag=key:value, larger=, smaller=, disabled, and
//	                      expire=DAYS|DATE, markers, move=CLASS@DAYS|DATE, old-expire=DAYS[/NEWER],
//	                      old-move=CLASS@DAYS[/NEWER], abort=DAYS
//	judge now=… VERSION   what is due for a version
//	life until=… VERSION  what becomes of a current version, by the first midnight at which something is due
//	header VERSION        x-amz-expiration
//	abort key= created=
//	prefixes
//
// A VERSION is key= created= size= class= tag= (repeated), versioned, marker, only, locked, noncurrent=SINCE, newer=N. Times
// are 2006-01-02T15:04 UTC. day= is the length of a day.
func TestRules(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var r *Rules
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "rules" {
				r = parseRules(t, d)
				return ""
			}
			return runCase(t, d, r)
		})
	})
}

func runCase(t *testing.T, d *datadriven.TestData, r *Rules) string {
	v, versioned := parseVersion(t, d)
	var c Calendar
	if text := arg(d, "day"); text != "" {
		c.Day, _ = time.ParseDuration(text)
	}
	switch d.Cmd {
	case "judge":
		return show(r.Judge(&v, versioned, moment(t, arg(d, "now")), c)) + "\n"
	case "life":
		return life(r, v, versioned, moment(t, arg(d, "until")), c)
	case "header":
		a, ok := r.Expiration(&v, c)
		if !ok {
			return "none\n"
		}
		return Header(a.Due, a.Rule) + "\n"
	case "abort":
		a, ok := r.Abort(v.Key, v.Created, c)
		if !ok {
			return "none\n"
		}
		return HTTPDate(a.Due) + " by " + a.Rule + "\n"
	case "prefixes":
		return fmt.Sprintf("all %q\nobjects %q\nuploads %q\n", r.Prefixes(), r.ObjectPrefixes(), r.UploadPrefixes())
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return ""
}

// life tells what becomes of a version, judged once a day.
func life(r *Rules, v Version, versioned bool, until time.Time, c Calendar) string {
	var b strings.Builder
	for now := v.Created; !now.After(until); now = now.Truncate(Day).Add(Day) {
		a := r.Judge(&v, versioned, now, c)
		if a.Kind == None {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n", now.Format("2006-01-02"), show(a))
		if a.Kind != Transition {
			return b.String()
		}
		v.StorageClass = a.Class
	}
	return b.String() + "and stays\n"
}

func show(a Action) string {
	if a.Kind == None {
		return "nothing"
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s by %s, due %s", a.Kind, a.Class, a.Rule, a.Due.Format("2006-01-02T15:04"))), " ")
}

func parseVersion(t *testing.T, d *datadriven.TestData) (v Version, versioned bool) {
	v = Version{Key: arg(d, "key"), StorageClass: arg(d, "class"), Current: true, Size: 1 << 20}
	if text := arg(d, "size"); text != "" {
		v.Size = number(t, text)
	}
	if text := arg(d, "created"); text != "" {
		v.Created = moment(t, text)
	}
	for _, a := range d.CmdArgs {
		if a.Key == "tag" {
			v.Tags = append(v.Tags, tag(a.Vals[0]))
		}
	}
	if text := arg(d, "noncurrent"); text != "" {
		v.Current, v.Superseded = false, moment(t, text)
	}
	if text := arg(d, "newer"); text != "" {
		v.Newer = int(number(t, text))
	}
	v.DeleteMarker, v.Only, v.Locked = d.HasArg("marker"), d.HasArg("only"), d.HasArg("locked")
	return v, d.HasArg("versioned")
}

func parseRules(t *testing.T, d *datadriven.TestData) *Rules {
	l := &records.Lifecycle{}
	if d.HasArg("varies") {
		l.TransitionDefaultMinimumObjectSize = VariesByClass
	}
	for line := range strings.Lines(d.Input) {
		rule := &records.LifecycleRule{Enabled: true}
		for _, word := range strings.Fields(line) {
			name, value, _ := strings.Cut(word, "=")
			parseWord(t, rule, name, value)
		}
		l.Rules = append(l.Rules, rule)
	}
	return New(l)
}

func parseWord(t *testing.T, rule *records.LifecycleRule, name, value string) {
	days, newer, _ := strings.Cut(value, "/")
	class, when, _ := strings.Cut(days, "@")
	versions := int32(0)
	if newer != "" && strings.HasPrefix(name, "old-") {
		versions = int32(number(t, newer))
	}
	switch name {
	case "id":
		rule.Id = value
	case "prefix":
		rule.Prefix = value
	case "tag":
		rule.Tags = append(rule.Tags, tag(value))
	case "larger":
		rule.LargerThan = proto.Int64(number(t, value))
	case "smaller":
		rule.SmallerThan = proto.Int64(number(t, value))
	case "disabled":
		rule.Enabled = false
	case "expire":
		rule.Expiration = &records.LifecycleExpiration{}
		if strings.Contains(value, "-") {
			rule.Expiration.Date = moment(t, value).UnixNano()
		} else {
			rule.Expiration.Days = int32(number(t, value))
		}
	case "markers":
		rule.Expiration = &records.LifecycleExpiration{DeleteMarker: true}
	case "move":
		move := &records.LifecycleTransition{StorageClass: class}
		if strings.Contains(when, "-") {
			move.Date = moment(t, when).UnixNano()
		} else {
			move.Days = proto.Int32(int32(number(t, when)))
		}
		rule.Transitions = append(rule.Transitions, move)
	case "old-expire":
		rule.NoncurrentExpiration = &records.NoncurrentExpiration{Days: int32(number(t, days)), NewerVersions: versions}
	case "old-move":
		rule.NoncurrentTransitions = append(rule.NoncurrentTransitions,
			&records.NoncurrentTransition{StorageClass: class, Days: int32(number(t, when)), NewerVersions: versions})
	case "abort":
		rule.AbortUploadDays = int32(number(t, value))
	default:
		t.Fatalf("unknown word %s", name)
	}
}

func arg(d *datadriven.TestData, name string) string {
	for _, a := range d.CmdArgs {
		if a.Key == name && len(a.Vals) == 1 {
			return a.Vals[0]
		}
	}
	return ""
}

func tag(text string) *records.Tag {
	key, value, _ := strings.Cut(text, ":")
	return &records.Tag{Key: key, Value: value}
}

func number(t *testing.T, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func moment(t *testing.T, text string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02"} {
		if m, err := time.Parse(layout, text); err == nil {
			return m
		}
	}
	t.Fatalf("%q is no time", text)
	return time.Time{}
}
