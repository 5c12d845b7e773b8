package iamapi

import (
	"context"
	"encoding/xml"

	"crossgrant/internal/httpapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

type attachedResult struct {
	AttachedPolicies query.List[attachedShape]
	pageShape
}

// attachments returns the rows that attach managed policies to entities of one kind.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
func (a *api) attachments(k keys.Kind) []httpapi.Operation {
	word, bounded := kindWord(k), k != keys.GroupKind
	return []httpapi.Operation{
		a.entity(entityRow{
			name: "Attach" + word + "Policy", kind: k, decode: decodePolicyARN, bounded: bounded, keys: policyARNKey,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.AttachPolicy(ctx, account, k, in.name, in.policyARN)
			},
		}),
		a.entity(entityRow{
			name: "Detach" + word + "Policy", kind: k, decode: decodePolicyARN, bounded: bounded, keys: policyARNKey,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.DetachPolicy(ctx, account, k, in.name, in.policyARN)
			},
		}),
		a.entity(entityRow{
			name: "ListAttached" + word + "Policies", kind: k,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.page = page(q)
				in.pathPrefix = q.StringOr("PathPrefix", "/", policyPathRules...)
				return nil
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				list, err := a.iam.AttachedPolicies(ctx, account, k, in.name, in.pathPrefix, in.page)
				shape := func(p iam.AttachedPolicy) attachedShape { return attachedShape{p.Name, p.ARN} }
				return &attachedResult{listOf(list.Items, shape), pageOf(list.Marker)}, err
			},
		}),
	}
}

// decodePolicyARN reads the policy that is attached or detached.
func decodePolicyARN(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
	in.policyARN = q.Required("PolicyArn", arnRules...)
	_, err := iam.ParsePolicyARN(in.policyARN)
	return err
}

func policyARNKey(in *entityInput, k *policy.Context) { k.Set("iam:PolicyARN", in.policyARN) }

// inlineResult is the answer of Get*Policy. The element that names the entity depends on its kind.
type inlineResult struct {
	Name           nameElement
	PolicyName     string
	PolicyDocument string
}

// nameElement is an element of a name that is known only at run time.
type nameElement struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

type inlineNamesResult struct {
	PolicyNames query.List[string]
	pageShape
}

// inline returns the rows for the policies that are written into entities of one kind.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
func (a *api) inline(k keys.Kind) []httpapi.Operation {
	word, bounded := kindWord(k), k != keys.GroupKind
	return []httpapi.Operation{
		a.entity(entityRow{
			name: "Put" + word + "Policy", kind: k, bounded: bounded,
			decode: func(c *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.document = q.Required("PolicyDocument", documentRules...)
				return decodePolicyName(c, q, in)
			},
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.PutInlinePolicy(ctx, account, k, in.name, in.policyName, in.document)
			},
		}),
		a.entity(entityRow{
			name: "Get" + word + "Policy", kind: k, decode: decodePolicyName,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				document, err := a.iam.InlinePolicy(ctx, account, k, in.name, in.policyName)
				return &inlineResult{
					Name:       nameElement{xml.Name{Local: word + "Name"}, in.name},
					PolicyName: in.policyName, PolicyDocument: query.EscapeDocument(document),
				}, err
			},
		}),
		a.entity(entityRow{
			name: "Delete" + word + "Policy", kind: k, decode: decodePolicyName, bounded: bounded,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.DeleteInlinePolicy(ctx, account, k, in.name, in.policyName)
			},
		}),
		a.entity(entityRow{
			name: "List" + word + "Policies", kind: k, decode: decodePage,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				list, err := a.iam.InlinePolicies(ctx, account, k, in.name, in.page)
				return &inlineNamesResult{query.List[string]{Members: list.Items}, pageOf(list.Marker)}, err
			},
		}),
	}
}

func decodePolicyName(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
	in.policyName = q.Required("PolicyName", policyNameRules...)
	return nil
}

// boundaries returns the rows for permissions boundaries of entities of one kind. Putting one is
// judged by the boundary that is put, taking it away by the one that there is.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func (a *api) boundaries(k keys.Kind) []httpapi.Operation {
	word := kindWord(k)
	return []httpapi.Operation{
		a.entity(entityRow{
			name: "Put" + word + "PermissionsBoundary", kind: k,
			decode: func(_ *httpapi.Call, q *query.Reader, in *entityInput) error {
				in.policyARN = q.Required("PermissionsBoundary", arnRules...)
				_, err := iam.ParsePolicyARN(in.policyARN)
				return err
			},
			keys: func(in *entityInput, c *policy.Context) { c.Set("iam:PermissionsBoundary", in.policyARN) },
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.SetBoundary(ctx, account, k, in.name, in.policyARN)
			},
		}),
		a.entity(entityRow{
			name: "Delete" + word + "PermissionsBoundary", kind: k, bounded: true,
			run: func(ctx context.Context, account ids.AccountID, in *entityInput) (any, error) {
				return nil, a.iam.ClearBoundary(ctx, account, k, in.name)
			},
		}),
	}
}
