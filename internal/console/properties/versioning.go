package properties

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

func getVersioning(v *page.Visit) func(context.Context) (*s3.GetBucketVersioningOutput, error) {
	return func(ctx context.Context) (*s3.GetBucketVersioningOutput, error) {
		return v.AWS.S3().GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: named(v)})
	}
}

// versioningPage is the page of versioning.
type versioningPage struct {
	Bucket     string
	Versioning bucket.Read[*s3.GetBucketVersioningOutput]
}

func showVersioning(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &versioningPage{Bucket: name(v)}
	bucket.Reading(ctx, v, &d.Versioning, getVersioning(v))()
	if err := bucket.Gone(d.Bucket, d.Versioning.Problem); err != nil {
		return nil, err
	}
	return view(v, "Versioning", "versioning", d), nil
}

// saveVersioning puts the status. MFA delete stays as it is unless the form says otherwise.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
func saveVersioning(ctx context.Context, v *page.Visit) (*page.Done, error) {
	status := types.BucketVersioningStatus(v.Form("status"))
	if status == "" {
		return nil, page.Invalid("Choose whether versioning is enabled or suspended: it cannot be undone altogether.")
	}
	in := &s3.PutBucketVersioningInput{Bucket: named(v), VersioningConfiguration: &types.VersioningConfiguration{Status: status, MFADelete: types.MFADelete(v.Form("mfa-delete"))}}
	serial, code := v.Text("mfa-serial"), v.Text("mfa-code")
	if (serial == "") != (code == "") && !v.Dry() {
		return nil, page.Invalid("Type both the serial number of the MFA device and the code that it shows.")
	}
	if serial != "" {
		in.MFA = page.Optional(serial + " " + code)
	}
	if _, err := v.AWS.S3().PutBucketVersioning(ctx, in); err != nil {
		return nil, err
	}
	return done(v, "Versioning of "+name(v)+" is "+map[types.BucketVersioningStatus]string{"Enabled": "enabled", "Suspended": "suspended"}[status]+"."), nil
}
