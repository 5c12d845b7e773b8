package gather

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/iam"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/reach"
	"crossgrant/internal/records"
)

// Edit is a change of the settings of a bucket; what is nil or empty stays.
type Edit struct {
	Bucket string
	// Policy is the text of the bucket policy; an empty one: none any more.
	Policy *string
	ACL    *acl.ACL // without an owner: the bucket's
	// Block is the public access block of the bucket itself.
	Block     *authz.PublicAccessBlock
	Ownership string // Object Ownership
	// Action is as in reach.Question.
	Action string
}

// Preview tells what a change of a bucket would do if it were saved.
type Preview struct {
	Bucket string
	reach.Change
	// Warnings has a sentence for each thing that whoever makes the change should know before: that it shuts itself
	// out, that the bucket becomes public, and that S3 would refuse the change.
	Warnings []string
}

// Preview tells what a change of a bucket of the caller's account would do. request has the condition keys of the
// caller's request. Errors are those of Answer, and those that PutBucketPolicy and PutBucketAcl give for a policy and an
// ACL that cannot be put: MalformedPolicy, InvalidArgument and the like.
func (h *Halves) Preview(ctx context.Context, caller *access.Caller, request *policy.Context, e *Edit) (*Preview, error) {
	if err := check(&reach.Question{Bucket: e.Bucket, Action: e.Action}); err != nil {
		return nil, err
	}
	var out *Preview
	err := h.store.View(ctx, func(r meta.Reader) error {
		g, err := h.gathering(ctx, r, caller.Account)
		if err != nil {
			return err
		}
		out, err = g.preview(caller, request, e)
		return err
	})
	return out, err
}

func (g *gathering) preview(caller *access.Caller, request *policy.Context, e *Edit) (*Preview, error) {
	is, err := g.mine(e.Bucket)
	if err != nil {
		return nil, err
	}
	will, err := g.edited(is, e)
	if err != nil {
		return nil, err
	}
	before, err := g.facts(is)
	if err != nil {
		return nil, err
	}
	after, err := g.facts(will)
	if err != nil {
		return nil, err
	}
	if !is.Enforced || !will.Enforced {
		objects, err := g.stored(is, &reach.Question{Bucket: e.Bucket})
		if err != nil {
			return nil, err
		}
		before.Objects, after.Objects = objects, objects
	}
	var n names
	n.ofBucket(before)
	n.ofBucket(after)
	if err := g.admit(&n); err != nil {
		return nil, err
	}
	out := &Preview{Bucket: e.Bucket, Change: *reach.Compare(g.world, before, after, e.Action), Warnings: refusals(will, e)}
	out.Warnings = append(out.Warnings, opened(&out.Change, is, will)...)
	shut, err := g.shutOut(caller, request, is, will)
	if shut != "" {
		out.Warnings = append(out.Warnings, shut)
	}
	return out, errors.Join(err, g.ctx.Err())
}

// edited returns a bucket as it would be after a change.
func (g *gathering) edited(b *access.Bucket, e *Edit) (*access.Bucket, error) {
	record := proto.Clone(b.Record).(*records.Bucket)
	if e.Policy != nil {
		record.Policy = ""
		if strings.TrimSpace(*e.Policy) != "" {
			text, _, err := access.StoredPolicy(g.ctx, iam.Snapshot{Reader: g.r}, e.Bucket, []byte(*e.Policy))
			if err != nil {
				return nil, access.MalformedPolicy(err)
			}
			record.Policy = text
		}
	}
	if e.ACL != nil {
		if err := g.grantees(b, e.ACL); err != nil {
			return nil, err
		}
		record.Acl = access.Grants(*e.ACL)
	}
	if p := e.Block; p != nil {
		record.PublicAccessBlock = &records.PublicAccessBlock{
			BlockPublicAcls: p.BlockPublicAcls, IgnorePublicAcls: p.IgnorePublicAcls,
			BlockPublicPolicy: p.BlockPublicPolicy, RestrictPublicBuckets: p.RestrictPublicBuckets,
		}
	}
	if e.Ownership != "" {
		record.Ownership = e.Ownership
	}
	out, err := access.NewBucket(record)
	if err != nil {
		return nil, err
	}
	return out.Under(b.AccountBlock(g.accounts[g.world.For].record.PublicAccessBlock)), nil
}

// grantees refuses an ACL that PutBucketAcl refuses because of whom it names.
func (g *gathering) grantees(b *access.Bucket, list *acl.ACL) error {
	if list.Owner != "" && list.Owner != b.Canonical {
		return apierr.New(http.StatusForbidden, "AccessDenied", "Access Denied") // as PutBucketAcl
	}
	for _, id := range list.Accounts() {
		if id == authz.AnonymousCanonicalID || id == authz.LogDeliveryCanonicalID {
			continue
		}
		if _, err := g.r.Get(keys.CanonicalID(id)); errors.Is(err, meta.ErrNotFound) {
			return access.ACLError(acl.UnknownAccount(id, acl.Body))
		} else if err != nil {
			return err
		}
	}
	return nil
}

// refusals tells why S3 would refuse a change, with the settings as they would be after it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func refusals(will *access.Bucket, e *Edit) []string {
	out := []string{}
	for _, w := range []struct {
		so   bool
		text string
	}{
		{e.Policy != nil && will.Block.BlockPublicPolicy && publicPolicy(will), "S3 would refuse this policy: it is public, and BlockPublicPolicy is on for the bucket or its account."},
		{e.ACL != nil && will.Block.BlockPublicAcls && will.ACL.Public(), "S3 would refuse this ACL: it is public, and BlockPublicAcls is on for the bucket or its account."},
		{e.ACL != nil && will.Enforced, "S3 would refuse this ACL: ACLs are turned off for the bucket (BucketOwnerEnforced)."},
		{e.ACL == nil && will.Enforced && e.Ownership != "" && !will.ACL.OnlyOwner(will.Canonical), "S3 would refuse to turn ACLs off as long as the ACL of the bucket grants something to others."},
	} {
		if w.so {
			out = append(out, w.text)
		}
	}
	return out
}

// opened tells how a change makes a bucket public.
func opened(c *reach.Change, is, will *access.Bucket) []string {
	var out []string
	who := map[string]string{access.AnonymousName: "Anyone, without signing in,", string(reach.AnyAccount): "Anyone with an account of any sort"}
	seen := map[string]bool{}
	for i := range c.Gains {
		p := &c.Gains[i]
		if who[p.Principal] == "" || seen[p.Principal] {
			continue
		}
		seen[p.Principal] = true
		text := fmt.Sprintf("%s could %s in %s", who[p.Principal], reach.ActionsText(p.Actions), p.Where())
		if when := p.When(); when != "" {
			text += ", " + when
		}
		out = append(out, text+": the bucket would be public.")
	}
	if len(out) == 0 && publicPolicy(will) && !publicPolicy(is) {
		out = append(out, "S3 would count the bucket policy as public.")
	}
	return out
}

// publicPolicy reports whether a bucket has a policy that S3 counts as public.
func publicPolicy(b *access.Bucket) bool {
	return b.Policy != nil && b.Policy.Document != nil && b.Policy.Document.IsPublic()
}

// shutOut tells if whoever makes a change could not take it back.
func (g *gathering) shutOut(caller *access.Caller, request *policy.Context, is, will *access.Bucket) (string, error) {
	const action = "s3:PutBucketPolicy"
	var allowed []bool
	for _, b := range []*access.Bucket{is, will} {
		in, err := g.access.Question(g.ctx, caller, &access.Check{Action: action, Resource: arn.Bucket(b.Record.Name).String(), Bucket: b}, request)
		if err != nil {
			return "", err
		}
		d := authz.Decide(in)
		allowed = append(allowed, d.Allowed())
	}
	if slices.Equal(allowed, []bool{true, false}) {
		return fmt.Sprintf("You would shut yourself out: %s may change the bucket policy now (%s), and could not any more. Only the root user of the account always can.", caller.ARN, action), nil
	}
	return "", nil
}
