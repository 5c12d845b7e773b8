package permissions

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	control "github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// The codes by which the API says that a bucket does not have a setting.
const (
	noPolicy    = "NoSuchBucketPolicy"
	noBlock     = "NoSuchPublicAccessBlockConfiguration"
	noOwnership = "OwnershipControlsNotFoundError"
	noCORS      = "NoSuchCORSConfiguration"
)

// settings are the permissions of a bucket, as far as the visitor may read them.
type settings struct {
	Policy    bucket.Read[string]
	Public    bucket.Read[bool] // of the policy
	ACL       bucket.Read[*s3.GetBucketAclOutput]
	Ownership bucket.Read[types.ObjectOwnership]
	Block     bucket.Read[types.PublicAccessBlockConfiguration]
	Account   bucket.Read[control.PublicAccessBlockConfiguration] // the block of the visitor's account
	CORS      bucket.Read[[]types.CORSRule]
	// Own is the canonical user ID of the visitor's account; empty if it could not be asked for.
	Own bucket.Read[string]
}

func getPolicy(v *page.Visit) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		out, err := v.AWS.S3().GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(name(v))})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.Policy), nil
	}
}

func getPublic(v *page.Visit) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		out, err := v.AWS.S3().GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: aws.String(name(v))})
		if err != nil || out.PolicyStatus == nil {
			return false, err
		}
		return aws.ToBool(out.PolicyStatus.IsPublic), nil
	}
}

func getACL(v *page.Visit) func(context.Context) (*s3.GetBucketAclOutput, error) {
	return func(ctx context.Context) (*s3.GetBucketAclOutput, error) {
		return v.AWS.S3().GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: aws.String(name(v))})
	}
}

func getOwnership(v *page.Visit) func(context.Context) (types.ObjectOwnership, error) {
	return func(ctx context.Context) (types.ObjectOwnership, error) {
		out, err := v.AWS.S3().GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: aws.String(name(v))})
		if err != nil || out.OwnershipControls == nil || len(out.OwnershipControls.Rules) == 0 {
			return "", err
		}
		return out.OwnershipControls.Rules[0].ObjectOwnership, nil
	}
}

func getBlock(v *page.Visit) func(context.Context) (types.PublicAccessBlockConfiguration, error) {
	return func(ctx context.Context) (types.PublicAccessBlockConfiguration, error) {
		out, err := v.AWS.S3().GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: aws.String(name(v))})
		if err != nil || out.PublicAccessBlockConfiguration == nil {
			return types.PublicAccessBlockConfiguration{}, err
		}
		return *out.PublicAccessBlockConfiguration, nil
	}
}

func getAccountBlock(v *page.Visit) func(context.Context) (control.PublicAccessBlockConfiguration, error) {
	return func(ctx context.Context) (control.PublicAccessBlockConfiguration, error) {
		out, err := v.AWS.S3Control().GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(v.Account())})
		if err != nil || out.PublicAccessBlockConfiguration == nil {
			return control.PublicAccessBlockConfiguration{}, err
		}
		return *out.PublicAccessBlockConfiguration, nil
	}
}

func getCORS(v *page.Visit) func(context.Context) ([]types.CORSRule, error) {
	return func(ctx context.Context) ([]types.CORSRule, error) {
		out, err := v.AWS.S3().GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: aws.String(name(v))})
		if err != nil {
			return nil, err
		}
		return out.CORSRules, nil
	}
}

// getOwn asks for the canonical user ID of the visitor's account, which a list of its buckets has.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/finding-canonical-user-id.html
func getOwn(v *page.Visit) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		out, err := v.AWS.S3().ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1)})
		if err != nil || out.Owner == nil {
			return "", err
		}
		return aws.ToString(out.Owner.ID), nil
	}
}
