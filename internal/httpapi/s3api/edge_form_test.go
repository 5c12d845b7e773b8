package s3api_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestFormEdges wants browser forms that do not hold together to be refused, and nothing to be kept of their files.
func TestFormEdges(t *testing.T) {
	s := newEdgeServer(t)
	whole := s.form(map[string]string{"key": "k"}, "walnut")
	const ofForm = "multipart/form-data; boundary=x"
	post := func(name, contentType, body, want string) edge {
		return edge{name: name, method: "POST", target: "/walnut", want: want, edit: func(string) string {
			return fmt.Sprintf("POST /walnut HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", s.host, contentType, len(body), body)
		}}
	}
	replaced := func(name, old, with, want string) edge {
		return post(name, ofForm, strings.Replace(whole, old, with, 1), want)
	}
	truncated := post("truncated", ofForm, whole, "400 IncompleteBody")
	send := truncated.edit
	truncated.edit = func(raw string) string { return cut(20)(send(raw)) }
	chunks := post("no length", ofForm, whole, "411 MissingContentLength")
	inOne := chunks.edit
	chunks.edit = func(raw string) string {
		return strings.Replace(inOne(raw), fmt.Sprint("Content-Length: ", len(whole)), "Transfer-Encoding: chunked", 1)
	}
	s.refused(t, []edge{
		truncated, chunks,
		post("cut in the file", ofForm, whole[:strings.Index(whole, "walnut")+3], "400 MalformedPOSTRequest"),
		post("cut in the fields", ofForm, whole[:strings.Index(whole, "x-amz-date")], "400 MalformedPOSTRequest"),
		post("no last boundary", ofForm, strings.Replace(whole, "--x--\r\n", "", 1), "400 MalformedPOSTRequest"),
		post("nothing", ofForm, "", "400 MalformedPOSTRequest"),
		post("no form", ofForm, "walnut", "400 MalformedPOSTRequest"),
		post("no boundary", "multipart/form-data", whole, "400 MalformedPOSTRequest"),
		post("another boundary", "multipart/form-data; boundary=y", whole, "400 MalformedPOSTRequest"),
		post("overlong boundary", "multipart/form-data; boundary="+strings.Repeat("x", 71), whole, "400 MalformedPOSTRequest"),
		post("another type", "application/x-www-form-urlencoded", "key=k&file=walnut", "412 PreconditionFailed"),
		post("another multipart", "multipart/mixed; boundary=x", whole, "412 PreconditionFailed"),
		replaced("no file", `name="file"`, `name="walnut"`, "400 InvalidArgument"),
		replaced("no key", `name="key"`, `name="walnut"`, "400 InvalidArgument"),
		replaced("no name", `; name="key"`, "", "400 MalformedPOSTRequest"),
		replaced("field over 20 KB", "--x\r\n", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"+strings.Repeat("a", 21<<10)+"\r\n--x\r\n", "400 MaxPostPreDataLengthExceeded"),
		replaced("headers over 20 KB", "--x\r\n", "--x\r\n"+strings.Repeat("a: b\r\n", 4000)+"\r\n\r\n--x\r\n", "400 MaxPostPreDataLengthExceeded or 400 MalformedPOSTRequest"),
		replaced("another policy", `name="policy"`+"\r\n\r\n", `name="policy"`+"\r\n\r\n"+base64.StdEncoding.EncodeToString([]byte("   ")), "403 SignatureDoesNotMatch"),
		replaced("policy that is no base64", `name="policy"`+"\r\n\r\n", `name="policy"`+"\r\n\r\n*", "403 SignatureDoesNotMatch"),
		post("line in a field", ofForm, s.form(map[string]string{"key": "k", "Content-Type": "a\r\nb: c"}, "walnut"), "400 InvalidArgument"),
		post("overlong key", ofForm, s.form(map[string]string{"key": strings.Repeat("k", 1025)}, "walnut"), "400 KeyTooLongError"),
		post("key above the bucket", ofForm, s.form(map[string]string{"key": "../k"}, "walnut"), "400 InvalidURI"),
		post("wrong checksum", ofForm, s.form(map[string]string{"key": "k", "x-amz-checksum-crc32": "AAAAAA=="}, "walnut"), "400 BadDigest"),
		post("checksum that is no base64", ofForm, s.form(map[string]string{"key": "k", "x-amz-checksum-crc32": "*"}, "walnut"), "400 InvalidRequest"),
		post("tags that are no document", ofForm, s.form(map[string]string{"key": "k", "tagging": "<Tagging>"}, "walnut"), "400 MalformedXML"),
	})
	// S3 pays no heed to a redirect that it cannot make anything of.
	for _, redirect := range []string{"http://a/\r\nb: c", "http://a/\x00", "javascript:alert(1)", "//a/", "/a"} {
		e := post("", ofForm, s.form(map[string]string{"key": "k", "success_action_redirect": redirect}, "walnut"), "")
		answer, body := s.send(t, e.method, e.edit(""), false)
		if outcome(answer, body) != "204" || !strings.HasPrefix(answer.Header.Get("Location"), "http://"+s.host+"/walnut/") {
			t.Errorf("%q: %d, Location %s", redirect, answer.StatusCode, answer.Header.Get("Location"))
		}
	}
}

// form returns the body of a form that ann signs, whose policy allows the fields.
func (s *edgeServer) form(fields map[string]string, file string) string {
	signer := s.w.signers["ann"]
	signed := maps.Clone(fields)
	signer.SignForm(signed, s.w.now())
	conditions := []string{`{"bucket": "walnut"}`}
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		conditions = append(conditions, fmt.Sprintf(`["starts-with", "$%s", ""]`, strings.ToLower(name)))
	}
	policy := fmt.Sprintf(`{"expiration": "2030-01-01T00:00:00Z", "conditions": [%s]}`, strings.Join(conditions, ", "))
	signed["policy"] = base64.StdEncoding.EncodeToString([]byte(policy))
	signer.SignForm(signed, s.w.now())
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, signed[name])
	}
	fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n%s\r\n--x--\r\n", file)
	return b.String()
}
