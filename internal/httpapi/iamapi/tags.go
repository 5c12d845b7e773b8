package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

type tagsResult struct {
	Tags query.List[tagShape]
	pageShape
}

// tagInput is the input of operations on tags, of which each uses a part.
type tagInput struct {
	name   string // as iam.Tagged has it
	target iam.Target
	// owner is whose the thing is, empty for the caller's account; told is as in access.Check.
	owner, told ids.AccountID

	tags []iam.Tag
	keys []string
	page iam.Page
}

// taggedThing says how the operations on the tags of one kind of things differ from those of others.
type taggedThing struct {
	kind iam.TaggedKind
	// decode reads which one it is: name, and owner if it can be another account's.
	decode func(q *query.Reader, in *tagInput) error
	// load returns what the check is about.
	load func(ctx context.Context, account ids.AccountID, in *tagInput) (iam.Target, error)
	// like is the kind of entity whose tags have the same condition keys: those of users and roles have more.
	like keys.Kind
}

// tags returns the rows for tags.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
func (a *api) tags() (rows []httpapi.Operation) {
	for _, thing := range []taggedThing{
		{kind: iam.TaggedUser, like: keys.UserKind, decode: decodeTaggedEntity(keys.UserKind), load: a.loadTaggedEntity(keys.UserKind)},
		{kind: iam.TaggedRole, like: keys.RoleKind, decode: decodeTaggedEntity(keys.RoleKind), load: a.loadTaggedEntity(keys.RoleKind)},
		{kind: iam.TaggedPolicy, like: keys.PolicyKind, decode: decodeTaggedPolicy, load: a.loadTaggedPolicy},
		{kind: iam.TaggedMFADevice, like: keys.PolicyKind, decode: decodeTaggedMFADevice, load: func(ctx context.Context, account ids.AccountID, in *tagInput) (iam.Target, error) {
			return a.iam.MFADeviceTarget(ctx, account, in.name)
		}},
		{
			kind: iam.TaggedInstanceProfile, like: keys.InstanceProfileKind,
			decode: decodeTaggedEntity(keys.InstanceProfileKind), load: a.loadTaggedEntity(keys.InstanceProfileKind),
		},
	} {
		rows = append(rows, a.tagsOf(thing)...)
	}
	return rows
}

// tagsOf returns the three rows for the tags of one kind of things. Each is authorized as the action of its
// name on the thing.
func (a *api) tagsOf(thing taggedThing) []httpapi.Operation {
	of := func(in *tagInput) iam.Tagged { return iam.Tagged{Kind: thing.kind, Name: in.name} }
	return []httpapi.Operation{
		a.tagRow("Tag"+string(thing.kind), thing,
			func(q *query.Reader, in *tagInput) { in.tags = requiredTags(q) },
			func(ctx context.Context, account ids.AccountID, in *tagInput) (any, error) {
				return nil, a.iam.Tag(ctx, account, of(in), in.tags)
			}),
		a.tagRow("Untag"+string(thing.kind), thing,
			func(q *query.Reader, in *tagInput) { in.keys = requiredTagKeys(q) },
			func(ctx context.Context, account ids.AccountID, in *tagInput) (any, error) {
				return nil, a.iam.Untag(ctx, account, of(in), in.keys)
			}),
		a.tagRow("List"+string(thing.kind)+"Tags", thing,
			func(q *query.Reader, in *tagInput) { in.page = page(q) },
			func(ctx context.Context, account ids.AccountID, in *tagInput) (any, error) {
				list, err := a.iam.Tags(ctx, account, of(in), in.page)
				return &tagsResult{listOf(list.Items, tagOf), pageOf(list.Marker)}, err
			}),
	}
}

// tagRow is one row about the tags of a thing.
func (a *api) tagRow(name string, thing taggedThing, decode func(q *query.Reader, in *tagInput),
	run func(ctx context.Context, account ids.AccountID, in *tagInput) (any, error),
) httpapi.Operation {
	return queryapi.Row[tagInput]{
		Name: name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (*tagInput, error) {
			in := new(tagInput)
			decode(q, in)
			return in, thing.decode(q, in)
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *tagInput) (err error) {
			if in.owner == managed.Owner {
				in.owner, in.told = c.Caller.Account, managed.Owner
			}
			in.target, err = thing.load(ctx, c.Caller.Account, in)
			return err
		},
		Checks: func(_ *httpapi.Call, in *tagInput) []access.Check {
			return []access.Check{{
				Action: "iam:" + name, Resource: in.target.ARN, Owner: in.owner, ToldOwner: in.told,
				Keys: func(k *policy.Context) {
					resourceTags(k, in.target.Tags, thing.like)
					requestTags(k, in.tags)
					if len(in.keys) > 0 {
						k.SetMulti("aws:TagKeys", in.keys)
					}
				},
			}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *tagInput) (any, error) {
			return run(ctx, c.Caller.Account, in)
		},
	}.Operation(protocol)
}

func decodeTaggedEntity(k keys.Kind) func(q *query.Reader, in *tagInput) error {
	return func(q *query.Reader, in *tagInput) error {
		in.name = entityName(q, k)
		return nil
	}
}

func (a *api) loadTaggedEntity(k keys.Kind) func(context.Context, ids.AccountID, *tagInput) (iam.Target, error) {
	return func(ctx context.Context, account ids.AccountID, in *tagInput) (iam.Target, error) {
		return a.iam.Target(ctx, account, k, in.name)
	}
}

func decodeTaggedPolicy(q *query.Reader, in *tagInput) error {
	in.name = q.Required("PolicyArn", arnRules...)
	policyARN, err := iam.ParsePolicyARN(in.name)
	in.owner = ids.AccountID(policyARN.Account)
	return err
}

func (a *api) loadTaggedPolicy(ctx context.Context, account ids.AccountID, in *tagInput) (iam.Target, error) {
	policyARN, err := iam.ParsePolicyARN(in.name)
	if err != nil {
		return iam.Target{}, err
	}
	return a.iam.PolicyTarget(ctx, account, policyARN)
}

func decodeTaggedMFADevice(q *query.Reader, in *tagInput) error {
	in.name = q.Required("SerialNumber", serialNumberRules...)
	device, err := iam.ParseSerialNumber(in.name)
	in.owner = ids.AccountID(device.Account)
	return err
}

// requestTags adds the keys of the tags that a request brings, if it does. Keys of tags that differ in case
// only are one condition key; package iam refuses to do anything with two such tags.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requesttag
func requestTags(k *policy.Context, tags []iam.Tag) {
	names := make([]string, len(tags))
	for i, tag := range tags {
		k.Set("aws:RequestTag/"+tag.Key, tag.Value)
		names[i] = tag.Key
	}
	if len(tags) > 0 {
		k.SetMulti("aws:TagKeys", names)
	}
}

// requiredTags reads tags that must be given, though an empty list may be.
func requiredTags(q *query.Reader) []iam.Tag {
	given := tags(q)
	if len(given) == 0 {
		q.Required("Tags")
	}
	return given
}

// requiredTagKeys reads keys of tags that must be given, though an empty list may be.
func requiredTagKeys(q *query.Reader) []string {
	names := q.Strings("TagKeys", maxTags, tagKeyRules...)
	if len(names) == 0 {
		q.Required("TagKeys")
	}
	return names
}
