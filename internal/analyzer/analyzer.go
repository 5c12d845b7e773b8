// Package analyzer is IAM Access Analyzer: analyzers, which tell who outside of a zone of trust may use the resources
// in it, their archive rules, and their findings.
//
// The zone is an account or an organization; the resources are its buckets and roles. Findings are computed from the
// policies as they are when somebody asks (package external). What is kept of them is when each was seen first and
// last, and what became of it:
//
//	ACTIVE    the access is there
//	ARCHIVED  it is there, and somebody or an archive rule said that it is meant to be
//	RESOLVED  it is not there any more; the finding is removed 90 days after that
//
// A finding is told apart by resource, principal, actions and condition, from which its ID is made: access that comes
// back has the finding that it had.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-findings.html
package analyzer

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

// The types of analyzer that there are here.
const (
	AccountType      = "ACCOUNT"
	OrganizationType = "ORGANIZATION"
)

// The states of an analyzer.
const (
	Active   = "ACTIVE"
	Disabled = "DISABLED"
)

// The states of a finding; Active is one as well.
const (
	Archived = "ARCHIVED"
	Resolved = "RESOLVED"
)

// World tells of the resources that are analyzed; package access does.
type World interface {
	Bucket(ctx context.Context, name string) (*access.Bucket, error)
	Role(ctx context.Context, roleARN string) (*sts.Role, error)
	Account(ctx context.Context, canonical ids.CanonicalUserID) (record *records.Account, ok bool, err error)
	ResourceControls(ctx context.Context, account ids.AccountID) ([]authz.Layer, error)
}

// Principals shows principals that policies name as they are named now; package iam does.
type Principals interface {
	PrincipalARN(ctx context.Context, stored string) (string, error)
}

// Options configure a Service.
type Options struct {
	Region     string
	World      World
	Principals Principals
	Now        func() time.Time // nil: time.Now
}

// Service is Access Analyzer. It is safe for concurrent use.
type Service struct {
	store *meta.Store
	Options
}

// New returns a Service over store.
func New(store *meta.Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{store, o}
}

// Tag is a tag of an analyzer.
type Tag struct{ Key, Value string }

// Analyzer is an analyzer.
type Analyzer struct {
	ARN, Name, Type string
	Created         time.Time
	Tags            []Tag // by key
	// LastResource is what was analyzed last, and LastAnalyzed when; empty and zero: nothing was yet.
	LastResource string
	LastAnalyzed time.Time
	// Status is Active or Disabled, and Reason why it is disabled.
	Status, Reason string
}

// ARN returns the ARN of an analyzer.
func (s *Service) ARN(account ids.AccountID, name string) string {
	return arn.ARN{Partition: arn.Partition, Service: "access-analyzer", Region: s.Region, Account: string(account), Resource: "analyzer/" + name}.String()
}

// describe returns an analyzer as its record and the state of its zone say.
func (s *Service) describe(r *records.Analyzer, z *zone) Analyzer {
	a := Analyzer{
		ARN: s.ARN(ids.AccountID(r.Account), r.Name), Name: r.Name, Type: r.Type, Created: fromNano(r.Created), Tags: fromTags(r.Tags),
		LastResource: r.LastResource, LastAnalyzed: fromNano(r.LastAnalyzed), Status: Active, Reason: z.reason,
	}
	if z.reason != "" {
		a.Status = Disabled
	}
	return a
}

// fromNano returns the time of a record; the zero time for 0.
func fromNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func fromTags(tags []*records.Tag) (out []Tag) {
	for _, t := range tags {
		out = append(out, Tag{t.Key, t.Value})
	}
	return out
}
