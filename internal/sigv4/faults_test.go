package sigv4

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/apierr"
)

// describe renders an error as one line: code, status, message and the details with their values.
func describe(err error) string {
	if err == nil {
		return "ok"
	}
	var e *apierr.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s", e.Code, e.Status, e.Message)
	for _, d := range e.Detail {
		fmt.Fprintf(&b, " [%s=%s]", d.Name, d.Value)
	}
	return b.String()
}

// judge parses and verifies r at the time of the examples.
func judge(e *Endpoint, r *Request, now time.Time) error {
	s, err := e.Parse(r)
	if err != nil {
		return err
	}
	if s == nil {
		return errors.New("anonymous")
	}
	_, err = e.Verify(s, r, exampleSecret, now)
	return err
}

// edit replaces old by new in the header with this key, or removes the header if old is empty.
func edit(key, old, new string) func(*Request) {
	return func(r *Request) {
		if old == "" {
			delete(r.Header, key)
			return
		}
		r.Header[key] = []string{strings.ReplaceAll(r.Header[key][0], old, new)}
	}
}

func set(key string, values ...string) func(*Request) {
	return func(r *Request) { r.Header[key] = values }
}

func query(old, new string) func(*Request) {
	return func(r *Request) { r.RawQuery = strings.Replace(r.RawQuery, old, new, 1) }
}

type faultTest struct {
	name string
	edit func(*Request)
	want string
}

// runFaults edits a request that verifies and wants the text of the fault; "…" at the end of a text
// stands for more of it.
func runFaults(t *testing.T, e *Endpoint, request func() *Request, tests []faultTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := request()
			test.edit(r)
			got := describe(judge(e, r, exampleTime))
			if want, more := strings.CutSuffix(test.want, "…"); got != want && !(more && strings.HasPrefix(got, want)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

const payloadHashFault = "InvalidArgument 400 x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
	"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, " +
	"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value. [ArgumentName=x-amz-content-sha256] [ArgumentValue=%s]"

func TestS3HeaderFaults(t *testing.T) {
	const auth = headerAuthorization
	const twoMechanisms = "InvalidArgument 400 Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter " +
		"or the Authorization header should be specified [ArgumentName=Authorization]…"
	const malformed = "AuthorizationHeaderMalformed 400 The authorization header is malformed; "
	const components = malformed + "the authorization header requires three components: Credential, SignedHeaders, and Signature."
	const noDate = "AccessDenied 403 AWS authentication requires a valid Date or x-amz-date header"
	const v2 = "InvalidRequest 400 The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
	const unsigned = "AccessDenied 403 There were headers present in the request which were not signed [HeadersNotSigned=%s]"
	request := func() *Request {
		r := exampleRequest("GET", "/key?a=b", "x-amz-meta-color: red")
		exampleSigner.Sign(r, unsignedPayload, exampleTime)
		return r
	}
	runFaults(t, exampleEndpoint, request, []faultTest{
		{"none", func(*Request) {}, "ok"},
		{"no authorization", edit(auth, "", ""), "anonymous"},
		{"empty authorization", set(auth, ""), "anonymous"},
		{"two mechanisms", func(r *Request) { r.RawQuery += "&X-Amz-Algorithm=x" }, twoMechanisms},
		{"header and V2 query", func(r *Request) { r.RawQuery += "&Signature=x" }, twoMechanisms},
		{"both query forms", func(r *Request) {
			r.RawQuery, r.Header = "Signature=x&X-Amz-Algorithm=x", nil
		}, strings.TrimSuffix(twoMechanisms, "…")},
		{"V2", set(auth, "AWS "+exampleKey+":frJIUN8DYpKDtOLCwo//yllqDzg="), v2},
		{"V2 in the query", func(r *Request) { r.Header, r.RawQuery = nil, "AWSAccessKeyId=x&Signature=y&Expires=1" }, v2},
		{"V4A", edit(auth, algorithm, algorithmV4A), "NotImplemented 501 A header or parameter you provided implies functionality that is not implemented: AWS4-ECDSA-P256-SHA256"},
		{"bearer", set(auth, "Bearer x"), "InvalidArgument 400 Unsupported Authorization Type [ArgumentName=Authorization] [ArgumentValue=Bearer x]"},
		{"no space", set(auth, "x"), "InvalidArgument 400 Authorization header is invalid -- one and only one ' ' (space) required [ArgumentName=Authorization] [ArgumentValue=x]"},
		{"two headers", func(r *Request) { r.Header[auth] = append(r.Header[auth], r.Header[auth][0]) }, malformed + "the authorization component…"},
		{"no payload hash", edit(headerContentSHA256, "", ""), "InvalidRequest 400 Missing required header for this request: x-amz-content-sha256"},
		{"malformed payload hash", set(headerContentSHA256, emptySHA256[1:]), fmt.Sprintf(payloadHashFault, emptySHA256[1:])},
		{"unknown streaming", set(headerContentSHA256, "STREAMING-X"), fmt.Sprintf(payloadHashFault, "STREAMING-X")},
		{"V4A streaming", set(headerContentSHA256, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), "NotImplemented 501…"},
		{"no date", edit(headerDate, "", ""), noDate},
		{"another format of the date", set(headerDate, "2013-05-24T00:00:00Z"), noDate},
		{"two dates", set(headerDate, exampleDate, exampleDate), noDate},
		{"no Credential", edit(auth, "Credential=", "X="), malformed + `the authorization component "X=` + exampleKey + `/20130524/us-east-1/s3/aws4_request" is malformed.`},
		{"no Signature", func(r *Request) {
			edit(auth, r.Header[auth][0][strings.Index(r.Header[auth][0], ", Signature"):], "")(r)
		}, components},
		{"four parts", edit(auth, "/us-east-1", ""), malformed + `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`},
		{"no key", edit(auth, exampleKey, ""), malformed + "a non-empty Access Key (AKID) must be provided in the credential."},
		{"format of the scope date", edit(auth, "/20130524/", "/20130539/"), malformed + `incorrect date format "20130539". This date in the credential must be in the format "yyyyMMdd".`},
		{"another scope date", edit(auth, "/20130524/", "/20130523/"), malformed + "Invalid credential date. Date is not the same as X-Amz-Date."},
		{"region", edit(auth, "us-east-1", "eu-west-1"), malformed + "the region 'eu-west-1' is wrong; expecting 'us-east-1' [Region=us-east-1]"},
		{"no region", edit(auth, "us-east-1", ""), malformed + "a non-empty region must be provided in the credential."},
		{"service", edit(auth, "/s3/", "/ec2/"), malformed + `incorrect service "ec2". This endpoint belongs to "s3".`},
		{"terminator", edit(auth, "aws4_request", "aws4"), malformed + `incorrect terminal "aws4". This endpoint uses "aws4_request".`},
		{"repeated signed header", edit(auth, "=host;", "=host;host;"), malformed + "the authorization component…"},
		{"host not signed", edit(auth, "=host;", "="), fmt.Sprintf(unsigned, "host")},
		{"unsigned headers", func(r *Request) { set("X-Amz-Acl", "a")(r); set("Content-Md5", "b")(r); set("Range", "c")(r) }, fmt.Sprintf(unsigned, "content-md5, x-amz-acl")},
		{"unsigned token", set(headerSecurityToken, "a"), fmt.Sprintf(unsigned, "x-amz-security-token")},
		{"unsigned header with odd key", set("x-amz-acl", "a"), fmt.Sprintf(unsigned, "x-amz-acl")},
		{"signature", edit(auth, "Signature=", "Signature=0"), "SignatureDoesNotMatch 403 The request signature we calculated does not match the signature you provided. Check your key and signing method." +
			" [AWSAccessKeyId=" + exampleKey + "] [StringToSign=AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n…"},
		{"value of a signed header", set("X-Amz-Meta-Color", "blue"), "SignatureDoesNotMatch 403…"},
		{"signed header gone", edit("X-Amz-Meta-Color", "", ""), "SignatureDoesNotMatch 403…"},
		{"header repeated", func(r *Request) { r.Header["X-Amz-Meta-Color"] = []string{"red", "red"} }, "SignatureDoesNotMatch 403…"},
	})
}

// TestSkew wants the limits of the age of a request, S3's and those of the Query services.
func TestSkew(t *testing.T) {
	iam := &Endpoint{Dialect: Query, Service: "iam"}
	for _, test := range []struct {
		offset    time.Duration // of the server's clock
		s3, query string
	}{
		{MaxSkew, "ok", "ok"},
		{-MaxSkew, "ok", "ok"},
		{MaxSkew + time.Second, "RequestTimeTooSkewed 403 The difference between the request time and the current time is too large." +
			" [RequestTime=20130524T000000Z] [ServerTime=2013-05-24T00:15:01Z] [MaxAllowedSkewMilliseconds=900000]",
			"SignatureDoesNotMatch 403 Signature expired: 20130524T000000Z is now earlier than 20130524T000001Z (20130524T001501Z - 15 min.)"},
		{-MaxSkew - time.Second, "RequestTimeTooSkewed 403 The difference between the request time and the current time is too large." +
			" [RequestTime=20130524T000000Z] [ServerTime=2013-05-23T23:44:59Z] [MaxAllowedSkewMilliseconds=900000]",
			"SignatureDoesNotMatch 403 Signature not yet current: 20130524T000000Z is still later than 20130523T235959Z (20130523T234459Z + 15 min.)"},
	} {
		r := exampleRequest("GET", "/")
		exampleSigner.Sign(r, unsignedPayload, exampleTime)
		if got := describe(judge(exampleEndpoint, r, exampleTime.Add(test.offset))); got != test.s3 {
			t.Errorf("S3 %v: got %s\nwant %s", test.offset, got, test.s3)
		}
		r = exampleRequest("POST", "/")
		r.BodySHA256 = emptySHA256
		signer := Signer{Dialect: Query, AccessKeyID: exampleKey, Secret: exampleSecret, Region: "anywhere", Service: "iam"}
		signer.Sign(r, r.BodySHA256, exampleTime)
		if got := describe(judge(iam, r, exampleTime.Add(test.offset))); got != test.query {
			t.Errorf("Query %v: got %s\nwant %s", test.offset, got, test.query)
		}
	}
}

// TestDateHeader wants a request to be dated by Date if it has no X-Amz-Date.
func TestDateHeader(t *testing.T) {
	r := exampleRequest("GET", "/", "Date: Fri, 24 May 2013 00:00:00 GMT", "x-amz-content-sha256: UNSIGNED-PAYLOAD")
	s := exampleSigner.claim(FormHeader, r, unsignedPayload, exampleTime)
	r.Header[headerAuthorization] = []string{strings.TrimPrefix(exampleAuthorization(strings.Join(s.SignedHeaders, ";"), exampleSigner.signature(r, s)), "Authorization: ")}
	if err := judge(exampleEndpoint, r, exampleTime); err != nil {
		t.Error(err)
	}
}

func TestS3QueryFaults(t *testing.T) {
	const fault = "AuthorizationQueryParametersError 400 "
	const required = fault + "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
	const credential = fault + "Error parsing the X-Amz-Credential parameter; "
	request := func() *Request {
		r := exampleRequest("PUT", "/key?x-id=PutObject", "x-amz-meta-color: red")
		exampleSigner.Presign(r, unsignedPayload, exampleTime, time.Minute)
		return r
	}
	tests := []faultTest{
		{"none", func(*Request) {}, "ok"},
		{"algorithm", query("Algorithm=AWS4-HMAC-SHA256", "Algorithm=x"), fault + `X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`},
		{"V4A", query("AWS4-HMAC-SHA256", algorithmV4A), "NotImplemented 501…"},
		{"repeated", func(r *Request) { r.RawQuery += "&X-Amz-Expires=600000" }, required},
		{"repeated signature", func(r *Request) { r.RawQuery += "&X%2DAmz-Signature=00" }, required},
		{"date", query("Date=20130524T000000Z", "Date=2013-05-24"), fault + `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`},
		{"expires no number", query("Expires=60", "Expires=1h"), fault + "X-Amz-Expires should be a number"},
		{"expires negative", query("Expires=60", "Expires=-1"), fault + "X-Amz-Expires must be non-negative"},
		{"expires too late", query("Expires=60", "Expires=604801"), fault + "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"},
		{"expires at once", query("Expires=60", "Expires=0"), "AccessDenied 403 Request has expired [X-Amz-Expires=0] [Expires=2013-05-24T00:00:00Z] [ServerTime=2013-05-24T00:00:00Z]"},
		{"service", query("%2Fs3%2F", "%2Fec2%2F"), credential + `incorrect service "ec2". This endpoint belongs to "s3".`},
		{"region", query("us-east-1", "eu-west-1"), credential + "the region 'eu-west-1' is wrong; expecting 'us-east-1' [Region=us-east-1]"},
		{"credential", query("%2Fs3%2F", "%2F"), credential + `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`},
		{"scope date", query("%2F20130524%2F", "%2F20130523%2F"), fault + `Invalid credential date "20130523". This date is not the same as X-Amz-Date: "20130524".`},
		{"unsigned header", set("X-Amz-Acl", "public-read"), "AccessDenied 403 There were headers present in the request which were not signed [HeadersNotSigned=x-amz-acl]"},
		{"another parameter", func(r *Request) { r.RawQuery += "&versionId=null" }, "SignatureDoesNotMatch 403…"},
		{"longer life", query("Expires=60", "Expires=61"), "SignatureDoesNotMatch 403…"},
		{"malformed payload hash", set(headerContentSHA256, "x"), fmt.Sprintf(payloadHashFault, "x")},
		{"payload hash", set(headerContentSHA256, emptySHA256), "SignatureDoesNotMatch 403…"},
	}
	for _, name := range []string{paramCredential, paramDate, paramExpires, paramSignedHeaders, paramSignature} {
		tests = append(tests, faultTest{"no " + name, query(name+"=", "x="), required})
	}
	runFaults(t, exampleEndpoint, request, tests)

	for _, test := range []struct {
		offset time.Duration
		want   string
	}{
		{time.Minute, "ok"},
		{-MaxSkew, "ok"},
		{time.Minute + time.Millisecond, "AccessDenied 403 Request has expired [X-Amz-Expires=60] [Expires=2013-05-24T00:01:00Z] [ServerTime=2013-05-24T00:01:00Z]"},
		{-MaxSkew - time.Second, "AccessDenied 403 Request is not yet valid [X-Amz-Date=1369353600000] [Expires=2013-05-24T00:01:00Z] [ServerTime=2013-05-23T23:44:59Z]"},
	} {
		if got := describe(judge(exampleEndpoint, request(), exampleTime.Add(test.offset))); got != test.want {
			t.Errorf("%v: got %s\nwant %s", test.offset, got, test.want)
		}
	}
}

func TestQueryServiceFaults(t *testing.T) {
	const auth = headerAuthorization
	const mismatch = "SignatureDoesNotMatch 403 The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	signer := Signer{Dialect: Query, AccessKeyID: exampleKey, Secret: exampleSecret, Region: "us-east-1", Service: "sts"}
	request := func() *Request {
		r := exampleRequest("POST", "/", "Content-Type: application/x-www-form-urlencoded")
		r.BodySHA256 = sha("Action=GetCallerIdentity&Version=2011-06-15")
		signer.Sign(r, r.BodySHA256, exampleTime)
		return r
	}
	tests := []faultTest{
		{"none", func(*Request) {}, "ok"},
		{"anonymous", edit(auth, "", ""), "anonymous"},
		{"body", func(r *Request) { r.BodySHA256 = emptySHA256 }, mismatch},
		{"body hash said to be unsigned", set(headerContentSHA256, unsignedPayload), "ok"},
		{"another region", edit(auth, "us-east-1", "eu-west-1"), mismatch},
		{"another service", edit(auth, "/sts/", "/iam/"), "SignatureDoesNotMatch 403 Credential should be scoped to correct service: 'sts'."},
		{"all of the scope", edit(auth, "/20130524/us-east-1/sts/aws4_request", "/20130523//iam/aws5_request"), "SignatureDoesNotMatch 403 Credential should be scoped to a valid region, not ''. " +
			"Credential should be scoped to correct service: 'sts'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. " +
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20130523' != '20130524', from '20130524T000000Z'."},
		{"four parts", edit(auth, "/us-east-1", ""), "IncompleteSignature 400 Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + exampleKey + "/20130524/sts/aws4_request'"},
		{"nothing", func(r *Request) { r.Header = map[string][]string{auth: {"AWS4-HMAC-SHA256 "}} }, "IncompleteSignature 400 Authorization header requires 'Credential' parameter. " +
			"Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " +
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"},
		{"no equal sign", set(auth, "AWS4-HMAC-SHA256 x"), "IncompleteSignature 400 Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '…"},
		{"bearer", set(auth, "Bearer x"), "IncompleteSignature 400 Invalid key=value pair…"},
		{"V2", set(auth, "AWS x:y"), "IncompleteSignature 400 Unsupported AWS 'algorithm': 'AWS' (only AWS4-HMAC-SHA256 for now). "},
		{"another hash", edit(auth, "SHA256", "SHA512"), "IncompleteSignature 400 Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512' (only AWS4-HMAC-SHA256 for now). "},
		{"date", set(headerDate, "201"), "IncompleteSignature 400 Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"host not signed", edit(auth, "host;", ""), "SignatureDoesNotMatch 403 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"unsigned target", set("X-Amz-Target", "x"), "SignatureDoesNotMatch 403 'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."},
		{"two mechanisms", func(r *Request) { r.RawQuery = "X-Amz-Algorithm=x" }, "IncompleteSignature 400 Only one auth mechanism allowed;…"},
		{"no query parameters", func(r *Request) { r.Header, r.RawQuery = nil, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=1" }, "IncompleteSignature 400 AWS query-string parameters must include 'X-Amz-Credential'. " +
			"AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."},
	}
	runFaults(t, &Endpoint{Dialect: Query, Service: "sts"}, request, tests)

	// JSON services give the same texts other codes.
	json := &Endpoint{Dialect: JSON, Service: "sts"}
	runFaults(t, json, request, []faultTest{
		{"JSON mismatch", func(r *Request) { r.BodySHA256 = emptySHA256 }, "InvalidSignatureException 400…"},
		{"JSON incomplete", set(auth, "Bearer x"), "IncompleteSignatureException 400…"},
	})
}

// TestMismatchDetails wants the caller to be told what the server signed.
func TestMismatchDetails(t *testing.T) {
	r := exampleRequest("GET", "/a b?prefix=x+y", "x-amz-meta-s:  a   b \t c  ")
	r.RawPath = "/a%20b/!"
	exampleSigner.Sign(r, unsignedPayload, exampleTime)
	r.Method = "PUT"
	var e *apierr.Error
	if !errors.As(judge(exampleEndpoint, r, exampleTime), &e) {
		t.Fatal("verified")
	}
	canonical := "PUT\n/a%20b/%21\nprefix=x%20y\nhost:examplebucket.s3.amazonaws.com\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20130524T000000Z\n" +
		"x-amz-meta-s:a b c\n\nhost;x-amz-content-sha256;x-amz-date;x-amz-meta-s\nUNSIGNED-PAYLOAD"
	toSign := "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n" + sha(canonical)
	_, signature, _ := strings.Cut(r.Header[headerAuthorization][0], "Signature=")
	want := []apierr.Detail{{Name: "AWSAccessKeyId", Value: exampleKey}, {Name: "StringToSign", Value: toSign}, {Name: "SignatureProvided", Value: signature},
		{Name: "StringToSignBytes", Value: fmt.Sprintf("% x", toSign)}, {Name: "CanonicalRequest", Value: canonical}, {Name: "CanonicalRequestBytes", Value: fmt.Sprintf("% x", canonical)}}
	if fmt.Sprint(e.Detail) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", e.Detail, want)
	}
}
