package event

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/audit"
)

// s3Operation is a row of s3Operations.
type s3Operation struct {
	name, method, on, sub string
	event                 string
	category              Category
	unlisted              string
	observed              []string
}

// TestS3Operations holds that every operation of S3 has an event of the name and in the category that AWS documents,
// that the published events are of the operations they are said to be of, and the general form of each event.
func TestS3Operations(t *testing.T) {
	t.Parallel()
	documented, published := readDocumented(t), readObserved(t)
	var listed []string
	for _, o := range s3Operations {
		listed = append(listed, o.name)
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			r := o.record()
			f := FactsOf(r)
			readOnly := o.method == "GET" || o.method == "HEAD" || o.method == "OPTIONS" || o.name == "SelectObjectContent"
			if f.Name != o.event || f.Category != o.category || f.ReadOnly != readOnly || f.Source != "s3.amazonaws.com" {
				t.Errorf("the event is %+v", f)
			}
			if known, ok := documented[o.event]; ok != (o.unlisted == "") || ok && !slices.Contains(known, o.category) {
				t.Errorf("AWS lists %s as %v, this table as %v (%s)", o.event, known, o.category, o.unlisted)
			}
			for _, name := range o.observed {
				if p := published[name]; p == nil || p.Record.Operation != o.name || p.Event["eventName"] != o.event {
					t.Errorf("%s is no event of %s", name, o.name)
				}
			}
			o.form(t, r, f)
		})
	}
	if known := slices.Sorted(maps.Keys(operations["s3"])); !slices.Equal(listed, known) {
		t.Errorf("this table has\n%v\nthe operations are\n%v", listed, known)
	}
	for name, o := range published {
		i := slices.Index(listed, o.Record.Operation)
		if o.Record.Service == "s3" && (i < 0 || !slices.Contains(s3Operations[i].observed, name)) {
			t.Errorf("%s is of %s, whose row does not say so", name, o.Record.Operation)
		}
	}
}

// record returns the record of a request of the operation.
func (o *s3Operation) record() *audit.Record {
	r := get()
	r.Operation, r.Method, r.Query = o.name, o.method, o.sub
	if o.on != "object" {
		r.Key = ""
	}
	if o.on == "service" {
		r.Bucket, r.ResourceOwner = "", ""
	}
	return r
}

// form holds the members of the event of r, their order and their types.
func (o *s3Operation) form(t *testing.T, r *audit.Record, f Facts) {
	t.Helper()
	text := Append(nil, r, r.CallerAccount, "us-east-1")
	var e struct {
		RequestParameters map[string]any
		ResponseElements  *struct{}
		Resources         []map[string]string
		EventTime         time.Time
		EventCategory     string
		ManagementEvent   bool
	}
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	want := []string{
		"eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "requestParameters",
		"responseElements", "additionalEventData", "requestID", "eventID", "readOnly", "resources", "eventType", "managementEvent", "recipientAccountId",
		"eventCategory", "tlsDetails",
	}
	if r.Bucket == "" || o.name == "CreateBucket" {
		want = slices.DeleteFunc(want, func(name string) bool { return name == "resources" })
	}
	if got := memberNames(t, text); !slices.Equal(got, want) {
		t.Errorf("members are\n%v\nwant\n%v", got, want)
	}
	parameters := map[string]any{"Host": r.Host}
	if r.Bucket != "" {
		parameters["bucketName"] = r.Bucket
	}
	if r.Key != "" {
		parameters["key"] = r.Key
	}
	if o.sub != "" {
		parameters[o.sub] = ""
	}
	if !maps.Equal(e.RequestParameters, parameters) {
		t.Errorf("requestParameters are %v", e.RequestParameters)
	}
	if want := map[Category]string{Data: "Data", Management: "Management"}[f.Category]; e.EventCategory != want || e.ManagementEvent != (want == "Management") {
		t.Errorf("category is %s, management %v", e.EventCategory, e.ManagementEvent)
	}
	if f.Category == Data && r.Bucket != "" && !strings.HasPrefix(f.ResourceARN, "arn:aws:s3:::walnut/"+r.Key) {
		t.Errorf("selected by %s", f.ResourceARN)
	}
}

// memberNames returns the names of an object's members, in their order. A name that is there twice fails the test.
func memberNames(t *testing.T, text []byte) (found []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if slices.Contains(found, name.(string)) {
			t.Errorf("member %s is there twice in\n%s", name, text)
		}
		found = append(found, name.(string))
		if value[0] == '{' {
			memberNames(t, value)
		}
	}
	return found
}

// readDocumented returns the categories in which AWS lists the names of events. HeadBucket is in both.
func readDocumented(t *testing.T) map[string][]Category {
	t.Helper()
	text, err := os.ReadFile("testdata/documented.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]Category{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if words[0] == "#" {
			continue
		}
		category := Management
		if words[0] == "data" {
			category = Data
		}
		all[words[1]] = append(all[words[1]], category)
	}
	return all
}
