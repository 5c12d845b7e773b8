package permissions

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crossgrant/internal/console/page"
	"crossgrant/internal/ids"
	"crossgrant/internal/reach"
)

// edit is the input of PreviewAccess: a change of a bucket.
type edit struct {
	Bucket                         string
	Policy                         *string                               `json:",omitempty"`
	AccessControlPolicy            *list                                 `json:",omitempty"`
	PublicAccessBlockConfiguration *types.PublicAccessBlockConfiguration `json:",omitempty"`
	ObjectOwnership                string                                `json:",omitempty"`
}

// change is what PreviewAccess answers.
type change struct {
	Gains, Loses []reach.Path
	Kept         int
	Principals   []reach.Principal
	Accounts     []reach.Account
	Warnings     []string
	Cut          []string
}

// previewed is what is shown of a preview.
type previewed struct {
	Problem      *page.Problem
	Gains, Loses []group
	Kept         int
	Warnings     []string
	Cut          []string
}

// Same reports whether nobody gains or loses anything.
func (p *previewed) Same() bool { return len(p.Gains) == 0 && len(p.Loses) == 0 }

// preview answers, as a part of the page, who gains and who loses access by a change. Nothing is changed.
func preview(ctx context.Context, v *page.Visit, e *edit) (*page.Done, error) {
	e.Bucket = name(v)
	var c change
	out := &previewed{Problem: v.Problem(v.AWS.Ask(ctx, "PreviewAccess", e, &c))}
	out.Gains, out.Loses, out.Kept, out.Warnings, out.Cut = groups(c.Gains, c.Principals, c.Accounts), groups(c.Loses, c.Principals, c.Accounts), c.Kept, c.Warnings, c.Cut
	if v.Part() {
		return &page.Done{View: &page.View{Template: "previewed", Data: out, Bare: true}}, nil
	}
	return &page.Done{View: view(v, "Preview", "previewed-page", map[string]any{"Bucket": name(v), "Preview": out})}, nil
}

// group is the paths of one principal.
type group struct {
	Who, Detail, Icon string
	Paths             []reach.Path
}

// most is how many paths are listed.
const most = 200

// groups arranges paths by their principals, in the order of the paths.
func groups(paths []reach.Path, principals []reach.Principal, accounts []reach.Account) []group {
	known := map[string]reach.Principal{}
	for _, p := range principals {
		known[p.ID] = p
	}
	names := map[ids.AccountID]string{}
	for _, a := range accounts {
		names[a.ID] = a.Name
	}
	var out []group
	for _, p := range paths[:min(len(paths), most)] {
		g := describe(p.Principal, known[p.Principal], names)
		if n := len(out); n == 0 || out[n-1].Who != g.Who || out[n-1].Detail != g.Detail {
			out = append(out, g)
		}
		last := &out[len(out)-1]
		last.Paths = append(last.Paths, p)
	}
	return out
}

// describe names a principal for people.
func describe(id string, p reach.Principal, names map[ids.AccountID]string) group {
	g := group{Who: id, Icon: "person"}
	in := ""
	if p.Account != "" {
		in = strings.TrimSpace("account " + string(p.Account) + " " + names[p.Account])
	}
	switch p.Kind {
	case reach.Root:
		g.Who, g.Detail, g.Icon = "Root user", in, "key"
	case reach.User:
		g.Who, g.Detail = "User "+p.Name, in
	case reach.Role:
		g.Who, g.Detail, g.Icon = "Role "+p.Name, in, "role"
	case reach.Session, reach.FederatedUser:
		g.Who, g.Detail, g.Icon = "Session "+p.Name, in, "role"
	case reach.Service:
		g.Who, g.Icon = "Service "+id, "settings"
	case reach.Provider:
		g.Who, g.Icon = "Users of "+id, "people"
	case reach.Anonymous:
		g.Who, g.Detail, g.Icon = "Anyone", "without signing in", "globe"
	case reach.AnyOfAccount:
		g.Who, g.Detail, g.Icon = "Any principal of "+in, "as its own policies let", "account"
		if in == "" {
			g.Who = "Any principal of the account with canonical user ID " + id
		}
	case reach.AnyAccount:
		g.Who, g.Detail, g.Icon = "Any other account", "as its own policies let", "globe"
	}
	return g
}
