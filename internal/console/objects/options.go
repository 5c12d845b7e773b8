package objects

import (
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

// optionsForm is what a form offers for a new object.
type optionsForm struct {
	Classes, Canned []string
	Tags, Metadata  []page.Pair
}

func optionsOf(v *page.Visit) optionsForm {
	return optionsForm{
		Classes: []string{"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"}, Canned: cannedACLs,
		Tags: filled(nil, 3, maxTags), Metadata: filled(nil, 3, 3),
	}
}

// options are how an object is uploaded.
type options struct {
	ContentType string
	Class       string
	ACL         string
	Tagging     *string // as a query; nil: no tags
	Metadata    map[string]string
	tags        []page.Pair
}

// readOptions reads the form. Values of metadata become headers, which browsers send in ASCII only.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
func readOptions(v *page.Visit) (*options, error) {
	o := &options{ContentType: v.Text("contentType"), Class: v.Form("storageClass"), ACL: v.Form("acl"), tags: pairs(v, "tagKey", "tagValue")}
	tags := url.Values{}
	for _, tag := range o.tags {
		tags.Set(tag.Key, tag.Value)
	}
	if len(tags) > 0 {
		o.Tagging = aws.String(tags.Encode())
	}
	for _, data := range pairs(v, "metaKey", "metaValue") {
		if strings.Trim(strings.ToLower(data.Key), "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			return nil, page.Invalid("The metadata key %q may have letters, digits, hyphens, dots and underscores only.", data.Key)
		}
		if strings.ContainsFunc(data.Value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, page.Invalid("The value of the metadata key %s may have ASCII characters only: it is sent as a header.", data.Key)
		}
		if o.Metadata == nil {
			o.Metadata = map[string]string{}
		}
		o.Metadata[strings.ToLower(data.Key)] = data.Value
	}
	return o, nil
}

// put returns the input of a PutObject.
func (o *options) put(bucket, key string) *s3.PutObjectInput {
	in := &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACL(o.ACL), StorageClass: types.StorageClass(o.Class), Tagging: o.Tagging, Metadata: o.Metadata,
	}
	if o.ContentType != "" {
		in.ContentType = &o.ContentType
	}
	return in
}

// create returns the input of a CreateMultipartUpload. Its parts bring checksums.
func (o *options) create(bucket, key string) *s3.CreateMultipartUploadInput {
	in := &s3.CreateMultipartUploadInput{
		Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACL(o.ACL), StorageClass: types.StorageClass(o.Class), Tagging: o.Tagging, Metadata: o.Metadata,
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	}
	if o.ContentType != "" {
		in.ContentType = &o.ContentType
	}
	return in
}

// command is how the AWS CLI uploads a file so: aws s3 cp, or put-object for tags, which that has not.
func (o *options) command(bucket, key, file string) cli.Command {
	var words []string
	if len(o.tags) > 0 {
		words = []string{"aws", "s3api", "put-object", "--bucket", bucket, "--key", key, "--body", file, "--tagging", aws.ToString(o.Tagging)}
	} else {
		words = []string{"aws", "s3", "cp", file, "s3://" + bucket + "/" + key}
	}
	if o.ACL != "" {
		words = append(words, "--acl", o.ACL)
	}
	if o.Class != "" {
		words = append(words, "--storage-class", o.Class)
	}
	if len(o.Metadata) > 0 {
		words = append(words, "--metadata", jsonText(o.Metadata))
	}
	return cli.Command{Text: cli.Join(words...), Writes: true}
}
