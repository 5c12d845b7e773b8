package s3api

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

func TestHostedBucket(t *testing.T) {
	t.Parallel()
	domains := []string{"localhost", "example.com", "s3.example.com"}
	for host, want := range map[string]string{
		"localhost":                    "",
		"localhost:9000":               "",
		"walnut.localhost:9000":        "walnut",
		"s3.example.com":               "",
		"walnut.s3.example.com":        "walnut",
		"my.walnut.s3.example.com:443": "my.walnut",
		"WALNUT.S3.Example.COM.":       "walnut",
		"walnut.example.com":           "walnut",
		"example.org":                  "",
		"walnutexample.com":            "",
		"127.0.0.1:9000":               "",
		"[::1]:9000":                   "",
		"":                             "",
	} {
		if got := hostedBucket(host, domains); got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
}

// The examples are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html and
// the limits of keys.
func TestCheckKey(t *testing.T) {
	t.Parallel()
	for key, code := range map[string]string{
		"":                              "",
		"videos/2014/../../video1.wmv":  "",
		"videos/../../video1.wmv":       "InvalidURI",
		"videos/../../video1.wmv/../..": "InvalidURI",
		"../a":                          "InvalidURI",
		"a/..":                          "",
		"..a":                           "",
		"a//b":                          "",
		"\xff":                          "InvalidURI",
		"\x00":                          "",
		strings.Repeat("a", 1024):       "",
		strings.Repeat("é", 512) + "a":  "KeyTooLongError",
	} {
		err := checkKey(key)
		if code == "" && err != nil || code != "" && !apierr.Is(err, code) {
			t.Errorf("%q: got %v, want %q", key, err, code)
		}
	}
}

func TestParseRange(t *testing.T) {
	t.Parallel()
	type want struct {
		ok         bool // it is a range
		selects    bool // of ten bytes it selects
		from, size int64
	}
	for text, w := range map[string]want{
		"bytes=0-0":                    {true, true, 0, 1},
		"bytes=0-":                     {true, true, 0, 10},
		"bytes=3-5":                    {true, true, 3, 3},
		"bytes=3-99":                   {true, true, 3, 7},
		"bytes=9-":                     {true, true, 9, 1},
		"bytes=10-":                    {true, false, 0, 0},
		"bytes=-3":                     {true, true, 7, 3},
		"bytes=-99":                    {true, true, 0, 10},
		"bytes=-0":                     {true, false, 0, 0},
		"Bytes= 1-2 ":                  {true, true, 1, 2},
		"bytes=0-99999999999999999999": {true, true, 0, 10},
		"bytes=99999999999999999999-":  {true, false, 0, 0},
		"bytes=5-3":                    {},
		"bytes=-":                      {},
		"bytes=":                       {},
		"bytes":                        {},
		"lines=0-1":                    {},
		"bytes=0-1,3-4":                {},
		"bytes=+0-1":                   {},
		"bytes=0x1-2":                  {},
		"bytes=0 - 1":                  {},
	} {
		r, ok := parseRange(text)
		if ok != w.ok {
			t.Errorf("%s: is a range: %v, want %v", text, ok, w.ok)
			continue
		}
		if !ok {
			continue
		}
		p, selects := r.of(10)
		if selects != w.selects || selects && (p.offset != w.from || p.length != w.size) {
			t.Errorf("%s: got %+v, %v", text, p, selects)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-1", "bytes=-5", "bytes=7-", "bytes=1-2,3-4", "bytes=99999999999999999999-"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, text string, size int64) {
		size = max(size, 0)
		r, ok := parseRange(text)
		if !ok {
			return
		}
		if p, ok := r.of(size); ok && (p.offset < 0 || p.length < 1 || p.offset > size-p.length) {
			t.Errorf("%q of %d bytes is %+v", text, size, p)
		}
	})
}

func TestParseCopySource(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]copySource{
		"walnut/k?versionId=" + strings.Repeat("0", 32): {addressed{key: "k", version: versionInput(strings.Repeat("0", 32))}, "walnut", readConditions{}},
		"walnut/k":                {addressed{key: "k"}, "walnut", readConditions{}},
		"/walnut/a/b":             {addressed{key: "a/b"}, "walnut", readConditions{}},
		"walnut/a%2Fb%20c%2B+":    {addressed{key: "a/b c++"}, "walnut", readConditions{}},
		"walnut%2Fk":              {addressed{key: "k"}, "walnut", readConditions{}},
		"walnut/k%3FversionId=x":  {addressed{key: "k?versionId=x"}, "walnut", readConditions{}},
		"walnut/k?versionId=null": {addressed{key: "k", version: "null"}, "walnut", readConditions{}},
		"/walnut//k":              {addressed{key: "/k"}, "walnut", readConditions{}},
	} {
		got, err := parseCopySource(value)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", value, got, err)
		}
	}
	for value, code := range map[string]string{
		"":                     "InvalidArgument",
		"walnut":               "InvalidArgument",
		"walnut/":              "InvalidArgument",
		"//walnut/k":           "InvalidArgument",
		"walnut/%zz":           "InvalidArgument",
		"walnut/k?x=y":         "InvalidArgument",
		"walnut/k?versionId=":  "InvalidArgument",
		"walnut/k?versionId=1": "InvalidArgument",
		"walnut/../k":          "InvalidURI",
		"arn:aws:s3:us-east-1:111111111111:accesspoint/a/object/k": "NotImplemented",
	} {
		if _, err := parseCopySource(value); !apierr.Is(err, code) {
			t.Errorf("%s: got %v, want %s", value, err, code)
		}
	}
}

func FuzzParseCopySource(f *testing.F) {
	for _, seed := range []string{"walnut/k", "/walnut/a%20b?versionId=null", "walnut/%zz", "arn:aws:s3:::x", "walnut/a/../../k"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		src, err := parseCopySource(value)
		if err != nil {
			return
		}
		if src.key == "" || checkKey(src.key) != nil || !plausibleBucket(src.name) {
			t.Fatalf("%q is %+v", value, src)
		}
		text := src.name + "/" + strings.ReplaceAll(url.PathEscape(src.key), "+", "%2B")
		if src.version.given() {
			text += "?versionId=" + string(src.version)
		}
		if again, err := parseCopySource(text); err != nil || !reflect.DeepEqual(again, src) {
			t.Errorf("%q is %+v, then %+v, %v", value, src, again, err)
		}
	})
}

func FuzzToken(f *testing.F) {
	for _, seed := range []string{newToken("k"), newToken("a/b\x00é"), "", "1", "2aw", "1===", "1aw\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		last, ok := parseToken(token)
		if !ok {
			return
		}
		// A form has one spelling, so that tokens can be compared as text.
		if again, ok := parseToken(newToken(last)); !ok || again != last {
			t.Errorf("%q is %q, then %q", token, last, again)
		}
	})
}

func FuzzListQuery(f *testing.F) {
	for _, seed := range []string{
		"", "prefix=a&delimiter=/&max-keys=5", "list-type=2&continuation-token=1aw&start-after=b&fetch-owner=true",
		"max-keys=-1", "max-keys=99999999999", "encoding-type=url&marker=%00", "max-keys=1;2", "a=%zz",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u := &url.URL{RawQuery: raw}
		query, err := readQuery(u)
		if err != nil {
			return
		}
		if again := u.Query(); !reflect.DeepEqual(query, again) {
			t.Errorf("%q is %v, then %v", raw, query, again)
		}
		for _, decode := range []func(url.Values) (*listInput, error){decodeList, decodeListV2} {
			if in, err := decode(query); err == nil && (in.max < 0 || in.max > maxPage) {
				t.Errorf("%q asks for %d", raw, in.max)
			}
		}
	})
}

func FuzzDeleteList(f *testing.F) {
	for _, seed := range []string{
		`<Delete><Object><Key>k</Key></Object></Delete>`,
		`<Delete xmlns="` + restxml.Namespace + `"><Quiet>true</Quiet><Object><Key> a&amp;b </Key><VersionId>null</VersionId><ETag>"x"</ETag></Object></Delete>`,
		`<Delete><Object><Key>k</Key><Size>1</Size></Object></Delete>`,
		`<Delete></Delete>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := decodeDeleteList(body)
		if err != nil {
			return
		}
		if n := len(list.Objects); n < 1 || n > maxDeleteKeys {
			t.Errorf("%d keys", n)
		}
		for _, item := range list.Objects {
			if item.Key == "" {
				t.Error("an empty key")
			}
		}
	})
}

func FuzzCompleteList(f *testing.F) {
	for _, seed := range []string{
		`<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"7a3b1efa99183d93e609f37947304db9"</ETag></Part></CompleteMultipartUpload>`,
		`<CompleteMultipartUpload><Part><ETag>x</ETag><PartNumber> 2 </PartNumber><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part></CompleteMultipartUpload>`,
		`<CompleteMultipartUpload><Part><ETag>x</ETag><PartNumber>0</PartNumber></Part></CompleteMultipartUpload>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		parts, err := decodeCompleteList(body)
		if err != nil {
			return
		}
		for _, p := range parts {
			if p.Number < 1 || p.Number > 10_000 || len(p.ETag) != 0 && len(p.ETag) != 16 {
				t.Errorf("%q has part %+v", body, p)
			}
		}
	})
}

// A list that is too long is refused, and so is a part with two checksums.
func TestListLimits(t *testing.T) {
	t.Parallel()
	keys := func(n int) string {
		return "<Delete>" + strings.Repeat("<Object><Key>k</Key></Object>", n) + "</Delete>"
	}
	if _, err := decodeDeleteList([]byte(keys(1000))); err != nil {
		t.Errorf("1000 keys: %v", err)
	}
	if _, err := decodeDeleteList([]byte(keys(1001))); !apierr.Is(err, "MalformedXML") {
		t.Errorf("1001 keys: %v", err)
	}
	two := `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32>` +
		`<ChecksumSHA1>x</ChecksumSHA1></Part></CompleteMultipartUpload>`
	if _, err := decodeCompleteList([]byte(two)); !apierr.Is(err, "MalformedXML") {
		t.Errorf("two checksums: %v", err)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	o := &records.Object{Etag: make([]byte, 16), Parts: 2, Modified: time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC).UnixNano()}
	const tag = "00000000000000000000000000000000-2"
	now := time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	const future = "Fri, 02 Jan 2026 03:04:07 GMT"
	const then, before, after = "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:04 GMT", "2026-01-02T03:04:06Z"
	for _, c := range []struct {
		headers string
		want    outcome
	}{
		{"", proceed},
		{"If-Match: " + tag, proceed},
		{`If-Match: "x", "` + tag + `"`, proceed},
		{"If-Match: *", proceed},
		{`If-Match: "x"`, failed},
		{`If-None-Match: "x"`, proceed},
		{`If-None-Match: W/"` + tag + `"`, notModified},
		{"If-Modified-Since: " + before, proceed},
		{"If-Modified-Since: " + then, notModified},
		{"If-Modified-Since: " + after, notModified},
		{"If-Modified-Since: " + future, proceed},
		{"If-Modified-Since: yesterday", proceed},
		{"If-Unmodified-Since: " + before, failed},
		{"If-Unmodified-Since: " + then, proceed},
		// The two combinations that https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html spells out.
		{"If-Match: *\nIf-Unmodified-Since: " + before, proceed},
		{"If-None-Match: *\nIf-Modified-Since: " + before, notModified},
		{`If-Match: "x"` + "\nIf-None-Match: *", failed},
	} {
		r := &http.Request{Header: http.Header{}}
		for line := range strings.SplitSeq(c.headers, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				r.Header.Set("x-amz-copy-source-"+name, value)
			}
		}
		if got, failing := decodeConditions(r, "x-amz-copy-source-", now).judge(o); got != c.want {
			t.Errorf("%s: got %d (%s), want %d", c.headers, got, failing, c.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	request := func(size int) *http.Request {
		r := httptest.NewRequest("PUT", "/b/k", nil)
		r.Header.Set("x-amz-meta-a", strings.Repeat("v", size-1))
		r.Header.Set("Content-Encoding", "gzip, AWS-chunked")
		return r
	}
	m, err := decodeMetadata(request(maxUserMetadata))
	if err != nil || m.ContentEncoding != "gzip" || m.ContentType != defaultContentType || len(m.User["a"]) != maxUserMetadata-1 {
		t.Errorf("got %v, %v", m, err)
	}
	if _, err := decodeMetadata(request(maxUserMetadata + 1)); !apierr.Is(err, "MetadataTooLarge") {
		t.Errorf("got %v", err)
	}
	r := request(2)
	r.Header.Set("x-amz-website-redirect-location", "ftp://x")
	if _, err := decodeMetadata(r); !apierr.Is(err, "InvalidRedirectLocation") {
		t.Errorf("got %v", err)
	}
	// The example of https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	if got, want := encodeWord("ÄMÄZÕÑ S3"), "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Every operation of the table has a row that is complete; New would panic otherwise. Every sub-resource
// of the table is known as one.
func TestTable(t *testing.T) {
	t.Parallel()
	s := New(nil, Deps{})
	names := map[string]target{}
	for at, operation := range s.table {
		if at.sub != "" && !subresources[strings.TrimSuffix(at.sub, withID)] {
			t.Errorf("%s has the unknown sub-resource %s", operation.Name, at.sub)
		}
		if other, twice := names[operation.Name]; twice && operation.Name != "PreflightRequest" {
			t.Errorf("%s is at %v and %v", operation.Name, at, other)
		}
		names[operation.Name] = at
	}
	if len(names) < 35 {
		t.Errorf("only %d operations", len(names))
	}
}

// FuzzDecodeNotification holds that rules that are taken can be shown, and are taken again as they are shown.
func FuzzDecodeNotification(f *testing.F) {
	for _, seed := range []string{
		`<NotificationConfiguration/>`,
		`<NotificationConfiguration><QueueConfiguration><Id>x</Id><Queue>arn:aws:sqs:us-east-1:111111111111:q</Queue><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>Prefix</Name><Value>a/</Value></FilterRule></S3Key></Filter></QueueConfiguration></NotificationConfiguration>`,
		`<NotificationConfiguration><TopicConfiguration><Topic>arn:aws:sns:us-east-1:111111111111:t</Topic><Event>s3:ObjectAcl:Put</Event></TopicConfiguration><CloudFunctionConfiguration><CloudFunction>arn:aws:lambda:us-east-1:111111111111:function:f</CloudFunction><Event>s3:LifecycleTransition</Event></CloudFunctionConfiguration></NotificationConfiguration>`,
		`<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rules, err := decodeNotification(body)
		if err != nil {
			return
		}
		d := restxml.New("NotificationConfiguration")
		for i := range rules {
			renderRule(d, &rules[i])
		}
		if again, err := decodeNotification(d.Bytes()); err != nil || !reflect.DeepEqual(again, rules) {
			t.Errorf("%q is %+v, then %+v, %v", body, rules, again, err)
		}
	})
}

// FuzzDecodeLogging does the same for the logging of a bucket.
func FuzzDecodeLogging(f *testing.F) {
	for _, seed := range []string{
		`<BucketLoggingStatus/>`,
		`<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket><TargetPrefix>p/</TargetPrefix><TargetObjectKeyFormat><SimplePrefix/></TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>`,
		`<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket><TargetGrants><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></TargetGrants><TargetPrefix/><TargetObjectKeyFormat><PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix></TargetObjectKeyFormat></LoggingEnabled></BucketLoggingStatus>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l, err := decodeLogging(body)
		if err != nil || l == nil {
			return
		}
		d := restxml.New("BucketLoggingStatus")
		renderLogging(d, l, func(ids.CanonicalUserID) string { return "" })
		if again, err := decodeLogging(d.Bytes()); err != nil || !proto.Equal(again, l) {
			t.Errorf("%q is %v, then %v, %v", body, l, again, err)
		}
	})
}
