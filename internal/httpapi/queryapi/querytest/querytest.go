// Package querytest is a world to test the query services in, and the JSON services: IAM, STS, Organizations and
// CloudTrail over an empty store in memory, behind the real pipeline, with real signatures and real decisions.
package querytest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/cloudtrailapi"
	"crossgrant/internal/httpapi/iamapi"
	"crossgrant/internal/httpapi/keytest"
	"crossgrant/internal/httpapi/orgsapi"
	"crossgrant/internal/httpapi/signinapi"
	"crossgrant/internal/httpapi/stsapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/orgs"
	"crossgrant/internal/password"
	"crossgrant/internal/records"
	"crossgrant/internal/reports"
	"crossgrant/internal/seal"
	"crossgrant/internal/sigv4"
	"crossgrant/internal/simulator"
	"crossgrant/internal/sts"
	"crossgrant/internal/usage"
	"crossgrant/internal/webidentity"
)

// Versions of the two APIs.
const (
	IAMVersion = "2010-05-08"
	STSVersion = "2011-06-15"
)

// World is a server without a network. It is for one goroutine.
type World struct {
	*testing.T
	// Now is the time; tests move it.
	Now     time.Time
	IAM     *iam.Service
	Store   *meta.Store
	Usage   *usage.Service
	Records []audit.Record
	// Buckets says which bucket takes log files; History and Keys are what CloudTrail tells of events and keys. Each may
	// be nil: every bucket does, and there is nothing to tell.
	Buckets func(account ids.AccountID, trailARN, bucket, prefix, organization string) error
	History func(q history.Query) (*history.Page, error)
	Keys    func(from, to time.Time) ([]signing.PublicKey, error)
	// Asking keeps what the services ask of authorization.
	Asking *keytest.Asking
	// Sent is called with each request, signed, before it is sent; may be nil.
	Sent func(*http.Request)

	pipeline *httpapi.Pipeline
}

// Key is what a client signs with; its zero value signs nothing.
type Key struct{ ID, Secret, Token string }

// New returns a world without accounts.
func New(t *testing.T) *World {
	t.Helper()
	w := &World{T: t, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Store: meta.New(memory.New())}
	t.Cleanup(func() { w.Store.Close() })
	box, err := seal.New()
	w.must(err)
	now := func() time.Time { return w.Now }
	sessions := sts.New(w.Store, box, sts.Options{Now: now})
	authorizer := access.New(w.Store, box, sessions)
	w.Asking = &keytest.Asking{Access: authorizer}
	w.IAM = iam.New(w.Store, box, iam.Options{Now: now, PasswordCost: password.Cost{Time: 1, Memory: 64, Threads: 1}})
	organizations := orgs.New(w.Store, orgs.Options{Now: now, Accounts: accounts.New(w.Store, box, accounts.Options{Now: now}), Roles: w.IAM, Principals: w.IAM})
	trails := cloudtrail.New(w.Store, cloudtrail.Options{Region: "us-east-1", World: authorizer, Destination: trailDoubles{w}, Now: now})
	w.Usage = usage.New(w.Store, usage.Options{Now: now})
	told := reports.New(w.Store, reports.Deps{Entities: w.IAM, Policies: authorizer, Usage: w.Usage}, reports.Options{Now: now})
	w.pipeline, err = httpapi.New(httpapi.Config{
		NamesBucket: func(string) bool { return false },
		Region:      "us-east-1", Authorizer: w.Asking, Messages: sessions, Records: audit.NewStream(w, w.Usage), Now: now,
		Services: []httpapi.Service{
			nothing{}, iamapi.New(w.IAM, iamapi.Deps{Simulator: simulator.New(authorizer), Reports: told, RootFeatures: organizations}), stsapi.New(sessions, stsapi.Deps{
				Roles: authorizer, MFA: w.IAM, Providers: sessions, Tokens: webidentity.New(webidentity.Options{Now: now}), RootAccess: organizations,
			}), orgsapi.New(organizations),
			cloudtrailapi.New(cloudtrailapi.Deps{Trails: trails, History: trailDoubles{w}, Keys: trailDoubles{w}, Organizations: organizations, Now: now}),
			signinapi.New(signinapi.Deps{Users: w.IAM, Sessions: sessions, Pace: time.Millisecond}),
		},
		Ready: func(context.Context) error { return nil },
	})
	w.must(err)
	return w
}

// Handler returns the server, for clients that ask it several things at once.
func (w *World) Handler() http.Handler {
	var mu sync.Mutex // a world is for one goroutine
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.pipeline.ServeHTTP(rw, r)
	})
}

// Record implements audit.Reader.
func (w *World) Record(r *audit.Record) { w.Records = append(w.Records, *r) }

// Account makes an account and returns a key of its root user.
func (w *World) Account(id ids.AccountID) Key {
	w.Helper()
	email := string(id) + "@example.com"
	w.must(w.Store.Update(context.Background(), func(tx meta.Tx) error {
		return errors.Join(records.Put(tx, keys.Account(id), &records.Account{
			Id: string(id), CanonicalId: strings.Repeat(string(id[:1]), 64), Name: "account " + string(id), Email: email, Created: w.Now.UnixNano(),
		}), tx.Put(keys.Email(email), []byte(id)))
	}))
	return w.key(id, "")
}

// User makes a user with these managed policies of AWS attached, and returns a key of it.
func (w *World) User(account ids.AccountID, name string, policies ...string) Key {
	w.Helper()
	_, err := w.IAM.CreateUser(context.Background(), account, iam.NewUser{Name: name})
	w.must(err)
	for _, p := range policies {
		w.must(w.IAM.AttachPolicy(context.Background(), account, keys.UserKind, name, "arn:aws:iam::aws:policy/"+p))
	}
	return w.key(account, name)
}

func (w *World) key(account ids.AccountID, user string) Key {
	w.Helper()
	key, secret, err := w.IAM.CreateAccessKey(context.Background(), account, user)
	w.must(err)
	return Key{ID: string(key.ID), Secret: secret}
}

// IAMCall calls an operation of IAM. params are names and values in turn.
func (w *World) IAMCall(key Key, action string, params ...string) Answer {
	w.Helper()
	return w.Do(key, "iam", w.form(action, IAMVersion, params))
}

// STSCall calls an operation of STS.
func (w *World) STSCall(key Key, action string, params ...string) Answer {
	w.Helper()
	return w.Do(key, "sts", w.form(action, STSVersion, params))
}

func (w *World) form(action, version string, params []string) url.Values {
	w.Helper()
	form := url.Values{"Action": {action}, "Version": {version}}
	if len(params)%2 != 0 {
		w.Fatal("a parameter without a value")
	}
	for i := 0; i < len(params); i += 2 {
		form.Add(params[i], params[i+1])
	}
	return form
}

// Do posts a form to a service.
func (w *World) Do(key Key, service string, form url.Values) Answer {
	w.Helper()
	body := form.Encode()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if key.ID != "" {
		neutral := &sigv4.Request{Method: r.Method, RawPath: "/", Host: r.Host, Header: r.Header, ContentLength: r.ContentLength}
		signer := signer(key, service)
		signer.Sign(neutral, hash(body), w.Now)
	}
	return w.serve(r)
}

// Presigned gets a form from a service by a presigned URL.
func (w *World) Presigned(key Key, service string, form url.Values) Answer {
	w.Helper()
	neutral := &sigv4.Request{Method: http.MethodGet, RawPath: "/", RawQuery: form.Encode(), Host: "example.com", Header: map[string][]string{}}
	signer := signer(key, service)
	signer.Presign(neutral, hash(""), w.Now, time.Minute)
	return w.serve(httptest.NewRequest(http.MethodGet, "/?"+neutral.RawQuery, nil))
}

// OrgsCall calls an operation of Organizations with a JSON body.
func (w *World) OrgsCall(key Key, operation, body string) JSONAnswer {
	w.Helper()
	return w.JSON(key, map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSOrganizationsV20161128." + operation,
	}, body)
}

// TrailCall calls an operation of CloudTrail with a JSON body.
func (w *World) TrailCall(key Key, operation, body string) JSONAnswer {
	w.Helper()
	return w.TrailTarget(key, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."+operation, body)
}

// TrailTarget sends CloudTrail a JSON body for a target.
func (w *World) TrailTarget(key Key, target, body string) JSONAnswer {
	w.Helper()
	return w.json(key, "cloudtrail", map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}, body)
}

// SignInCall calls an operation by which people sign in, unsigned, with a JSON body.
func (w *World) SignInCall(operation, body string) JSONAnswer {
	w.Helper()
	return w.json(Key{}, "", map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Signin_20261127." + operation,
	}, body)
}

// JSON posts a body to Organizations with these headers.
func (w *World) JSON(key Key, headers map[string]string, body string) JSONAnswer {
	w.Helper()
	return w.json(key, "organizations", headers, body)
}

func (w *World) json(key Key, service string, headers map[string]string, body string) JSONAnswer {
	w.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	if key.ID != "" {
		neutral := &sigv4.Request{Method: r.Method, RawPath: "/", Host: r.Host, Header: r.Header, ContentLength: r.ContentLength}
		signer := signer(key, service)
		signer.Sign(neutral, hash(body), w.Now)
	}
	recorder := w.send(r)
	return JSONAnswer{Status: recorder.Code, Header: recorder.Header(), Body: recorder.Body.String(), world: w}
}

func signer(key Key, service string) sigv4.Signer {
	return sigv4.Signer{
		Dialect: sigv4.Query, AccessKeyID: key.ID, Secret: sigv4.NewSecret(key.Secret), SessionToken: key.Token,
		Region: "us-east-1", Service: service,
	}
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func (w *World) serve(r *http.Request) Answer {
	w.Helper()
	recorder := w.send(r)
	return Answer{Status: recorder.Code, Header: recorder.Header(), Body: recorder.Body.String(), world: w}
}

func (w *World) send(r *http.Request) *httptest.ResponseRecorder {
	if w.Sent != nil {
		w.Sent(r)
	}
	recorder := httptest.NewRecorder()
	w.pipeline.ServeHTTP(recorder, r)
	return recorder
}

func (w *World) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// Answer is what a service said.
type Answer struct {
	Status int
	Header http.Header
	Body   string

	world *World
}

// OK fails the test unless the call succeeded, and returns the answer.
func (a Answer) OK() Answer {
	a.world.Helper()
	if a.Status != http.StatusOK {
		a.world.Fatalf("got %d %s", a.Status, a.Body)
	}
	return a
}

// Refused fails the test unless the answer is an error of this status and code, and of this message
// unless it is empty.
func (a Answer) Refused(status int, code, message string) {
	a.world.Helper()
	if a.Status != status || a.Get("Error>Code") != code || message != "" && a.Get("Error>Message") != message {
		a.world.Errorf("got %d %s\nwant %d %s: %s", a.Status, a.Body, status, code, message)
	}
}

// Get returns the text of the first element whose path ends with path, such as "User>Arn".
func (a Answer) Get(path string) string {
	if all := a.All(path); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Has reports whether there is an element whose path ends with path.
func (a Answer) Has(path string) bool { return len(a.All(path)) > 0 }

// All returns the texts of all elements whose paths end with path, in their order.
func (a Answer) All(path string) []string {
	a.world.Helper()
	var found, open, texts []string
	d := xml.NewDecoder(strings.NewReader(a.Body))
	for {
		token, err := d.Token()
		if token == nil {
			if err != nil && err.Error() != "EOF" {
				a.world.Fatalf("the answer is not XML: %v\n%s", err, a.Body)
			}
			return found
		}
		switch token := token.(type) {
		case xml.StartElement:
			open, texts = append(open, token.Name.Local), append(texts, "")
		case xml.CharData:
			if len(texts) > 0 {
				texts[len(texts)-1] += string(token)
			}
		case xml.EndElement:
			if strings.HasSuffix(">"+strings.Join(open, ">"), ">"+path) {
				found = append(found, texts[len(texts)-1])
			}
			open, texts = open[:len(open)-1], texts[:len(texts)-1]
		}
	}
}

// nothing stands in the place of S3, which the pipeline cannot be without.
type nothing struct{}

func (nothing) Name() string { return "s3" }
func (nothing) Route(*httpapi.Call) (*httpapi.Operation, error) {
	return nil, http.ErrNotSupported
}
func (nothing) Error(*httpapi.Call, error) *httpapi.Response {
	return &httpapi.Response{Status: http.StatusNotImplemented}
}
