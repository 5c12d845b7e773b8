package event

import (
	"encoding/json"
	"strings"
	"testing"

	"crossgrant/internal/audit"
)

// setting returns requestParameters of a request with that body.
func setting(t *testing.T, operation, document string) map[string]any {
	t.Helper()
	r := get()
	r.Operation, r.Method, r.Key, r.Document = operation, "PUT", "", []byte(document)
	e := decoded(t, r, mine)
	parameters, ok := e["requestParameters"].(map[string]any)
	if !ok {
		t.Fatalf("requestParameters are %v", e["requestParameters"])
	}
	delete(parameters, "Host")
	delete(parameters, "bucketName")
	return parameters
}

// TestDocuments holds the form of bodies beyond those that are published.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		"<A/>":                            `{"A":""}`,
		"<A></A>":                         `{"A":""}`,
		`<?xml version="1.0"?> <A>b</A> `: `{"A":"b"}`,
		"\xef\xbb\xbf<A>b</A>":            `{"A":"b"}`,
		`<A x="1"/>`:                      `{"A":{"x":1}}`,
		`<A x="1">b</A>`:                  `{"A":{"content":"b","x":1}}`,
		`<A><content>c</content>b</A>`:    `{"A":{"content":"c"}}`,
		"<A><B>1</B><C>2</C><B>3</B></A>": `{"A":{"B":[1,3],"C":2}}`,
		`<A B="x"><B>y</B></A>`:           `{"A":{"B":["x","y"]}}`,
		"<A>0</A>":                        `{"A":0}`,
		"<A>-7</A>":                       `{"A":-7}`,
		"<A>-0</A>":                       `{"A":"-0"}`,
		"<A>007</A>":                      `{"A":"007"}`,
		"<A>1.5</A>":                      `{"A":"1.5"}`,
		"<A>1e5</A>":                      `{"A":"1e5"}`,
		"<A>123456789012</A>":             `{"A":123456789012}`,
		"<A>1234567890123456</A>":         `{"A":"1234567890123456"}`,
		"<A>true</A>":                     `{"A":true}`,
		"<A>True</A>":                     `{"A":"True"}`,
		"<A>null</A>":                     `{"A":"null"}`,
		"<A> b&lt;&#65;&amp; </A>":        `{"A":"b\u003cA\u0026"}`,
		"<A><!-- c -->b</A>":              `{"A":"b"}`,
		"<A><![CDATA[<b>]]></A>":          `{"A":"\u003cb\u003e"}`,
		`<p:A xmlns:p="u"><p:B/></p:A>`:   `{"p:A":{"p:B":"","xmlns:p":"u"}}`,
		`<A>` + "\u2028\"" + `</A>`:       `{"A":"\u2028\""}`,
		// What is not well-formed, or hostile, is left out.
		"": `{}`, "text": `{}`, "<A>": `{}`, "<A></B>": `{}`, "<A/><B/>": `{}`, "</A>": `{}`, "<A/>text": `{}`, "<A>&b;</A>": `{}`, "<A": `{}`, "<A b>": `{}`,
		"<A>\xff</A>": `{}`, `<?xml version="1.0" encoding="utf-16"?><A/>`: `{}`, "<A/><?php x?>": `{}`, "<?php x?><A/>": `{}`,
		`<!DOCTYPE A [<!ENTITY b "c">]><A>&b;</A>`: `{}`, `<!DOCTYPE A SYSTEM "file:///etc/passwd"><A/>`: `{}`,
		strings.Repeat("<A>", maxDepth+1) + strings.Repeat("</A>", maxDepth+1): `{}`,
		"<A>" + strings.Repeat("<B/>", maxElements) + "</A>":                   `{}`,
		"<" + strings.Repeat("A", maxToken) + "/>":                             `{}`,
		// A body must not stand in for what the request's address says.
		"<key>other</key>": `{}`, "<Key>other</Key>": `{}`, "<bucketName>other</bucketName>": `{}`, "<host/>": `{}`, "<bucketPolicy/>": `{}`,
	} {
		got, err := json.Marshal(setting(t, "PutBucketTagging", document))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%.100q is %.200s, want %s", document, got, want)
		}
	}
	for document, want := range map[string]string{
		` { "Version" : "2012-10-17" } `: `{"bucketPolicy":{"Version":"2012-10-17"}}`,
		`[]`:                             `{}`, `"text"`: `{}`, `{`: `{}`, `{}{}`: `{}`, `<A/>`: `{}`, `{"a":1},"key":{"b":2}`: `{}`,
		`{"a":1,"a":2}`: `{}`, `{"b":[{"a":1,"\u0061":2}]}`: `{}`, `{"a":{"a":["a","a",{"a":1}]}}`: `{"bucketPolicy":{"a":{"a":["a","a",{"a":1}]}}}`,
		strings.Repeat(`{"a":`, maxDepth) + "1" + strings.Repeat("}", maxDepth):     `{"bucketPolicy":` + strings.Repeat(`{"a":`, maxDepth) + "1" + strings.Repeat("}", maxDepth) + "}",
		strings.Repeat(`{"a":`, maxDepth+1) + "1" + strings.Repeat("}", maxDepth+1): `{}`,
	} {
		got, err := json.Marshal(setting(t, "PutBucketPolicy", document))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("the policy %s is %s, want %s", document, got, want)
		}
	}
	for _, operation := range []string{"DeleteObjects", "CompleteMultipartUpload"} {
		if got := setting(t, operation, "<A>b</A>"); len(got) != 0 {
			t.Errorf("%s tells %v", operation, got)
		}
	}
}

// TestParameters holds what of a query and of headers is told: nothing twice, nothing that proves who asks, nothing that
// could be taken for what the address says, and no content.
func TestParameters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query   string
		headers []audit.Header
		want    string
	}{
		"sub-resource":   {"acl", nil, `{"acl":""}`},
		"values":         {"prefix=a%2Fb+c&delimiter=%2f&x-id=ListObjects", nil, `{"delimiter":"/","prefix":"a/b c","x-id":"ListObjects"}`},
		"semicolon":      {"prefix=a;b", nil, `{"prefix":"a;b"}`},
		"twice":          {"prefix=a&prefix=b", nil, `{"prefix":"a"}`},
		"address":        {"key=x&Key=y&bucketName=z&HOST=w&bucketPolicy=v", nil, `{}`},
		"undecodable":    {"a=%zz&%zz=b&c=d&=e", nil, `{"c":"d"}`},
		"credentials":    {"X-Amz-Credential=a&X-Amz-Signature=REDACTED&x-amz-security-token=b&Signature=c&AWSAccessKeyId=d&X-Amz-Date=e", nil, `{"X-Amz-Date":"e"}`},
		"customer's key": {"X-Amz-Server-Side-Encryption-Customer-Key=a&x-amz-copy-source-server-side-encryption-customer-key=b&x-amz-server-side-encryption-customer-key-MD5=c&X-Amz-MFA=d&X-Amz-Meta-Name=e", nil, `{}`},
		"headers": {"", []audit.Header{{Name: "x-amz-storage-class", Value: "STANDARD"}, {Name: "x-amz-meta-secret", Value: "a"}, {Name: "if-match", Value: "b"},
			{Name: "x-amz-security-token", Value: "c"}, {Name: "x-amz-date", Value: "d"}, {Name: "x-amz-mfa", Value: "e"}, {Name: "x-amz-storage-class", Value: "f"},
			{Name: "x-amz-server-side-encryption-customer-key", Value: "g"}}, `{"x-amz-storage-class":"STANDARD"}`},
	} {
		r := get()
		r.Key, r.Query, r.Headers = "", c.query, c.headers
		parameters := decoded(t, r, mine)["requestParameters"].(map[string]any)
		delete(parameters, "Host")
		delete(parameters, "bucketName")
		if got, _ := json.Marshal(parameters); string(got) != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	r := get()
	r.Query = strings.Repeat("a&", 10) + strings.Repeat("b", 10)
	for i := range 200 {
		r.Query += "&p" + string(rune('a'+i%26)) + strings.Repeat("x", i)
	}
	if got := decoded(t, r, mine)["requestParameters"].(map[string]any); len(got) > maxTold+3 {
		t.Errorf("%d parameters are told", len(got))
	}
}

// TestSizes holds AWS's maxima, and what stands in the place of what is larger.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
func TestSizes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 1000)
	r := get()
	r.UserAgent, r.ErrorCode, r.ErrorMessage, r.RequestID = long, long, long, long
	e := decoded(t, r, mine)
	for _, name := range []string{"userAgent", "errorCode", "errorMessage", "requestID"} {
		if got := e[name].(string); len(got) > 1024 || len(got) < 1020 || !strings.Contains(got, "éé") || strings.Contains(got, "\ufffd") {
			t.Errorf("%s has %d bytes: %q", name, len(got), got)
		}
	}
	huge := `{"a":"` + strings.Repeat("b", maxObject) + `"}`
	r = get()
	r.Service, r.Operation, r.Parameters, r.Elements = "iam", "CreateUser", []byte(huge), []byte(huge)
	e = decoded(t, r, mine)
	if got := at(t, e, "requestParameters") + at(t, e, "responseElements"); got != `{"omitted":true}{"omitted":true}` {
		t.Errorf("what is too large is %.100s", got)
	}
	r.Parameters, r.Elements = []byte(`{"a":`), []byte(`"text"`)
	e = decoded(t, r, mine)
	if got := at(t, e, "requestParameters") + at(t, e, "responseElements"); got != `nullnull` {
		t.Errorf("what is no object is %.100s", got)
	}
	r = get()
	r.Operation, r.Document = "PutBucketTagging", []byte("<A>"+strings.Repeat("<B>\x7f&lt;\"</B>", 7000)+"</A>")
	r.Headers = []audit.Header{{Name: "x-amz-tagging", Value: strings.Repeat("\"", maxObject/3)}}
	if got := at(t, decoded(t, r, mine), "requestParameters"); got != `{"omitted":true}` {
		t.Errorf("what is too large is %.100s", got)
	}
}

// FuzzDocument holds that no body of a request breaks the event, or takes more room than it may.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		"<A/>", "<A b='c'><B>1</B><B>true</B>x</A>", "<A xmlns:p='q'><p:B/></A>", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, "<A><A><A/></A></A>",
		"{\"Version\":\"2012-10-17\"}", "<A>\x00\xff\u2028</A>", "<content>a<content/></content>", "<a:b:c/>", "<key/>", `<A bucketName="x"/>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		for _, operation := range []string{"PutBucketTagging", "PutBucketPolicy", "PutObjectAcl"} {
			r := foreign(func(r *audit.Record) { r.Operation, r.Document = operation, document })
			holds(t, r)
		}
	})
}

// holds fails the test if an event of r is no JSON, has a member twice, or is larger than AWS's maxima add up to.
func holds(t *testing.T, r *audit.Record) {
	t.Helper()
	for _, recipient := range Recipients(r) {
		text := Append(nil, r, recipient, "us-east-1")
		if !json.Valid(text) {
			t.Fatalf("not JSON:\n%s", text)
		}
		memberNames(t, text)
		// Twice the largest object, and of the texts six bytes for each, as they are escaped.
		if limit := 2*maxObject + 6*4*maxText + 6*(len(r.Bucket)+len(r.Key)+len(r.Host))*4 + 6*len(r.Query) + 8192; len(text) > limit {
			t.Errorf("%d bytes", len(text))
		}
	}
}

// FuzzAppend holds the same of everything else that clients send.
func FuzzAppend(f *testing.F) {
	f.Add("GetObject", "k", "acl&prefix=a", "agent", "host", "x-amz-acl", "private", "NoSuchKey", "arn:aws:iam::111111111111:user/ann", "AIDAANN", []byte(`{"roleArn":"r"}`))
	f.Add("AssumeRoleWithWebIdentity", "\xff", "%", "\"", "\n", "x-amz-\"", "\x00", "AccessDenied", "", "arn:aws:iam::222222222222:oidc-provider/i:1:a:b", []byte(`{`))
	f.Add("AssumeRoleWithSAML", "", "a&a", "", "", "", "", "", "arn:", "arn:aws:iam::222222222222:saml-provider/i:q:s", []byte(`null`))
	f.Add("ListObjects", "", "prefix=%ff&prefix", "", "", "x-amz-acl", "", "", "cloudtrail.amazonaws.com", "", []byte(nil))
	f.Fuzz(func(t *testing.T, operation, key, query, agent, host, header, value, code, arn, id string, parameters []byte) {
		for _, service := range []string{"s3", "sts", "iam", "cloudtrail", "unknown"} {
			r := foreign(func(r *audit.Record) {
				r.Service, r.Operation, r.Key, r.Query, r.UserAgent, r.Host, r.ErrorCode, r.ErrorMessage = service, operation, key, query, agent, host, code, value
				r.Headers, r.CallerARN, r.CallerID, r.Parameters, r.Elements = []audit.Header{{Name: header, Value: value}}, arn, id, parameters, parameters
				r.Answered, r.SourceIP, r.RequestID = r.Headers, agent, id
				r.Session = &audit.Session{IssuerARN: arn, Provider: value, ProviderKeys: []audit.Header{{Name: header, Value: value}, {Name: header, Value: ""}}, SourceIdentity: value}
			})
			holds(t, r)
			Username(r, theirs)
			Resources(r, theirs)
			if f := FactsOf(r); (f.Category == Unlogged) != (operation == "") {
				t.Errorf("%s %q makes %+v", service, operation, f)
			}
		}
	})
}
