package permissions

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// policyPage is the page of the bucket policy.
type policyPage struct {
	Bucket string
	Policy bucket.Read[string]
	// Document is what the editor shows.
	Document string
	Fill     fill
	Starts   []page.Start
}

func showPolicy(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &policyPage{Bucket: name(v), Fill: filled(v)}
	bucket.Reading(ctx, v, &d.Policy, getPolicy(v), noPolicy)()
	if err := bucket.Gone(d.Bucket, d.Policy.Problem); err != nil {
		return nil, err
	}
	d.Document = v.Value("save", "policy", page.ShowJSON(d.Policy.Is))
	d.Starts = starts(d.Bucket, d.Fill)
	return view(v, "Bucket policy", "policy", d), nil
}

// savePolicy puts the policy as it was typed.
func savePolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	document := v.Form("policy")
	if strings.TrimSpace(document) == "" {
		return nil, page.Invalid("There is no policy. To have none, delete the bucket policy.")
	}
	if _, err := v.AWS.S3().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String(name(v)), Policy: &document}); err != nil {
		return nil, err
	}
	return done(v, "The bucket policy of "+name(v)+" is saved. The next request is decided by it."), nil
}

func deletePolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(name(v)); err != nil {
		return nil, err
	}
	if _, err := v.AWS.S3().DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: aws.String(name(v))}); err != nil {
		return nil, err
	}
	return done(v, "The bucket policy of "+name(v)+" is deleted."), nil
}

func previewPolicy(ctx context.Context, v *page.Visit) (*page.Done, error) {
	document := strings.TrimSpace(v.Form("policy"))
	return preview(ctx, v, &edit{Policy: &document})
}
