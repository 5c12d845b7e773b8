package clients_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// TestSDK uploads in parts, copies parts, asks for ranges and conditions, and presigns.
func TestSDK(t *testing.T) {
	t.Parallel()
	ctx, client := t.Context(), first.s3
	bucket := first.newBucket(t)
	local := sample()
	for name, content := range local {
		first.put(t, bucket, name, content)
	}
	first.objects(t, bucket, "").expect(t, "after PutObject", local)

	content := local["parts.bin"]
	sdkMultipart(t, bucket, content)
	sdkRead(t, bucket, content)

	presigner := s3.NewPresignClient(client)
	put, err := presigner.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("presigned")})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, put.Method, put.URL, strings.NewReader("by URL"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	got, err := presigner.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("presigned")})
	if err != nil {
		t.Fatal(err)
	}
	if status, text := get(t, got.URL); response.StatusCode != http.StatusOK || status != http.StatusOK || string(text) != "by URL" {
		t.Errorf("presigned PUT answers %d, GET %d: %s", response.StatusCode, status, text)
	}
}

// sdkMultipart makes an object of two parts, one that is sent and one that is copied, with checksums.
func sdkMultipart(t *testing.T, bucket string, content []byte) {
	t.Helper()
	ctx, client, key := t.Context(), first.s3, aws.String("assembled")
	upload, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &bucket, Key: key, ChecksumAlgorithm: types.ChecksumAlgorithmSha256, Metadata: map[string]string{"colour": "grey"},
	})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &bucket, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(2), Body: bytes.NewReader(content[:6*mebibyte]),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	if err != nil {
		t.Fatal(err)
	}
	copied, err := client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: &bucket, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(7), CopySource: aws.String(bucket + "/parts.bin"),
		CopySourceRange: aws.String("bytes=100-199"),
	})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := client.ListParts(ctx, &s3.ListPartsInput{Bucket: &bucket, Key: key, UploadId: upload.UploadId})
	if err != nil || len(parts.Parts) != 2 || *parts.Parts[1].Size != 100 || *parts.Parts[0].ETag != *sent.ETag {
		t.Errorf("ListParts = %+v, %v", parts, err)
	}
	done, err := client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &bucket, Key: key, UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{
			{PartNumber: aws.Int32(2), ETag: sent.ETag, ChecksumSHA256: sent.ChecksumSHA256},
			{PartNumber: aws.Int32(7), ETag: copied.CopyPartResult.ETag, ChecksumSHA256: copied.CopyPartResult.ChecksumSHA256},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(*done.ETag, `-2"`) || !strings.HasSuffix(aws.ToString(done.ChecksumSHA256), "-2") {
		t.Errorf("ETag %s, checksum %s, want both of two parts", *done.ETag, aws.ToString(done.ChecksumSHA256))
	}
	want := append(bytes.Clone(content[:6*mebibyte]), content[100:200]...)
	if got := first.object(t, bucket, "assembled"); !bytes.Equal(got, want) {
		t.Errorf("the assembled object has %d bytes that are not the %d that were sent", len(got), len(want))
	}
}

// sdkRead asks for ranges, parts and conditions.
func sdkRead(t *testing.T, bucket string, content []byte) {
	t.Helper()
	ctx, client := t.Context(), first.s3
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("parts.bin"), Range: aws.String("bytes=-13")})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if got, err := io.ReadAll(out.Body); err != nil || !bytes.Equal(got, content[20*mebibyte:]) {
		t.Errorf("the last 13 bytes are %d others, %v", len(got), err)
	}
	part, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("assembled"), PartNumber: aws.Int32(2)})
	if err != nil || *part.ContentLength != 100 || *part.PartsCount != 2 {
		t.Errorf("HeadObject of part 2 = %+v, %v", part, err)
	}
	for _, c := range []struct {
		input *s3.GetObjectInput
		code  string
	}{
		{&s3.GetObjectInput{IfNoneMatch: out.ETag}, "NotModified"},
		{&s3.GetObjectInput{IfMatch: aws.String(`"other"`)}, "PreconditionFailed"},
		{&s3.GetObjectInput{Range: aws.String("bytes=99999999-")}, "InvalidRange"},
		{&s3.GetObjectInput{ExpectedBucketOwner: &second.ID}, "AccessDenied"},
	} {
		c.input.Bucket, c.input.Key = &bucket, aws.String("parts.bin")
		_, err := client.GetObject(ctx, c.input)
		var failure smithy.APIError
		if !errors.As(err, &failure) || failure.ErrorCode() != c.code {
			t.Errorf("GetObject gives %v, want %s", err, c.code)
		}
	}
}
