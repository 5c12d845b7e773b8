package permissions

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

// overview is the page of all permissions of a bucket.
type overview struct {
	Bucket string
	// OwnerID is the ID of the owner's account, if it is the visitor's; or else it is not known.
	OwnerID string
	settings
	Grants []grantee
	Blocks []block
}

func showOverview(ctx context.Context, v *page.Visit) (*page.View, error) {
	o := &overview{Bucket: name(v)}
	v.Together(
		bucket.Reading(ctx, v, &o.Policy, getPolicy(v), noPolicy),
		bucket.Reading(ctx, v, &o.Public, getPublic(v), noPolicy),
		bucket.Reading(ctx, v, &o.ACL, getACL(v)),
		bucket.Reading(ctx, v, &o.Ownership, getOwnership(v), noOwnership),
		bucket.Reading(ctx, v, &o.Block, getBlock(v), noBlock),
		bucket.Reading(ctx, v, &o.Account, getAccountBlock(v), noBlock),
		bucket.Reading(ctx, v, &o.CORS, getCORS(v), noCORS),
		bucket.Reading(ctx, v, &o.Own, getOwn(v)),
	)
	if err := bucket.Gone(o.Bucket, o.Policy.Problem, o.ACL.Problem, o.Ownership.Problem); err != nil {
		return nil, err
	}
	if o.ACL.Is != nil {
		o.Grants = grantees(o.ACL.Is.Owner, o.ACL.Is.Grants, o.Own.Is, false)
	}
	if o.Mine() {
		o.OwnerID = v.Account()
	}
	o.Blocks = blocks(&o.settings)
	return &page.View{Title: "Permissions · " + o.Bucket, Crumbs: bucket.Crumbs(o.Bucket, "Permissions"), Template: "permissions", Data: o}, nil
}

// Fact is a sentence of the overview.
type Fact struct {
	Head string
	// Kind is good, warn or bad; empty: neither.
	Kind, Badge, Text string
}

// Facts tell in plain words what the settings come to.
func (o *overview) Facts() []Fact {
	return []Fact{o.owner(), o.public(), o.acls(), o.others()}
}

// Mine reports whether the bucket belongs to the visitor's account, as far as that is known.
func (s *settings) Mine() bool {
	return s.ACL.Is != nil && s.ACL.Is.Owner != nil && s.Own.Is != "" && aws.ToString(s.ACL.Is.Owner.ID) == s.Own.Is
}

func (o *overview) owner() Fact {
	f := Fact{Head: "Owner", Text: "Whose bucket this is cannot be told: its ACL may not be read."}
	if o.ACL.Is == nil || o.ACL.Is.Owner == nil {
		return f
	}
	who := aws.ToString(o.ACL.Is.Owner.DisplayName)
	if who == "" {
		who = "with canonical user ID " + aws.ToString(o.ACL.Is.Owner.ID)
	}
	f.Text = "The account " + who + " owns this bucket. Its administrators decide who reaches it."
	if o.Mine() {
		f.Badge, f.Kind, f.Text = "Your account", "info", "Your account, "+who+", owns this bucket. Its administrators decide who reaches it."
	}
	return f
}

// public tells whether anybody at all can reach the bucket, in the terms of AWS's list of buckets.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (o *overview) public() Fact {
	f := Fact{Head: "Public access"}
	switch block := o.effective(); {
	case o.Policy.Problem != nil || o.Public.Problem != nil || o.ACL.Problem != nil || o.Block.Problem != nil:
		f.Badge, f.Text = "Not known", "Not all settings that decide it may be read."
	case o.Public.Is && !block.RestrictPublicBuckets:
		f.Kind, f.Badge, f.Text = "bad", "Public", "The bucket policy lets in anybody, or people of any account."
	case o.publicACL() && !block.IgnorePublicAcls && !o.enforced():
		f.Kind, f.Badge, f.Text = "bad", "Public", "The ACL of the bucket lets in everyone, or the users of every account."
	case block.BlockPublicAcls && block.IgnorePublicAcls && block.BlockPublicPolicy && block.RestrictPublicBuckets:
		f.Kind, f.Badge, f.Text = "good", "Blocked", "Neither the bucket nor an object in it can be made public while the public access block is on."
	case !o.enforced() && !block.IgnorePublicAcls:
		f.Kind, f.Badge, f.Text = "warn", "Objects can be public", "The bucket is not public. An object in it can be, by its own ACL; and a policy or ACL can make the bucket public."
	default:
		f.Kind, f.Badge, f.Text = "good", "Not public", "The bucket is not public. Not everything is blocked that could make it so."
	}
	return f
}

func (s *settings) enforced() bool {
	return s.Ownership.Is == types.ObjectOwnershipBucketOwnerEnforced
}

func (o *overview) publicACL() bool {
	return slices.ContainsFunc(o.ACL.Is.Grants, func(g types.Grant) bool {
		return g.Grantee != nil && (aws.ToString(g.Grantee.URI) == allUsers || aws.ToString(g.Grantee.URI) == authenticatedUsers)
	})
}

func (o *overview) acls() Fact {
	f := Fact{Head: "ACLs", Kind: "info", Badge: "Count"}
	switch {
	case o.Ownership.Problem != nil:
		f.Kind, f.Badge, f.Text = "", "Not known", "Object Ownership may not be read."
	case o.enforced():
		f.Kind, f.Badge, f.Text = "good", "Off", "Object Ownership is BucketOwnerEnforced: ACLs do not count, policies alone decide, and every object belongs to the bucket's owner."
	case o.Ownership.Is == types.ObjectOwnershipBucketOwnerPreferred:
		f.Text = "ACLs count beside policies. What other accounts upload with the ACL bucket-owner-full-control belongs to the bucket's owner (BucketOwnerPreferred)."
	default:
		f.Text = "ACLs count beside policies, and an object belongs to the account that uploads it (ObjectWriter)."
	}
	return f
}

func (o *overview) others() Fact {
	f := Fact{Head: "Others let in"}
	var who []string
	if o.Policy.Problem == nil && !o.Policy.Absent {
		who = principals(o.Policy.Is, o.OwnerID)
	}
	for _, g := range o.Grants {
		if !g.Owner && len(g.Has) > 0 && !o.enforced() {
			who = append(who, g.Name()+" (ACL: "+strings.Join(g.Has, ", ")+")")
		}
	}
	switch {
	case o.Policy.Problem != nil || o.ACL.Problem != nil:
		f.Badge, f.Text = "Not known", "The policy or the ACL may not be read."
	case len(who) == 0:
		f.Kind, f.Badge, f.Text = "good", "None", "Neither the bucket policy nor the ACL lets in anybody outside the account."
	default:
		f.Kind, f.Badge, f.Text = "warn", "Some", strings.Join(who, "; ")+"."
	}
	return f
}
