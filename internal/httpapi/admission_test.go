package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/sigv4"
)

// meter counts by reason.
type meter struct {
	mu     sync.Mutex
	counts map[string]int
}

func (m *meter) Shed(reason string)      { m.add(reason) }
func (m *meter) SlowClient(while string) { m.add("slow " + while) }

func (m *meter) add(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[string]int{}
	}
	m.counts[what]++
}

func (m *meter) of(what string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[what]
}

// many is an authorizer of many accounts: the last digits of an access key ID name its own.
type many struct{ rate, burst int }

func (many) Ahead(ctx context.Context, _ func() access.Subject) (context.Context, error) {
	return ctx, nil
}

func (m many) Caller(_ context.Context, id ids.AccessKeyID, _ string, _ time.Time) (*access.Caller, error) {
	account := ids.AccountID("11111111" + id[len(id)-4:])
	return &access.Caller{
		Principal:   policy.Principal{Kind: policy.User, Account: account, ARN: "arn:aws:iam::" + string(account) + ":user/ann", EntityID: "AIDAANN"},
		AccessKeyID: id, Secret: sigv4.NewSecret("secret"), RequestRate: m.rate, RequestBurst: m.burst,
	}, nil
}

func (many) Authorize(context.Context, *access.Caller, *access.Check, *policy.Context) (authz.Explanation, error) {
	return authz.Explanation{Decision: authz.Decision{Effect: authz.Allow}}, nil
}

// shared collects records of many goroutines.
type shared struct {
	mu      sync.Mutex
	records collected
}

func (s *shared) Record(r *audit.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records.Record(r)
}

func (s *shared) all() collected {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(collected(nil), s.records...)
}

func newAdmitting(t *testing.T, a Authorizer, b Bounds, op Operation, now func() time.Time) (*Pipeline, *shared, *meter) {
	t.Helper()
	records, m := &shared{}, &meter{}
	p, err := New(Config{
		Region: "us-east-1", Authorizer: a, Records: audit.NewStream(records), Now: now,
		Services: []Service{&service{"s3", op}, &service{"iam", op}, &service{"sts", op}, &service{"organizations", op}},
		Ready:    func(context.Context) error { return nil }, NamesBucket: func(string) bool { return false }, Admission: NewAdmission(b, m),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, records, m
}

var signedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// of returns a signed request of an account, whose ID ends in four digits.
func of(account, service string, body io.Reader) *http.Request {
	method, path := "GET", "/b/k"
	if body != nil {
		method = "PUT"
	}
	if service != "s3" {
		method, path = "POST", "/"
	}
	r := httptest.NewRequest(method, path, body)
	r.RemoteAddr = "192.0.2.1:1000"
	payload := "UNSIGNED-PAYLOAD"
	if service != "s3" {
		payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	}
	s := sigv4.Signer{AccessKeyID: keyOf(account), Secret: sigv4.NewSecret("secret"), Region: "us-east-1", Service: service}
	neutral := signedRequest(r)
	s.Sign(neutral, payload, signedAt)
	r.Header = neutral.Header
	return r
}

func keyOf(account string) string { return "AKIAIOSFODNN7EXA" + account }

// TestTooMuchIsWordedByService: who is over a rate, and who finds the server busy, is told so in the words of the
// service that was asked, and in the record.
func TestTooMuchIsWordedByService(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		service, rate, busy string
		rateStatus          int
	}{
		{"s3", "SlowDown: Please reduce your request rate.", "SlowDown: Please reduce your request rate.", 503},
		{"iam", "Throttling: Rate exceeded", "ServiceUnavailable: The request has failed due to a temporary failure of the server.", 400},
		{"sts", "Throttling: Rate exceeded", "ServiceUnavailable: The request has failed due to a temporary failure of the server.", 400},
		{"organizations", "TooManyRequestsException: You have sent too many requests in too short a period of time. The quota helps protect against denial-of-service attacks. Try again later.",
			"ServiceUnavailable: The request has failed due to a temporary failure of the server.", 400},
	} {
		for reason, b := range map[string]Bounds{reasonAccountRate: {}, reasonSourceRate: {RatePerSource: 2}, reasonRequests: {Requests: 1}} {
			authorizer := many{}
			if reason == reasonAccountRate {
				authorizer = many{rate: 2}
			}
			goOn, here := make(chan struct{}), make(chan struct{}, 10)
			p, records, m := newAdmitting(t, authorizer, b, row(func(context.Context, *Call, *struct{}) (*Response, error) {
				if reason == reasonRequests {
					here <- struct{}{}
					<-goOn
				}
				return &Response{Body: []byte("done")}, nil
			}), func() time.Time { return signedAt })
			ask := func() *httptest.ResponseRecorder {
				w := httptest.NewRecorder()
				p.ServeHTTP(w, of("0001", c.service, nil))
				return w
			}
			ended := make(chan struct{})
			if reason == reasonRequests {
				go func() { defer close(ended); ask() }()
				<-here
			} else {
				close(ended)
				for range 2 {
					if w := ask(); w.Code != 200 {
						t.Errorf("%s, %s: a request within bounds is answered with %d %s", c.service, reason, w.Code, w.Body)
					}
				}
			}
			want, status := c.rate, c.rateStatus
			if reason == reasonRequests {
				want, status = c.busy, 503
			}
			w := ask()
			if w.Code != status || w.Body.String() != want || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%s, %s: the answer is %d %s, %v, want %d %s", c.service, reason, w.Code, w.Body, w.Header(), status, want)
			}
			if m.of(reason) != 1 {
				t.Errorf("%s, %s: counted %v", c.service, reason, m.counts)
			}
			close(goOn)
			<-ended
			for _, r := range records.all() {
				code, _, _ := strings.Cut(want, ":")
				if r.Status != 200 && (r.ErrorCode != code || r.Shed != reason || r.Service != c.service || r.Fault != "") {
					t.Errorf("%s, %s: the record is %+v", c.service, reason, r)
				}
			}
			if n := p.admission.InFlight(); n != 0 {
				t.Errorf("%s, %s: %d requests are worked on", c.service, reason, n)
			}
		}
	}
}

// TestOwnEndpointsAreNeverShed asks how the server is while it takes nothing on.
func TestOwnEndpointsAreNeverShed(t *testing.T) {
	t.Parallel()
	p, _, _ := newAdmitting(t, many{rate: 1}, Bounds{Requests: 1, RatePerSource: 1}, row(done), func() time.Time { return signedAt })
	for range 10 {
		for _, path := range []string{"/-/healthz", "/-/readyz"} {
			w := httptest.NewRecorder()
			p.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if w.Code != 200 {
				t.Errorf("%s answers %d", path, w.Code)
			}
		}
	}
}

// TestGatesOfBodies: uploads, and requests that are read whole, have bounds of their own, and nothing else meets them.
func TestGatesOfBodies(t *testing.T) {
	t.Parallel()
	p, _, m := newAdmitting(t, many{}, Bounds{Requests: 100, Uploads: 1, Documents: 1}, row(func(_ context.Context, c *Call, _ *struct{}) (*Response, error) {
		_, err := io.Copy(io.Discard, c.Body)
		return &Response{Body: []byte("done")}, err
	}), func() time.Time { return signedAt })
	status := func(r *http.Request) int {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Code
	}
	for _, service := range []string{"s3", "iam"} {
		body, send := io.Pipe()
		held := make(chan int)
		go func() { held <- status(of("0001", service, body)) }()
		// Whoever reads has got past the gate.
		send.Write([]byte("x"))
		reason := map[string]string{"s3": reasonUploads, "iam": reasonDocuments}[service]
		if got := status(of("0002", service, struct{ io.Reader }{strings.NewReader("y")})); got != 503 || m.of(reason) != 1 {
			t.Errorf("%s: one body too many is answered with %d, counted %v", service, got, m.counts)
		}
		if got := status(of("0002", "s3", nil)); got != 200 {
			t.Errorf("%s: a request without a body is answered with %d", service, got)
		}
		send.Close()
		<-held
		if got := status(of("0002", "s3", strings.NewReader("y"))); got != 200 {
			t.Errorf("%s: afterwards an upload is answered with %d", service, got)
		}
	}
	if p.admission.InFlight() != 0 || p.admission.Uploads() != 0 || p.admission.documents.Used() != 0 {
		t.Error("slots are taken although nothing is worked on")
	}
}

// endless is a body that never ends, and counts what is read of it.
type endless struct{ read int64 }

func (e *endless) Read(b []byte) (int, error) {
	e.read += int64(len(b))
	return len(b), nil
}

// TestEndlessForms: of a body that never ends the services that read theirs whole read no more than there may be.
func TestEndlessForms(t *testing.T) {
	t.Parallel()
	p, _, _ := newAdmitting(t, many{}, Bounds{Documents: 1}, row(done), func() time.Time { return signedAt })
	for _, service := range []string{"iam", "sts", "organizations"} {
		body := new(endless)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, of("0001", service, body))
		if w.Code != http.StatusRequestEntityTooLarge || body.read > maxForm+64<<10 {
			t.Errorf("%s: %d bytes were read, the answer is %d", service, body.read, w.Code)
		}
	}
}

// TestManyParametersAreRefused holds that no query is taken for an empty one because it has too many parameters.
func TestManyParametersAreRefused(t *testing.T) {
	t.Parallel()
	p, _ := newPipeline(t, everyone{decision: authz.Decision{Effect: authz.Allow}}, row(done))
	for n, status := range map[int]int{999: 200, 1001: 400, 20_000: 400} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", "/b/k?acl"+strings.Repeat("&x", n), nil))
		if w.Code != status {
			t.Errorf("a query with %d parameters is answered with %d %s", n, w.Code, w.Body)
		}
	}
}

// TestOverload has ten times as many clients as slots against slow work: those who are let in are served, the others
// turned away once their patience is over, and when the flood is over everything is served. An account that does not
// take part in the flood is served all the time.
func TestOverload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slots, work, patience = 18, 2 * time.Second, time.Second
		var busiest, working atomic.Int64
		started := time.Now()
		p, records, m := newAdmitting(t, many{}, Bounds{Requests: slots, Patience: patience}, row(func(ctx context.Context, c *Call, _ *struct{}) (*Response, error) {
			n := working.Add(1)
			defer working.Add(-1)
			if n > busiest.Load() {
				busiest.Store(n)
			}
			time.Sleep(work)
			return &Response{Body: []byte("done")}, nil
		}), func() time.Time { return signedAt.Add(time.Since(started)) })
		var all sync.WaitGroup
		var calm, calmServed, flood, floodServed atomic.Int64
		client := func(account string, times int, pause time.Duration, asked, served *atomic.Int64) {
			all.Go(func() {
				for range times {
					asked.Add(1)
					before := time.Now()
					w := httptest.NewRecorder()
					p.ServeHTTP(w, of(account, "s3", nil))
					took := time.Since(before)
					switch {
					case w.Code == 200 && w.Body.String() == "done":
						served.Add(1)
					case w.Code != 503:
						t.Errorf("an answer of %d %s", w.Code, w.Body)
					case took > patience:
						t.Errorf("turned away after %s", took)
					}
					time.Sleep(pause)
				}
			})
		}
		for range 10 * slots {
			client("0001", 5, 100*time.Millisecond, &flood, &floodServed)
		}
		client("0002", 3, time.Second, &calm, &calmServed)
		all.Wait()
		if busiest.Load() > slots {
			t.Errorf("%d were worked on at once, want at most %d", busiest.Load(), slots)
		}
		if calmServed.Load() != calm.Load() {
			t.Errorf("of an account that sends one at a time %d of %d were served", calmServed.Load(), calm.Load())
		}
		if s := floodServed.Load(); s < slots || s >= flood.Load() {
			t.Errorf("of the flood %d of %d were served", s, flood.Load())
		}
		if shed := int64(m.of(reasonRequests)); shed != flood.Load()-floodServed.Load() {
			t.Errorf("%d were counted as turned away, want %d", shed, flood.Load()-floodServed.Load())
		}
		if n := int64(len(records.all())); n != flood.Load()+calm.Load() {
			t.Errorf("%d requests were recorded, want %d", n, flood.Load()+calm.Load())
		}
		if p.admission.InFlight() != 0 || p.admission.requests.Waiting() != 0 {
			t.Error("slots are taken although nothing is worked on")
		}
		var after, afterServed atomic.Int64
		for i := range slots / 2 {
			client(fmt.Sprintf("%04d", i), 3, 0, &after, &afterServed)
		}
		all.Wait()
		if after.Load() != afterServed.Load() {
			t.Errorf("after the flood %d of %d were served", afterServed.Load(), after.Load())
		}
	})
}

// TestPanicsGiveSlotsBack holds that work that breaks down takes no slot with it.
func TestPanicsGiveSlotsBack(t *testing.T) {
	t.Parallel()
	p, _, _ := newAdmitting(t, many{}, Bounds{Requests: 1, Uploads: 1}, row(func(context.Context, *Call, *struct{}) (*Response, error) {
		panic("a mistake")
	}), func() time.Time { return signedAt })
	for range 3 {
		func() {
			defer func() {
				if got := recover(); got != "a mistake" {
					t.Errorf("the pipeline panics with %v", got)
				}
			}()
			p.ServeHTTP(httptest.NewRecorder(), of("0001", "s3", strings.NewReader("x")))
		}()
	}
	if p.admission.InFlight() != 0 || p.admission.Uploads() != 0 {
		t.Error("a slot was not given back")
	}
}

// BenchmarkAdmission measures what a request costs that all bounds are asked for, when none is met.
func BenchmarkAdmission(b *testing.B) {
	for name, rate := range map[string]int{"default": 0, "rates": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			a := NewAdmission(Bounds{Requests: 1000, Uploads: 100, Documents: 10, Patience: time.Second, RatePerSource: rate}, &meter{})
			caller, _ := many{rate: rate}.Caller(b.Context(), keyID, "", signedAt)
			r := httptest.NewRequest("PUT", "/b/k", strings.NewReader("x"))
			c := &Call{HTTP: r, Caller: caller, Time: signedAt, received: &received{more: true}}
			c.Record.Service = "s3"
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				c.admitted, c.Time = admitted{}, c.Time.Add(time.Millisecond)
				if a.arrive(c) != nil || a.enter(ctx, c) != nil {
					b.Fatal("a bound was met")
				}
				a.leave(c)
			}
		})
	}
}
