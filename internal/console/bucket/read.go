package bucket

import (
	"context"
	"slices"

	"crossgrant/internal/console/page"
)

// Read is what a call answered about a setting of a bucket, or its problem: one that is denied does not take the page
// away.
type Read[T any] struct {
	Is T
	// Absent says that the bucket does not have the setting.
	Absent  bool
	Problem *page.Problem
}

// Reading returns a function that calls another and keeps what it answers. By the codes the API says that there is no
// such setting.
func Reading[T any](ctx context.Context, v *page.Visit, into *Read[T], call func(context.Context) (T, error), codes ...string) func() {
	return func() {
		is, err := call(ctx)
		switch {
		case err == nil:
			into.Is = is
		case page.Absent(err, codes...):
			into.Absent = true
		default:
			into.Problem = v.Problem(err)
		}
	}
}

// Gone returns an error if one of the problems is that there is no such bucket.
func Gone(name string, problems ...*page.Problem) error {
	if slices.ContainsFunc(problems, func(p *page.Problem) bool { return p != nil && p.Code == "NoSuchBucket" }) {
		return page.Missing("There is no bucket %s.", name)
	}
	return nil
}

// View is the page of a setting, below one of the tabs of its bucket: tab is the last part of that one's path, and above
// what it is called.
func View(v *page.Visit, tab, above, title, template string, data any) *page.View {
	name := v.Path("bucket")
	crumbs := Crumbs(name, above)
	crumbs[len(crumbs)-1].To = page.Path("buckets", name, tab)
	return &page.View{Title: title + " · " + name, Crumbs: append(crumbs, page.Crumb{Text: title}), Template: template, Data: data}
}
