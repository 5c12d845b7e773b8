package sigv4

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPaths(t *testing.T) {
	for _, test := range []struct{ raw, single, double string }{
		{"", "/", "/"},
		{"/", "/", "/"},
		{"/a//b/", "/a//b/", "/a/b/"},
		{"/a/../b", "/a/../b", "/b"},
		{"/a/..", "/a/..", "/"},
		{"/a/b/..", "/a/b/..", "/a"},
		{"/../../a/.", "/../../a/.", "/a"},
		{"/a%20b+c", "/a%20b%2Bc", "/a%2520b%2Bc"},
		{"/%c3%bc/ü", "/%C3%BC/%C3%BC", "/%25c3%25bc/%C3%BC"},
		{"/100%25/100%/%zz", "/100%25/100%25/%25zz", "/100%2525/100%25/%25zz"},
		{"/!*'()~=&:@$,;", "/%21%2A%27%28%29~%3D%26%3A%40%24%2C%3B", "/%21%2A%27%28%29~%3D%26%3A%40%24%2C%3B"},
		{"/a%2Fb", "/a/b", "/a%252Fb"},
	} {
		if got := string(singlePath(nil, test.raw)); got != test.single {
			t.Errorf("singlePath(%q) = %q, want %q", test.raw, got, test.single)
		}
		if got := string(doublePath(nil, test.raw)); got != test.double {
			t.Errorf("doublePath(%q) = %q, want %q", test.raw, got, test.double)
		}
	}
}

func TestCanonicalQuery(t *testing.T) {
	for _, test := range []struct{ raw, want string }{
		{"", ""},
		{"b=2&a=1", "a=1&b=2"},
		{"a=2&a=1&a=&A=3", "A=3&a=&a=1&a=2"},
		{"acl&b=", "acl=&b="},
		{"&&a&", "a="},
		{"=", "="},
		{"a=b+c&d=e%2Bf&g=%20", "a=b%20c&d=e%2Bf&g=%20"},
		// By name first: "-" and "." sort before "=".
		{"k0=4&k.y=3&k-x=2&k=1", "k=1&k-x=2&k.y=3&k0=4"},
		{"k=%c3%bc~!*'()&l=a=b&m=a:b/c;d", "k=%C3%BC~%21%2A%27%28%29&l=a%3Db&m=a%3Ab%2Fc%3Bd"},
		{"X-Amz-Signature=1&x-amz-signature=2&X-Amz-%53ignature=3&a", "a=&x-amz-signature=2"},
	} {
		if got := string(appendCanonicalQuery(nil, test.raw, true)); got != test.want {
			t.Errorf("%q: got %q, want %q", test.raw, got, test.want)
		}
	}
	if got := string(appendCanonicalQuery(nil, "X-Amz-Signature=1", false)); got != "X-Amz-Signature=1" {
		t.Errorf("got %q", got)
	}
}

// naiveQuery is the canonical query by way of net/url.
func naiveQuery(raw string) (string, bool) {
	var pairs [][2]string
	for _, part := range strings.Split(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return "", false
		}
		escape := func(s string) string {
			return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
		}
		pairs = append(pairs, [2]string{escape(n), escape(v)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var out []string
	for _, p := range pairs {
		out = append(out, p[0]+"="+p[1])
	}
	return strings.Join(out, "&"), true
}

func FuzzCanonicalQuery(f *testing.F) {
	for _, seed := range []string{"", "a", "b=2&a=1", "a=b+c&d=%2B", "%c3%bc=~", "a=%zz", "&&=&=", "X-Amz-Signature=1", "k=1&k-x=2&k0=3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := string(appendCanonicalQuery(nil, raw, false))
		if want, ok := naiveQuery(raw); ok && got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
		if again := string(appendCanonicalQuery(nil, got, false)); again != got {
			t.Errorf("%q: not a fixed point: %q, then %q", raw, got, again)
		}
	})
}

func TestHeaderValues(t *testing.T) {
	r := &Request{Host: " example.com:443", ContentLength: 5, Header: map[string][]string{
		"My-Header1": {"value2", " value2", "value1 "}, "X-Amz-Meta-A": {`  "a   b  c" `}, "Empty": {""},
	}}
	for name, want := range map[string]string{
		"host": "example.com:443", "my-header1": "value2,value2,value1", "x-amz-meta-a": `"a b c"`, "empty": "", "absent": "",
		"content-length": "5", "transfer-encoding": "",
	} {
		if got := string(appendHeaderValue(nil, r, name)); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	r.ContentLength = -1
	if got := string(appendHeaderValue(nil, r, "transfer-encoding")); got != "chunked" {
		t.Errorf("transfer-encoding = %q", got)
	}
}

// TestDuplicateHeader is get-header-key-duplicate of the published test suite, which the vectors of
// botocore lack.
func TestDuplicateHeader(t *testing.T) {
	c := Signer{Dialect: Query, AccessKeyID: "AKIDEXAMPLE", Secret: vectorSecret("AKIDEXAMPLE"), Region: "us-east-1", Service: "service"}
	r := exampleRequest("GET", "/", "Host: example.amazonaws.com", "My-Header1:value2", "My-Header1:value2", "My-Header1:value1")
	s := c.Sign(r, emptySHA256, time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC))
	if want := "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"; s.Signature != want {
		t.Errorf("signature %s, want %s", s.Signature, want)
	}
}

// TestRoundTrip wants every request that is signed here to verify, in both forms and all dialects,
// and not to verify for another endpoint.
func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	letters := []rune("ab/./+ %=&?~*ü日;:'\"")
	text := func(n int) string {
		out := make([]rune, rnd.IntN(n+1))
		for i := range out {
			out[i] = letters[rnd.IntN(len(letters))]
		}
		return string(out)
	}
	for i := range 2000 {
		d := Dialect(i % 3)
		e := &Endpoint{Dialect: d, Service: "svc", Keys: NewKeyCache(4)}
		c := Signer{Dialect: d, AccessKeyID: fmt.Sprintf("AKIA%012d", i%7), Secret: NewSecret("secret" + text(4)), Region: "r", Service: "svc"}
		if i%2 == 0 {
			c.SessionToken = "token/" + text(6)
		}
		r := &Request{
			Method: "GET", RawPath: "/" + (&url.URL{Path: text(12)}).EscapedPath(), RawQuery: url.Values{text(3): {text(5), text(5)}, text(2): {""}}.Encode(),
			Host: "h:9000", Header: map[string][]string{"X-Amz-Meta-A": {" " + text(9)}, "Content-Type": {"text/plain"}}, BodySHA256: sha(text(9)),
		}
		payload := r.BodySHA256
		var signed *Signed
		if i%5 < 3 {
			signed = c.Sign(r, payload, exampleTime)
		} else {
			if d == S3 {
				payload = unsignedPayload
			}
			signed = c.Presign(r, payload, exampleTime, time.Hour)
		}
		s, err := e.Parse(r)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		if s.SecurityToken != strings.TrimSpace(c.SessionToken) && s.Form == FormHeader || s.Signature != signed.Signature || s.AccessKeyID != c.AccessKeyID {
			t.Fatalf("parsed %+v, signed %+v", s, signed)
		}
		if _, err := e.Verify(s, r, c.Secret, exampleTime); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		if _, err := (&Endpoint{Dialect: d, Service: "other"}).Verify(s, r, c.Secret, exampleTime); err == nil {
			t.Fatal("verified for another service")
		}
	}
}

// FuzzParse wants no panic, and that what parses is well formed.
func FuzzParse(f *testing.F) {
	auth := strings.TrimPrefix(exampleAuthorization("host;x-amz-date", emptySHA256), "Authorization: ")
	f.Add(auth, "", exampleDate, "UNSIGNED-PAYLOAD")
	f.Add("AWS key:sig", "", "", "")
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/e,SignedHeaders=;;,Signature=", "a=b", "x", emptySHA256)
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20130524%2Fr%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "", "")
	f.Add("", "Signature=x&AWSAccessKeyId=%zz", "", "")
	f.Fuzz(func(t *testing.T, auth, query, date, payload string) {
		for d := S3; d <= JSON; d++ {
			r := exampleRequest("GET", "/")
			r.RawQuery = query
			for key, value := range map[string]string{headerAuthorization: auth, headerDate: date, headerContentSHA256: payload} {
				if value != "" {
					r.Header[key] = []string{value}
				}
			}
			ScopeService(r)
			e := &Endpoint{Dialect: d, Service: "s3"}
			s, err := e.Parse(r)
			if s == nil || err != nil {
				continue
			}
			if s.AccessKeyID == "" || len(s.SignedHeaders) == 0 || !slices.IsSorted(s.SignedHeaders) || s.Expires < 0 || s.Expires > maxExpires*time.Second || s.Date.Location() != time.UTC {
				t.Errorf("%+v", s)
			}
			if _, err := e.Verify(s, r, exampleSecret, s.Date); err == nil && !strings.Contains(auth+query, s.Signature) {
				t.Errorf("verified %+v", s)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := exampleRequest("GET", "/bucket/key?list-type=2&prefix=a%2Fb")
	exampleSigner.Sign(r, unsignedPayload, exampleTime)
	b.ReportAllocs()
	for b.Loop() {
		s, err := exampleEndpoint.Parse(r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := exampleEndpoint.Verify(s, r, exampleSecret, exampleTime); err != nil {
			b.Fatal(err)
		}
	}
}
