package analyzerapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/analyzerapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/sigv4"
)

// nobody may do anything.
type nobody struct{}

func (nobody) Ahead(ctx context.Context, _ func() access.Subject) (context.Context, error) {
	return ctx, nil
}

func (nobody) Caller(_ context.Context, id ids.AccessKeyID, _ string, _ time.Time) (*access.Caller, error) {
	return &access.Caller{Principal: policy.Principal{Kind: policy.User, Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/ann"}, AccessKeyID: id, Secret: sigv4.NewSecret("secret")}, nil
}

func (nobody) Authorize(context.Context, *access.Caller, *access.Check, *policy.Context) (authz.Explanation, error) {
	return authz.Explanation{Decision: authz.Decision{By: authz.Finding{Layer: authz.IdentityPolicy}}}, nil
}

// none stands in the place of S3.
type none struct{ httpapi.Service }

func (none) Name() string { return "s3" }

// keeper keeps the last record.
type keeper struct{ last audit.Record }

func (k *keeper) Record(r *audit.Record) { k.last = *r }

// TestWhatIsTold: the record tells what stood in path, query and body of a request, also of one that is refused.
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	var kept keeper
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p, err := httpapi.New(httpapi.Config{
		Region: "us-east-1", Authorizer: nobody{}, Services: []httpapi.Service{none{}, analyzerapi.New(nil)}, Records: audit.NewStream(&kept),
		Now: func() time.Time { return now }, NamesBucket: func(string) bool { return false },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, target, body, operation, want string }{
		{"GET", "/analyzer?type=ACCOUNT&maxResults=5", "", "ListAnalyzers", `{"maxResults":5,"type":"ACCOUNT"}`},
		{"POST", "/policy/check-no-public-access", `{"policyDocument":"{}","resourceType":"AWS::S3::Bucket"}`, "CheckNoPublicAccess",
			`{"policyDocument":"HIDDEN_DUE_TO_SECURITY_REASONS","resourceType":"AWS::S3::Bucket"}`},
		{"PUT", "/analyzer", `{"analyzerName":"a","type":"ACCOUNT","tags":{"Team":"x"},"archiveRules":[{"ruleName":"r","filter":{"isPublic":{"eq":["false"]}}}],"secret":"s"}`, "CreateAnalyzer",
			`{"analyzerName":"a","archiveRules":[{"filter":{"isPublic":{"eq":["false"]}},"ruleName":"r"}],"tags":{"Team":"x"},"type":"ACCOUNT"}`},
		{"DELETE", "/tags/x?tagKeys=a&tagKeys=b&secret=s", "", "UntagResource", `{"resourceArn":"x","tagKeys":["a","b"]}`},
	} {
		r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
		sum := sha256.Sum256([]byte(c.body))
		signer := sigv4.Signer{Dialect: sigv4.JSON, AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: sigv4.NewSecret("secret"), Region: "us-east-1", Service: "access-analyzer"}
		signer.Sign(&sigv4.Request{Method: r.Method, RawPath: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Host: r.Host, Header: r.Header, ContentLength: r.ContentLength}, hex.EncodeToString(sum[:]), now)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		got := kept.last
		if w.Code < http.StatusBadRequest || got.Operation != c.operation || string(got.Parameters) != c.want || got.ErrorMessage == "" || got.Elements != nil || got.Query != "" {
			t.Errorf("%s %s: %d, the record of %q tells\n%s, want\n%s: %s", c.method, c.target, w.Code, got.Operation, got.Parameters, c.want, got.ErrorMessage)
		}
	}
}
