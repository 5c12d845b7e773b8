package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

// entityInput is the input of operations on a user, group, role or instance profile, of which each uses a part.
type entityInput struct {
	kind keys.Kind
	// name is the entity's; empty for the root user, which some operations may be about.
	name   string
	target iam.Target // read before the checks
	// everything says that the action is asked for on "*", whatever the operation is about.
	everything bool

	member      string // of the group or instance profile that the operation is about
	newName     string
	newPath     string
	policyARN   string
	policyName  string
	document    string
	description string
	pathPrefix  string
	keyID       ids.AccessKeyID
	active      bool
	seconds     int // 0: not given
	mfa         iam.MFAAssignment
	login       iam.LoginUpdate
	page        iam.Page
}

// entityRow is a row about one user, group, role or instance profile. Its fields left out have the defaults that are
// told.
type entityRow struct {
	name string
	kind keys.Kind
	// decode reads what the operation uses; the entity's name is read before it, unless anyone is set.
	decode func(c *httpapi.Call, q *query.Reader, in *entityInput) error
	// anyone says that decode reads the entity's name itself.
	anyone bool
	// bounded says that the action has the condition key iam:PermissionsBoundary, with the boundary
	// that the entity has.
	bounded bool
	// renames says that the operation may give the entity the newName and newPath of its input: the action
	// must then be allowed on the entity's new ARN as well.
	renames bool
	// keys adds the other condition keys of the action; nil: none.
	keys func(in *entityInput, k *policy.Context)
	run  func(ctx context.Context, account ids.AccountID, in *entityInput) (result any, err error)
}

// entity turns the row into an operation that is authorized as the action of its name on the entity.
func (a *api) entity(r entityRow) httpapi.Operation {
	return queryapi.Row[entityInput]{
		Name: r.name,
		Decode: func(c *httpapi.Call, q *query.Reader) (*entityInput, error) {
			in := &entityInput{kind: r.kind}
			if !r.anyone {
				in.name = entityName(q, r.kind)
			}
			if r.decode == nil {
				return in, nil
			}
			return in, r.decode(c, q, in)
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *entityInput) (err error) {
			if in.everything {
				in.target = iam.Target{ARN: "*"}
				return nil
			}
			if in.name == "" {
				in.target = iam.Target{ARN: arn.Root(c.Caller.Account).String()}
				return nil
			}
			in.target, err = a.iam.Target(ctx, c.Caller.Account, in.kind, in.name)
			return err
		},
		Checks: func(_ *httpapi.Call, in *entityInput) []access.Check {
			check := access.Check{Action: "iam:" + r.name, Resource: in.target.ARN, Keys: func(k *policy.Context) {
				resourceTags(k, in.target.Tags, in.kind)
				if r.bounded && in.target.Boundary != "" {
					k.Set("iam:PermissionsBoundary", in.target.Boundary)
				}
				if r.keys != nil {
					r.keys(in, k)
				}
			}}
			checks := []access.Check{check}
			if renamed := in.renamed(); r.renames && renamed != check.Resource {
				check.Resource = renamed
				checks = append(checks, check)
			}
			return checks
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *entityInput) (any, error) {
			return r.run(ctx, c.Caller.Account, in)
		},
	}.Operation(protocol)
}

// renamed returns the ARN that the entity has with the newName and newPath of the input.
func (in *entityInput) renamed() string {
	a, _ := arn.Parse(in.target.ARN) // package iam has built it
	name, path := a.Name(), a.Path()
	if in.newName != "" {
		name = in.newName
	}
	if in.newPath != "" {
		path = in.newPath
	}
	a.Resource = a.Type() + path + name
	return a.String()
}

// policyInput is the input of operations on a managed policy, of which each uses a part.
type policyInput struct {
	arn    arn.ARN
	target iam.Target

	version   string
	document  string
	asDefault bool
	filter    iam.EntityFilter
	// nobody says that the filter lets no entity through.
	nobody bool
	page   iam.Page
}

// policyRow is a row about one managed policy.
type policyRow struct {
	name   string
	decode func(q *query.Reader, in *policyInput) // nil: nothing but PolicyArn
	run    func(ctx context.Context, account ids.AccountID, in *policyInput) (result any, err error)
}

// policy turns the row into an operation that is authorized as the action of its name on the policy.
// A policy of AWS is decided about like the caller's account's own, but belongs to AWS: a policy that denies
// what is in no account or organization of one's own denies it too, as on AWS.
//
// Source: https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/service_specific_guidance/iam-specific-guidance.md
func (a *api) policy(r policyRow) httpapi.Operation {
	return queryapi.Row[policyInput]{
		Name: r.name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (in *policyInput, err error) {
			in = new(policyInput)
			text := q.Required("PolicyArn", arnRules...)
			if r.decode != nil {
				r.decode(q, in)
			}
			in.arn, err = iam.ParsePolicyARN(text)
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *policyInput) (err error) {
			in.target, err = a.iam.PolicyTarget(ctx, c.Caller.Account, in.arn)
			return err
		},
		Checks: func(c *httpapi.Call, in *policyInput) []access.Check {
			owner, told := ids.AccountID(in.arn.Account), ids.AccountID("")
			if owner == managed.Owner {
				owner, told = c.Caller.Account, managed.Owner
			}
			return []access.Check{{
				Action: "iam:" + r.name, Resource: in.target.ARN, Owner: owner, ToldOwner: told,
				Keys: func(k *policy.Context) { resourceTags(k, in.target.Tags, keys.PolicyKind) },
			}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *policyInput) (any, error) {
			return r.run(ctx, c.Caller.Account, in)
		},
	}.Operation(protocol)
}

// listInput is the input of operations that list entities.
type listInput struct {
	pathPrefix string // "/" if none was given
	filter     iam.PolicyFilter
	status     iam.AssignmentStatus
	page       iam.Page
}

// listRow is a row that lists entities of the account.
type listRow struct {
	name string
	// resource is the resource of the check, to which the path prefix is added.
	resource func(account ids.AccountID) string
	decode   func(q *query.Reader, in *listInput)
	run      func(ctx context.Context, account ids.AccountID, in *listInput) (result any, err error)
}

// list turns the row into an operation.
func (a *api) list(r listRow) httpapi.Operation {
	return queryapi.Row[listInput]{
		Name: r.name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (*listInput, error) {
			in := &listInput{page: page(q)}
			r.decode(q, in)
			return in, nil
		},
		Checks: func(c *httpapi.Call, in *listInput) []access.Check {
			return []access.Check{{Action: "iam:" + r.name, Resource: r.resource(c.Caller.Account) + in.pathPrefix}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *listInput) (any, error) {
			return r.run(ctx, c.Caller.Account, in)
		},
	}.Operation(protocol)
}

// underType returns the resource of a list of users, groups or roles. AWS's documentation gives these
// actions no resource type; its messages name the ARN of the path that is listed, such as
// arn:aws:iam::111122223333:user/, and so does the check.
func underType(word string) func(ids.AccountID) string {
	return func(account ids.AccountID) string {
		return arn.ARN{Partition: arn.Partition, Service: "iam", Account: string(account), Resource: word}.String()
	}
}

// resourceTags adds the tags of the entity that a check is about. Those of users and roles have a
// second name.
func resourceTags(k *policy.Context, tags []iam.Tag, kind keys.Kind) {
	for _, tag := range tags {
		k.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		if kind == keys.UserKind || kind == keys.RoleKind {
			k.Set("iam:ResourceTag/"+tag.Key, tag.Value)
		}
	}
}

// creation returns the checks of an operation that makes a tagged entity: that of its action, and, if
// it has tags, that of the action which tags such an entity.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
func creation(action, tagAction, resource, boundary string, tags []iam.Tag) []access.Check {
	checks := []access.Check{{Action: action, Resource: resource, Keys: func(k *policy.Context) {
		requestTags(k, tags)
		if boundary != "" {
			k.Set("iam:PermissionsBoundary", boundary)
		}
	}}}
	if len(tags) > 0 {
		checks = append(checks, access.Check{Action: tagAction, Resource: resource, Keys: func(k *policy.Context) { requestTags(k, tags) }})
	}
	return checks
}
