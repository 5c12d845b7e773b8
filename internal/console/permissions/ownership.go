package permissions

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// choice is a value of Object Ownership.
type choice struct{ Value, Text string }

// ownerships are the values of Object Ownership, in AWS's order.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
var ownerships = []choice{
	{string(types.ObjectOwnershipBucketOwnerEnforced), "ACLs are off: policies alone decide, and every object belongs to the bucket's owner, whoever uploads it. An upload with another ACL than bucket-owner-full-control is refused. AWS recommends this one."},
	{string(types.ObjectOwnershipBucketOwnerPreferred), "ACLs count. What another account uploads with the ACL bucket-owner-full-control belongs to the bucket's owner; what it uploads otherwise belongs to that account."},
	{string(types.ObjectOwnershipObjectWriter), "ACLs count. An object belongs to the account that uploads it, which decides by its ACL who else may read it; the bucket's owner may not, unless it is let."},
}

// ownershipPage is the page of Object Ownership.
type ownershipPage struct {
	Bucket string
	settings
	Choices []choice
	Now     string
	// Foreign is how many grants of the bucket's ACL are not the owner's, with which ACLs cannot be turned off.
	Foreign int
}

func showOwnership(ctx context.Context, v *page.Visit) (*page.View, error) {
	d := &ownershipPage{Bucket: name(v), Choices: ownerships}
	v.Together(bucket.Reading(ctx, v, &d.Ownership, getOwnership(v), noOwnership), bucket.Reading(ctx, v, &d.ACL, getACL(v)))
	if err := bucket.Gone(d.Bucket, d.Ownership.Problem); err != nil {
		return nil, err
	}
	d.Now = string(d.Ownership.Is)
	if d.Ownership.Absent {
		d.Now = string(types.ObjectOwnershipObjectWriter)
	}
	if d.ACL.Is != nil {
		for _, g := range grantees(d.ACL.Is.Owner, d.ACL.Is.Grants, "", false) {
			if !g.Owner {
				d.Foreign++
			}
		}
	}
	return view(v, "Object Ownership", "ownership", d), nil
}

func saveOwnership(ctx context.Context, v *page.Visit) (*page.Done, error) {
	value := types.ObjectOwnership(v.Form("ownership"))
	_, err := v.AWS.S3().PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{
		Bucket: aws.String(name(v)), OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: value}}},
	})
	if err != nil {
		return nil, err
	}
	return done(v, "Object Ownership of "+name(v)+" is "+string(value)+"."), nil
}

// deleteOwnership leaves the bucket without the setting, which is as ObjectWriter.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html
func deleteOwnership(ctx context.Context, v *page.Visit) (*page.Done, error) {
	if err := v.Confirmed(name(v)); err != nil {
		return nil, err
	}
	if _, err := v.AWS.S3().DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: aws.String(name(v))}); err != nil {
		return nil, err
	}
	return done(v, name(v)+" has no ownership controls any more."), nil
}

func previewOwnership(ctx context.Context, v *page.Visit) (*page.Done, error) {
	return preview(ctx, v, &edit{ObjectOwnership: v.Form("ownership")})
}
