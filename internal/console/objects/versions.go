package objects

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// history is the versions of one key.
type history struct {
	*address
	Versions    []entry
	Next, First string
	Problem     *page.Problem
}

// showVersions lists the versions and delete markers of a key. Its prefix is the key, which comes first among all keys
// that begin with it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func showVersions(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &history{address: addressed(v)}
	if d.Key == "" {
		return nil, page.Missing("The address names no object.")
	}
	in := &s3.ListObjectVersionsInput{Bucket: &d.Bucket, Prefix: &d.Key, MaxKeys: aws.Int32(perPage), EncodingType: types.EncodingTypeUrl}
	if marker := v.Query("versionIdMarker"); marker != "" {
		in.KeyMarker, in.VersionIdMarker = &d.Key, &marker
		d.First = d.At("versions")
	}
	out, err := v.AWS.S3().ListObjectVersions(ctx, in)
	if err != nil {
		d.Problem = v.Problem(err)
		return d.view("versions", "Versions", "object-versions", d), nil
	}
	for _, e := range versionsOf(out) {
		if e.Key == d.Key {
			d.Versions = append(d.Versions, e)
		}
	}
	if aws.ToBool(out.IsTruncated) && bucket.Key(out.NextKeyMarker) == d.Key {
		d.Next = page.Query(page.Path("buckets", d.Bucket, "object", "versions"), "key", d.Key, "versionIdMarker", aws.ToString(out.NextVersionIdMarker))
	}
	return d.view("versions", "Versions", "object-versions", d), nil
}

// restore makes a version the current one: by copying it, or, if what is selected is a delete marker, by deleting it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html
func restore(ctx context.Context, v *page.Visit) (*page.Done, error) {
	at := addressed(v)
	kind, id, _ := strings.Cut(v.Form("version"), ":")
	back := page.Query(page.Path("buckets", at.Bucket, "object", "versions"), "key", at.Key)
	switch {
	case id == "":
		return nil, page.Invalid("Choose a version.")
	case kind == "marker":
		_, err := v.AWS.S3().DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &at.Bucket, Key: &at.Key, VersionId: &id})
		return &page.Done{To: back, Note: "The delete marker was removed."}, err
	}
	_, err := v.AWS.S3().CopyObject(ctx, &s3.CopyObjectInput{Bucket: &at.Bucket, Key: &at.Key, CopySource: source(&address{Bucket: at.Bucket, Key: at.Key, VersionID: id})})
	return &page.Done{To: back, Note: "Version " + id + " was copied and is the current version now."}, err
}
