package s3api

import (
	"context"
	"net/http"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// Buckets knows the facts of buckets; package access does.
type Buckets interface {
	// Bucket returns the facts of a bucket as of the latest commit, or NoSuchBucket.
	Bucket(ctx context.Context, name string) (*access.Bucket, error)
}

// Accounts knows accounts by canonical user ID; package access does.
type Accounts interface {
	// Account returns an account's record; ok is false if there is none.
	Account(ctx context.Context, canonical ids.CanonicalUserID) (record *records.Account, ok bool, err error)
	// AccountBlock returns the public access block in effect for an account; nil for none. set tells that its
	// organization sets it.
	AccountBlock(ctx context.Context, id ids.AccountID) (block *records.PublicAccessBlock, set bool, err error)
}

// Principals translates the principals of bucket policies; package iam does.
type Principals interface {
	// ResolvePrincipal returns what a policy stores for a principal as its author wrote it. The error
	// wraps iam.ErrNoPrincipal if there is none.
	ResolvePrincipal(ctx context.Context, value string) (stored string, err error)
	// PrincipalARN returns the form in which a stored principal is shown.
	PrincipalARN(ctx context.Context, stored string) (shown string, err error)
}

// NewBuckets says how buckets are made whose creator does not say.
type NewBuckets struct {
	// Ownership is the Object Ownership of a new bucket: ObjectWriter, BucketOwnerPreferred or
	// BucketOwnerEnforced.
	Ownership string
	// Block sets all four settings of Block Public Access on a new bucket.
	Block bool
	// NoCustomerKeys blocks uploads that are encrypted with keys of the customer (SSE-C).
	NoCustomerKeys bool
}

// ACLsEnabled and ACLsDisabled are the two defaults that an operator chooses from: what S3 did until
// April 2023, and what it does since, with SSE-C blocked since April 2026.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-s3-c-encryption-setting-faq.html
var (
	ACLsEnabled  = NewBuckets{Ownership: objectWriter}
	ACLsDisabled = NewBuckets{Ownership: access.Enforced, Block: true, NoCustomerKeys: true}
)

// Deps is what the service needs beside its storage.
type Deps struct {
	Buckets    Buckets
	Accounts   Accounts
	Principals Principals
	MFA        MFADevices
	KMS        KMS
	Region     string
	// Domains are the base domains of virtual-hosted buckets, lower case, without port; "localhost" is
	// one without being listed.
	Domains    []string
	NewBuckets NewBuckets
	// Calendar counts the days of lifecycles.
	Calendar lifecycle.Calendar
	// Destinations of event notifications; nil: there are none.
	Destinations Destinations
}

// Service is the S3 API. It implements httpapi.Service and is safe for concurrent use.
type Service struct {
	Deps
	objects *objects.Service
	table   map[target]httpapi.Operation
}

var (
	_ httpapi.Service = (*Service)(nil)
	_ httpapi.Locator = (*Service)(nil)
)

// New returns the API over storage.
func New(storage *objects.Service, deps Deps) *Service {
	s := &Service{Deps: deps, objects: storage}
	s.Domains = append([]string{"localhost"}, deps.Domains...)
	s.table = s.operations()
	return s
}

// Name returns "s3".
func (s *Service) Name() string { return "s3" }

// NamesBucket reports whether a host, as it stands in a request, names a bucket.
func (s *Service) NamesBucket(host string) bool { return hostedBucket(host, s.Domains) != "" }

// Route finds bucket and key, and the operation that the request asks for. It fills c.Bucket and c.Key,
// and puts x-amz-* parameters of the query, and the fields of a browser form, among the headers of c.HTTP.
func (s *Service) Route(c *httpapi.Call) (*httpapi.Operation, error) {
	bucket, key, err := s.locate(c.HTTP)
	if err != nil {
		return nil, err
	}
	c.Bucket, c.Key = bucket, key
	c.Record.Bucket, c.Record.Key = bucket, key
	if operation, ok := s.preflightOf(c); ok {
		return operation, nil
	}
	query, err := readQuery(c.HTTP.URL)
	if err != nil {
		return nil, err
	}
	if err := hoist(c.HTTP, query); err != nil {
		return nil, err
	}
	t, err := targetOf(c, query)
	if err != nil {
		return nil, err
	}
	operation, ok := s.table[t]
	if !ok {
		return nil, unroutable(t)
	}
	if c.Upload != nil {
		if err := readFields(c); err != nil {
			return nil, err
		}
	}
	c.Record.RequestACL = sentACL(c.HTTP)
	if err := checkHeaders(c.HTTP); err != nil {
		return nil, err
	}
	if c.AcceptsCharge, err = decodePayer(c.HTTP); err != nil {
		return nil, err
	}
	return &operation, nil
}

// Locate puts the bucket and the key that a request addresses into its record.
func (s *Service) Locate(c *httpapi.Call) {
	if bucket, key, err := s.locate(c.HTTP); err == nil {
		c.Record.Bucket, c.Record.Key = bucket, key
	}
}

// Error renders err as S3 does. Errors without a body have the headers that S3 gives them.
func (s *Service) Error(c *httpapi.Call, err error) *httpapi.Response {
	e := apierr.From(err)
	h := http.Header{}
	if c.HTTP.Method == http.MethodHead && c.Bucket != "" && c.Key == "" && e.Status != http.StatusNotFound {
		// HeadBucket tells the region of every bucket that exists, also to whom it refuses.
		h.Set("X-Amz-Bucket-Region", s.Region)
	}
	for _, extra := range e.Header {
		h.Set(extra.Name, extra.Value)
	}
	if e.Status == http.StatusNotModified {
		return &httpapi.Response{Status: e.Status, Header: h}
	}
	h.Set("Content-Type", restxml.ContentType)
	return &httpapi.Response{Status: e.Status, Header: h, Body: restxml.Error(e, c.ID, c.HostID)}
}

// document is the answer that a document is the whole of.
func document(d *restxml.Document) *httpapi.Response {
	return &httpapi.Response{Header: http.Header{"Content-Type": {restxml.ContentType}}, Body: d.Bytes()}
}

// noContent is the answer of operations that have nothing to say.
func noContent() *httpapi.Response {
	return &httpapi.Response{Status: http.StatusNoContent, Header: http.Header{}}
}

// empty is the answer without a body of operations that answer 200.
func empty() *httpapi.Response { return &httpapi.Response{Header: http.Header{}} }

// invalidArgument is the error for a parameter that S3 names with its value.
func invalidArgument(name, value, message string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidArgument", "%s", message).
		With("ArgumentName", name).With("ArgumentValue", value)
}

// invalidRequest is the error for a request that contradicts itself.
func invalidRequest(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidRequest", format, args...)
}

// methodNotAllowed is the error for a method that the addressed thing does not have.
func methodNotAllowed(method, resourceType string) *apierr.Error {
	return apierr.New(http.StatusMethodNotAllowed, "MethodNotAllowed",
		"The specified method is not allowed against this resource.").
		With("Method", method).With("ResourceType", strings.ToUpper(resourceType))
}
