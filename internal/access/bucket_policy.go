package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/iam"
	"crossgrant/internal/policy"
)

// Principals knows in which form policies keep principals; package iam does.
type Principals interface {
	// ResolvePrincipal returns what is kept for a principal; the error wraps iam.ErrNoPrincipal if there is none.
	ResolvePrincipal(ctx context.Context, value string) (stored string, err error)
}

// StoredPolicy returns the text of a bucket's policy as it is kept, and whether it is public. Principals are kept by
// what they are rather than what they are called; the text is the one that was written if that makes no difference.
// The error is a *policy.Error for what is no policy of this bucket, or names a principal that does not exist; any
// other is internal.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func StoredPolicy(ctx context.Context, principals Principals, bucket string, text []byte) (kept string, public bool, err error) {
	written, err := policy.ParseBucket(text, bucket)
	if err != nil {
		return "", false, err
	}
	var internal error
	stored, err := written.MapPrincipals(func(_ policy.PrincipalKind, value string) (string, error) {
		stored, err := principals.ResolvePrincipal(ctx, value)
		if err != nil && !errors.Is(err, iam.ErrNoPrincipal) {
			internal = err
		}
		return stored, err
	})
	if internal != nil {
		return "", false, fmt.Errorf("resolve principals: %w", internal)
	}
	if err != nil {
		return "", false, err
	}
	if kept = stored.Text(); kept == written.Text() {
		kept = string(text)
	}
	return kept, stored.IsPublic(), nil
}

// MalformedPolicy is the error of PutBucketPolicy for a policy that package policy refuses; others stay as they are.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
func MalformedPolicy(err error) error {
	var refusal *policy.Error
	if !errors.As(err, &refusal) {
		return err
	}
	e := apierr.New(http.StatusBadRequest, "MalformedPolicy", "%s", refusal.Message)
	if refusal.Detail != "" {
		e = e.With("Detail", refusal.Detail)
	}
	return e
}

// ACLError is the error of PutBucketAcl and its like for an ACL that package acl refuses; others, and nil, stay as they
// are.
func ACLError(err error) error {
	var refusal *acl.Error
	if !errors.As(err, &refusal) {
		return err
	}
	status := http.StatusBadRequest
	if refusal.Code == "MethodNotAllowed" {
		status = http.StatusMethodNotAllowed
	}
	e := apierr.New(status, refusal.Code, "%s", refusal.Message)
	if refusal.ArgumentName != "" {
		e = e.With("ArgumentName", refusal.ArgumentName).With("ArgumentValue", refusal.ArgumentValue)
	}
	return e
}
