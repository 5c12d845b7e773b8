package buckets

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

// deletion is the page that deletes a bucket.
type deletion struct {
	Bucket string
	// Holds says that something is in it, also if it is an older version or a delete marker only.
	Holds   bool
	Problem *page.Problem
}

func showDelete(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &deletion{Bucket: v.Path("bucket")}
	out, err := v.AWS.S3().ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &d.Bucket, MaxKeys: aws.Int32(1)})
	if err != nil {
		d.Problem = v.Problem(err)
	} else {
		d.Holds = len(out.Versions)+len(out.DeleteMarkers) > 0
	}
	return &page.View{Title: "Delete " + d.Bucket, Crumbs: bucket.Crumbs(d.Bucket, "Delete"), Template: "delete-bucket", Data: d}, nil
}

// remove deletes an empty bucket.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
func remove(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Path("bucket")
	if err := v.Confirmed(name); err != nil {
		return nil, err
	}
	if _, err := v.AWS.S3().DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name}); err != nil {
		return nil, err
	}
	return &page.Done{To: "/buckets", Note: "The bucket " + name + " was deleted."}, nil
}

// emptying is the page that deletes everything in a bucket, or below a prefix.
type emptying struct {
	Bucket, Prefix string
	// What has to be typed.
	Confirm string
	// Deleted is how much a batch without a script deleted; More: there is more.
	Deleted string
	More    bool
	Errors  []string
}

func showEmpty(_ context.Context, v *page.Visit) (*page.View, error) {
	return emptyView(&emptying{Bucket: v.Path("bucket"), Prefix: v.Query("prefix")}), nil
}

func emptyView(d *emptying) *page.View {
	title := "Empty bucket"
	if d.Prefix != "" {
		title = "Delete a prefix"
	}
	d.Confirm = d.Bucket
	return &page.View{Title: title, Crumbs: bucket.Crumbs(d.Bucket, title), Template: "empty-bucket", Data: d}
}

// batch is what one request of emptying did. Its JSON is for empty.js.
type batch struct {
	Deleted int
	// More says that there may be more, after the markers.
	More                       bool
	KeyMarker, VersionIDMarker string
	// Errors are of what could not be deleted, a few of them.
	Errors []string
	Failed int
	// Problem is why nothing could be.
	Problem *page.Problem
}

// fewErrors is how many errors of a batch are told.
const fewErrors = 10

// empty deletes one batch: up to 1,000 versions and delete markers. The page's script goes on until nothing is left, and
// can stop and go on at any time; without it the visitor does by clicking.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html
func empty(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, prefix := v.Path("bucket"), v.Query("prefix")
	if v.Dry() {
		showEmptying(v, name, prefix)
		return &page.Done{}, nil
	}
	scripted := v.Part()
	err := v.Confirmed(name)
	var b *batch
	if err == nil {
		b, err = deleteBatch(ctx, v, name, prefix)
	}
	switch {
	case scripted && err != nil:
		return raw(&batch{Problem: v.Problem(err)})
	case err != nil:
		return nil, err
	case scripted:
		return raw(b)
	}
	return &page.Done{View: emptyView(&emptying{Bucket: name, Prefix: prefix, Deleted: fmt.Sprint(b.Deleted), More: b.More, Errors: b.Errors})}, nil
}

func deleteBatch(ctx context.Context, v *page.Visit, name, prefix string) (*batch, error) {
	in := &s3.ListObjectVersionsInput{Bucket: &name, EncodingType: types.EncodingTypeUrl}
	if prefix != "" {
		in.Prefix = &prefix
	}
	if marker := v.Form("keyMarker"); marker != "" {
		in.KeyMarker, in.VersionIdMarker = &marker, aws.String(v.Form("versionIdMarker"))
	}
	found, err := v.AWS.S3().ListObjectVersions(ctx, in)
	if err != nil {
		return nil, err
	}
	var objects []types.ObjectIdentifier
	for _, version := range found.Versions {
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(bucket.Key(version.Key)), VersionId: version.VersionId})
	}
	for _, marker := range found.DeleteMarkers {
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(bucket.Key(marker.Key)), VersionId: marker.VersionId})
	}
	b := &batch{More: aws.ToBool(found.IsTruncated), KeyMarker: bucket.Key(found.NextKeyMarker), VersionIDMarker: aws.ToString(found.NextVersionIdMarker)}
	if len(objects) == 0 {
		return b, nil
	}
	failed, err := bucket.Delete(ctx, v, name, objects)
	if err != nil {
		return nil, err
	}
	b.Failed = len(failed)
	b.Deleted = len(objects) - b.Failed
	for _, e := range failed[:min(len(failed), fewErrors)] {
		b.Errors = append(b.Errors, fmt.Sprintf("%s: %s: %s", aws.ToString(e.Key), aws.ToString(e.Code), aws.ToString(e.Message)))
	}
	return b, nil
}

func raw(b *batch) (*page.Done, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	return &page.Done{View: &page.View{Raw: &page.Raw{Type: "application/json", Body: body}}}, nil
}

// showEmptying shows the commands of one batch, which name no keys: there may be any number.
func showEmptying(v *page.Visit, name, prefix string) {
	words := []string{"aws", "s3api", "list-object-versions", "--bucket", name}
	if prefix != "" {
		words = append(words, "--prefix", prefix)
	}
	words = append(words, "--max-items", "1000", "--output", "json", "--query", "{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}, Quiet: `true`}")
	v.AWS.Show(cli.Command{Text: cli.Join(words...) + " > batch.json", Writes: true})
	v.AWS.Show(cli.Command{Text: cli.Join("aws", "s3api", "delete-objects", "--bucket", name, "--delete", "file://batch.json"), Writes: true})
}
