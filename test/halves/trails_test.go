package halves_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// addTrail makes a trail of an account, with the data events of all objects, into a bucket of its own.
func (w *world) addTrail(a *account) {
	a.archive = w.marks.new(a.name, "bucket")
	w.owners[a.archive] = a.name
	w.put(a.root, "/"+a.archive, "", "x-amz-object-ownership", "BucketOwnerEnforced")
	w.put(a.root, "/"+a.archive+"?policy", document(
		w.statement(a.name, "Allow", `{"Service":"cloudtrail.amazonaws.com"}`, `"s3:GetBucketAcl"`, `"arn:aws:s3:::`+a.archive+`"`, ""),
		w.statement(a.name, "Allow", `{"Service":"cloudtrail.amazonaws.com"}`, `"s3:PutObject"`, `"arn:aws:s3:::`+a.archive+`/*"`, ""),
	))
	trail := w.marks.new(a.name, "trail")
	w.must(a.root, json11("cloudtrail", "CreateTrail", map[string]any{"Name": trail, "S3BucketName": a.archive}))
	w.must(a.root, json11("cloudtrail", "PutEventSelectors", map[string]any{"TrailName": trail, "EventSelectors": []any{map[string]any{
		"ReadWriteType": "All", "IncludeManagementEvents": true,
		"DataResources": []any{map[string]any{"Type": "AWS::S3::Object", "Values": []string{"arn:aws:s3"}}},
	}}}))
	w.must(a.root, json11("cloudtrail", "StartLogging", map[string]any{"Name": trail}))
}

// askCloudTrail looks at the events that each account gets: those of its history, and those of the log files of its trail.
// Every event is about one request, which tells what may be in it. The log files have every request of the account, and every
// one to its buckets.
func (w *world) askCloudTrail(seen *findings) {
	for _, name := range []string{accountA, accountB, accountC, accountM} {
		a := w.members[name]
		last := w.must(a.root, json11("cloudtrail", "ListTrails", map[string]any{})).id
		files := map[string]bool{}
		logged := map[string]bool{}
		for late := time.Now().Add(time.Minute); !logged[last]; time.Sleep(100 * time.Millisecond) {
			for _, e := range w.logged(a, files) {
				logged[w.lookAtEvent(seen, a, logFile, e)] = true
			}
			if time.Now().After(late) {
				w.t.Fatalf("the trail of %s never logged the request %s", name, last)
			}
		}
		w.hasAll(a, logged)
		history := w.lookedUp(a)
		for _, e := range history {
			w.lookAtEvent(seen, a, eventHistory, e)
		}
		w.t.Logf("%s has %d events in log files, and %d in its history", name, len(logged), len(history))
	}
}

// hasAll holds that the log files of an account have every request that its trail is to log, of those that are looked at.
func (w *world) hasAll(a *account, logged map[string]bool) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, r := range w.requests {
		if r.scan && !logged[id] && (r.caller.account == a.name || r.owner == a.name && r.answer.sent.service == "s3") {
			w.t.Errorf("the trail of %s has not logged, of %s: %.300s", a.name, r.caller, r.text)
		}
	}
}

var requestIDPattern = regexp.MustCompile(`\\?"requestID\\?":\\?"([A-Z0-9]+)\\?"`)

// lookAtEvent looks at an event that an account was given, and returns the ID of its request.
func (w *world) lookAtEvent(seen *findings, a *account, api, text string) string {
	w.t.Helper()
	id := requestIDPattern.FindStringSubmatch(text)
	if id == nil {
		w.t.Fatalf("no request ID in %s", text)
	}
	w.mu.Lock()
	about := w.requests[id[1]]
	w.mu.Unlock()
	if about == nil && !strings.Contains(text, `"invokedBy":"cloudtrail.amazonaws.com"`) {
		seen.fail(api+" tells "+a.name+" of a request that nobody made", text)
	}
	if about != nil && about.caller.account != a.name && about.owner != a.name && about.source != a.name {
		seen.fail(fmt.Sprintf("%s tells %s of a request of %s about something of %s", api, a.name, about.caller.account, about.owner), text)
	}
	seen.look(w, &look{asker: a.admin, api: api, request: about, status: http.StatusOK, text: text})
	return id[1]
}

// logged returns the events of the log files in an account's archive that are not known yet.
func (w *world) logged(a *account, known map[string]bool) (events []string) {
	w.t.Helper()
	listing := w.must(a.root, s3(http.MethodGet, "/"+a.archive+"?prefix=AWSLogs/"+a.id+"/CloudTrail/&list-type=2", "")).body
	for _, key := range regexp.MustCompile(`<Key>([^<]*)</Key>`).FindAllStringSubmatch(listing, -1) {
		if known[key[1]] {
			continue
		}
		known[key[1]] = true
		packed := w.must(a.root, s3(http.MethodGet, "/"+a.archive+"/"+key[1], "", "Accept-Encoding", "identity")).body
		unpacked, err := gzip.NewReader(strings.NewReader(packed))
		if err != nil {
			w.t.Fatal(err)
		}
		text, err := io.ReadAll(unpacked)
		if err != nil {
			w.t.Fatal(err)
		}
		var file struct{ Records []json.RawMessage }
		if err := json.Unmarshal(text, &file); err != nil {
			w.t.Fatal(err)
		}
		for _, e := range file.Records {
			events = append(events, string(e))
		}
	}
	return events
}

// lookedUp returns all events of an account's history, each as LookupEvents tells it.
func (w *world) lookedUp(a *account) (events []string) {
	w.t.Helper()
	for token := ""; ; {
		input := map[string]any{"MaxResults": 50}
		if token != "" {
			input["NextToken"] = token
		}
		var page struct {
			Events    []json.RawMessage
			NextToken string
		}
		if err := json.Unmarshal([]byte(w.must(a.root, json11("cloudtrail", "LookupEvents", input)).body), &page); err != nil {
			w.t.Fatal(err)
		}
		for _, e := range page.Events {
			var line bytes.Buffer
			if err := json.Compact(&line, e); err != nil {
				w.t.Fatal(err)
			}
			events = append(events, line.String())
		}
		if token = page.NextToken; token == "" {
			return events
		}
	}
}
