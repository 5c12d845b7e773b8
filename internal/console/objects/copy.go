package objects

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/page"
)

// copying is the page that copies an object.
type copying struct {
	*address
	Options optionsForm
}

func showCopy(_ context.Context, v *page.Visit) (*page.View, error) {
	d := &copying{addressed(v), optionsOf(v)}
	if d.Key == "" {
		return nil, page.Missing("The address names no object.")
	}
	return d.view("copy", "Copy", "object-copy", d), nil
}

// source names the source of a copy.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html#AmazonS3-CopyObject-request-header-CopySource
func source(at *address) *string {
	text := at.Bucket + "/" + strings.ReplaceAll(url.PathEscape(at.Key), "%2F", "/")
	if at.VersionID != "" {
		text += "?versionId=" + url.QueryEscape(at.VersionID)
	}
	return &text
}

// copyObject copies an object on the server. What is larger than 5 GiB is refused there, as it needs an upload in parts.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
func copyObject(ctx context.Context, v *page.Visit) (*page.Done, error) {
	at, to, key := addressed(v), v.Text("targetBucket"), v.Form("targetKey")
	if to == "" || key == "" {
		return nil, page.Invalid("Type the bucket and the key of the copy.")
	}
	in := &s3.CopyObjectInput{Bucket: &to, Key: &key, CopySource: source(at), ACL: types.ObjectCannedACL(v.Form("acl")), StorageClass: types.StorageClass(v.Form("storageClass"))}
	if v.Checked("replaceTags") {
		in.TaggingDirective, in.Tagging = types.TaggingDirectiveReplace, aws.String("")
	}
	if _, err := v.AWS.S3().CopyObject(ctx, in); err != nil {
		return nil, err
	}
	return &page.Done{To: (&address{Bucket: to, Key: key}).At(""), Note: "The object was copied."}, nil
}
