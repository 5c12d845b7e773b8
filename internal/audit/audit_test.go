package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/blob"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
)

type list []*Record

func (l *list) Record(r *Record) { *l = append(*l, r) }

func TestStreamHandsEveryRecordToEveryReader(t *testing.T) {
	t.Parallel()
	var a, b list
	s := NewStream(&a, &b)
	s.Publish(&Record{RequestID: "1"})
	s.Publish(&Record{RequestID: "2"})
	for _, l := range []list{a, b} {
		if len(l) != 2 || l[0].RequestID != "1" || l[1].RequestID != "2" {
			t.Errorf("a reader got %d records, want both in order", len(l))
		}
	}
}

// TestLogIsNotFloodedByShedRequests holds that of the requests that were turned away one each second has a line, with
// how many there were, and that all others have theirs.
func TestLogIsNotFloodedByShedRequests(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	lines := NewLines(&out)
	log, start := NewLog(lines), time.Now()
	for i := range 3000 {
		log.Record(&Record{RequestID: "shed", Time: start.Add(time.Duration(i) * time.Millisecond), Status: 503, ErrorCode: "SlowDown", Shed: "requests"})
		if i%1000 == 0 {
			log.Record(&Record{RequestID: "served", Time: start, Status: 200})
		}
	}
	if err := lines.Flush(); err != nil {
		t.Fatal(err)
	}
	var told []int
	for line := range bytes.Lines(out.Bytes()) {
		var one struct {
			RequestID string `json:"request_id"`
			Level     string
			Shed      string
			Requests  int `json:"shed_requests"`
		}
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		if one.Level != "INFO" || (one.Shed == "requests") != (one.RequestID == "shed") {
			t.Errorf("a line is %s", line)
		}
		told = append(told, one.Requests)
	}
	if want := []int{1, 0, 1000, 0, 1000, 0}; !slices.Equal(told, want) {
		t.Errorf("the lines tell of %v requests, want %v", told, want)
	}
}

// TestLogExplainsDenials holds that the line of a denied request names what decided, with the values that
// were compared, and what nearly allowed.
func TestLogExplainsDenials(t *testing.T) {
	t.Parallel()
	document, err := policy.ParseBucket([]byte(`{"Version":"2012-10-17","Statement":[
		{"Sid":"Writes","Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"s3:x-amz-acl":"private"}}},
		{"Sid":"NoDeletes","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`), "b")
	if err != nil {
		t.Fatal(err)
	}
	var keys policy.Context
	keys.Set("aws:SecureTransport", "false")
	ask := func(action string) Decision {
		return Decision{Action: action, Resource: "arn:aws:s3:::b/k", Explanation: authz.Explain(&authz.Input{
			Request:  policy.Request{Action: action, Resource: "arn:aws:s3:::b/k", Context: &keys},
			Resource: &authz.Source{Name: "bucket policy of b", Document: document}, Owner: "111111111111", S3: &authz.S3{OwnerCanonicalID: "aa"},
		})}
	}
	var out bytes.Buffer
	lines := NewLines(&out)
	NewLog(lines).Record(&Record{
		RequestID: "R1", Operation: "PutObject", Status: 403, ErrorCode: "AccessDenied",
		Decisions: []Decision{ask("s3:PutObject"), ask("s3:DeleteObject")},
	})
	lines.Flush()
	var got struct {
		Status    int
		Decisions []line
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := []line{{
		Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Decision: "implicitDeny", By: "resource-based policy", Statement: -1,
		Nearest: []miss{{"resource-based policy", "bucket policy of b", 0, "Writes", []string{
			"StringEquals s3:x-amz-acl [private] does not hold: the request has no such key"}}},
	}, {
		Action: "s3:DeleteObject", Resource: "arn:aws:s3:::b/k", Decision: "explicitDeny", By: "resource-based policy",
		Source: "bucket policy of b", Statement: 1, Sid: "NoDeletes",
		Compared: []string{"Bool aws:SecureTransport [false] holds: the request has [false]"},
	}}
	if got.Status != 403 || !reflect.DeepEqual(got.Decisions, want) {
		t.Errorf("the line is %s", out.String())
	}
}

// TestFailed: a record tells that something is corrupt, whatever failed after it.
func TestFailed(t *testing.T) {
	t.Parallel()
	var r Record
	for i, c := range []struct {
		err     error
		corrupt bool
	}{
		{errors.New("blob: corrupt"), false}, // says so, and is not
		{fmt.Errorf("read: %w", meta.ErrNotFound), false},
		{fmt.Errorf("read: %w", apierr.New(500, "InternalError", "x").Because(blob.ErrCorrupt)), true},
		{errors.New("another"), true},
	} {
		if r.Failed(c.err); r.Fault != c.err.Error() || r.Corrupt != c.corrupt {
			t.Errorf("step %d: %q, %t", i, r.Fault, r.Corrupt)
		}
	}
	r = Record{}
	if r.Failed(fmt.Errorf("read: %w", meta.ErrCorrupt)); !r.Corrupt {
		t.Error("corrupt metadata is not told")
	}
}
