package audit

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// line and miss are a decision, and a miss, as they stand in the log.
type line struct {
	Action    string   `json:"action,omitempty"`
	Resource  string   `json:"resource"`
	Decision  string   `json:"decision"`
	By        string   `json:"by"`
	Source    string   `json:"source,omitempty"`
	Statement int      `json:"statement"`
	Sid       string   `json:"sid,omitempty"`
	Compared  []string `json:"compared,omitempty"`
	Nearest   []miss   `json:"nearest,omitempty"`
}

type miss struct {
	In        string   `json:"in"`
	Source    string   `json:"source"`
	Statement int      `json:"statement"`
	Sid       string   `json:"sid,omitempty"`
	Why       []string `json:"why"`
}

// bySlog returns the line of a request as package log/slog writes it.
func bySlog(t *testing.T, r *Record, now time.Time) string {
	t.Helper()
	record := slog.NewRecord(now, slog.LevelInfo, "request", 0)
	if r.Fault != "" {
		record.Level = slog.LevelError
	}
	add := func(name, value string) {
		if value != "" {
			record.Add(name, value)
		}
	}
	add("request_id", r.RequestID)
	add("service", r.Service)
	add("operation", r.Operation)
	add("method", r.Method)
	add("path", r.Path)
	add("source_ip", r.SourceIP)
	add("user_agent", r.UserAgent)
	add("authentication", r.Authentication)
	add("access_key_id", string(r.AccessKeyID))
	add("caller", r.CallerARN)
	add("caller_account", string(r.CallerAccount))
	if r.CallerAccount == "" {
		add("caller_id", r.CallerID)
	}
	add("bucket", r.Bucket)
	add("key", r.Key)
	add("resource_owner", string(r.ResourceOwner))
	add("object_owner", string(r.ObjectOwner))
	record.Add("status", r.Status)
	add("error", r.ErrorCode)
	add("fault", r.Fault)
	if len(r.Decisions) > 0 {
		record.Add("decisions", decisionsOf(r))
	}
	record.Add("bytes_in", r.BytesIn, "bytes_out", r.BytesOut, "duration", r.Duration)
	var out bytes.Buffer
	if err := slog.NewJSONHandler(&out, nil).Handle(context.Background(), record); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func decisionsOf(r *Record) (lines []line) {
	for i := range r.Decisions {
		d := &r.Decisions[i]
		l := line{
			Action: d.Action, Resource: d.Resource, Decision: d.Effect.String(), By: d.By.Layer.String(), Source: d.By.Source(),
			Statement: int(d.By.Statement), Sid: d.By.Sid(), Compared: compared(d),
		}
		for j := range d.Misses[:min(len(d.Misses), nearest)] {
			m := &d.Misses[j]
			l.Nearest = append(l.Nearest, miss{m.Layer.String(), m.Source(), int(m.Statement), m.Sid, m.Why()})
		}
		lines = append(lines, l)
	}
	return lines
}

// explained returns decisions about an action that a bucket policy allows, nearly allows, and denies.
func explained(t *testing.T) (all []Decision) {
	t.Helper()
	document, err := policy.ParseBucket([]byte(`{"Version":"2012-10-17","Statement":[
		{"Sid":"Reads","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},
		{"Sid":"Writes","Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"s3:x-amz-acl":"<&\"é"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`), "b")
	if err != nil {
		t.Fatal(err)
	}
	var keys policy.Context
	keys.Set("aws:SecureTransport", "false")
	for _, action := range []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} {
		all = append(all, Decision{Action: action, Resource: "arn:aws:s3:::b/k\t\"\xff\u2028", Explanation: authz.Explain(&authz.Input{
			Request:  policy.Request{Action: action, Resource: "arn:aws:s3:::b/k", Context: &keys},
			Resource: &authz.Source{Name: "bucket policy of b", Document: document}, Owner: "111111111111", S3: &authz.S3{OwnerCanonicalID: "aa"},
		})})
	}
	return append(all, Decision{Resource: "arn:aws:s3:::b", Explanation: authz.Explanation{
		Decision: authz.Refused(authz.ExpectedBucketOwner, authz.ExpectedOwner),
	}})
}

// TestLogWritesAsSlogDoes holds that the lines of requests are byte for byte those of package log/slog, which
// writes the other lines of the log.
func TestLogWritesAsSlogDoes(t *testing.T) {
	t.Parallel()
	size := int64(7)
	whole := Record{
		RequestID: "R1", HostID: "H", Service: "s3", Operation: "GetObject", Method: "GET", Path: "/b/k%20", SourceIP: "::1",
		UserAgent: "a\"b\\c\n\r\t\b\x01\x7f<&>é\u2028\u2029\xff\xed\xa0\x80\U0001f600", Authentication: "AuthHeader", AccessKeyID: "AKIA",
		CallerARN: "arn:aws:iam::1:user/u", CallerAccount: "111111111111", CallerID: "not told", Bucket: "b", Key: "\xffk", ResourceOwner: "1",
		ObjectOwner: "aa", ObjectSize: &size, Status: 200, BytesIn: -1, BytesOut: 1 << 40, Duration: 1500 * time.Microsecond,
		Decisions: explained(t),
	}
	failed := whole
	failed.Status, failed.ErrorCode, failed.Fault, failed.CallerAccount = 500, "InternalError", "disk: \x00", ""
	for name, r := range map[string]*Record{"whole": &whole, "failed": &failed, "empty": {}} {
		for _, now := range []time.Time{
			time.Date(2026, 11, 26, 1, 2, 3, 450_000_000, time.UTC), time.Date(2026, 11, 26, 1, 2, 3, 1, time.FixedZone("", 3600)),
		} {
			var out bytes.Buffer
			lines := NewLines(&out)
			log := NewLog(lines)
			log.now = func() time.Time { return now }
			log.Record(r)
			lines.Flush()
			if want := bySlog(t, r, now); out.String() != want {
				t.Errorf("%s:\n%swant\n%s", name, out.String(), want)
			}
		}
	}
}

// TestLinesKeepTheirOrder holds that lines are written in the order in which they came, those of requests within
// MaxDelay.
func TestLinesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		lines := NewLines(&out)
		want := func(text string) {
			t.Helper()
			synctest.Wait()
			if out.String() != text {
				t.Errorf("written is %q, want %q", out.String(), text)
			}
		}
		lines.Write([]byte("1\n"))
		want("1\n")
		lines.Later([]byte("2\n"))
		want("1\n")
		lines.Write([]byte("3\n"))
		want("1\n2\n3\n")
		lines.Later([]byte("4\n"))
		lines.Later([]byte("5\n"))
		time.Sleep(MaxDelay)
		want("1\n2\n3\n4\n5\n")
		lines.Later([]byte("6\n"))
		lines.Flush()
		want("1\n2\n3\n4\n5\n6\n")
		out.Reset()
		lines.Later(make([]byte, maxWaiting))
		want(string(make([]byte, maxWaiting)))
	})
}
