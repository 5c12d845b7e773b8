package buckets

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/page"
)

// choices is what the form for a new bucket offers.
type choices struct {
	Region string
	Tags   []page.Pair
}

// tagRows is how many tags a new bucket can be given; more can be added later.
const tagRows = 3

func showCreate(_ context.Context, v *page.Visit) (*page.View, error) {
	c := &choices{Region: v.Region(), Tags: make([]page.Pair, tagRows)}
	if v.Sent("create") {
		copy(c.Tags, v.Pairs("tagKey", "tagValue"))
	}
	return &page.View{Title: "Create bucket", Crumbs: []page.Crumb{{Text: "Buckets", To: "/buckets"}, {Text: "Create bucket"}}, Template: "create-bucket", Data: c}, nil
}

// step is one of the calls by which a bucket is set up after it was made.
type step struct {
	Name string
	Do   func() error
	// Problem is what went wrong; nil: nothing, or it was not reached.
	Problem *page.Problem
	Done    bool
}

// made is a bucket that was made, but could not be set up as asked.
type made struct {
	Bucket string
	Steps  []step
}

// create makes a bucket, and then sets what differs from what the server makes it with.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html (BucketAlreadyOwnedByYou),
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-overview.html
func create(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name := v.Text("name")
	if name == "" {
		return nil, page.Invalid("Type a name for the bucket.")
	}
	steps, err := setup(ctx, v, name)
	if err != nil {
		return nil, err
	}
	in := &s3.CreateBucketInput{Bucket: &name, ObjectOwnership: types.ObjectOwnership(v.Form("ownership"))}
	if region := v.Region(); region != "us-east-1" {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	if v.Checked("lock") {
		in.ObjectLockEnabledForBucket = aws.Bool(true)
	}
	if !v.Dry() {
		// In us-east-1 a bucket that one owns is created a second time without an error, and its ACL is lost.
		if _, err := v.AWS.S3().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name}); err == nil {
			return nil, page.Invalid("There is a bucket with the name %s already, and you may list it: it is yours, or shared with you.", name)
		}
	}
	if _, err := v.AWS.S3().CreateBucket(ctx, in); err != nil {
		return nil, err
	}
	failed := false
	for i := range steps {
		if err := steps[i].Do(); err != nil {
			steps[i].Problem, failed = v.Problem(err), true
			continue
		}
		steps[i].Done = true
	}
	if failed {
		return &page.Done{View: &page.View{Title: "Create bucket", Template: "half-made", Data: &made{name, steps}}}, nil
	}
	return &page.Done{To: page.Path("buckets", name), Note: "The bucket " + name + " was created."}, nil
}

// setup returns the calls that follow the creation, or what is wrong with the form.
func setup(ctx context.Context, v *page.Visit, name string) ([]step, error) {
	api := v.AWS.S3()
	var steps []step
	if block := accessBlock(v); block != nil {
		steps = append(steps, step{Name: "Block public access", Do: func() error {
			_, err := api.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &name, PublicAccessBlockConfiguration: block})
			return err
		}})
	}
	if v.Checked("versioning") && !v.Checked("lock") {
		steps = append(steps, step{Name: "Bucket versioning", Do: func() error {
			_, err := api.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
			return err
		}})
	}
	retention, err := defaultRetention(v)
	if err != nil {
		return nil, err
	}
	if retention != nil {
		steps = append(steps, step{Name: "Default retention", Do: func() error {
			_, err := api.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: &name, ObjectLockConfiguration: &types.ObjectLockConfiguration{
				ObjectLockEnabled: types.ObjectLockEnabledEnabled, Rule: &types.ObjectLockRule{DefaultRetention: retention},
			}})
			return err
		}})
	}
	if rule := encryption(v); rule != nil {
		steps = append(steps, step{Name: "Default encryption", Do: func() error {
			_, err := api.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &name, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
				Rules: []types.ServerSideEncryptionRule{*rule},
			}})
			return err
		}})
	}
	if tags := tagsOf(v); len(tags) > 0 {
		steps = append(steps, step{Name: "Tags", Do: func() error {
			_, err := api.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &name, Tagging: &types.Tagging{TagSet: tags}})
			return err
		}})
	}
	return steps, nil
}

// accessBlock returns what the form says of public access; nil: as the server makes buckets.
func accessBlock(v *page.Visit) *types.PublicAccessBlockConfiguration {
	all := v.Form("block") == "all"
	if !all && v.Form("block") != "some" {
		return nil
	}
	on := func(name string) *bool { return aws.Bool(all || v.Checked(name)) }
	return &types.PublicAccessBlockConfiguration{
		BlockPublicAcls: on("BlockPublicAcls"), IgnorePublicAcls: on("IgnorePublicAcls"),
		BlockPublicPolicy: on("BlockPublicPolicy"), RestrictPublicBuckets: on("RestrictPublicBuckets"),
	}
}

// defaultRetention returns what new objects are locked with; nil: nothing.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DefaultRetention.html
func defaultRetention(v *page.Visit) (*types.DefaultRetention, error) {
	mode := v.Form("retentionMode")
	if !v.Checked("lock") || mode == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(v.Text("retention"), 10, 32)
	if err != nil || n < 1 {
		return nil, page.Invalid("The default retention needs a number of days or years, 1 at least.")
	}
	out := &types.DefaultRetention{Mode: types.ObjectLockRetentionMode(mode)}
	if v.Form("retentionUnit") == "years" {
		out.Years = aws.Int32(int32(n))
	} else {
		out.Days = aws.Int32(int32(n))
	}
	return out, nil
}

// encryption returns the default encryption; nil: SSE-S3, which all buckets have.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html
func encryption(v *page.Visit) *types.ServerSideEncryptionRule {
	if v.Form("encryption") != string(types.ServerSideEncryptionAwsKms) {
		return nil
	}
	by := &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms}
	if key := v.Text("kmsKey"); key != "" {
		by.KMSMasterKeyID = &key
	}
	return &types.ServerSideEncryptionRule{ApplyServerSideEncryptionByDefault: by, BucketKeyEnabled: aws.Bool(v.Checked("bucketKey"))}
}

// tagsOf returns the tags of the form; rows without a key are left out.
func tagsOf(v *page.Visit) []types.Tag {
	var tags []types.Tag
	for _, p := range v.Pairs("tagKey", "tagValue") {
		if key := strings.TrimSpace(p.Key); key != "" {
			tags = append(tags, types.Tag{Key: &key, Value: aws.String(strings.TrimSpace(p.Value))})
		}
	}
	return tags
}
