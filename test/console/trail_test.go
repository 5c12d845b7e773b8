package console_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// told is an event as a trail tells it, as far as it matters here.
type told struct {
	EventID, EventName, EventSource, UserAgent string
	ManagementEvent                            bool
	UserIdentity                               struct{ ARN, AccessKeyID string }
}

// TestTrail visits every page and sends the form of every action, and holds that each command which a page then shows was
// an API call of the visitor's own: an event in the account's history or, of objects, in the log files of its trail.
func TestTrail(t *testing.T) {
	f := &filled{world: newWorldOf(t, "filled.yaml", "--trail-interval", "1s"), names: map[string]string{}}
	f.fillStorage(t)
	f.fillIdentities(t)
	f.fillOrganization(t)
	f.fillRequest(t)
	f.fillWhy(t)
	done[*cloudtrail.CreateTrailOutput](t)(f.cloudTrail(adminA).CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String("other"), S3BucketName: aws.String("archive-of-logs")}))
	f.logObjects(t)
	v := newVisitor(t, f.world)
	v.signIn(f.world, adminA, "/")
	shown := map[string][]string{} // commands, by the event that they have to be
	names := eventNames(t)
	show := func(what, body string) (writes bool) {
		for _, command := range commands(body) {
			words := strings.Fields(command)
			if len(words) < 3 || words[0] != "aws" || words[1] == "s3" {
				continue
			}
			name, known := names[words[1]+" "+words[2]]
			if !known {
				t.Errorf("%s shows a command that is no operation: %s", what, command)
				continue
			}
			shown[name.event] = append(shown[name.event], what+": "+command)
			writes = writes || name.writes
		}
		return writes
	}
	for _, path := range paths(t) {
		show(path, v.get(f.path(t, path)).body)
	}
	f.act(t, v, show)
	for _, event := range f.scripted {
		shown[event] = append(shown[event], "a script")
	}
	f.compare(t, shown)
}

// logObjects has the trail log what is done with objects, but for those of the bucket that it delivers to.
func (f *filled) logObjects(t *testing.T) {
	t.Helper()
	var values []string
	for _, name := range []string{bucket, "website", "locked-bucket", "empty-bucket"} {
		values = append(values, "arn:aws:s3:::"+name+"/")
	}
	done[*cloudtrail.PutEventSelectorsOutput](t)(f.cloudTrail(adminA).PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{
		TrailName: aws.String("everything"), EventSelectors: []trailtypes.EventSelector{{
			IncludeManagementEvents: aws.Bool(true), ReadWriteType: trailtypes.ReadWriteTypeAll,
			DataResources: []trailtypes.DataResource{{Type: aws.String("AWS::S3::Object"), Values: values}},
		}},
	}))
}

// eventName is what CloudTrail calls an operation, and whether that changes something.
type eventName struct {
	event  string // source and name
	writes bool
}

// eventNames returns what events are called, by commands of the CLI.
func eventNames(t *testing.T) map[string]eventName {
	t.Helper()
	text, err := os.ReadFile("../../internal/cloudtrail/event/operations.txt")
	must(t, err)
	services := map[string]string{"s3": "s3api", "s3-control": "s3control", "access-analyzer": "accessanalyzer"}
	out := map[string]eventName{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[0] == "#" {
			continue
		}
		service, name := fields[0], fields[1]
		if each, ok := services[service]; ok {
			service = each
		}
		if len(fields) > 5 {
			name = fields[5]
		}
		source := fields[0]
		if source == "s3-control" {
			source = "s3"
		}
		out[service+" "+strings.ToLower(fields[1])] = eventName{source + " " + name, fields[3] == "write"}
	}
	return out
}

var (
	aside = regexp.MustCompile(`(?s)<aside class="commands".*?</aside>|<div class="note" role="status">.*?</div></div>\s`)
	code  = regexp.MustCompile(`(?s)<pre tabindex="0"><code>(aws .*?)</code></pre>`)
)

// commands returns the commands that a page shows for what was called: its own, and those of the note on what was done.
func commands(body string) []string {
	var out []string
	for _, part := range aside.FindAllString(body, -1) {
		for _, found := range code.FindAllStringSubmatch(part, -1) {
			for line := range strings.SplitSeq(html.UnescapeString(found[1]), "\naws ") {
				words := strings.Fields(strings.TrimPrefix(line, "aws "))
				if len(words) < 2 {
					continue
				}
				out = append(out, "aws "+words[0]+" "+strings.ReplaceAll(words[1], "-", "")+" "+strings.Join(words[2:], " "))
			}
		}
	}
	return out
}

// act sends the form of every action, as it is filled in below. A call that is refused is an event as well.
func (f *filled) act(t *testing.T, v *visitor, show func(what, body string) bool) {
	t.Helper()
	csrf := v.csrf()
	known := map[string]bool{}
	// What destroys comes last, so that there is something to change before.
	all := deeds()
	slices.SortStableFunc(all, func(a, b deed) int { return destroys(a) - destroys(b) })
	for _, d := range all {
		name := d.row + " " + d.do
		known[name] = true
		if d.row == "/signin" || d.row == "/signout" {
			continue // who is no visitor yet, or no more
		}
		form, err := url.ParseQuery(fields[name])
		must(t, err)
		for field := range form {
			form.Set(field, strings.NewReplacer("{version}", f.names["version"], "{unit}", f.names["unit"], "{upload}", f.names["upload"], "{finding}", f.names["finding"]).Replace(form.Get(field)))
		}
		form.Set("csrf", csrf)
		form.Set("do", d.do)
		path := d.path
		if address, ok := addresses[d.row]; ok {
			path = f.path(t, address)
		} else if len(visits[d.row]) > 0 {
			path = f.path(t, visits[d.row][0])
		}
		body := sendForm(v, path, form)
		if found := toConfirm.FindStringSubmatch(message(body)); found != nil {
			form.Set("confirm", found[1])
			body = sendForm(v, path, form)
		}
		if event, ok := scripted[name]; ok {
			f.scripted = append(f.scripted, event)
			continue
		}
		if writes := show(d.String(), body); !writes && silent[name] == "" {
			t.Errorf("%s, a form for %s, called nothing that changes something: %s", path, name, message(body))
		}
	}
	for _, table := range []map[string]string{fields, silent, scripted} {
		for name := range table {
			if !known[name] {
				t.Errorf("there is no action %s", name)
			}
		}
	}
}

// destroys is 1 for an action that takes away what others are about, and else 0.
func destroys(d deed) int {
	if slices.ContainsFunc([]string{"delete", "remove", "empty", "leave", "close"}, func(word string) bool { return strings.Contains(d.do, word) }) {
		return 1
	}
	return 0
}

// sendForm sends a form and returns the page that comes of it.
func sendForm(v *visitor, path string, form url.Values) string {
	answer := v.send(http.MethodPost, path, form)
	if answer.status == http.StatusSeeOther {
		return v.get(answer.header.Get("Location")).body
	}
	return answer.body
}

// toConfirm is how a page asks for the name of what it is to destroy.
var toConfirm = regexp.MustCompile(`^Nothing was (?:deleted|stopped|emptied): type (.*) to confirm`)

// message is what a page says went wrong.
func message(body string) string {
	found := regexp.MustCompile(`(?s)<p class="message">(.*?)</p>`).FindStringSubmatch(body)
	if found == nil {
		return "-"
	}
	return html.UnescapeString(found[1])
}

// compare waits until each command that was shown is an event, and fails the test for those that are none.
func (f *filled) compare(t *testing.T, shown map[string][]string) {
	t.Helper()
	seen := map[string]told{}
	missing := func() []string {
		counts := map[string]int{}
		for _, e := range seen {
			if e.UserIdentity.AccessKeyID == f.keys[adminA].AccessKeyID && strings.Contains(e.UserAgent, "crossgrant-console") {
				counts[strings.TrimSuffix(e.EventSource, ".amazonaws.com")+" "+e.EventName]++
			}
		}
		var out []string
		for _, event := range slices.Sorted(maps.Keys(shown)) {
			if counts[event] == 0 {
				out = append(out, event)
			}
		}
		return out
	}
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		f.look(t, seen)
		left := missing()
		if len(left) == 0 {
			t.Logf("%d kinds of calls were shown; all are events, of %d", len(shown), len(seen))
			return
		}
		if time.Now().After(deadline) {
			for _, event := range left {
				t.Errorf("no event %s of the visitor's, as %s", event, shown[event][0])
			}
			return
		}
		<-tick.C
	}
}

// look adds the events that the history and the log files have.
func (f *filled) look(t *testing.T, seen map[string]told) {
	t.Helper()
	ctx := t.Context()
	pages := cloudtrail.NewLookupEventsPaginator(f.cloudTrail(adminA), &cloudtrail.LookupEventsInput{LookupAttributes: []trailtypes.LookupAttribute{
		{AttributeKey: trailtypes.LookupAttributeKeyUsername, AttributeValue: aws.String("awssecadmin")},
	}})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		must(t, err)
		for _, e := range out.Events {
			var each told
			must(t, json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &each))
			seen[each.EventID] = each
		}
	}
	client := f.s3(adminA)
	list := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String("archive-of-logs"), Prefix: aws.String("AWSLogs/" + accountA + "/CloudTrail/")})
	for list.HasMorePages() {
		out, err := list.NextPage(ctx)
		must(t, err)
		for _, o := range out.Contents {
			object := done[*s3.GetObjectOutput](t)(client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("archive-of-logs"), Key: o.Key}))
			var packed bytes.Buffer
			packed.ReadFrom(object.Body)
			object.Body.Close()
			plain, err := gzip.NewReader(&packed)
			must(t, err)
			var file struct{ Records []told }
			must(t, json.NewDecoder(plain).Decode(&file))
			for _, each := range file.Records {
				if !each.ManagementEvent { // those of management have to be in the history
					seen[each.EventID] = each
				}
			}
		}
	}
}
