package queryapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

// nobody knows no access key and allows nothing.
type nobody struct{}

func (nobody) Ahead(ctx context.Context, _ func() access.Subject) (context.Context, error) {
	return ctx, nil
}

func (nobody) Caller(context.Context, ids.AccessKeyID, string, time.Time) (*access.Caller, error) {
	return nil, access.ErrUnknownKey
}

func (nobody) Authorize(context.Context, *access.Caller, *access.Check, *policy.Context) (authz.Explanation, error) {
	return authz.Explanation{}, errors.New("nothing is to be asked")
}

// other stands in the place of S3, which takes what nobody else does.
type other struct{}

func (other) Name() string                                    { return "s3" }
func (other) Route(*httpapi.Call) (*httpapi.Operation, error) { return nil, errors.New("not here") }
func (other) Error(*httpapi.Call, error) *httpapi.Response {
	return &httpapi.Response{Status: http.StatusTeapot}
}

// TestUnsigned: of the operations of a service only those that say so answer requests that are not signed, in
// a form or in a query string, and they do not overlook credentials that are wrong.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	protocol := queryapi.Protocol{Name: "sts", Version: "2011-06-15", Namespace: "n", Known: "Open Closed"}
	row := func(name string, unsigned bool) httpapi.Operation {
		return queryapi.Row[struct{}]{
			Name: name, Unsigned: unsigned, Unchecked: "a test",
			Decode: func(*httpapi.Call, *query.Reader) (*struct{}, error) { return new(struct{}), nil },
			Run: func(_ context.Context, c *httpapi.Call, _ *struct{}) (any, error) {
				c.ActAs(&access.Caller{Principal: policy.Principal{Kind: policy.Anonymous, ARN: "somebody"}})
				if c.Record.CallerARN != "somebody" {
					t.Errorf("recorded as %q", c.Record.CallerARN)
				}
				return nil, nil
			},
		}.Operation(protocol)
	}
	p, err := httpapi.New(httpapi.Config{
		Region: "us-east-1", Authorizer: nobody{}, Now: time.Now, Records: audit.NewStream(),
		Services:    []httpapi.Service{other{}, queryapi.New(protocol, row("Open", true), row("Closed", false))},
		Ready:       func(context.Context) error { return nil },
		NamesBucket: func(host string) bool { return host == "bucket.localhost" },
	})
	if err != nil {
		t.Fatal(err)
	}
	const missing = "<Code>MissingAuthenticationToken</Code>"
	for _, c := range []struct {
		method, target, form, authorization string
		status                              int
		want                                string
	}{
		{"POST", "/", "Action=Open&Version=2011-06-15", "", 200, "OpenResponse"},
		{"GET", "/?Action=Open&Version=2011-06-15", "", "", 200, "OpenResponse"},
		{"GET", "http://bucket.localhost/?Action=Open&Version=2011-06-15", "", "", 418, ""},
		{"GET", "/?Action=Open&Version=2010-05-08", "", "", 418, ""},
		{"POST", "/", "Action=Open&Action=Open&Version=2011-06-15", "", 400, "<Code>ValidationError</Code>"},
		{"POST", "/", "Action=Open&Version=2010-05-08", "", 400, "<Code>InvalidAction</Code>"},
		{"POST", "/", "Action=Open&Version=2011-06-15&Other=1", "", 400, "<Code>ValidationError</Code>"},
		{"POST", "/", "Action=Closed&Version=2011-06-15", "", 403, missing},
		{"GET", "/?Action=Closed&Version=2011-06-15", "", "", 403, missing},
		{"POST", "/", "Action=Missing&Version=2011-06-15", "", 403, missing},
		{"POST", "/", "Action=&Version=2011-06-15", "", 403, missing},
		{"POST", "/", "Action=Closed&Action=Open&Version=2011-06-15", "", 403, missing},
		{"POST", "/", "Action=Open&Version=2011-06-15", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0", 403, ""},
	} {
		r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.form))
		if c.form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != c.status && !(c.authorization != "" && w.Code >= 400) || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %s: got %d %s", c.method, c.target, c.form, w.Code, w.Body)
		}
	}
}
