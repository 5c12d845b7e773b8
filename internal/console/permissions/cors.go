package permissions

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

// corsPage is the page of the CORS rules.
type corsPage struct {
	Bucket string
	CORS   bucket.Read[[]types.CORSRule]
	// Document is the configuration as the CLI takes it, and Start one to begin with.
	Document, Start string
}

// corsStart is a rule to begin with, for a site that reads and uploads.
var corsStart = cli.JSON(types.CORSConfiguration{CORSRules: []types.CORSRule{{
	AllowedOrigins: []string{"https://www.example.com"}, AllowedMethods: []string{"GET", "HEAD", "PUT", "POST"}, AllowedHeaders: []string{"*"},
	ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: aws.Int32(3000),
}}})

func showCORS(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &corsPage{Bucket: name(v), Start: corsStart}
	bucket.Reading(ctx, v, &d.CORS, getCORS(v), noCORS)()
	if err := bucket.Gone(d.Bucket, d.CORS.Problem); err != nil {
		return nil, err
	}
	if len(d.CORS.Is) > 0 {
		d.Document = cli.JSON(types.CORSConfiguration{CORSRules: d.CORS.Is})
	}
	d.Document = v.Value("save", "cors", d.Document)
	return view(v, "CORS", "cors", d), nil
}

// saveCORS puts the rules that were typed.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
func saveCORS(ctx context.Context, v *page.Visit) (*page.Done, error) {
	var c types.CORSConfiguration
	if err := bucket.Parse(v.Form("cors"), &c); err != nil {
		return nil, err
	}
	if len(c.CORSRules) == 0 {
		return nil, page.Invalid("There is no rule in CORSRules. To have none, delete the CORS configuration.")
	}
	if _, err := v.AWS.S3().PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: aws.String(name(v)), CORSConfiguration: &c}); err != nil {
		return nil, err
	}
	return done(v, "The CORS rules of "+name(v)+" are saved."), nil
}

func deleteCORS(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(name(v)); err != nil {
		return nil, err
	}
	if _, err := v.AWS.S3().DeleteBucketCors(ctx, &s3.DeleteBucketCorsInput{Bucket: aws.String(name(v))}); err != nil {
		return nil, err
	}
	return done(v, name(v)+" has no CORS rules any more."), nil
}

func checkCORS(_ context.Context, v *page.Visit) (*page.Done, error) {
	return bucket.Check(v.Form("cors"), new(types.CORSConfiguration)), nil
}
