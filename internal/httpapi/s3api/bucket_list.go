package s3api

import (
	"context"
	"net/http"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/objects"
	"crossgrant/internal/wire/restxml"
)

// maxBucketPage is the largest page of ListBuckets.
const maxBucketPage = 10_000

type listBucketsInput struct {
	prefix, region string
	max            int
	paged          bool   // a parameter was sent
	after          string // of the continuation token
}

// listBuckets is ListBuckets: the buckets of the caller's account. The action has no resource type; the
// resource is nevertheless written as an ARN here, because policies that allow the action on
// arn:aws:s3:::* work on AWS.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
func (s *Service) listBuckets() httpapi.Operation {
	return httpapi.Row[listBucketsInput]{
		Name:   "ListBuckets",
		Decode: decodeListBuckets,
		Load: func(_ context.Context, c *httpapi.Call, _ *listBucketsInput) error {
			return refuseAnonymous(c, "Access Denied")
		},
		Checks: func(c *httpapi.Call, _ *listBucketsInput) []access.Check {
			return []access.Check{{Action: "s3:ListAllMyBuckets", Resource: arn.Bucket("*").String(), Owner: c.Caller.Account}}
		},
		Run: s.runListBuckets,
	}.Operation()
}

func decodeListBuckets(c *httpapi.Call) (*listBucketsInput, error) {
	query := c.Query()
	in := &listBucketsInput{prefix: query.Get("prefix"), region: query.Get("bucket-region"), max: maxBucketPage}
	for _, name := range []string{"max-buckets", "prefix", "bucket-region", "continuation-token"} {
		in.paged = in.paged || query.Has(name)
	}
	var err error
	if query.Has("max-buckets") {
		in.max, err = decodeLimit(query, "max-buckets", maxBucketPage+1)
	}
	if err != nil {
		return nil, err
	}
	if in.max < 1 || in.max > maxBucketPage {
		return nil, invalidArgument("max-buckets", query.Get("max-buckets"), "Argument max-buckets must be an integer between 1 and 10000")
	}
	if token := query.Get("continuation-token"); token != "" {
		var ok bool
		if in.after, ok = parseToken(token); !ok {
			return nil, apierr.New(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect").
				With("ArgumentName", "continuation-token")
		}
	}
	return in, nil
}

// page returns the buckets of the page, and the token of the next one.
func (in *listBucketsInput) page(all []objects.BucketInfo) (page []objects.BucketInfo, next string) {
	for _, b := range all {
		if b.Name <= in.after || !strings.HasPrefix(b.Name, in.prefix) || in.region != "" && b.Region != in.region {
			continue
		}
		if in.paged && len(page) == in.max {
			return page, newToken(page[len(page)-1].Name)
		}
		page = append(page, b)
	}
	return page, ""
}

func (s *Service) runListBuckets(ctx context.Context, c *httpapi.Call, in *listBucketsInput) (*httpapi.Response, error) {
	all, err := s.objects.ListBuckets(ctx, c.Caller.Account)
	if err != nil {
		return nil, err
	}
	page, next := in.page(all)
	d := restxml.New("ListAllMyBucketsResult")
	d.Open("Owner")
	d.Text("ID", string(c.Caller.CanonicalID))
	d.Text("DisplayName", c.Caller.AccountName)
	d.Close()
	d.Open("Buckets")
	for _, b := range page {
		d.Open("Bucket")
		d.Text("Name", b.Name)
		d.Time("CreationDate", b.Created)
		if in.paged {
			d.Text("BucketRegion", b.Region)
		}
		d.Close()
	}
	d.Close()
	d.TextIf("ContinuationToken", next)
	d.TextIf("Prefix", in.prefix)
	return document(d), nil
}
