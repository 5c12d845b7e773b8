package accesslog

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/acl"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

const (
	docOwner = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
	docAgent = "S3Console/0.4"
)

// TestDocumentedLines holds lines against the examples of the documentation, but for their access point, for
// which there is none here, and the spelling of the version of TLS, which is that of the description.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
func TestDocumentedLines(t *testing.T) {
	t.Parallel()
	s := &source{"amzn-s3-demo-bucket1", "123456789012", docOwner, "us-east-1"}
	base := audit.Record{
		Time: time.Date(2019, 2, 6, 0, 0, 38, 0, time.UTC), SourceIP: "192.0.2.3", CallerARN: "arn:aws:iam::123456789012:root",
		CallerCanonicalID: docOwner, CallerAccount: "123456789012", Method: "GET", Path: "/amzn-s3-demo-bucket1", Protocol: "HTTP/1.1", Status: 200,
		UserAgent: docAgent, CipherSuite: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Authentication: "AuthHeader",
		Host: "amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com", TLSVersion: "TLSv1.2",
	}
	versioning, logging, bucketPolicy, put := base, base, base, base
	versioning.RequestID, versioning.HostID = "3E57427F3EXAMPLE", "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234="
	versioning.Query, versioning.BytesOut, versioning.Duration = "versioning", 113, 7*time.Millisecond
	logging.RequestID, logging.HostID = "891CE47D2EXAMPLE", "9vKBE6vMhrNiWHZmb2L0mXOcqPGzQOI5XLnCtZNPxev+Hf+7tpT6sxDwDty4LHBUOZJG96N1234="
	logging.Query, logging.BytesOut, logging.Duration = "logging", 242, 11*time.Millisecond
	bucketPolicy.RequestID, bucketPolicy.HostID = "A1206F460EXAMPLE", "BNaBsXZQQDbssi6xMBdBU2sLt+Yf5kZDmeBUP35sFoKa3sLLeMC78iwEIWxs99CRUrbS4n11234="
	bucketPolicy.Query, bucketPolicy.BytesOut, bucketPolicy.Duration = "policy", 297, 38*time.Millisecond
	bucketPolicy.Status, bucketPolicy.ErrorCode = 404, "NoSuchBucketPolicy"
	size := int64(4406583)
	put.Method, put.Path, put.Key, put.ObjectSize = "PUT", "/amzn-s3-demo-bucket1/s3-dg.pdf", "s3-dg.pdf", &size
	put.Time = time.Date(2019, 2, 6, 0, 1, 57, 0, time.UTC)
	put.RequestID, put.HostID = "DD6CC733AEXAMPLE", "10S62Zv81kBW7BB6SX4XJ48o6kpcl6LPwEoizZQQxJd5qDSCTLX0TgS37kYUBKQW3+bPdrg1234="
	put.Duration, put.TurnAround, put.CipherSuite = 41754*time.Millisecond, 28*time.Millisecond, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"

	const rest = " AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSv1.2 - - us-east-1"
	for _, c := range []struct {
		record *audit.Record
		want   string
	}{
		{&versioning, docOwner + ` amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ` + docOwner + ` 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /amzn-s3-demo-bucket1?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256` + rest},
		{&logging, docOwner + ` amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ` + docOwner + ` 891CE47D2EXAMPLE REST.GET.LOGGING_STATUS - "GET /amzn-s3-demo-bucket1?logging HTTP/1.1" 200 - 242 - 11 - "-" "S3Console/0.4" - 9vKBE6vMhrNiWHZmb2L0mXOcqPGzQOI5XLnCtZNPxev+Hf+7tpT6sxDwDty4LHBUOZJG96N1234= SigV4 ECDHE-RSA-AES128-GCM-SHA256` + rest},
		{&bucketPolicy, docOwner + ` amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ` + docOwner + ` A1206F460EXAMPLE REST.GET.BUCKETPOLICY - "GET /amzn-s3-demo-bucket1?policy HTTP/1.1" 404 NoSuchBucketPolicy 297 - 38 - "-" "S3Console/0.4" - BNaBsXZQQDbssi6xMBdBU2sLt+Yf5kZDmeBUP35sFoKa3sLLeMC78iwEIWxs99CRUrbS4n11234= SigV4 ECDHE-RSA-AES128-GCM-SHA256` + rest},
		{&put, docOwner + ` amzn-s3-demo-bucket1 [06/Feb/2019:00:01:57 +0000] 192.0.2.3 ` + docOwner + ` DD6CC733AEXAMPLE REST.PUT.OBJECT s3-dg.pdf "PUT /amzn-s3-demo-bucket1/s3-dg.pdf HTTP/1.1" 200 - - 4406583 41754 28 "-" "S3Console/0.4" - 10S62Zv81kBW7BB6SX4XJ48o6kpcl6LPwEoizZQQxJd5qDSCTLX0TgS37kYUBKQW3+bPdrg1234= SigV4 ECDHE-RSA-AES128-SHA` + rest},
	} {
		l := request(c.record, s)
		if got := l.String(); got != c.want {
			t.Errorf("the line is\n%s\nwant\n%s", got, c.want)
		}
	}
}

// TestOperations names the operations of requests:
//
//	name [copy] [website]
//	METHOD /bucket[/key][?query], one a line
func TestOperations(t *testing.T) {
	datadriven.RunTest(t, "testdata/operations", func(t *testing.T, d *datadriven.TestData) string {
		var out strings.Builder
		for line := range strings.SplitSeq(d.Input, "\n") {
			method, target, _ := strings.Cut(line, " ")
			r := audit.Record{Method: method}
			target, r.Query, _ = strings.Cut(target, "?")
			_, r.Key, _ = strings.Cut(strings.TrimPrefix(target, "/"), "/")
			if d.HasArg("website") {
				r.Service = website
			}
			if d.HasArg("copy") {
				r.Source = new(audit.Source)
			}
			out.WriteString(operation(&r) + "\n")
		}
		return out.String()
	})
}

// TestRareFields holds what clients can write into the fields of a line, none of which ends it or a field.
func TestRareFields(t *testing.T) {
	t.Parallel()
	s := &source{"b", "111111111111", "11", "eu-west-1"}
	zero := int64(0)
	r := audit.Record{
		Method: "GET", Path: "/b/a%20b", Query: "versionId=v%0A1&x-foo=bar", Protocol: "HTTP/1.1", Key: "a b/é+\"c\n%",
		Referer: "http://h/\"x\" y", UserAgent: "a\tb\u00e9", Host: "b.localhost", ObjectSize: &zero, Status: 200,
		CallerARN: "arn:aws:sts::222222222222:assumed-role/r/s", Authentication: "QueryString", CallerAccount: "222222222222",
	}
	l := request(&r, s)
	want := `11 b [01/Jan/0001:00:00:00 +0000] - arn:aws:sts::222222222222:assumed-role/r/s - REST.GET.OBJECT a%2520b/%25C3%25A9%252B%2522c%250A%2525 ` +
		`"GET /b/a%20b?versionId=v%0A1&x-foo=bar HTTP/1.1" 200 - - 0 - - "http://h/%22x%22 y" "a%09b%C3%A9" v%0A1 - SigV4 - QueryString b.localhost - - - eu-west-1`
	if got := l.String(); got != want {
		t.Errorf("the line is\n%s\nwant\n%s", got, want)
	}
}

// TestUnknownStatus: what a request was answered with is not known if the server ended between its change and the answer.
func TestUnknownStatus(t *testing.T) {
	t.Parallel()
	r := audit.Record{Method: "PUT", Path: "/b/k", Protocol: "HTTP/1.1", Key: "k"}
	l := request(&r, &source{"b", "111111111111", "11", "eu-west-1"})
	if got := l.String(); !strings.Contains(got, `"PUT /b/k HTTP/1.1" - - -`) {
		t.Errorf("the line is %s", got)
	}
}

func TestLinesOfCopiesAndDeletions(t *testing.T) {
	t.Parallel()
	s := &source{"b", "111111111111", "11", "us-east-1"}
	size := int64(5)
	r := audit.Record{
		RequestID: "R", HostID: "H", Method: "PUT", Path: "/c/k", Protocol: "HTTP/1.1", Key: "k", Status: 200, Duration: time.Second, UserAgent: "x",
		Source: &audit.Source{Bucket: "b", Key: "from", VersionID: "null", Size: &size}, SourceIP: netip.MustParseAddr("::1").String(),
	}
	l := copied(&r, s)
	want := `11 b [01/Jan/0001:00:00:00 +0000] ::1 - R REST.COPY.OBJECT_GET from - 200 - - 5 - - - - null H - - - - - - - us-east-1`
	if got := l.String(); got != want {
		t.Errorf("the source of a copy is\n%s\nwant\n%s", got, want)
	}
	r = audit.Record{RequestID: "R", HostID: "H", Method: "POST", Query: "delete"}
	l = deleted(&r, s, &audit.Deleted{Key: "k", VersionID: "v", Status: 403, ErrorCode: "AccessDenied"})
	want = `11 b [01/Jan/0001:00:00:00 +0000] - - R BATCH.DELETE.OBJECT k - 403 AccessDenied - - - - - - v H - - - - - - - us-east-1`
	if got := l.String(); got != want {
		t.Errorf("a deleted key is\n%s\nwant\n%s", got, want)
	}
}

// TestACLRequired follows the table of the documentation.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#aclrequired-s3
func TestACLRequired(t *testing.T) {
	t.Parallel()
	const owner, other ids.AccountID = "111111111111", "222222222222"
	decide := func(caller ids.AccountID, canonical ids.CanonicalUserID, document string, grants ...acl.Grant) audit.Decision {
		in := authz.Input{
			Request: policy.Request{
				Action: "s3:ListBucket", Resource: "arn:aws:s3:::b", Context: new(policy.Context),
				Principal: &policy.Principal{Kind: policy.Root, Account: caller, CanonicalID: canonical, ARN: "arn:aws:iam::" + string(caller) + ":root"},
			},
			Owner: owner, S3: &authz.S3{OwnerCanonicalID: "aa", BucketACL: acl.ACL{Owner: "aa", Grants: grants}},
		}
		if document != "" {
			d, err := policy.ParseBucket([]byte(document), "b")
			if err != nil {
				t.Fatal(err)
			}
			in.Resource = &authz.Source{Document: d}
		}
		return audit.Decision{Explanation: authz.Explain(&in)}
	}
	const allows = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::b"}}`
	read := acl.Grant{Grantee: acl.Grantee{ID: "bb"}, Permission: acl.Read}
	full := acl.Grant{Grantee: acl.Grantee{ID: "aa"}, Permission: acl.FullControl}
	for name, c := range map[string]struct {
		record audit.Record
		want   string
	}{
		"own bucket":                       {audit.Record{CallerAccount: owner, Decisions: []audit.Decision{decide(owner, "aa", "", full)}}, ""},
		"another account by ACL":           {audit.Record{CallerAccount: other, Decisions: []audit.Decision{decide(other, "bb", "", read)}}, "Yes"},
		"another account by policy":        {audit.Record{CallerAccount: other, Decisions: []audit.Decision{decide(other, "bb", allows)}}, ""},
		"another account by both":          {audit.Record{CallerAccount: other, Decisions: []audit.Decision{decide(other, "bb", allows, read)}}, ""},
		"another account, denied":          {audit.Record{CallerAccount: other, Decisions: []audit.Decision{decide(other, "bb", "")}}, ""},
		"PutBucketAcl":                     {audit.Record{CallerAccount: owner, Operation: "PutBucketAcl"}, "Yes"},
		"PutObjectAcl":                     {audit.Record{CallerAccount: owner, Operation: "PutObjectAcl", RequestACL: "bucket-owner-full-control"}, "Yes"},
		"a write with an ACL":              {audit.Record{CallerAccount: owner, Operation: "PutObject", RequestACL: "private"}, "Yes"},
		"a write with grants":              {audit.Record{CallerAccount: owner, Operation: "PutObject", RequestACL: "grants"}, "Yes"},
		"a write for the bucket's owner":   {audit.Record{CallerAccount: owner, Operation: "PutObject", RequestACL: "bucket-owner-full-control"}, ""},
		"a write without an ACL":           {audit.Record{CallerAccount: owner, Operation: "PutObject"}, ""},
		"nobody was asked, as of HEAD 400": {audit.Record{CallerAccount: other}, ""},
	} {
		if got := aclRequired(&c.record, &source{owner: owner}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// FuzzLine holds that every line has the same number of fields, whatever clients send.
func FuzzLine(f *testing.F) {
	f.Add("GET", "/b/k", "versionId=1", "k", "agent", "referer", "h")
	f.Add("\"", "\n", "\r\n%", "\x00 \"", "\"\" \"", "a\"b c", " ")
	f.Fuzz(func(t *testing.T, method, path, query, key, agent, referer, host string) {
		r := audit.Record{Method: method, Path: path, Query: query, Key: key, UserAgent: agent, Referer: referer, Host: host, Status: 200}
		l := request(&r, &source{"b", "111111111111", "11", "us-east-1"})
		if got := fields(l.String()); len(got) != 27 {
			t.Errorf("%d fields in %q", len(got), l.String())
		}
	})
}

// fields splits a line as those who read logs do: at blanks that are neither in quotes nor in brackets.
func fields(line string) []string {
	var out []string
	for line != "" {
		end := " "
		switch line[0] {
		case '"':
			end = `" `
		case '[':
			end = "] "
		}
		// What begins a field in quotes does not end it.
		field, rest, _ := strings.Cut(line[len(end)-1:], end)
		out = append(out, field)
		line = rest
	}
	return out
}
