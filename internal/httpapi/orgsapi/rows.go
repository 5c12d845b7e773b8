package orgsapi

import (
	"cmp"
	"context"
	"errors"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/jsonapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/json11"
)

// input is what operations read from a request, of which each uses a part.
type input struct {
	id, target     string // what the operation is about, and what it is attached to
	parent, source string
	kind           string
	name           *string
	description    *string
	content        *string
	policyType     string
	email, role    string
	service        string // a service principal
	transfer       transfer
	notes          string
	states         []string
	tags           []orgs.Tag
	tagKeys        []string
	page           orgs.Page
	handshakes     orgs.HandshakeFilter

	// What is read before the checks.
	targets    []orgs.Target    // of the row's refs
	tagged     []orgs.Target    // of what tags are put on
	delegation *orgs.Delegation // what lets the caller act for the management account; nil: it acts for itself
}

// row declares an operation. Fields left out have the defaults that are told.
type row struct {
	name   string
	decode func(r *json11.Reader, in *input) error // nil: the operation has no members
	// about is what the action is authorized on, each by itself; nil: it has no resource, "*".
	about func(in *input) []orgs.Ref
	// self is the account that the action is authorized on, for an operation that is about one account: the
	// caller's if it is empty.
	self func(in *input) string
	// makes is what the tags of the request are put on, for operations that make something with tags.
	makes func(in *input) orgs.Ref
	// typed says that the action has the condition key organizations:PolicyType even if nothing that it
	// is about is a policy; the input has the type.
	typed bool
	// tagless says that the action itself has no condition keys for the tags of the request.
	tagless bool
	// own reports whether the request is about the caller's own account, which every member may ask about;
	// nil: it never is.
	own func(account ids.AccountID, in *input) bool
	run func(ctx context.Context, account ids.AccountID, in *input) (result any, err error)
	// notOffered is as in httpapi.Row.
	notOffered string
}

// maxBody is the largest body of a request, in bytes; the pipeline takes no larger one either.
const maxBody = 1 << 20

// operation turns a row into an operation.
func (a *api) operation(r row) httpapi.Operation {
	return httpapi.Row[input]{
		Name:       r.name,
		NotOffered: r.notOffered,
		Decode:     r.read,
		Load: func(ctx context.Context, c *httpapi.Call, in *input) error {
			return a.load(ctx, r, c.Caller.Account, in)
		},
		Checks: r.checks,
		Run: func(ctx context.Context, c *httpapi.Call, in *input) (*httpapi.Response, error) {
			result, err := r.run(ctx, in.actor(c.Caller.Account), in)
			if err != nil {
				return nil, err
			}
			return jsonapi.Respond(r.name, result)
		},
	}.Operation()
}

// load reads what the checks are about.
func (a *api) load(ctx context.Context, r row, account ids.AccountID, in *input) (err error) {
	if r.self != nil {
		r.about = func(in *input) []orgs.Ref { return existing(cmp.Or(r.self(in), string(account))) }
	}
	if r.about != nil {
		if in.targets, err = a.orgs.Targets(ctx, account, r.about(in)); err != nil {
			return err
		}
	}
	if orgs.Delegable(r.name) && (r.own == nil || !r.own(account, in)) {
		if in.delegation, err = a.orgs.Delegation(ctx, account); err != nil {
			return err
		}
	}
	if r.about != nil && in.delegation != nil {
		if in.targets, err = a.orgs.Targets(ctx, in.delegation.Management, r.about(in)); err != nil {
			return err
		}
	}
	if r.makes != nil && len(in.tags) > 0 {
		in.tagged, err = a.orgs.Targets(ctx, account, []orgs.Ref{r.makes(in)})
	}
	return err
}

// actor returns the account that a request is carried out for: the caller's, or the management account
// where that lets the caller's manage policies.
func (in *input) actor(caller ids.AccountID) ids.AccountID {
	if in.delegation != nil {
		return in.delegation.Management
	}
	return caller
}

// read reads the body of a request.
func (r row) read(c *httpapi.Call) (*input, error) {
	reader, err := jsonapi.Read(c, maxBody)
	if err != nil {
		return nil, err
	}
	in := new(input)
	if r.decode != nil {
		err = r.decode(reader, in)
	}
	readErr := reader.Err()
	var violation *json11.Violation
	switch {
	case errors.As(readErr, &violation):
		return nil, invalid(violation.Fault)
	case readErr != nil:
		return nil, readErr
	}
	return in, err
}

// checks asks for the action of the row on each of its targets.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
func (r row) checks(_ *httpapi.Call, in *input) []access.Check {
	targets := in.targets
	if r.about == nil && r.self == nil {
		targets = []orgs.Target{{ARN: "*"}}
	}
	policyType := ""
	if r.typed {
		policyType = in.policyType
	}
	for _, t := range targets {
		if t.PolicyType != "" {
			policyType = t.PolicyType
		}
	}
	var checks []access.Check
	asked := *in
	if r.tagless {
		asked.tags = nil
	}
	for _, t := range targets {
		checks = append(checks, check("organizations:"+r.name, t, policyType, &asked))
	}
	for _, t := range in.tagged {
		checks = append(checks, check("organizations:TagResource", t, t.PolicyType, in))
	}
	return checks
}

// check is the check of an action on a target, with the condition keys that the actions of Organizations
// have.
func check(action string, t orgs.Target, policyType string, in *input) access.Check {
	c := access.Check{Action: action, Resource: t.ARN}
	if a, err := arn.Parse(t.ARN); err == nil {
		c.ToldOwner = ids.AccountID(a.Account) // the management account, or AWS
	}
	if in.delegation != nil {
		c.Owner, c.Policy = in.delegation.Management, &in.delegation.Policy
	}
	c.Keys = func(k *policy.Context) {
		for _, tag := range t.Tags {
			k.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		}
		if policyType != "" {
			k.Set("organizations:PolicyType", policyType)
		}
		in.transfer.keys(k)
		if in.service != "" {
			k.Set("organizations:ServicePrincipal", in.service)
		}
		names := in.tagKeys
		for _, tag := range in.tags {
			k.Set("aws:RequestTag/"+tag.Key, tag.Value)
			names = append(names[:len(names):len(names)], tag.Key)
		}
		if len(names) > 0 {
			k.SetMulti("aws:TagKeys", names)
		}
	}
	return c
}

// text returns what p points to, or "".
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// existing refers to the things with these IDs.
func existing(names ...string) []orgs.Ref {
	refs := make([]orgs.Ref, len(names))
	for i, name := range names {
		refs[i] = orgs.Existing(name)
	}
	return refs
}

func aboutID(in *input) []orgs.Ref     { return existing(in.id) }
func aboutTarget(in *input) []orgs.Ref { return existing(in.target) }
func aboutParent(in *input) []orgs.Ref { return existing(in.parent) }
func aboutBoth(in *input) []orgs.Ref   { return existing(in.id, in.target) }

func always(ids.AccountID, *input) bool { return true }
