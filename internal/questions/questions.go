// Package questions puts a request that nobody made into the form in which one that was made is judged: as whom,
// which action, on what, with which condition keys. It decides nothing: what it returns is what package authz
// decides and explains.
//
// A question is about an action rather than an operation, but asks all that the request would be asked: a write
// with an ACL, or with tags, has to be allowed to set them as well.
//
// Errors that whoever asks is meant to see are *apierr.Error: ValidationError for what makes no sense,
// NoSuchEntity, NoSuchBucket and the like for what is not there.
package questions

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

// Access knows callers and what their requests depend on; package access does.
type Access interface {
	As(ctx context.Context, who string, now time.Time) (*access.Caller, error)
	Bucket(ctx context.Context, name string) (*access.Bucket, error)
	Role(ctx context.Context, roleARN string) (*sts.Role, error)
	Question(ctx context.Context, caller *access.Caller, check *access.Check, request *policy.Context) (*authz.Input, error)
}

// Objects knows objects; package objects does.
type Objects interface {
	// Head returns the record of a version, which may be a delete marker, or NoSuchKey or NoSuchVersion.
	Head(ctx context.Context, b keys.BucketID, key, version string) (*records.Object, error)
}

// KMS knows keys; package kms does.
type KMS interface {
	Key(ctx context.Context, keyARN string) (*kms.Key, error)
}

// Service puts questions. It is safe for concurrent use.
type Service struct {
	access  Access
	objects Objects
	kms     KMS
	region  string
	now     func() time.Time
}

// New returns a Service that asks about the server of a region; nil for now means time.Now.
func New(gate Access, storage Objects, keys KMS, region string, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{gate, storage, keys, region, now}
}

// Question is a request that nobody made.
type Question struct {
	// As is who makes it, as access.Access.As takes it.
	As string
	// Action is the full name of an action of IAM, such as "s3:GetObject", in any letters.
	Action string
	// Resource is the ARN of what it is about; empty or "*" for an action without a resource type.
	Resource string
	// Context are the condition keys that are known beside those that follow from who asks, about what, and when.
	// They also replace those. The address of the client is among what nobody knows unless it is here.
	Context []Value
}

// Value is a condition key and what the request has for it. A key with other than one value is multivalued.
type Value struct {
	Key    string
	Values []string
}

// Asked is a question put in the form in which it is judged.
type Asked struct {
	Caller *access.Caller
	// Checks are all that the request would be asked; it is allowed if all are.
	Checks []Judged
	// Given are the condition keys that the question has itself, in lower case.
	Given []string
}

// Judged is one check with everything that its answer depends on.
type Judged struct {
	Check access.Check
	Input *authz.Input
	// withheld reports whether a condition key is kept from who asks; nil: none is.
	withheld func(key string) bool
}

// Ask puts a question.
func (s *Service) Ask(ctx context.Context, q Question) (*Asked, error) {
	action, err := knownAction(q.Action)
	if err != nil {
		return nil, err
	}
	if err := checkContext(q.Context); err != nil {
		return nil, err
	}
	now := s.now().UTC()
	caller, err := s.access.As(ctx, q.As, now)
	if err != nil {
		return nil, err
	}
	t := &target{service: s, caller: caller, action: action, given: q.Context}
	checks, err := t.checks(ctx, q.Resource)
	if err != nil {
		return nil, err
	}
	request := s.keys(caller, action, now)
	out := &Asked{Caller: caller, Checks: make([]Judged, len(checks)), Given: names(q.Context)}
	for i := range checks {
		checks[i].Keys = lastly(checks[i].Keys, q.Context)
		input, err := s.access.Question(ctx, caller, &checks[i], &request)
		if err != nil {
			return nil, err
		}
		out.Checks[i] = Judged{Check: checks[i], Input: input}
	}
	return out, nil
}

// keys returns the condition keys that every request has, as one would have them that an AWS client makes now:
// signed in a header, over TLS.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (s *Service) keys(caller *access.Caller, action string, now time.Time) policy.Context {
	k := caller.Context()
	caller.RequestKeys(&k, now)
	k.Set("aws:CurrentTime", now.Format(time.RFC3339))
	k.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	k.Set("aws:SecureTransport", "true")
	k.Set("aws:ViaAWSService", "false")
	if isS3(action) {
		k.Set("aws:RequestedRegion", s.region)
		if caller.Kind != policy.Anonymous {
			k.Set("s3:authType", "REST-HEADER")
			k.Set("s3:signatureversion", "AWS4-HMAC-SHA256")
		}
	} else {
		k.Set("aws:RequestedRegion", "us-east-1")
	}
	return k
}

// lastly returns what adds the keys of a check and then those that are given, which count.
func lastly(first func(*policy.Context), given []Value) func(*policy.Context) {
	return func(k *policy.Context) {
		if first != nil {
			first(k)
		}
		set(k, given)
	}
}

func set(k *policy.Context, given []Value) {
	for _, v := range given {
		if info, known := policy.KeyInfo(v.Key); len(v.Values) != 1 || known && info.Multivalued {
			k.SetMulti(v.Key, v.Values)
		} else {
			k.Set(v.Key, v.Values[0])
		}
	}
}

func invalid(format string, args ...any) error {
	return apierr.New(http.StatusBadRequest, "ValidationError", "%s", fmt.Sprintf(format, args...))
}
