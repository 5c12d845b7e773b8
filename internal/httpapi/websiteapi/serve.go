package websiteapi

import (
	"context"
	"errors"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/blob"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/website"
)

// visit is one request to a website.
type visit struct {
	*Service
	c      *httpapi.Call
	bucket *access.Bucket
	config *website.Config
	asked  website.Request
}

// run answers a request. An object that is replaced between the look at it and the opening of its bytes is
// looked for once more, permissions included.
func (s *Service) run(ctx context.Context, c *httpapi.Call) (*httpapi.Response, error) {
	v, err := s.begin(ctx, c)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		r, err := v.answer(ctx)
		if !errors.Is(err, blob.ErrNotFound) || attempt == 3 {
			return r, err
		}
	}
}

// begin loads what a request is about: NoSuchBucket, IncorrectEndpoint, AccessDenied for a Requester Pays
// bucket, or NoSuchWebsiteConfiguration. AWS names the endpoint of the bucket's region in the second, which
// it documents as a malformed request.
func (s *Service) begin(ctx context.Context, c *httpapi.Call) (*visit, error) {
	at, _ := s.parse(c.HTTP.Host)
	b, err := s.Buckets.Bucket(ctx, c.Bucket)
	if err != nil {
		return nil, err
	}
	c.Record.ResourceOwner = b.Owner
	if at.region != "" && at.region != s.Region {
		return nil, apierr.New(http.StatusBadRequest, "IncorrectEndpoint",
			"The specified bucket exists in another region. Please direct requests to the specified endpoint.").
			With("Endpoint", at.bucket+"."+endpoint+"-"+s.Region+"."+at.domain)
	}
	if b.RequesterPays {
		asked := access.Check{Action: "s3:GetObject", Resource: arn.Object(b.Record.Name, c.Key).String()}
		return nil, c.Refuse(&asked, authz.RequesterPays, authz.RequestPayer, apierr.AccessDenied("Access Denied"))
	}
	if b.Settings.Website == nil {
		return nil, httpapi.NoSuchWebsite(c.Bucket)
	}
	v := &visit{Service: s, c: c, bucket: b, config: httpapi.Website(b.Settings.Website)}
	v.asked = website.Request{Protocol: "http", Host: c.HTTP.Host, Key: c.Key, Query: c.HTTP.URL.RawQuery}
	if c.HTTP.TLS != nil {
		v.asked.Protocol = "https"
	}
	return v, nil
}

// answer answers a request, if need be with what the website has for its failure.
func (v *visit) answer(ctx context.Context) (*httpapi.Response, error) {
	v.c.Record.ErrorCode = "" // of an earlier attempt
	if to, ok := v.config.Before(&v.asked); ok {
		return redirect(to), nil
	}
	r, err := v.document(ctx)
	if err == nil {
		return r, nil
	}
	failure := apierr.From(err)
	if failure.Status < 400 || failure.Status > 499 {
		return nil, err
	}
	v.c.Record.ErrorCode = failure.Code
	if to, ok := v.config.After(&v.asked, failure.Status); ok {
		return redirect(to), nil
	}
	if v.config.Error == nil {
		return nil, err
	}
	return v.errorDocument(ctx, failure)
}

// document answers with the object that the request means.
func (v *visit) document(ctx context.Context) (*httpapi.Response, error) {
	key := v.config.Document(v.asked.Key)
	v.c.Record.Key = key
	o, err := v.Objects.Find(ctx, v.c, v.bucket, key)
	if err != nil {
		return nil, err
	}
	if o == nil {
		if r, err := v.folder(ctx); r != nil || err != nil {
			return r, err
		}
		return nil, v.Objects.Missing(ctx, v.c, v.bucket, key)
	}
	if err := v.Objects.MayRead(ctx, v.c, v.bucket, key, o); err != nil {
		return nil, err
	}
	if location := o.GetMetadata().GetWebsiteRedirect(); location != "" {
		return redirect(website.Target{Status: http.StatusMovedPermanently, Location: website.Printable(location)}), nil
	}
	return v.Objects.Send(ctx, v.c, v.bucket, key, o, true)
}

// folder answers with the way to the folder that the request means without saying so, if there is an index
// document in it that the caller may read; nil if there is none.
func (v *visit) folder(ctx context.Context) (*httpapi.Response, error) {
	index, to, ok := v.config.Folder(v.asked.Key)
	if !ok {
		return nil, nil
	}
	o, err := v.Objects.Find(ctx, v.c, v.bucket, index)
	if o == nil || err != nil {
		// A key that is too long for an index document names no folder.
		if apierr.Is(err, "KeyTooLongError") {
			err = nil
		}
		return nil, err
	}
	err = v.Objects.MayRead(ctx, v.c, v.bucket, index, o)
	if apierr.Is(err, "AccessDenied") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return found(v.c, to), nil
}

// errorDocument answers with the website's own page for a failure, or with S3's that also tells why there
// is none.
func (v *visit) errorDocument(ctx context.Context, failure *apierr.Error) (*httpapi.Response, error) {
	key := v.config.Error.Key
	o, err := v.Objects.Find(ctx, v.c, v.bucket, key)
	switch {
	case err == nil && o == nil:
		err = v.Objects.Missing(ctx, v.c, v.bucket, key)
	case err == nil:
		err = v.Objects.MayRead(ctx, v.c, v.bucket, key, o)
	}
	if err != nil {
		return nil, &doubleError{failure, err}
	}
	if location := o.GetMetadata().GetWebsiteRedirect(); location != "" {
		return redirect(website.Target{Status: http.StatusMovedPermanently, Location: website.Printable(location)}), nil
	}
	r, err := v.Objects.Send(ctx, v.c, v.bucket, key, o, false)
	if err != nil {
		return nil, err
	}
	r.Status = failure.Status
	writeFailure(r.Header, failure)
	return r, nil
}

// doubleError is a failure for which there is an error document that failed as well.
type doubleError struct {
	failure  *apierr.Error
	document error
}

func (e *doubleError) Error() string {
	return e.failure.Error() + "; error document: " + e.document.Error()
}
func (e *doubleError) Unwrap() error { return e.failure }
