package clients_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/tags"
)

// TestMinioGo stores, reads, lists, copies, shares and deletes objects.
func TestMinioGo(t *testing.T) {
	t.Parallel()
	client, err := minio.New(first.server.Address, &minio.Options{
		Creds: credentials.NewStaticV4(first.AccessKeyID, first.SecretAccessKey, ""), Region: "us-east-1", MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	bucket := bucketName()
	if err := client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	if there, err := client.BucketExists(t.Context(), bucket); err != nil || !there {
		t.Fatalf("BucketExists = %t, %v", there, err)
	}
	local := sample()
	minioWrite(t, client, bucket, local)
	minioRead(t, client, bucket, local["parts.bin"])
	minioCopy(t, client, bucket, local)
	minioShare(t, client, bucket)
	minioDelete(t, client, bucket)
}

// minioWrite stores the files, the largest without saying how long it is, and looks at the list.
func minioWrite(t *testing.T, client *minio.Client, bucket string, local files) {
	t.Helper()
	options := minio.PutObjectOptions{ContentType: "text/x-sample", UserMetadata: map[string]string{"colour": "grey"}, PartSize: 5 * mebibyte}
	for name, content := range local {
		size := int64(len(content))
		if name == "parts.bin" {
			size = -1
		}
		info, err := client.PutObject(t.Context(), bucket, name, bytes.NewReader(content), size, options)
		if err != nil || info.Size != int64(len(content)) {
			t.Errorf("PutObject %s = %+v, %v", name, info, err)
		}
	}
	first.objects(t, bucket, "").expect(t, "after PutObject", local)
	stat, err := client.StatObject(t.Context(), bucket, "grüße/日本語.txt", minio.StatObjectOptions{})
	if err != nil || stat.ContentType != "text/x-sample" || stat.UserMetadata["Colour"] != "grey" {
		t.Errorf("StatObject = %+v, %v", stat, err)
	}
	if _, err := client.StatObject(t.Context(), bucket, "missing", minio.StatObjectOptions{}); minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		t.Errorf("StatObject of a missing key: %v", err)
	}
	if got := minioKeys(t, client, bucket, minio.ListObjectsOptions{MaxKeys: 2}); !slices.Equal(got, []string{
		"blob.bin", "empty", "folder.txt", "folder/", "grüße/", "inline.bin", "parts.bin", "plain.txt", "plus+and&equals=percent%41.txt",
		"quotes'(and)!brackets[1].txt", "with space.txt",
	}) {
		t.Errorf("the list has %q", got)
	}
}

// minioRead reads the object parts.bin at places, as a file, and into one.
func minioRead(t *testing.T, client *minio.Client, bucket string, want []byte) {
	t.Helper()
	object, err := client.GetObject(t.Context(), bucket, "parts.bin", minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	if _, err := object.Seek(-100, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if end, err := io.ReadAll(object); err != nil || !bytes.Equal(end, want[len(want)-100:]) {
		t.Errorf("the last 100 bytes are %d others, %v", len(end), err)
	}
	middle := make([]byte, 1000)
	if _, err := object.ReadAt(middle, 10*mebibyte-500); err != nil || !bytes.Equal(middle, want[10*mebibyte-500:][:1000]) {
		t.Errorf("ReadAt reads other bytes, %v", err)
	}
	file := filepath.Join(t.TempDir(), "parts.bin")
	if err := client.FGetObject(t.Context(), bucket, "parts.bin", file, minio.GetObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	readFiles(t, filepath.Dir(file)).expect(t, "after FGetObject", files{"parts.bin": want})
}

// minioCopy copies an object, and composes one of a whole object and a range of it.
func minioCopy(t *testing.T, client *minio.Client, bucket string, local files) {
	t.Helper()
	_, err := client.CopyObject(t.Context(), minio.CopyDestOptions{Bucket: bucket, Object: "copies/plain.txt"},
		minio.CopySrcOptions{Bucket: bucket, Object: "plain.txt"})
	if err != nil {
		t.Error(err)
	}
	_, err = client.ComposeObject(t.Context(), minio.CopyDestOptions{Bucket: bucket, Object: "copies/composed.bin"},
		minio.CopySrcOptions{Bucket: bucket, Object: "parts.bin"},
		minio.CopySrcOptions{Bucket: bucket, Object: "parts.bin", MatchRange: true, Start: 1, End: 6*mebibyte - 1})
	if err != nil {
		t.Error(err)
	}
	parts := local["parts.bin"]
	first.objects(t, bucket, "copies/").expect(t, "after copies", files{
		"plain.txt": local["plain.txt"], "composed.bin": append(bytes.Clone(parts), parts[1:6*mebibyte]...),
	})
}

// minioDelete deletes all objects by lists, and the bucket.
func minioDelete(t *testing.T, client *minio.Client, bucket string) {
	t.Helper()
	found := make(chan minio.ObjectInfo)
	go func() {
		defer close(found)
		for o := range client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
			found <- o
		}
	}()
	for failure := range client.RemoveObjects(t.Context(), bucket, found, minio.RemoveObjectsOptions{}) {
		t.Errorf("RemoveObjects %s: %v", failure.ObjectName, failure.Err)
	}
	if err := client.RemoveBucket(t.Context(), bucket); err != nil {
		t.Error(err)
	}
}

// minioShare tags an object and gives it to people without credentials, by URL and by policy.
func minioShare(t *testing.T, client *minio.Client, bucket string) {
	t.Helper()
	ctx := t.Context()
	set, err := tags.MapToObjectTags(map[string]string{"for": "all"})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.PutObjectTagging(ctx, bucket, "plain.txt", set, minio.PutObjectTaggingOptions{}); err != nil {
		t.Error(err)
	}
	if got, err := client.GetObjectTagging(ctx, bucket, "plain.txt", minio.GetObjectTaggingOptions{}); err != nil || got.ToMap()["for"] != "all" {
		t.Errorf("GetObjectTagging = %v, %v", got, err)
	}
	shared, err := client.PresignedGetObject(ctx, bucket, "plain.txt", time.Minute, url.Values{"response-content-type": {"text/plain"}})
	if err != nil {
		t.Fatal(err)
	}
	if status, content := get(t, shared.String()); status != http.StatusOK || string(content) != "plain\n" {
		t.Errorf("the presigned URL answers %d: %s", status, content)
	}
	open := first.endpoint() + "/" + bucket + "/plain.txt"
	if status, content := get(t, open); status != http.StatusForbidden {
		t.Errorf("before there is a policy everybody gets %d: %s", status, content)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` +
		bucket + `/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/for":"all"}}}]}`
	if err := client.SetBucketPolicy(ctx, bucket, policy); err != nil {
		t.Fatal(err)
	}
	if status, content := get(t, open); status != http.StatusOK || string(content) != "plain\n" {
		t.Errorf("everybody gets %d: %s", status, content)
	}
	if status, content := get(t, first.endpoint()+"/"+bucket+"/empty"); status != http.StatusForbidden {
		t.Errorf("everybody gets what has no tag: %d: %s", status, content)
	}
}

// minioKeys returns what is listed, in order.
func minioKeys(t *testing.T, client *minio.Client, bucket string, options minio.ListObjectsOptions) []string {
	t.Helper()
	var keys []string
	for o := range client.ListObjects(t.Context(), bucket, options) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		keys = append(keys, o.Key)
	}
	slices.Sort(keys) // within a page prefixes come behind keys
	return keys
}
