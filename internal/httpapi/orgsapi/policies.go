package orgsapi

import (
	"context"

	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/wire/json11"
)

// policies returns the rows for policies by themselves.
func (a *api) policies() []row {
	newPolicy := func(in *input) orgs.Ref { return orgs.NewPolicyOf(in.policyType) }
	return []row{
		{
			name: "CreatePolicy", typed: true, makes: newPolicy,
			about: func(in *input) []orgs.Ref { return []orgs.Ref{newPolicy(in)} },
			decode: func(r *json11.Reader, in *input) error {
				in.content, in.name = require(r, "Content", contentRules...), require(r, "Name", nameRules...)
				in.description = require(r, "Description", descriptionRules...)
				in.policyType = r.Required("Type", policyTypeRules...)
				readTags(r, in)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				p, err := a.orgs.CreatePolicy(ctx, account, orgs.NewPolicy{
					Type: in.policyType, Name: text(in.name), Description: text(in.description), Content: text(in.content), Tags: in.tags,
				})
				return one("Policy", p, policyOf, err)
			},
		},
		{
			name: "UpdatePolicy", about: aboutID,
			decode: func(r *json11.Reader, in *input) error {
				in.id, in.name = r.Required("PolicyId", policyRules...), r.Optional("Name", nameRules...)
				in.description, in.content = r.Optional("Description", descriptionRules...), r.Optional("Content", contentRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				p, err := a.orgs.UpdatePolicy(ctx, account, in.id, orgs.PolicyChange{Name: in.name, Description: in.description, Content: in.content})
				return one("Policy", p, policyOf, err)
			},
		},
		{
			name: "DeletePolicy", about: aboutID, decode: readID("PolicyId", policyRules),
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.DeletePolicy(ctx, account, in.id)
			},
		},
		{
			name: "DescribePolicy", about: aboutID, decode: readID("PolicyId", policyRules),
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				p, err := a.orgs.Policy(ctx, account, in.id)
				return one("Policy", p, policyOf, err)
			},
		},
		{
			name: "ListPolicies", typed: true,
			decode: func(r *json11.Reader, in *input) error {
				in.policyType = r.Required("Filter", policyTypeRules...)
				return readPage(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Policies(ctx, account, in.policyType, in.page)
				return listed("Policies", list, summaryOf, err)
			},
		},
	}
}

// attachments returns the rows for what policies are attached to, and for the types that are enabled.
func (a *api) attachments() []row {
	readBoth := func(r *json11.Reader, in *input) error {
		in.id, in.target = r.Required("PolicyId", policyRules...), r.Required("TargetId", targetRules...)
		return nil
	}
	readType := func(r *json11.Reader, in *input) error {
		in.id, in.policyType = r.Required("RootId", rootRules...), r.Required("PolicyType", policyTypeRules...)
		return nil
	}
	return []row{
		{
			name: "AttachPolicy", about: aboutBoth, decode: readBoth,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.AttachPolicy(ctx, account, in.id, in.target)
			},
		},
		{
			name: "DetachPolicy", about: aboutBoth, decode: readBoth,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.DetachPolicy(ctx, account, in.id, in.target)
			},
		},
		{
			name: "ListPoliciesForTarget", about: aboutTarget, typed: true,
			decode: func(r *json11.Reader, in *input) error {
				in.target, in.policyType = r.Required("TargetId", targetRules...), r.Required("Filter", policyTypeRules...)
				return readPage(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.PoliciesForTarget(ctx, account, in.target, in.policyType, in.page)
				return listed("Policies", list, summaryOf, err)
			},
		},
		{
			name: "ListTargetsForPolicy", about: aboutID,
			decode: func(r *json11.Reader, in *input) error {
				in.id = r.Required("PolicyId", policyRules...)
				return readPage(r, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.TargetsForPolicy(ctx, account, in.id, in.page)
				return listed("Targets", list, targetOf, err)
			},
		},
		{
			name: "EnablePolicyType", about: aboutID, typed: true, decode: readType,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				root, err := a.orgs.EnablePolicyType(ctx, account, in.id, in.policyType)
				return one("Root", root, rootOf, err)
			},
		},
		{
			name: "DisablePolicyType", about: aboutID, typed: true, decode: readType,
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				root, err := a.orgs.DisablePolicyType(ctx, account, in.id, in.policyType)
				return one("Root", root, rootOf, err)
			},
		},
	}
}

// tags returns the rows for tags.
func (a *api) tags() []row {
	return []row{
		{
			name: "TagResource", about: aboutID,
			decode: func(r *json11.Reader, in *input) error {
				in.id = r.Required("ResourceId", resourceRules...)
				r.Need("Tags")
				readTags(r, in)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.Tag(ctx, account, in.id, in.tags)
			},
		},
		{
			name: "UntagResource", about: aboutID,
			decode: func(r *json11.Reader, in *input) error {
				in.id = r.Required("ResourceId", resourceRules...)
				r.Need("TagKeys")
				in.tagKeys = r.Strings("TagKeys", tagKeyRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				return nil, a.orgs.Untag(ctx, account, in.id, in.tagKeys)
			},
		},
		{
			name: "ListTagsForResource", about: aboutID,
			decode: func(r *json11.Reader, in *input) error {
				in.id = r.Required("ResourceId", resourceRules...)
				in.page.Token = r.String("NextToken", tokenRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *input) (any, error) {
				list, err := a.orgs.Tags(ctx, account, in.id, in.page)
				return listed("Tags", list, tagOf, err)
			},
		},
	}
}
