// Package reports makes the reports of IAM about an account: the access advisor, for IAM and for
// Organizations, which policies grant access to a service, and the credential report. It puts together what
// package iam knows of entities, package access of their policies, and package usage of their real use. It
// speaks Go: no HTTP, no XML, and no authorization, which the pipeline has done.
//
// A report is made when it is asked for, from one moment's data, and is stored, so that it can be read page by
// page and survives a restart. What its operations are told of it is therefore never that it is in progress.
// Reports of the access advisor are kept for a day, and at most a hundred of them in an account.
//
// Errors that callers are meant to see are *apierr.Error in IAM's terms.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
package reports

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Entities tells what package iam knows.
type Entities interface {
	// PrincipalsOf returns the users and roles that have the policies of a user, group, role or policy.
	PrincipalsOf(ctx context.Context, account ids.AccountID, name arn.ARN) ([]iam.Principal, error)
	// Credentials returns a page of the credentials of an account.
	Credentials(ctx context.Context, account ids.AccountID, p iam.Page) (iam.List[iam.Credentials], error)
}

// Policies tells which policies apply; package access does.
type Policies interface {
	Entity(ctx context.Context, name arn.ARN) (*access.Entity, error)
	ManagedPolicy(ctx context.Context, account ids.AccountID, policyARN string) (authz.Source, error)
}

// Usage tells what was really used; package usage does.
type Usage interface {
	Key(ctx context.Context, account ids.AccountID, id ids.AccessKeyID) (*records.Usage, error)
	Principals(ctx context.Context, account ids.AccountID, all []string) ([]*records.Usage, error)
	Keys(ctx context.Context, account ids.AccountID, all []ids.AccessKeyID) ([]*records.Usage, error)
	Accounts(ctx context.Context, all []ids.AccountID) ([]*records.Usage, error)
}

// Deps are the services that a Service puts together.
type Deps struct {
	Entities Entities
	Policies Policies
	Usage    Usage
}

// Options adjusts a Service; the zero value is for production.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where job IDs come from; nil means crypto/rand.
	Rand io.Reader
}

// Service makes reports. It is safe for concurrent use.
type Service struct {
	store *meta.Store
	Deps
	now  func() time.Time
	rand io.Reader
}

// New returns the Service over a store.
func New(store *meta.Store, deps Deps, opts Options) *Service {
	s := &Service{store: store, Deps: deps, now: opts.Now, rand: opts.Rand}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	return s
}

// Key returns what an access key of an account was last used for, as Usage does.
func (s *Service) Key(ctx context.Context, account ids.AccountID, id ids.AccessKeyID) (*records.Usage, error) {
	return s.Usage.Key(ctx, account, id)
}

// Principals returns what users and roles of an account did, as Usage does.
func (s *Service) Principals(ctx context.Context, account ids.AccountID, all []string) ([]*records.Usage, error) {
	return s.Usage.Principals(ctx, account, all)
}

// Caller is whose report it is: a user, or a role whatever its session, by its unique ID, or the root user, by
// the account ID. Nobody else is told of it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html
type Caller struct {
	Account ids.AccountID
	ID      string
}

func noSuchEntity(format string, args ...any) error {
	return apierr.New(http.StatusNotFound, "NoSuchEntity", format, args...)
}

// usages returns what principals did, in their order.
func (s *Service) usages(ctx context.Context, account ids.AccountID, principals []iam.Principal) ([]*records.Usage, error) {
	var all []*records.Usage
	const batch = 1000
	for len(all) < len(principals) {
		var names []string
		for _, p := range principals[len(all):min(len(all)+batch, len(principals))] {
			names = append(names, string(p.ID))
		}
		some, err := s.Usage.Principals(ctx, account, names)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// Page asks for a page of a list, as iam.Page does. Markers tell how many items precede the page.
type Page = iam.Page

// cut returns the bounds of a page of n items, and the marker of the next one, empty for the last.
func cut(p Page, n int) (from, to int, next string, err error) {
	size := p.Max
	if size <= 0 {
		size = iam.DefaultPage
	}
	if p.Marker != "" {
		text, decodeErr := base64.RawURLEncoding.DecodeString(p.Marker)
		from, err = strconv.Atoi(string(text))
		if errors.Join(decodeErr, err) != nil || from < 1 || from > n {
			return 0, 0, "", apierr.New(http.StatusBadRequest, "ValidationError", "Invalid Marker.")
		}
	}
	if to = from + size; to >= n {
		return from, n, "", nil
	}
	return from, to, base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to))), nil
}
