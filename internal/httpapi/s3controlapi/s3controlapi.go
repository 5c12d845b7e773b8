// Package s3controlapi is the API of S3 Control, as far as it concerns Block Public Access of an account and the
// tags of buckets:
//
//	GET|PUT|DELETE /v20180820/configuration/publicAccessBlock
//	GET|POST|DELETE /v20180820/tags/ARN
//	x-amz-account-id: 123456789012
//
// Clients put the account's ID in front of the host as well, which is not looked at. What S3 Control has
// beyond these operations (access points, batch jobs, Storage Lens) is refused as NotImplemented. Requests are
// signed for the service s3; the pipeline tells them from those of S3.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
package s3controlapi

import (
	"context"
	_ "embed"
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// namespace is that of the documents of S3 Control.
const namespace = "http://awss3control.amazonaws.com/doc/2018-08-20/"

// accountHeader names the account that a request is about.
const accountHeader = "x-amz-account-id"

// Accounts keeps the settings of accounts; package accounts does.
type Accounts interface {
	// SetPublicAccessBlock sets the public access block of an account; nil removes it.
	SetPublicAccessBlock(ctx context.Context, id ids.AccountID, block *records.PublicAccessBlock) error
}

// Buckets knows the facts of buckets and their accounts; package access does.
type Buckets interface {
	// AccountBlock returns the public access block in effect for an account; nil for none. set tells that its
	// organization sets it.
	AccountBlock(ctx context.Context, id ids.AccountID) (block *records.PublicAccessBlock, set bool, err error)
	// Bucket returns the facts of a bucket as of the latest commit, or NoSuchBucket.
	Bucket(ctx context.Context, name string) (*access.Bucket, error)
}

// Storage keeps the settings of buckets; package objects does.
type Storage interface {
	// UpdateBucket changes the record of a bucket in one transaction, in which change may run several times.
	UpdateBucket(ctx context.Context, name string, change func(b *records.Bucket, owner *records.Account) error) error
}

// Service is the S3 Control API. It implements httpapi.Service and is safe for concurrent use.
type Service struct {
	accounts Accounts
	buckets  Buckets
	storage  Storage
	table    map[target]httpapi.Operation
}

var _ httpapi.Service = (*Service)(nil)

// target is what selects a row of the table; the path of those on tags is tagsPath.
type target struct{ method, path string }

// New returns the API over accounts, and the buckets in storage.
func New(accounts Accounts, buckets Buckets, storage Storage) *Service {
	const publicAccessBlock = "/v20180820/configuration/publicAccessBlock"
	s := &Service{accounts: accounts, buckets: buckets, storage: storage}
	s.table = map[target]httpapi.Operation{
		{"GET", publicAccessBlock}:    s.getPublicAccessBlock(),
		{"PUT", publicAccessBlock}:    s.putPublicAccessBlock(),
		{"DELETE", publicAccessBlock}: s.deletePublicAccessBlock(),

		{"GET", tagsPath}:    s.listTagsForResource(),
		{"POST", tagsPath}:   s.tagResource(),
		{"DELETE", tagsPath}: s.untagResource(),
	}
	return s
}

// Name returns "s3-control".
func (s *Service) Name() string { return "s3-control" }

// Operations returns the names of the operations that are built, in alphabetic order.
func (s *Service) Operations() []string {
	var names []string
	for _, operation := range s.table {
		names = append(names, operation.Name)
	}
	slices.Sort(names)
	return names
}

//go:embed operations.txt
var operationsText string

// NotBuilt returns the names of the operations that clients of S3 Control know and that are not built, in
// alphabetic order. They are refused as NotImplemented.
func (s *Service) NotBuilt() []string {
	built := s.Operations()
	var names []string
	for line := range strings.Lines(operationsText) {
		if name := strings.TrimSpace(line); !strings.HasPrefix(name, "#") && !slices.Contains(built, name) {
			names = append(names, name)
		}
	}
	return names
}

// Route returns the operation that method and path ask for. Queries and headers that it does not know are
// refused.
func (s *Service) Route(c *httpapi.Call) (*httpapi.Operation, error) {
	t, parameters := target{c.HTTP.Method, c.HTTP.URL.Path}, []string(nil)
	if strings.HasPrefix(t.path, tagsPath) {
		t.path = tagsPath
		if t.method == http.MethodDelete {
			parameters = []string{"tagKeys"}
		}
	}
	operation, ok := s.table[t]
	if !ok {
		return nil, apierr.NotImplemented(c.HTTP.Method + " " + c.HTTP.URL.Path)
	}
	if err := checkQuery(c.HTTP, parameters...); err != nil {
		return nil, err
	}
	return &operation, checkHeaders(c.HTTP)
}

// Error renders err as S3 Control does.
func (s *Service) Error(c *httpapi.Call, err error) *httpapi.Response {
	e := apierr.From(err)
	return &httpapi.Response{
		Status: e.Status, Header: http.Header{"Content-Type": {restxml.ContentType}}, Body: restxml.WrappedError(e, c.ID, c.HostID),
	}
}
