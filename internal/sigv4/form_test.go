package sigv4

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// formPolicy is the policy of AWS's example, with the line ends that its signature is made over.
const formPolicy = `{ "expiration": "2015-12-30T12:00:00.000Z",
  "conditions": [
    {"bucket": "sigv4examplebucket"},
    ["starts-with", "$key", "user/user1/"],
    {"acl": "public-read"},
    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
    ["starts-with", "$Content-Type", "image/"],
    {"x-amz-meta-uuid": "14365123651274"},
    {"x-amz-server-side-encryption": "AES256"},
    ["starts-with", "$x-amz-meta-tag", ""],

    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
    {"x-amz-date": "20151229T000000Z" }
  ]
}`

var formTime = time.Date(2015, 12, 29, 0, 0, 0, 0, time.UTC)

// exampleForm returns the form of AWS's example.
func exampleForm() *Request {
	policy := base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(formPolicy, "\n", "\r\n")))
	return &Request{Method: "POST", RawPath: "/", Fields: map[string]string{
		"key": "user/user1/${filename}", "policy": policy, "x-amz-algorithm": algorithm, "x-amz-date": "20151229T000000Z",
		"x-amz-credential": exampleKey + "/20151229/us-east-1/s3/aws4_request",
		"x-amz-signature":  "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e",
	}}
}

// TestFormExample proves the example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html
func TestFormExample(t *testing.T) {
	t.Parallel()
	r := exampleForm()
	s, err := exampleEndpoint.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exampleEndpoint.Verify(s, r, exampleSecret, formTime.Add(time.Hour)); err != nil {
		t.Error(describe(err))
	}
	want := r.Fields["x-amz-signature"]
	if got := exampleSigner.SignForm(r.Fields, formTime).Signature; got != want {
		t.Errorf("got signature %s, want %s", got, want)
	}
	if _, err := exampleEndpoint.Verify(s, r, Secret{}, formTime); err == nil {
		t.Error("a zero secret verifies")
	}
}

func TestFormFaults(t *testing.T) {
	t.Parallel()
	const missing = "InvalidArgument 400 Bucket POST must contain a field named '%'.  If it is specified, please check the order of the fields. [ArgumentName=%] [ArgumentValue=]"
	const twoMechanisms = "InvalidArgument 400 Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter " +
		"or the Authorization header should be specified [ArgumentName=Authorization]"
	credential := func(sent, text string) string {
		return "InvalidArgument 400 " + text + " [ArgumentName=X-Amz-Credential] [ArgumentValue=" + sent + "]"
	}
	put := func(name, value string) func(*Request) { return func(r *Request) { r.Fields[name] = value } }
	drop := func(names ...string) func(*Request) {
		return func(r *Request) {
			for _, name := range names {
				delete(r.Fields, name)
			}
		}
	}
	all := []string{"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"}
	for _, c := range []struct {
		name string
		edit func(*Request)
		at   time.Duration // after the signature
		want string        // "…" at the end stands for more of it
	}{
		{name: "none", edit: func(*Request) {}, want: "ok"},
		{name: "anonymous", edit: drop(append(all, "policy")...), want: "anonymous"},
		{name: "a policy does not sign", edit: drop(all...), want: "anonymous"},
		{name: "no policy", edit: drop("policy"), want: strings.ReplaceAll(missing, "%", "policy")},
		{name: "no algorithm, no credential", edit: drop(all[:2]...), want: strings.ReplaceAll(missing, "%", "X-Amz-Algorithm")},
		{name: "no date", edit: drop("x-amz-date"), want: strings.ReplaceAll(missing, "%", "X-Amz-Date")},
		{name: "no signature", edit: drop("x-amz-signature"), want: strings.ReplaceAll(missing, "%", "X-Amz-Signature")},
		{name: "only a token", edit: func(r *Request) { drop(all...)(r); r.Fields["x-amz-security-token"] = "t" }, want: strings.ReplaceAll(missing, "%", "X-Amz-Algorithm")},
		{name: "V2", edit: put("awsaccesskeyid", exampleKey), want: "InvalidRequest 400 The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."},
		{name: "and a header", edit: func(r *Request) { r.Header = map[string][]string{headerAuthorization: {"x"}} }, want: twoMechanisms + " [ArgumentValue=x]"},
		{name: "and a query", edit: func(r *Request) { r.RawQuery = "X-Amz-Algorithm=x" }, want: twoMechanisms},
		{name: "other algorithm", edit: put("x-amz-algorithm", "x"), want: "InvalidArgument 400 Only AWS4-HMAC-SHA256 is supported [ArgumentName=X-Amz-Algorithm] [ArgumentValue=x]"},
		{name: "date", edit: put("x-amz-date", "20151229"), want: "InvalidArgument 400 X-Amz-Date must be formated via ISO8601 Long format [ArgumentName=X-Amz-Date] [ArgumentValue=20151229]"},
		{name: "credential", edit: put("x-amz-credential", "x"), want: credential("x", `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)},
		{name: "no key", edit: put("x-amz-credential", "/20151229/us-east-1/s3/aws4_request"), want: credential("/20151229/us-east-1/s3/aws4_request", "a non-empty Access Key (AKID) must be provided in the credential.")},
		{name: "region", edit: put("x-amz-credential", "K/20151229/eu-west-1/s3/aws4_request"), want: credential("K/20151229/eu-west-1/s3/aws4_request", "the region 'eu-west-1' is wrong; expecting 'us-east-1'") + " [Region=us-east-1]"},
		{name: "service", edit: put("x-amz-credential", "K/20151229/us-east-1/iam/aws4_request"), want: credential("K/20151229/us-east-1/iam/aws4_request", `incorrect service "iam". This endpoint belongs to "s3".`)},
		{name: "terminator", edit: put("x-amz-credential", "K/20151229/us-east-1/s3/x"), want: credential("K/20151229/us-east-1/s3/x", `incorrect terminal "x". This endpoint uses "aws4_request".`)},
		{name: "other day", edit: put("x-amz-date", "20151228T000000Z"), want: "InvalidArgument 400 Invalid credential date \"20151229\". This date is not the same as X-Amz-Date: \"20151228\"…"},
		{name: "a week", edit: func(*Request) {}, at: 7 * 24 * time.Hour, want: "ok"},
		{name: "more than a week", edit: func(*Request) {}, at: 7*24*time.Hour + time.Second, want: "AccessDenied 403 Invalid according to Policy: Policy expired."},
		{name: "to come", edit: func(*Request) {}, at: -time.Hour, want: "ok"},
		{name: "other policy", edit: put("policy", "e30="), want: "SignatureDoesNotMatch 403 The request signature we calculated does not match the signature you provided. Check your key and signing method. " +
			"[AWSAccessKeyId=" + exampleKey + "] [StringToSign=e30=] [SignatureProvided=8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e] [StringToSignBytes=65 33 30 3d]"},
		{name: "signature in capitals", edit: func(r *Request) { r.Fields["x-amz-signature"] = strings.ToUpper(r.Fields["x-amz-signature"]) }, want: "SignatureDoesNotMatch…"},
		{name: "headers are not signed", edit: func(r *Request) { r.Header = map[string][]string{"X-Amz-Acl": {"private"}} }, want: "ok"},
	} {
		r := exampleForm()
		c.edit(r)
		got := describe(judge(exampleEndpoint, r, formTime.Add(c.at)))
		if want, more := strings.CutSuffix(c.want, "…"); got != want && !(more && strings.HasPrefix(got, want)) {
			t.Errorf("%s: got  %s\nwant %s", c.name, got, c.want)
		}
	}
}
