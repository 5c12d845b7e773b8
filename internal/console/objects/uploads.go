package objects

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// unfinished is a page of the uploads that were begun and neither completed nor aborted.
type unfinished struct {
	Bucket, Prefix string
	Uploads        []upload
	Next, First    string
	Problem        *page.Problem
}

type upload struct {
	Key, ID   string
	Initiator string
	Class     string
	Initiated *time.Time
}

// listUploads lists them. They cost as much as objects do, and no list of objects has them.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
func listUploads(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &unfinished{Bucket: v.Path("bucket"), Prefix: v.Query("prefix")}
	here := page.Path("buckets", d.Bucket, "uploads")
	in := &s3.ListMultipartUploadsInput{Bucket: &d.Bucket, MaxUploads: aws.Int32(perPage), EncodingType: types.EncodingTypeUrl}
	if d.Prefix != "" {
		in.Prefix = &d.Prefix
	}
	if marker := v.Query("keyMarker"); marker != "" {
		in.KeyMarker, in.UploadIdMarker = &marker, aws.String(v.Query("uploadIdMarker"))
		d.First = page.Query(here, "prefix", d.Prefix)
	}
	out, err := v.AWS.S3().ListMultipartUploads(ctx, in)
	if err != nil {
		d.Problem = v.Problem(err)
	} else {
		for _, u := range out.Uploads {
			one := upload{Key: bucket.Key(u.Key), ID: aws.ToString(u.UploadId), Class: string(u.StorageClass), Initiated: u.Initiated}
			if u.Initiator != nil {
				one.Initiator = aws.ToString(u.Initiator.ID)
			}
			d.Uploads = append(d.Uploads, one)
		}
		if aws.ToBool(out.IsTruncated) {
			d.Next = page.Query(here, "prefix", d.Prefix, "keyMarker", bucket.Key(out.NextKeyMarker), "uploadIdMarker", aws.ToString(out.NextUploadIdMarker))
		}
	}
	return &page.View{Title: "Unfinished uploads", Crumbs: bucket.Crumbs(d.Bucket, "Unfinished uploads"), Template: "uploads", Data: d}, nil
}

// aborting is the page that gives an upload up.
type aborting struct{ Bucket, Key, Name, ID string }

func abortingOf(v *page.Visit) *aborting {
	key := v.Query("key")
	return &aborting{v.Path("bucket"), key, nameOf(key), v.Query("uploadId")}
}

func showAbort(_ context.Context, v *page.Visit) (*page.View, error) {
	d := abortingOf(v)
	return &page.View{Title: "Abort an upload", Crumbs: bucket.Crumbs(d.Bucket, "Abort an upload"), Template: "abort-upload", Data: d}, nil
}

func abortUpload(ctx context.Context, v *page.Visit) (*page.Done, error) {
	d := abortingOf(v)
	if err := v.Confirmed(d.Name); err != nil {
		return nil, err
	}
	_, err := v.AWS.S3().AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &d.Bucket, Key: &d.Key, UploadId: &d.ID})
	return &page.Done{To: page.Path("buckets", d.Bucket, "uploads"), Note: "The upload of " + d.Key + " was aborted."}, err
}
