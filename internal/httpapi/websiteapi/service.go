// Package websiteapi is the website endpoint of S3: it serves the objects of a bucket to browsers, as the
// pages of a website. What a bucket's configuration means is package website's to say, how an object is
// sent that of package s3api.
//
// # What is served, and to whom
//
// Only GET and HEAD are. A website has no private pages: the caller is anonymous whatever a request is
// signed with, as the endpoint "supports only publicly readable content", and each object that is served,
// index and error documents included, is judged as an anonymous GetObject. Parameters of the query and
// x-amz-* headers are no business of the endpoint; a page may give parameters a meaning of its own.
//
//	bucket -> Requester Pays? -> redirects -> object -> s3:GetObject -> page
//	                                             any 4XX -> redirects -> error document -> HTML
//
// # Missing and forbidden
//
// AWS documents 404 for what does not exist and 403 for what is not readable, for buckets whose policy
// grants everyone s3:GetObject; s3-tests, run against AWS, has 403 for what is missing from a private bucket.
// Both hold here: a missing object is told to whoever might read it if it were there, and to whoever may
// list the bucket.
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteAccessPermissionsReqd.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/CustomErrorDocSupport.html and
// s3tests/functional/test_s3_website.py of https://github.com/ceph/s3-tests, as of 2024
package websiteapi

import (
	"context"
	"net/http"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
)

// Buckets knows the facts of buckets; package access does.
type Buckets interface {
	// Bucket returns the facts of a bucket as of the latest commit, or NoSuchBucket.
	Bucket(ctx context.Context, name string) (*access.Bucket, error)
}

// Objects judges and sends objects; package s3api does.
type Objects interface {
	// Find returns the current version of a key; nil if there is none, or if it is a delete marker.
	Find(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string) (*records.Object, error)
	// MayRead asks whether c's caller may read o, the object of a key; nil stands for one that is not there.
	MayRead(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string, o *records.Object) error
	// Missing returns NoSuchKey if c's caller may know that there is no object of a key, else AccessDenied.
	Missing(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string) error
	// Send answers a GET or HEAD with o, the object of a key; the conditions and the range of the request count
	// if asked is true. An error that wraps blob.ErrNotFound means that o was replaced meanwhile: find it again.
	Send(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string, o *records.Object, asked bool) (*httpapi.Response, error)
}

// Deps is what the service is made of.
type Deps struct {
	Buckets Buckets
	Objects Objects
	Region  string
	// Domains are the base domains of virtual-hosted buckets, below which websites have hosts of their own,
	// and Websites those below which every host is the website of a bucket; lower case, without port.
	// "localhost" is one of Domains without being listed.
	Domains  []string
	Websites []string
}

// Service is the website endpoint. It implements httpapi.Service and is safe for concurrent use.
type Service struct {
	Deps
	get, head httpapi.Operation
}

var (
	_ httpapi.Service  = (*Service)(nil)
	_ httpapi.Host     = (*Service)(nil)
	_ httpapi.Unsigned = (*Service)(nil)
	_ httpapi.Sharer   = (*Service)(nil)
)

// New returns the endpoint.
func New(deps Deps) *Service {
	s := &Service{Deps: deps}
	s.Domains = append([]string{"localhost"}, deps.Domains...)
	s.get, s.head = s.operation("GetObject"), s.operation("HeadObject")
	return s
}

func (s *Service) operation(name string) httpapi.Operation {
	return httpapi.Row[struct{}]{
		Name:      name,
		Unchecked: "each object is judged when it turns out to be the one that is served",
		Decode:    func(*httpapi.Call) (*struct{}, error) { return new(struct{}), nil },
		Run: func(ctx context.Context, c *httpapi.Call, _ *struct{}) (*httpapi.Response, error) {
			return s.run(ctx, c)
		},
	}.Operation()
}

// Name returns "s3-website".
func (s *Service) Name() string { return "s3-website" }

// Unsigned returns true: a website does not know its visitors.
func (s *Service) Unsigned(*http.Request) bool { return true }

// CORS returns the rules of the bucket whose website a request addresses.
func (s *Service) CORS(ctx context.Context, c *httpapi.Call) *records.CORS {
	at, _ := s.parse(c.HTTP.Host)
	b, err := s.Buckets.Bucket(ctx, at.bucket)
	if err != nil {
		return nil
	}
	return b.Settings.CORS
}

// Route fills c.Bucket and c.Key, and returns the operation of the request's method.
func (s *Service) Route(c *httpapi.Call) (*httpapi.Operation, error) {
	at, _ := s.parse(c.HTTP.Host)
	c.Bucket, c.Key = at.bucket, strings.TrimPrefix(c.HTTP.URL.Path, "/")
	c.Record.Bucket, c.Record.Key = c.Bucket, c.Key
	switch c.HTTP.Method {
	case http.MethodGet:
		return &s.get, nil
	case http.MethodHead:
		return &s.head, nil
	}
	return nil, apierr.New(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.").
		With("Method", c.HTTP.Method).With("ResourceType", "OBJECT")
}
