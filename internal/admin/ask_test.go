package admin

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
	"crossgrant/internal/questions"
	"crossgrant/internal/sts"
)

// gate is an Access for which everybody is a user of 111122223333 with one policy, and every bucket is missing.
type gate struct{ allows string }

func (g gate) As(_ context.Context, who string, _ time.Time) (*access.Caller, error) {
	if who == "nobody" {
		return nil, apierr.New(http.StatusNotFound, "NoSuchEntity", "There is no principal nobody.")
	}
	return access.Anonymous(), nil
}

func (g gate) Bucket(context.Context, string) (*access.Bucket, error) {
	return nil, apierr.New(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
}

func (g gate) Role(context.Context, string) (*sts.Role, error) { return nil, nil }

func (g gate) Question(_ context.Context, _ *access.Caller, check *access.Check, _ *policy.Context) (*authz.Input, error) {
	document, err := policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Sid":"Some","Effect":"Allow","Action":"`+g.allows+`","Resource":"*"}}`))
	if err != nil {
		return nil, err
	}
	who := policy.Principal{Kind: policy.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/u"}
	return &authz.Input{
		Request:  policy.Request{Action: check.Action, Resource: check.Resource, Principal: &who, Context: new(policy.Context)},
		Identity: authz.Layer{{Name: "user/u/p", Document: document}}, Owner: "111122223333",
	}, nil
}

func TestAsk(t *testing.T) {
	t.Parallel()
	local := newLocal(t)
	local.Questions = questions.New(gate{"s3:ListAllMyBuckets"}, nil, nil, "us-east-1", nil)
	client := newClient(t, local)
	asked := []questions.Question{
		{As: "u", Action: "s3:ListAllMyBuckets"},
		{As: "u", Action: "iam:ListUsers"},
		{As: "nobody", Action: "iam:ListUsers"},
		{As: "u", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"},
		{As: "u", Action: "iam:ListUser"},
		{As: "u", Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/none"},
		{As: "u", Action: "s3:ListAllMyBuckets", Context: []questions.Value{{Key: "aws:SecureTransport", Values: []string{"perhaps"}}}},
	}
	want := []Answer{
		{Effect: "allowed", Action: "s3:ListAllMyBuckets", Layer: "identity-based policy", Source: "user/u/p", Sid: "Some", Statement: 1},
		{Effect: "implicitDeny", Action: "iam:ListUsers", Layer: "identity-based policy"},
		{Code: "NoSuchEntity", Message: "There is no principal nobody."},
		{Code: "NoSuchBucket", Message: "The specified bucket does not exist"},
		{Code: "ValidationError", Message: `"iam:ListUser" is not an action of a service that is served, such as s3:GetObject.`},
		{Code: "NoSuchEntity", Message: "There is no role arn:aws:iam::111122223333:role/none."},
		{Code: "ValidationError", Message: `"perhaps" is no value of the condition key aws:SecureTransport.`},
	}
	for name, operator := range map[string]AskOperator{"local": local, "client": client} {
		got, err := operator.Ask(t.Context(), asked)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got, err := operator.Ask(t.Context(), []questions.Question{}); err != nil || len(got) != 0 {
			t.Errorf("%s: no questions = %v, %v", name, got, err)
		}
		if _, err := operator.Ask(t.Context(), make([]questions.Question, MaxQuestions+1)); !apierr.Is(err, "ValidationError") {
			t.Errorf("%s: too many questions = %v", name, err)
		}
	}
	long := []questions.Question{{As: strings.Repeat("u", maxAsked), Action: "iam:ListUsers"}}
	if _, err := client.Ask(t.Context(), long); !apierr.Is(err, "InvalidInputException") {
		t.Errorf("a request that is too large = %v", err)
	}
}
