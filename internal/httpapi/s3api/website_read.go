package s3api

import (
	"context"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// What the website endpoint (package websiteapi) has in common with GetObject and HeadObject: how an object
// is found, judged and sent. A website knows no versions but the current ones.

// Find returns the current version of a key; nil if there is none, or if it is a delete marker.
func (s *Service) Find(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string) (*records.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	a, err := loadVersion(ctx, s.objects.Get, b, key, "")
	if a.object != nil {
		c.Record.ObjectOwner = b.ObjectOwner(a.object)
	}
	return a.object, err
}

// MayRead asks whether c's caller may read o, the object of a key; nil stands for one that is not there.
func (s *Service) MayRead(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string, o *records.Object) error {
	check := taggedCheck(b, key, "s3:GetObject", o, func(*policy.Context) {})
	return c.Authorize(ctx, &check)
}

// Missing returns NoSuchKey if c's caller may know that there is no object of a key, else AccessDenied.
// Whoever may read the key if it were there may, and whoever may list the bucket.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteAccessPermissionsReqd.html
func (s *Service) Missing(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string) error {
	err := s.MayRead(ctx, c, b, key, nil)
	if apierr.Is(err, "AccessDenied") {
		check := missingKey(b, key)
		err = c.Authorize(ctx, &check)
	}
	if err != nil {
		return err
	}
	a, err := loadVersion(ctx, s.objects.Head, b, key, "")
	switch {
	case err != nil:
		return err
	case a.marker != nil:
		return a.missing(http.MethodGet)
	}
	return noSuchKey(key)
}

// Send answers a GET or HEAD with o, the object of a key; the conditions and the range of the request count
// if asked is true. An error that wraps blob.ErrNotFound means that o was replaced meanwhile.
func (s *Service) Send(ctx context.Context, c *httpapi.Call, b *access.Bucket, key string, o *records.Object, asked bool) (*httpapi.Response, error) {
	in := &getObjectInput{addressed: addressed{bucket: b, key: key, object: o}}
	if asked {
		in.cond = decodeConditions(c.HTTP, "", c.Time)
		if text := header(c.HTTP, "Range"); text != "" {
			if _, ok := parseRange(text); ok {
				in.rangeText = text
			}
		}
	}
	r, p, err := in.answer(c)
	if err != nil || r.Status == http.StatusNotModified || c.HTTP.Method == http.MethodHead {
		return r, err
	}
	r.Stream, err = s.open(ctx, c, in, p)
	return r, err
}
