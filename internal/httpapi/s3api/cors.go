package s3api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/cors"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
	"crossgrant/internal/wire/restxml"
)

// corsConfiguration is the body of PutBucketCors.
type corsConfiguration struct {
	Rules []corsRule `element:"CORSRule"`
}

type corsRule struct {
	ID            string   `element:"ID"`
	Origins       []string `element:"AllowedOrigin"`
	Methods       []string `element:"AllowedMethod"`
	Headers       []string `element:"AllowedHeader"`
	Expose        []string `element:"ExposeHeader"`
	MaxAgeSeconds *int64   `element:"MaxAgeSeconds"`
}

// decodeCORS reads the body of PutBucketCors.
func decodeCORS(body []byte) (*records.CORS, error) {
	in := new(corsConfiguration)
	if err := restxml.Decode(body, "CORSConfiguration", in); err != nil {
		return nil, err
	}
	out := &records.CORS{}
	rules := make([]cors.Rule, len(in.Rules))
	for i, r := range in.Rules {
		rules[i] = cors.Rule{ID: r.ID, Origins: r.Origins, Methods: r.Methods, Headers: r.Headers, Expose: r.Expose, MaxAge: -1}
		stored := &records.CORSRule{Id: r.ID, Origins: r.Origins, Methods: r.Methods, Headers: r.Headers, Expose: r.Expose}
		if r.MaxAgeSeconds != nil {
			if *r.MaxAgeSeconds < 0 || *r.MaxAgeSeconds > math.MaxInt32 {
				return nil, restxml.Malformed(errors.New("MaxAgeSeconds out of range"))
			}
			rules[i].MaxAge = int32(*r.MaxAgeSeconds)
			stored.MaxAge = &rules[i].MaxAge
		}
		out.Rules = append(out.Rules, stored)
	}
	err := cors.Check(rules)
	if errors.Is(err, cors.ErrSchema) {
		err = restxml.Malformed(err)
	}
	return out, err
}

// putBucketCORS is PutBucketCors.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
func (s *Service) putBucketCORS() httpapi.Operation {
	return largeSetting(s, "PutBucketCors", "s3:PutBucketCORS", keys.CORS, decodeCORS, http.StatusOK)
}

// deleteBucketCORS is DeleteBucketCors. A bucket without rules has none afterwards.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html
func (s *Service) deleteBucketCORS() httpapi.Operation {
	return largeSetting[records.CORS](s, "DeleteBucketCors", "s3:PutBucketCORS", keys.CORS, nil, http.StatusNoContent)
}

// getBucketCORS is GetBucketCors.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html
func (s *Service) getBucketCORS() httpapi.Operation {
	return s.onlyBucket("GetBucketCors", "s3:GetBucketCORS", func(_ context.Context, _ *httpapi.Call, b *access.Bucket) (*httpapi.Response, error) {
		if b.Settings.CORS == nil {
			return nil, apierr.New(http.StatusNotFound, "NoSuchCORSConfiguration", "The CORS configuration does not exist").
				With("BucketName", b.Record.Name)
		}
		return document(renderCORS(b.Settings.CORS)), nil
	})
}

// renderCORS returns the rules as they were put, the elements of a rule in the order of AWS's examples.
func renderCORS(stored *records.CORS) *restxml.Document {
	d := restxml.New("CORSConfiguration")
	each := func(name string, values []string) {
		for _, value := range values {
			d.Text(name, value)
		}
	}
	for _, r := range stored.Rules {
		d.Open("CORSRule")
		d.TextIf("ID", r.Id)
		each("AllowedOrigin", r.Origins)
		each("AllowedMethod", r.Methods)
		each("AllowedHeader", r.Headers)
		if r.MaxAge != nil {
			d.Int("MaxAgeSeconds", int64(*r.MaxAge))
		}
		each("ExposeHeader", r.Expose)
		d.Close()
	}
	return d
}

// CORS returns the rules of the bucket that a request addresses, as far as it can be read.
func (s *Service) CORS(ctx context.Context, c *httpapi.Call) *records.CORS {
	bucket, _, err := s.locate(c.HTTP)
	if err != nil || bucket == "" {
		return nil
	}
	b, err := s.Buckets.Bucket(ctx, bucket)
	if err != nil {
		return nil
	}
	return b.Settings.CORS
}

// Unsigned reports whether r is a preflight request. Browsers sign none, and may send one to a URL whose
// query signs something else.
//
// Source: https://fetch.spec.whatwg.org/#cors-preflight-fetch
func (s *Service) Unsigned(r *http.Request) bool { return r.Method == http.MethodOptions }

// preflightOf returns the operation that answers a preflight request to a bucket or an object, whatever
// parameters it has: they are those of the request that the browser asks about.
func (s *Service) preflightOf(c *httpapi.Call) (*httpapi.Operation, bool) {
	if c.HTTP.Method != http.MethodOptions || c.Bucket == "" {
		return nil, false
	}
	t := target{method: http.MethodOptions, on: onObject}
	if c.Key == "" {
		t.on = onBucket
	}
	operation, ok := s.table[t]
	return &operation, ok
}

// preflight answers the preflight request of a browser. Whether there is an object is not looked at.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors-troubleshooting.html and the answers recorded in
// tests/aws/services/s3/test_s3_cors.snapshot.json of https://github.com/localstack/localstack
func (s *Service) preflight() httpapi.Operation {
	return httpapi.Row[struct{}]{
		Name:      "PreflightRequest",
		Unchecked: "preflight requests are answered from a bucket's CORS rules alone",
		Decode: func(c *httpapi.Call) (*struct{}, error) {
			if !has(c.HTTP, "Origin") {
				return nil, badPreflight("Insufficient information. Origin request header needed.")
			}
			return new(struct{}), nil
		},
		Run: s.runPreflight,
	}.Operation()
}

func (s *Service) runPreflight(ctx context.Context, c *httpapi.Call, _ *struct{}) (*httpapi.Response, error) {
	b, err := s.Buckets.Bucket(ctx, c.Bucket)
	switch {
	case apierr.Is(err, "NoSuchBucket"):
		return nil, refusedPreflight(c, onBucket, "Bucket not found")
	case err != nil:
		return nil, err
	}
	c.Record.ResourceOwner = b.Owner
	if b.Settings.CORS == nil {
		return nil, refusedPreflight(c, onBucket, "CORS is not enabled for this bucket.")
	}
	const name = "Access-Control-Request-Method"
	method := header(c.HTTP, name)
	if !slices.Contains(cors.Methods, method) {
		if method == "" {
			method = "null"
		}
		return nil, badPreflight("Invalid " + name + ": " + method)
	}
	h := httpapi.CrossOrigin(c.HTTP, b.Settings.CORS)
	if h == nil {
		on := onObject
		if c.Key == "" {
			on = onBucket
		}
		return nil, refusedPreflight(c, on, "This CORS request is not allowed. This is usually because the evalution of Origin, "+
			"request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
	}
	return &httpapi.Response{Header: h}, nil
}

func badPreflight(message string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "BadRequest", "%s", message)
}

// refusedPreflight is the error for a preflight request that no rule allows.
func refusedPreflight(c *httpapi.Call, on resource, message string) *apierr.Error {
	method := header(c.HTTP, "Access-Control-Request-Method")
	if method == "" {
		method = http.MethodOptions
	}
	return apierr.New(http.StatusForbidden, "AccessForbidden", "CORSResponse: %s", message).
		With("Method", method).With("ResourceType", string(on))
}

var (
	_ httpapi.Sharer   = (*Service)(nil)
	_ httpapi.Unsigned = (*Service)(nil)
)
