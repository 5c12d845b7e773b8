package identities

import (
	"context"

	"crossgrant/internal/console/page"
)

// inlining is the page of an inline policy.
type inlining struct {
	Kind *kind
	Name string
	// Policy is empty for a new one.
	Policy   string
	Document *document
	Starts   []page.Start
}

func (k *kind) inlineRow() page.Row {
	return page.Row{Path: "/" + k.Area + "/{name}/inline", Area: k.Area, Get: k.showInline, Actions: map[string]page.Action{"put": k.putInline, "delete": k.deleteInline}}
}

func (k *kind) showInline(ctx context.Context, v *page.Visit) (*page.View, error) {
	name, policy := v.Path("name"), v.Query("policy")
	in := inlining{Kind: k, Name: name, Policy: policy, Starts: starts(v)}
	title := policy
	if policy == "" {
		title = "New inline policy"
		in.Document = new(document) // nothing is typed yet
	} else {
		encoded, err := k.document(ctx, v.AWS.IAM(), name, policy)
		if err != nil {
			return nil, err
		}
		in.Document = documentOf(encoded)
	}
	return &page.View{Title: title, Crumbs: k.crumbs(name, title), Template: "inline", Data: in}, nil
}

func (k *kind) putInline(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, policy := v.Path("name"), v.Query("policy")
	if policy == "" {
		policy = v.Text("policy")
	}
	if policy == "" {
		return nil, page.Invalid("Type a name for the policy.")
	}
	if err := k.put(ctx, v.AWS.IAM(), name, policy, v.Form("document")); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(k.path(name, "inline"), "policy", policy), Note: "The inline policy " + policy + " of the " + k.Word + " " + name + " is saved."}, nil
}

func (k *kind) deleteInline(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, policy := v.Path("name"), v.Query("policy")
	if err := v.Confirmed(policy); err != nil {
		return nil, err
	}
	if err := k.remove(ctx, v.AWS.IAM(), name, policy); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query(k.path(name), "tab", "permissions"), Note: "The inline policy " + policy + " of the " + k.Word + " " + name + " is deleted."}, nil
}
