package bucket

import (
	"context"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/page"
)

// Key returns a key, prefix or marker of a list that was asked for with EncodingType url, which is how keys with
// characters that XML has not come through.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#AmazonS3-ListObjectsV2-request-querystring-EncodingType
func Key(encoded *string) string {
	key, err := url.QueryUnescape(aws.ToString(encoded))
	if err != nil {
		return aws.ToString(encoded)
	}
	return key
}

// Delete deletes objects, 1,000 at most, and returns what could not be. Keys that XML cannot carry are deleted one by
// one, as the document of DeleteObjects is XML.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func Delete(ctx context.Context, v *page.Visit, bucket string, objects []types.ObjectIdentifier) ([]types.Error, error) {
	var together []types.ObjectIdentifier
	var failed []types.Error
	for _, object := range objects {
		if inXML(aws.ToString(object.Key)) {
			together = append(together, object)
			continue
		}
		_, err := v.AWS.S3().DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: object.Key, VersionId: object.VersionId})
		if err != nil {
			p := v.Problem(err)
			failed = append(failed, types.Error{Key: object.Key, VersionId: object.VersionId, Code: &p.Code, Message: &p.Message})
		}
	}
	if len(together) == 0 {
		return failed, nil
	}
	out, err := v.AWS.S3().DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Objects: together, Quiet: aws.Bool(true)}})
	if err != nil {
		return nil, err
	}
	return append(failed, out.Errors...), nil
}

// inXML reports whether a text consists of what XML 1.0 can carry unchanged.
//
// Source: https://www.w3.org/TR/xml/#charsets
func inXML(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' || r == '\uFFFE' || r == '\uFFFF'
	})
}
