package crash_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// told is what is looked at of an event.
type told struct {
	EventID            string `json:"eventID"`
	RequestID          string `json:"requestID"`
	EventName          string `json:"eventName"`
	ErrorCode          string `json:"errorCode"`
	RecipientAccountID string `json:"recipientAccountId"`
	ManagementEvent    bool   `json:"managementEvent"`
	ReadOnly           bool   `json:"readOnly"`
}

// book is the events of one account that are told somewhere, by the IDs of their requests.
type book struct {
	name   string
	byID   map[string]told   // by request ID
	events map[string]string // request IDs by event ID
	twice  int
}

func newBook(name string) *book {
	return &book{name: name, byID: map[string]told{}, events: map[string]string{}}
}

// add adds an event. One that is there has to be the same one.
func (b *book) add(e told) error {
	if e.RequestID == "" || e.EventID == "" {
		return fmt.Errorf("%s: an event without IDs: %+v", b.name, e)
	}
	if of, known := b.events[e.EventID]; known && of != e.RequestID {
		return fmt.Errorf("%s: the event ID %s is that of the requests %s and %s", b.name, e.EventID, of, e.RequestID)
	}
	if before, known := b.byID[e.RequestID]; known {
		b.twice++
		if before.EventID != e.EventID || before.EventName != e.EventName || before.ErrorCode != e.ErrorCode {
			return fmt.Errorf("%s: request %s is told of as %+v and as %+v", b.name, e.RequestID, before, e)
		}
	}
	b.byID[e.RequestID], b.events[e.EventID] = e, e.RequestID
	return nil
}

// missing returns how many of the requests that wanted chooses are not told of, and one of them. The error is that one is told
// of as something else.
func (b *book) missing(all []noted, code string, wanted func(noted) bool) (n int, first noted, err error) {
	for _, want := range all {
		if !wanted(want) {
			continue
		}
		e, found := b.byID[want.id]
		switch {
		case !found:
			if n++; n == 1 {
				first = want
			}
		case e.EventName != want.event || e.ErrorCode != code || e.ManagementEvent != want.management:
			err = errors.Join(err, fmt.Errorf("%s: request %s, which was %s, is told of as %+v", b.name, want.id, want.event, e))
		}
	}
	return n, first, err
}

// logFiles reads the log files, of which some were read before.
type logFiles struct {
	api   *httpClient
	read  map[string]bool // by key
	main  *book           // of the trail whose log files are looked at
	other *book           // of the one that is changed all the time
}

// look reads the log files that were delivered since the last time.
func (a *logFiles) look(account string) error {
	query := url.Values{"list-type": {"2"}}
	for {
		got, err := a.api.s3("GET", logsBucket, "", query.Encode(), nil, nil, 200)
		if err != nil {
			return err
		}
		var page struct {
			Contents              []struct{ Key string }
			NextContinuationToken string
		}
		if err := xml.Unmarshal(got.body, &page); err != nil {
			return err
		}
		for _, o := range page.Contents {
			if a.read[o.Key] || !strings.Contains(o.Key, "AWSLogs/"+account+"/CloudTrail/") {
				continue
			}
			a.read[o.Key] = true
			if err := a.readFile(o.Key, account); err != nil {
				return fmt.Errorf("log file %s: %w", o.Key, err)
			}
		}
		if page.NextContinuationToken == "" {
			return nil
		}
		query.Set("continuation-token", page.NextContinuationToken)
	}
}

// readFile reads a log file.
func (a *logFiles) readFile(key, account string) error {
	got, err := a.api.s3("GET", logsBucket, key, "", nil, nil, 200)
	if err != nil {
		return err
	}
	all, err := readLog(got.body)
	if err != nil {
		return err
	}
	into := a.main
	if strings.HasPrefix(key, "second") {
		into = a.other
	}
	for _, e := range all {
		if e.RecipientAccountID != account {
			return fmt.Errorf("it has an event of another account: %+v", e)
		}
		if err := into.add(e); err != nil {
			return err
		}
	}
	return nil
}

// readLog reads a log file, whether the client has decompressed it or not.
func readLog(text []byte) ([]told, error) {
	if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(unpacked); err != nil {
			return nil, err
		}
	}
	var file struct{ Records []told }
	err := json.Unmarshal(text, &file)
	return file.Records, err
}

// readEvent reads an event.
func readEvent(text []byte) (e told, err error) {
	err = json.Unmarshal(text, &e)
	return e, err
}

// lookUp reads the whole event history.
func lookUp(api *httpClient) (*book, error) {
	b := newBook("the event history")
	token := ""
	for {
		text := `{"MaxResults":50}`
		if token != "" {
			text = fmt.Sprintf(`{"MaxResults":50,"NextToken":%q}`, token)
		}
		a, err := api.trail("LookupEvents", text)
		if err != nil {
			return nil, err
		}
		var page struct {
			Events []struct {
				EventID         string `json:"EventId"`
				CloudTrailEvent string
			}
			NextToken string
		}
		if err := decode(a, &page); err != nil {
			return nil, err
		}
		for _, found := range page.Events {
			e, err := readEvent([]byte(found.CloudTrailEvent))
			if err != nil {
				return nil, err
			}
			if e.EventID != found.EventID {
				return nil, fmt.Errorf("event %s is told as %+v", found.EventID, e)
			}
			if err := b.add(e); err != nil {
				return nil, err
			}
		}
		if token = page.NextToken; token == "" {
			return b, nil
		}
	}
}

// verify waits until everything is told, for as long as patience, and says what is not.
func (l *logging) verify() {
	l.t.Helper()
	var all []noted
	attempts := 0
	for _, c := range l.changers {
		all, attempts = append(all, c.noted...), attempts+c.attempts
	}
	files := &logFiles{
		api: l.client(l.logs.AccessKeyID, l.logs.SecretAccessKey), read: map[string]bool{},
		main: newBook("the trail"), other: newBook("the trail that is changed"),
	}
	work := l.client(l.work.AccessKeyID, l.work.SecretAccessKey)
	var history *book
	for until := time.Now().Add(patience); ; time.Sleep(time.Second) {
		err := files.look(l.work.ID)
		if err == nil {
			history, err = lookUp(work)
		}
		if err != nil {
			l.t.Fatal(err)
		}
		err = l.compare(files, history, all)
		if err == nil {
			break
		}
		if time.Now().After(until) {
			l.t.Fatal(err)
		}
	}
	for id, e := range files.other.byID {
		// What looks the history up is itself an event, which may come into log files before it comes there.
		if _, found := history.byID[id]; !found && e.EventName != "LookupEvents" {
			l.t.Errorf("the trail tells of %+v, and the event history does not", e)
		}
	}
	changed, refused, unknown := files.main.count(all)
	l.t.Logf("after %d kills: %d changes were acknowledged, %d were not answered, and %d refused reads had to be told of",
		l.kills, len(all), attempts-len(all), len(l.refused.noted))
	l.t.Logf("in %d log files: the trail tells of %d changes and %d refusals, %d twice; the other trail of %d events, %d twice; the history of %d, %d twice",
		len(files.read), changed, refused, files.main.twice, len(files.other.byID), files.other.twice, len(history.byID), history.twice)
	if unanswered := attempts - len(all); unknown > unanswered+len(l.furnishing) {
		l.t.Errorf("%d changes are told of that were not acknowledged, and %d were not answered", unknown, unanswered)
	}
}

// count returns how many changes, and how many refusals, a book has; and how many of those changes are of no request of
// which the answer is known.
func (b *book) count(answered []noted) (changed, refused, unknown int) {
	known := map[string]bool{}
	for _, n := range answered {
		known[n.id] = true
	}
	for id, e := range b.byID {
		switch {
		case e.ErrorCode != "":
			refused++
		case !e.ReadOnly:
			changed++
			if !known[id] {
				unknown++
			}
		}
	}
	return changed, refused, unknown
}

// compare says what is missing of what was acknowledged, and what is told wrong.
func (l *logging) compare(files *logFiles, history *book, all []noted) (found error) {
	every := func(noted) bool { return true }
	management := func(n noted) bool { return n.management }
	for _, c := range []struct {
		in     *book
		wanted func(noted) bool
	}{{files.main, every}, {files.other, management}, {history, management}} {
		for _, of := range []struct {
			all  []noted
			code string
		}{{all, ""}, {l.refused.noted, "AccessDenied"}} {
			n, first, err := c.in.missing(of.all, of.code, c.wanted)
			if n > 0 {
				err = errors.Join(err, fmt.Errorf("%s does not tell of %d requests of %d, such as %+v", c.in.name, n, len(of.all), first))
			}
			found = errors.Join(found, err)
		}
	}
	return found
}
