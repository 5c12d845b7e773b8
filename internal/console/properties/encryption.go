package properties

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

const noEncryption = "ServerSideEncryptionConfigurationNotFoundError"

func getEncryption(v *page.Visit) func(context.Context) (types.ServerSideEncryptionRule, error) {
	return func(ctx context.Context) (types.ServerSideEncryptionRule, error) {
		out, err := v.AWS.S3().GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: named(v)})
		if err != nil || out.ServerSideEncryptionConfiguration == nil || len(out.ServerSideEncryptionConfiguration.Rules) == 0 {
			return types.ServerSideEncryptionRule{}, err
		}
		return out.ServerSideEncryptionConfiguration.Rules[0], nil // there is one: API_ServerSideEncryptionConfiguration.html
	}
}

// algorithm is a way to encrypt objects.
type algorithm struct{ Value, Label, Text string }

// algorithms are the ways to encrypt objects.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
var algorithms = []algorithm{
	{string(types.ServerSideEncryptionAes256), "SSE-S3 (AES256)", "S3 has the keys. Who may read an object gets it decrypted."},
	{string(types.ServerSideEncryptionAwsKms), "SSE-KMS (aws:kms)", "A KMS key encrypts: who reads needs kms:Decrypt with it, who writes kms:GenerateDataKey."},
	{string(types.ServerSideEncryptionAwsKmsDsse), "DSSE-KMS (aws:kms:dsse)", "As SSE-KMS, in two layers."},
}

// encryptionPage is the page of default encryption.
type encryptionPage struct {
	Bucket     string
	Encryption bucket.Read[types.ServerSideEncryptionRule]
	Algorithms []algorithm
	// Now is the algorithm, and Key the KMS key, which may be empty.
	Now, Key  string
	BucketKey bool
}

func showEncryption(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &encryptionPage{Bucket: name(v), Algorithms: algorithms, Now: string(types.ServerSideEncryptionAes256)}
	bucket.Reading(ctx, v, &d.Encryption, getEncryption(v), noEncryption)()
	if err := bucket.Gone(d.Bucket, d.Encryption.Problem); err != nil {
		return nil, err
	}
	if by := d.Encryption.Is.ApplyServerSideEncryptionByDefault; by != nil {
		d.Now, d.Key = string(by.SSEAlgorithm), aws.ToString(by.KMSMasterKeyID)
	}
	d.BucketKey = aws.ToBool(d.Encryption.Is.BucketKeyEnabled)
	return view(v, "Default encryption", "encryption", d), nil
}

// saveEncryption changes of the rule what the form has.
func saveEncryption(ctx context.Context, v *page.Visit) (*page.Done, error) {
	rule, err := getEncryption(v)(ctx)
	if err != nil && !page.Absent(err, noEncryption) {
		return nil, err
	}
	algorithm, key := types.ServerSideEncryption(v.Form("algorithm")), v.Text("key")
	if algorithm == types.ServerSideEncryptionAes256 && key != "" && !v.Dry() {
		return nil, page.Invalid("SSE-S3 has no KMS key. Leave it empty, or choose SSE-KMS.")
	}
	rule.ApplyServerSideEncryptionByDefault = &types.ServerSideEncryptionByDefault{SSEAlgorithm: algorithm, KMSMasterKeyID: page.Optional(key)}
	if on := v.Checked("bucket-key"); on != aws.ToBool(rule.BucketKeyEnabled) {
		rule.BucketKeyEnabled = &on
	}
	if _, err := v.AWS.S3().PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
		Bucket: named(v), ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{rule}},
	}); err != nil {
		return nil, err
	}
	return done(v, "The default encryption of "+name(v)+" is saved. It is for what is written from now on."), nil
}

// deleteEncryption sets it back to SSE-S3.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
func deleteEncryption(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if _, err := v.AWS.S3().DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: named(v)}); err != nil {
		return nil, err
	}
	return done(v, "The default encryption of "+name(v)+" is SSE-S3 again."), nil
}
