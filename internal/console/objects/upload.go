package objects

import (
	"context"
	"encoding/json"
	"path"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/page"
)

// answer sends JSON to the script upload.js: data, or the problem.
func answer(v *page.Visit, data any, err error) (*page.Done, error) {
	if v.Dry() {
		return &page.Done{}, err
	}
	if err != nil {
		data = struct{ Problem *page.Problem }{v.Problem(err)}
	}
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return &page.Done{View: &page.View{Raw: &page.Raw{Type: "application/json", Body: body}}}, nil
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// tellUpload shows what the form of the upload is about to do. The upload itself is the script's: files do not pass
// through the console.
func tellUpload(_ context.Context, v *page.Visit) (*page.Done, error) {
	o, err := readOptions(v)
	if err != nil {
		return nil, err
	}
	if !v.Dry() {
		return nil, page.Invalid("Uploading from this page needs its script: your browser sends files straight to the API. The command below does it as well.")
	}
	prefix := v.Query("prefix")
	prefix = prefix[:strings.LastIndex(prefix, "/")+1]
	names := v.Forms("file")
	if len(names) == 0 {
		names = []string{"FILE"}
	}
	for _, name := range names[:min(len(names), 5)] {
		v.AWS.Show(o.command(v.Path("bucket"), prefix+name, path.Base(name)))
	}
	return &page.Done{}, nil
}

// signPut signs the upload of a file in one request.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func signPut(ctx context.Context, v *page.Visit) (*page.Done, error) {
	o, err := readOptions(v)
	if err != nil {
		return answer(v, nil, err)
	}
	in := o.put(v.Path("bucket"), v.Form("key"))
	if sum := v.Form("crc32"); sum != "" {
		in.ChecksumCRC32 = &sum
	}
	r, err := presigner(v).PresignPutObject(ctx, in)
	if err != nil {
		return answer(v, nil, err)
	}
	return answer(v, forScript(r), nil)
}

// createUpload begins an upload in parts.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
func createUpload(ctx context.Context, v *page.Visit) (*page.Done, error) {
	o, err := readOptions(v)
	if err != nil {
		return answer(v, nil, err)
	}
	out, err := v.AWS.S3().CreateMultipartUpload(ctx, o.create(v.Path("bucket"), v.Form("key")))
	if err != nil || v.Dry() {
		return answer(v, nil, err)
	}
	return answer(v, struct{ UploadID string }{aws.ToString(out.UploadId)}, nil)
}

// signPart signs the upload of one part.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
func signPart(ctx context.Context, v *page.Visit) (*page.Done, error) {
	n, err := strconv.ParseInt(v.Form("part"), 10, 32)
	if err != nil {
		return answer(v, nil, page.Invalid("The part has no number."))
	}
	in := &s3.UploadPartInput{Bucket: aws.String(v.Path("bucket")), Key: aws.String(v.Form("key")), UploadId: aws.String(v.Form("uploadId")), PartNumber: aws.Int32(int32(n))}
	if sum := v.Form("crc32"); sum != "" {
		in.ChecksumCRC32 = &sum
	}
	r, err := presigner(v).PresignUploadPart(ctx, in)
	if err != nil {
		return answer(v, nil, err)
	}
	return answer(v, forScript(r), nil)
}

// uploaded is a part that is there.
type uploaded struct {
	N     int32
	ETag  string
	CRC32 string
	Size  int64
}

// listParts tells which parts are there, so that an upload can go on: 10,000 at most.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
func listParts(ctx context.Context, v *page.Visit) (*page.Done, error) {
	in := &s3.ListPartsInput{Bucket: aws.String(v.Path("bucket")), Key: aws.String(v.Form("key")), UploadId: aws.String(v.Form("uploadId"))}
	parts := []uploaded{}
	for {
		out, err := v.AWS.S3().ListParts(ctx, in)
		if err != nil {
			return answer(v, nil, err)
		}
		for _, p := range out.Parts {
			parts = append(parts, uploaded{aws.ToInt32(p.PartNumber), strings.Trim(aws.ToString(p.ETag), `"`), aws.ToString(p.ChecksumCRC32), aws.ToInt64(p.Size)})
		}
		if !aws.ToBool(out.IsTruncated) || out.NextPartNumberMarker == nil {
			return answer(v, struct{ Parts []uploaded }{parts}, nil)
		}
		in.PartNumberMarker = out.NextPartNumberMarker
	}
}

// completeUpload makes an object of the parts. They come as text, such as "1/ETAG/CRC32,2/ETAG/CRC32", as there may be 10,000; a
// checksum in base64 may have a slash, and is last.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
func completeUpload(ctx context.Context, v *page.Visit) (*page.Done, error) {
	var parts []types.CompletedPart
	for text := range strings.SplitSeq(v.Form("parts"), ",") {
		fields := strings.SplitN(text, "/", 3)
		n, err := strconv.ParseInt(fields[0], 10, 32)
		if err != nil || len(fields) != 3 {
			return answer(v, nil, page.Invalid("The parts cannot be read."))
		}
		part := types.CompletedPart{PartNumber: aws.Int32(int32(n)), ETag: aws.String(`"` + fields[1] + `"`)}
		if fields[2] != "" {
			part.ChecksumCRC32 = &fields[2]
		}
		parts = append(parts, part)
	}
	_, err := v.AWS.S3().CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: aws.String(v.Path("bucket")), Key: aws.String(v.Form("key")), UploadId: aws.String(v.Form("uploadId")),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	return answer(v, struct{}{}, err)
}

// abortByScript gives an upload up.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
func abortByScript(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.S3().AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: aws.String(v.Path("bucket")), Key: aws.String(v.Form("key")), UploadId: aws.String(v.Form("uploadId"))})
	return answer(v, struct{}{}, err)
}
