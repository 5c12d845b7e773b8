// Package buckets is the list of buckets, and how they are made, emptied and deleted.
package buckets

import (
	"context"
	"embed"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html assets
var files embed.FS

const area = "buckets"

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "buckets", Templates: []fs.FS{page.Templates(files)}, Assets: page.Assets(files), Rows: []page.Row{
		{Path: "/buckets", Area: area, Get: list, Actions: map[string]page.Action{"open": open}},
		{Path: "/create/bucket", Area: area, Get: showCreate, Actions: map[string]page.Action{"create": create}},
		{Path: "/buckets/{bucket}/delete", Area: area, Get: showDelete, Actions: map[string]page.Action{"delete": remove}},
		{Path: "/buckets/{bucket}/empty", Area: area, Get: showEmpty, Actions: map[string]page.Action{"empty": empty}},
	}}
}

// perPage is how many buckets a page has.
const perPage = 100

// listed is a page of the list.
type listed struct {
	Prefix  string
	Region  string
	Buckets []types.Bucket
	// Next and First lead to other pages; empty: there are none.
	Next, First string
	Problem     *page.Problem
}

// list shows the buckets of the account, by pages.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
func list(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &listed{Prefix: strings.TrimSpace(v.Query("prefix")), Region: v.Region()}
	in := &s3.ListBucketsInput{MaxBuckets: aws.Int32(perPage)}
	if d.Prefix != "" {
		in.Prefix = &d.Prefix
	}
	if token := v.Query("token"); token != "" {
		in.ContinuationToken = &token
		d.First = page.Query("/buckets", "prefix", d.Prefix)
	}
	out, err := v.AWS.S3().ListBuckets(ctx, in)
	if err != nil {
		// Somebody who may not list may still open a bucket by its name.
		d.Problem = v.Problem(err)
	} else {
		d.Buckets = out.Buckets
		d.Next = page.Query("/buckets", "prefix", d.Prefix, "token", aws.ToString(out.ContinuationToken))
		if aws.ToString(out.ContinuationToken) == "" {
			d.Next = ""
		}
	}
	return &page.View{Title: "Buckets", Template: "buckets", Data: d}, nil
}

// open leads to a bucket, also of another account, which no list has.
func open(_ context.Context, v *page.Visit) (*page.Done, error) {
	name := strings.TrimPrefix(v.Text("name"), "s3://")
	name, prefix, _ := strings.Cut(name, "/")
	if name == "" {
		return nil, page.Invalid("Type the name of the bucket.")
	}
	return &page.Done{To: page.Query(page.Path("buckets", name), "prefix", prefix)}, nil
}
