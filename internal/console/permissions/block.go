package permissions

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// block is one of the four settings of a public access block.
type block struct {
	Name, Label, Text string
	Bucket, Account   bool
}

// On reports whether it counts.
func (b block) On() bool { return b.Bucket || b.Account }

// blocks returns the four settings, as they are for the bucket and for its account.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html
func blocks(s *settings) []block {
	b, a := s.Block.Is, s.Account.Is
	if !s.Mine() {
		a.BlockPublicAcls, a.IgnorePublicAcls, a.BlockPublicPolicy, a.RestrictPublicBuckets = nil, nil, nil, nil
	}
	return []block{
		{"BlockPublicAcls", "Block new public ACLs", "Requests that would make the bucket or an object in it public by an ACL are refused. ACLs that are there stay.", aws.ToBool(b.BlockPublicAcls), aws.ToBool(a.BlockPublicAcls)},
		{"IgnorePublicAcls", "Ignore public ACLs", "What ACLs grant to everyone, or to the users of every account, does not count.", aws.ToBool(b.IgnorePublicAcls), aws.ToBool(a.IgnorePublicAcls)},
		{"BlockPublicPolicy", "Block new public policies", "A bucket policy that is public is refused. One that is there stays.", aws.ToBool(b.BlockPublicPolicy), aws.ToBool(a.BlockPublicPolicy)},
		{"RestrictPublicBuckets", "Restrict public buckets", "If the bucket policy is public, only AWS services and principals of the owner's account get in by it.", aws.ToBool(b.RestrictPublicBuckets), aws.ToBool(a.RestrictPublicBuckets)},
	}
}

// is is a public access block with all that counts.
type is struct{ BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool }

// effective is what counts of the blocks of the bucket and of its account: the stricter.
func (s *settings) effective() is {
	b := blocks(s)
	return is{b[0].On(), b[1].On(), b[2].On(), b[3].On()}
}

// blockPage is the page of the public access block.
type blockPage struct {
	Bucket string
	settings
	Blocks []block
}

func showBlock(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &blockPage{Bucket: name(v)}
	v.Together(
		bucket.Reading(ctx, v, &d.Block, getBlock(v), noBlock),
		bucket.Reading(ctx, v, &d.Account, getAccountBlock(v), noBlock),
		bucket.Reading(ctx, v, &d.ACL, getACL(v)),
		bucket.Reading(ctx, v, &d.Own, getOwn(v)),
	)
	if err := bucket.Gone(d.Bucket, d.Block.Problem); err != nil {
		return nil, err
	}
	d.Blocks = blocks(&d.settings)
	return view(v, "Public access block", "block", d), nil
}

// typedBlock is the public access block that the form has.
func typedBlock(v *page.Visit) *types.PublicAccessBlockConfiguration {
	return &types.PublicAccessBlockConfiguration{
		BlockPublicAcls: aws.Bool(v.Checked("BlockPublicAcls")), IgnorePublicAcls: aws.Bool(v.Checked("IgnorePublicAcls")),
		BlockPublicPolicy: aws.Bool(v.Checked("BlockPublicPolicy")), RestrictPublicBuckets: aws.Bool(v.Checked("RestrictPublicBuckets")),
	}
}

func saveBlock(ctx context.Context, v *page.Visit) (*page.Done, error) {
	_, err := v.AWS.S3().PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: aws.String(name(v)), PublicAccessBlockConfiguration: typedBlock(v)})
	if err != nil {
		return nil, err
	}
	return done(v, "The public access block of "+name(v)+" is saved."), nil
}

func deleteBlock(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(name(v)); err != nil {
		return nil, err
	}
	if _, err := v.AWS.S3().DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: aws.String(name(v))}); err != nil {
		return nil, err
	}
	return done(v, name(v)+" has no public access block any more."), nil
}

func previewBlock(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return preview(ctx, v, &edit{PublicAccessBlockConfiguration: typedBlock(v)})
}
