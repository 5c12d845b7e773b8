package permissions

import (
	"context"

	"crossgrant/internal/console/page"
	"crossgrant/internal/picture"
	"crossgrant/internal/reach"
	"crossgrant/internal/reachmap"
)

// question is the input of ListAccess.
type question struct{ Bucket string }

func listAccess(ctx context.Context, v *page.Visit) (*reach.Result, error) {
	out := new(reach.Result)
	if err := v.AWS.Ask(ctx, "ListAccess", question{name(v)}, out); err != nil {
		return nil, err
	}
	return out, nil
}

// reached is who reaches a bucket.
type reached struct {
	Bucket  string
	Problem *page.Problem
	// Elsewhere says that the bucket is not of the visitor's account.
	Elsewhere bool
	To        []group // the bucket
	Roles     []group // a role that reaches it
	Cut       []string
	More      int // paths that are not listed
	// Large says that the picture has pages of its own, which have to be clicked.
	Large bool
}

// showReach shows who reaches the bucket as a part of the overview, which asks for it: the answer may take a second.
func showReach(ctx context.Context, v *page.Visit) (*page.View, error) {
	out := &reached{Bucket: name(v)}
	r, err := listAccess(ctx, v)
	out.Problem = v.Problem(err)
	out.Elsewhere = page.Absent(err, "NoSuchBucket")
	if r != nil {
		roles := map[string]bool{}
		for _, t := range r.Targets {
			roles[t.ARN] = t.Kind == reach.RoleTarget
		}
		var to, into []reach.Path
		for _, p := range r.Paths {
			if roles[p.Target] {
				into = append(into, p)
			} else {
				to = append(to, p)
			}
		}
		out.To, out.Roles, out.Cut = groups(to, r.Principals, r.Accounts), groups(into, r.Principals, r.Accounts), r.Cut
		out.Large = len(r.Accounts) > picture.OpenHouses
		out.More = max(0, len(to)-most) + max(0, len(into)-most)
	}
	return &page.View{Template: "reach", Data: out, Bare: true}, nil
}

// showMap draws who reaches the bucket.
func showMap(ctx context.Context, v *page.Visit) (*page.View, error) {
	r, err := listAccess(ctx, v)
	if err != nil {
		return nil, err
	}
	svg, err := picture.SVG(reachmap.Of(r))
	if err != nil {
		return nil, err
	}
	return &page.View{Raw: &page.Raw{Type: "image/svg+xml", Body: svg, Picture: true}}, nil
}
