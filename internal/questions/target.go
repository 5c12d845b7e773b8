package questions

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sts"
)

// target is a question on its way to the checks that it stands for.
type target struct {
	service *Service
	caller  *access.Caller
	action  string
	given   []Value
}

// checks returns what the request would be asked about a resource.
func (t *target) checks(ctx context.Context, resource string) ([]access.Check, error) {
	service, _, _ := strings.Cut(t.action, ":")
	switch {
	case service == "s3":
		return t.s3(ctx, resource)
	case resource == "" || resource == "*":
		return []access.Check{{Action: t.action, Resource: "*"}}, nil
	}
	name, err := arn.Parse(resource)
	if err != nil {
		return nil, invalid("%q is not an ARN.", resource)
	}
	if name.Service != service && !(service == "sts" && name.Service == "iam") {
		return nil, invalid("%s is not about %s.", t.action, resource)
	}
	owner, err := ids.ParseAccountID(name.Account)
	if err != nil && name.Account != "aws" {
		return nil, invalid("%s does not tell the account of the resource.", resource)
	}
	check := access.Check{Action: t.action, Resource: resource, Owner: owner}
	switch {
	case service == "sts" && name.Type() == "role":
		return t.role(ctx, check)
	case service == "kms" && name.Type() == "key":
		return t.key(ctx, check)
	case name.Account == "aws":
		check.Owner, check.ToldOwner = t.caller.Account, "aws"
	}
	return []access.Check{check}, nil
}

// role is a check of who may assume a role. One that is not there trusts nobody, and is not told apart.
func (t *target) role(ctx context.Context, check access.Check) ([]access.Check, error) {
	role, err := t.service.access.Role(ctx, check.Resource)
	if err != nil {
		return nil, err
	}
	check.Policy = sts.NoTrust(check.Resource)
	if role != nil {
		check.Policy = role.Trust
		check.Keys = func(k *policy.Context) { roleTags(k, role.Tags) }
	}
	return []access.Check{check}, nil
}

func roleTags(k *policy.Context, tags []*records.Tag) {
	for _, tag := range tags {
		k.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		k.Set("iam:ResourceTag/"+tag.Key, tag.Value)
	}
}

func (t *target) key(ctx context.Context, check access.Check) ([]access.Check, error) {
	key, err := t.service.kms.Key(ctx, check.Resource)
	if err != nil {
		return nil, err
	}
	check.Policy = key.Policy()
	return []access.Check{check}, nil
}

// s3 returns the checks of an action of S3.
func (t *target) s3(ctx context.Context, resource string) ([]access.Check, error) {
	info, ok := policy.S3Action(t.action)
	if !ok || info.Resource == policy.OnOther {
		return nil, invalid("%s is not an action on buckets or objects.", t.action)
	}
	if info.Resource == policy.OnNothing {
		if resource != "" && resource != "*" {
			return nil, invalid("%s has no resource: leave it out.", t.action)
		}
		return []access.Check{{Action: t.action, Resource: "*"}}, nil
	}
	bucket, key, err := split(resource)
	switch {
	case err != nil:
		return nil, err
	case info.Resource == policy.OnBucket && key != "":
		return nil, invalid("%s is about buckets: ask about %s.", t.action, arn.Bucket(bucket))
	case info.Resource == policy.OnObject && key == "":
		return nil, invalid("%s is about objects: ask about one, such as %s.", t.action, arn.Object(bucket, "key"))
	case t.action == "s3:CreateBucket":
		return []access.Check{{Action: t.action, Resource: resource}}, nil
	}
	b, err := t.service.access.Bucket(ctx, bucket)
	if err != nil {
		return nil, err
	}
	check := access.Check{Action: t.action, Resource: resource, Owner: b.Owner, Bucket: b}
	if info.Resource == policy.OnBucket {
		return []access.Check{check}, nil
	}
	return t.object(ctx, check, key)
}

// split takes the ARN of a bucket or object apart. A key may have any characters.
func split(resource string) (bucket, key string, err error) {
	path, ok := strings.CutPrefix(resource, "arn:aws:s3:::")
	bucket, key, _ = strings.Cut(path, "/")
	if !ok || bucket == "" || strings.ContainsAny(bucket, "*?") {
		return "", "", invalid("%q is not the ARN of a bucket, arn:aws:s3:::BUCKET, or of an object, arn:aws:s3:::BUCKET/KEY.", resource)
	}
	return bucket, key, nil
}

// object returns the checks of an action on an object, as it is now.
func (t *target) object(ctx context.Context, check access.Check, key string) ([]access.Check, error) {
	o, err := t.service.objects.Head(ctx, check.Bucket.ID, key, t.value("s3:VersionId"))
	if err != nil && apierr.From(err).Status != http.StatusNotFound {
		return nil, err
	}
	if err != nil || o.DeleteMarker {
		o = nil
	}
	check.Object = check.Bucket.Object(o)
	check.Keys = func(k *policy.Context) {
		if !policy.S3ActionTakes(check.Action, "s3:ExistingObjectTag/x") {
			return
		}
		for _, tag := range o.GetTags() {
			k.Set("s3:ExistingObjectTag/"+tag.Key, tag.Value)
		}
	}
	checks := []access.Check{check}
	if t.action == "s3:PutObject" {
		checks = append(checks, t.implied(check)...)
	}
	return checks, nil
}

// implied returns what a write is asked beside s3:PutObject: for its ACL the account that will own the object, for
// its tags the owner of the bucket.
func (t *target) implied(write access.Check) []access.Check {
	var checks []access.Check
	has := func(prefix string) bool {
		return slices.ContainsFunc(t.given, func(v Value) bool { return strings.HasPrefix(strings.ToLower(v.Key), prefix) })
	}
	write.Object, write.Keys = nil, nil
	if has("s3:x-amz-acl") || has("s3:x-amz-grant-") {
		acl := write
		acl.Action = "s3:PutObjectAcl"
		acl.NewOwner, _ = write.Bucket.FutureOwner(t.caller, t.value("s3:x-amz-acl"))
		checks = append(checks, acl)
	}
	if has("s3:requestobjecttag") {
		tags := write
		tags.Action = "s3:PutObjectTagging"
		checks = append(checks, tags)
	}
	return checks
}

// value returns the one value of a condition key that is given; empty if there is none.
func (t *target) value(key string) string {
	for _, v := range t.given {
		if strings.EqualFold(v.Key, key) && len(v.Values) == 1 {
			return v.Values[0]
		}
	}
	return ""
}
