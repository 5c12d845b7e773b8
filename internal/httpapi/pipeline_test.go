package httpapi

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/sigv4"
)

const keyID = "AKIAIOSFODNN7EXAMPLE"

// everyone is an authorizer that knows one key and answers every check alike.
type everyone struct {
	decision authz.Decision
	err      error
}

func (everyone) Ahead(ctx context.Context, _ func() access.Subject) (context.Context, error) {
	return ctx, nil
}

func (e everyone) Caller(_ context.Context, id ids.AccessKeyID, token string, _ time.Time) (*access.Caller, error) {
	switch {
	case id != keyID:
		return nil, access.ErrUnknownKey
	case token == "expired":
		return nil, access.ErrExpiredToken
	}
	return &access.Caller{
		Principal:   policy.Principal{Kind: policy.User, Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/ann", EntityID: "AIDAANN"},
		AccessKeyID: id, Secret: sigv4.NewSecret("secret"),
	}, nil
}

func (e everyone) Authorize(context.Context, *access.Caller, *access.Check, *policy.Context) (authz.Explanation, error) {
	return authz.Explanation{Decision: e.decision}, e.err
}

// service has one operation.
type service struct {
	name      string
	operation Operation
}

func (s *service) Name() string                    { return s.name }
func (s *service) Route(*Call) (*Operation, error) { return &s.operation, nil }
func (s *service) Error(_ *Call, err error) *Response {
	e := apierr.From(err)
	return &Response{Status: e.Status, Body: []byte(e.Code + ": " + e.Message)}
}

type collected []audit.Record

func (c *collected) Record(r *audit.Record) { *c = append(*c, *r) }

// row is an operation that needs one permission and answers "done".
func row(run func(ctx context.Context, c *Call, in *struct{}) (*Response, error)) Operation {
	return Row[struct{}]{
		Name:   "DoIt",
		Decode: func(*Call) (*struct{}, error) { return new(struct{}), nil },
		Checks: func(*Call, *struct{}) []access.Check {
			return []access.Check{{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Owner: "111111111111"}}
		},
		Run: run,
	}.Operation()
}

func newPipeline(t *testing.T, a Authorizer, op Operation) (*Pipeline, *collected) {
	t.Helper()
	var records collected
	p, err := New(Config{
		Region: "us-east-1", Authorizer: a, Services: []Service{&service{"s3", op}, &service{"sts", op}}, Records: audit.NewStream(&records),
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }, Ready: func(context.Context) error { return nil },
		NamesBucket: func(host string) bool { return host == "bucket.localhost" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, &records
}

func done(context.Context, *Call, *struct{}) (*Response, error) {
	return &Response{Body: []byte("done")}, nil
}

func signed(method, target, body, key, token string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	s := sigv4.Signer{AccessKeyID: key, Secret: sigv4.NewSecret("secret"), SessionToken: token, Region: "us-east-1", Service: "s3"}
	neutral := signedRequest(r)
	s.Sign(neutral, "UNSIGNED-PAYLOAD", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	r.Header = neutral.Header
	return r
}

func TestPipeline(t *testing.T) {
	t.Parallel()
	allow := everyone{decision: authz.Decision{Effect: authz.Allow}}
	deny := everyone{decision: authz.Decision{By: authz.Finding{Layer: authz.IdentityPolicy}}}
	broken := everyone{decision: authz.Decision{Effect: authz.Allow}, err: errors.New("disk")}
	for name, c := range map[string]struct {
		authorizer Authorizer
		request    *http.Request
		status     int
		body       string
		caller     string
		operation  string
	}{
		"allowed":                    {allow, signed("GET", "/b/k", "", keyID, ""), 200, "done", "arn:aws:iam::111111111111:user/ann", "DoIt"},
		"anonymous":                  {allow, httptest.NewRequest("GET", "/b/k", nil), 200, "done", "", "DoIt"},
		"denied":                     {deny, signed("GET", "/b/k", "", keyID, ""), 403, "AccessDenied: User: arn:aws:iam::111111111111:user/ann is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:PutObject action", "arn:aws:iam::111111111111:user/ann", "DoIt"},
		"an error is never an allow": {broken, signed("GET", "/b/k", "", keyID, ""), 500, "InternalError: We encountered an internal error. Please try again.", "arn:aws:iam::111111111111:user/ann", "DoIt"},
		"unknown key":                {allow, signed("GET", "/b/k", "", "AKIAUNKNOWNUNKNOWN00", ""), 403, "InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.", "", ""},
		"expired session":            {allow, signed("GET", "/b/k", "", keyID, "expired"), 400, "ExpiredToken: The provided token has expired.", "", ""},
		"token with a long-term key": {allow, signed("GET", "/b/k", "", keyID, "token"), 400, "InvalidToken: The provided token is malformed or otherwise invalid.", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, records := newPipeline(t, c.authorizer, row(done))
			w := httptest.NewRecorder()
			p.ServeHTTP(w, c.request)
			if w.Code != c.status || w.Body.String() != c.body {
				t.Errorf("answer %d %q, want %d %q", w.Code, w.Body, c.status, c.body)
			}
			if len(*records) != 1 {
				t.Fatalf("%d records, want one for every request", len(*records))
			}
			r := (*records)[0]
			if r.CallerARN != c.caller || r.Operation != c.operation || r.Status != c.status || r.RequestID != map[string][]string(w.Header())["x-amz-request-id"][0] {
				t.Errorf("the record is %+v", r)
			}
			for _, secret := range []string{"secret", "Signature", "expired"} {
				if strings.Contains(r.Path+r.Query+r.UserAgent+r.Fault, secret) {
					t.Errorf("the record holds %q", secret)
				}
			}
		})
	}
}

// TestChangedSignatureNeverRuns holds that a request whose signature does not hold reaches no
// operation, not even as an anonymous one.
func TestChangedSignatureNeverRuns(t *testing.T) {
	t.Parallel()
	p, records := newPipeline(t, everyone{decision: authz.Decision{Effect: authz.Allow}}, row(func(context.Context, *Call, *struct{}) (*Response, error) {
		t.Error("the operation ran")
		return &Response{}, nil
	}))
	r := signed("GET", "/b/k", "", keyID, "")
	r.URL.Path, r.RequestURI = "/b/other", "/b/other"
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	if w.Code != 403 || !strings.HasPrefix(w.Body.String(), "SignatureDoesNotMatch") || (*records)[0].CallerARN != "" {
		t.Errorf("answer %d %s, record %+v", w.Code, w.Body, (*records)[0])
	}
}

// TestBrokenStreamCutsTheConnection holds that a client cannot take half an object for a whole one.
func TestBrokenStreamCutsTheConnection(t *testing.T) {
	t.Parallel()
	p, records := newPipeline(t, everyone{decision: authz.Decision{Effect: authz.Allow}}, row(func(context.Context, *Call, *struct{}) (*Response, error) {
		return &Response{Stream: io.NopCloser(io.MultiReader(strings.NewReader("half"), &failing{}))}, nil
	}))
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the connection was not cut")
		}
		if r := (*records)[0]; r.BytesOut != 4 || !strings.Contains(r.Fault, "disk") {
			t.Errorf("the record is %+v", r)
		}
	}()
	p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/b/k", nil))
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errors.New("disk") }

func TestRowsSayHowTheyAreAuthorized(t *testing.T) {
	t.Parallel()
	decode := func(*Call) (*struct{}, error) { return new(struct{}), nil }
	checks := func(*Call, *struct{}) []access.Check { return nil }
	for name, r := range map[string]Row[struct{}]{
		"neither":    {Name: "DoIt", Decode: decode, Run: done},
		"both":       {Name: "DoIt", Decode: decode, Run: done, Checks: checks, Unchecked: "because"},
		"no decoder": {Name: "DoIt", Run: done, Checks: checks},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the row was taken")
				}
			}()
			r.Operation()
		})
	}
	op := Row[struct{}]{Name: "DoIt", Decode: decode, Run: done, Checks: checks}.Operation()
	p, _ := newPipeline(t, everyone{decision: authz.Decision{Effect: authz.Allow}}, op)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/b/k", nil))
	if w.Code != 500 {
		t.Errorf("an operation that asked for no permission answered %d %s", w.Code, w.Body)
	}
}

func TestLargeHeadersAreRefused(t *testing.T) {
	t.Parallel()
	p, _ := newPipeline(t, everyone{decision: authz.Decision{Effect: authz.Allow}}, row(done))
	for size, status := range map[int]int{7 << 10: 200, 9 << 10: 400} {
		r := httptest.NewRequest("GET", "/b/k", nil)
		r.Header.Set("x-amz-meta-a", strings.Repeat("a", size))
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("a header of %d bytes is answered with %d %s, want %d", size, w.Code, w.Body, status)
		}
	}
}

// TestEmptyBodyIsInvited sends requests on one connection as botocore does: it waits to be told to go on
// with every body that comes from a file, one of no bytes too.
func TestEmptyBodyIsInvited(t *testing.T) {
	t.Parallel()
	p, _ := newPipeline(t, everyone{}, row(done))
	server := httptest.NewServer(p)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for range 2 {
		fmt.Fprint(conn, "PUT /b/k HTTP/1.1\r\nHost: example\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n")
		for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
			if got, err := r.ReadString('\n'); got != want {
				t.Fatalf("the server says %q, %v, want %q", got, err, want)
			}
		}
		response, err := http.ReadResponse(r, &http.Request{Method: "PUT"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("status %d, %v, want 403", response.StatusCode, err)
		}
	}
}

func TestHeadersAreNamedAsOnAWS(t *testing.T) {
	t.Parallel()
	p, _ := newPipeline(t, everyone{decision: authz.Decision{Effect: authz.Allow}}, row(func(context.Context, *Call, *struct{}) (*Response, error) {
		h := http.Header{}
		h.Set("x-amz-meta-colour", "green")
		h.Set("etag", `"1"`)
		return &Response{Header: h}, nil
	}))
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/b/k", nil))
	for _, name := range []string{"x-amz-meta-colour", "ETag", "x-amz-request-id", "Content-Length"} {
		if w.Header()[name] == nil {
			t.Errorf("there is no %s among %v", name, w.Header())
		}
	}
}

func TestOwnEndpoints(t *testing.T) {
	t.Parallel()
	p, records := newPipeline(t, everyone{}, row(done))
	for path, status := range map[string]int{"/-/healthz": 200, "/-/readyz": 200, "/-/nothing": 404} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != status {
			t.Errorf("%s answers %d, want %d", path, w.Code, status)
		}
	}
	if len(*records) != 0 {
		t.Error("the server's own endpoints left request records")
	}
	r := httptest.NewRequest("GET", "/-/healthz", nil)
	r.Host = "bucket.localhost"
	p.ServeHTTP(httptest.NewRecorder(), r)
	if len(*records) != 1 {
		t.Error("a key of a bucket that the host names is hidden by the server's own endpoints")
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                          "",
		"versionId=a%20b&acl":       "versionId=a%20b&acl",
		"X-Amz-Signature=abc&x-a=1": "X-Amz-Signature=REDACTED&x-a=1",
		"x-amz-security-token=t&X-Amz-Credential=AKIA%2F20260102": "x-amz-security-token=REDACTED&X-Amz-Credential=AKIA%2F20260102",
		"%58-Amz-Signature=abc&a=b":                               "%58-Amz-Signature=REDACTED&a=b",
		"X-Amz-Signature%20=abc":                                  "X-Amz-Signature%20=REDACTED",
		"Signature=abc&AWSAccessKeyId=x&Expires=1":                "Signature=REDACTED&AWSAccessKeyId=x&Expires=1",
		"X-Amz-Server-Side-Encryption-Customer-Key=k":             "X-Amz-Server-Side-Encryption-Customer-Key=REDACTED",
		"%zz=secret&a": "REDACTED&a",
		"Action=UpdateSAMLProvider&AddPrivateKey=k&RemovePrivateKey=ID":               "Action=UpdateSAMLProvider&AddPrivateKey=REDACTED&RemovePrivateKey=ID",
		"TokenCode=123456&AuthenticationCode1=1&AuthenticationCode2=2&TradeInToken=t": "TokenCode=REDACTED&AuthenticationCode1=REDACTED&AuthenticationCode2=REDACTED&TradeInToken=REDACTED",
	} {
		if got := redact(query); got != want {
			t.Errorf("%q is %q, want %q", query, got, want)
		}
	}
}

// TestRecordOfAConnection holds what the record has of the connection and of when bytes came.
func TestRecordOfAConnection(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p, records := newPipeline(t, everyone{decision: authz.Decision{Effect: authz.Allow}}, row(func(_ context.Context, c *Call, _ *struct{}) (*Response, error) {
		if _, err := io.ReadAll(c.Body); err != nil {
			return nil, err
		}
		clock = clock.Add(7 * time.Millisecond)
		return &Response{Body: []byte("done")}, nil
	}))
	p.now = func() time.Time { return clock }
	r := httptest.NewRequest("PUT", "/b/k?x-foo=1", slow{strings.NewReader("body"), func() { clock = clock.Add(time.Second) }})
	r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256}
	r.Header.Set("Referer", "http://h/")
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	got := (*records)[0]
	if w.Code != 200 || got.TurnAround != 7*time.Millisecond || got.Duration <= time.Second || got.TLSVersion != "TLSv1.3" ||
		got.CipherSuite != "TLS_AES_128_GCM_SHA256" || got.Query != "x-foo=1" || got.Protocol != "HTTP/1.1" || got.Referer != "http://h/" || got.HostID == "" {
		t.Errorf("%d: the record is %+v", w.Code, got)
	}
}

// slow is a body that takes its time.
type slow struct {
	io.Reader
	wait func()
}

func (s slow) Read(b []byte) (int, error) {
	s.wait()
	return s.Reader.Read(b)
}
