package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"
)

// vector is a request that botocore signed; see testdata/botocore_vectors.py.
type vector struct {
	Name, Service, Method, Path, Query, Host string
	Headers                                  map[string]string
	Body                                     []byte
}

func (v *vector) UnmarshalJSON(data []byte) error {
	var raw struct {
		Name, Service, Method, Path, Query, Host, Body string
		Headers                                        map[string]string
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	body, err := base64.StdEncoding.DecodeString(raw.Body)
	*v = vector{raw.Name, raw.Service, raw.Method, raw.Path, raw.Query, raw.Host, raw.Headers, body}
	return err
}

func (v *vector) request() *Request {
	sum := sha256.Sum256(v.Body)
	r := &Request{
		Method: v.Method, RawPath: v.Path, RawQuery: v.Query, Host: v.Host, Header: map[string][]string{},
		ContentLength: int64(len(v.Body)), BodySHA256: hex.EncodeToString(sum[:]),
	}
	for name, value := range v.Headers {
		key := string(appendMIMEKey(nil, name))
		r.Header[key] = append(r.Header[key], value)
	}
	return r
}

func readVectors(t testing.TB) []vector {
	data, err := os.ReadFile("testdata/botocore_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

// vectorSecret returns the secret of the two key IDs that AWS's documentation and test suite use.
func vectorSecret(accessKeyID string) Secret {
	if accessKeyID == "AKIDEXAMPLE" {
		return NewSecret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	}
	return exampleSecret
}

var dialects = map[string]Dialect{"s3": S3, "organizations": JSON}

func vectorEndpoint(service string) *Endpoint {
	e := &Endpoint{Dialect: Query, Service: service, Keys: NewKeyCache(16)}
	if d, ok := dialects[service]; ok {
		e.Dialect = d
	}
	if e.Dialect == S3 {
		e.Region = "us-east-1"
	}
	return e
}

// TestBotocore verifies what botocore sends, and that nothing of it can be changed.
func TestBotocore(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			r := v.request()
			e := vectorEndpoint(v.Service)
			if got := ScopeService(r); got != v.Service {
				t.Errorf("ScopeService = %q, want %q", got, v.Service)
			}
			s, err := e.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			verified, err := e.Verify(s, r, vectorSecret(s.AccessKeyID), s.Date.Add(time.Second))
			if err != nil {
				t.Fatalf("Verify: %v\n%s", err, appendCanonical(nil, r, s.Form, e.rules().paths()[0], s.SignedHeaders, s.PayloadHash))
			}
			if e.Dialect == S3 {
				content, err := readBody(r, verified, v.Body)
				if err != nil {
					t.Errorf("body: %v", err)
				}
				if _, chunked := r.header(headerDecodedLength); chunked {
					want := map[string]string{"s3 put empty": "", "s3 token": "c"}
					if w, ok := want[v.Name]; !ok && string(content) != "content" || ok && string(content) != w {
						t.Errorf("body = %q", content)
					}
				} else if string(content) != string(v.Body) {
					t.Errorf("body = %q", content)
				}
			}
			mutants(t, e, v, s)
		})
	}
}

// mutants changes one thing of v at a time; no change may verify.
func mutants(t *testing.T, e *Endpoint, v vector, s *Signed) {
	t.Helper()
	changes := map[string]func(r *Request){
		"method":    func(r *Request) { r.Method = "PATCH" },
		"path":      func(r *Request) { r.RawPath += "x" },
		"host":      func(r *Request) { r.Host += ":1" },
		"new param": func(r *Request) { r.RawQuery += "&extra" },
		"new header": func(r *Request) {
			r.Header["X-Amz-Extra"] = []string{"1"}
		},
	}
	if e.Dialect != S3 {
		changes["body"] = func(r *Request) { r.BodySHA256 = unsignedPayload }
	}
	for name, change := range changes {
		r := v.request()
		change(r)
		parsed, err := e.Parse(r)
		if err == nil {
			_, err = e.Verify(parsed, r, vectorSecret(s.AccessKeyID), s.Date)
		}
		if err == nil {
			t.Errorf("verified with another %s", name)
		}
	}
	r := v.request()
	if _, err := e.Verify(s, r, NewSecret("another"), s.Date); err == nil {
		t.Error("verified with another secret")
	}
	if _, err := e.Verify(s, r, Secret{}, s.Date); err == nil {
		t.Error("verified with no secret")
	}
}

func readBody(r *Request, v *Verified, raw []byte) ([]byte, error) {
	b, err := NewBody(r, v, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(b)
}
