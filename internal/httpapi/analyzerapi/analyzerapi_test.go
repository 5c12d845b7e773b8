package analyzerapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/wire/restjson"
)

// TestEveryOperationHasItsPath holds that the path of each operation leads to it, and not to another one.
func TestEveryOperationHasItsPath(t *testing.T) {
	t.Parallel()
	s := New(nil)
	if n := len(strings.Fields(known)); len(s.States()) != n || len(s.routes) != n {
		t.Errorf("there are %d operations and %d routes, want %d", len(s.States()), len(s.routes), n)
	}
	for _, want := range s.routes {
		segments := slices.Clone(want.path)
		for i, segment := range segments {
			if strings.HasPrefix(segment, "{") {
				segments[i] = "x"
			}
		}
		path := "/" + strings.Join(segments, "/")
		i := slices.IndexFunc(s.routes, func(r route) bool {
			_, ok := r.path.Match(path)
			return ok && r.method == want.method
		})
		if s.routes[i].name != want.name {
			t.Errorf("%s %s leads to %s, want %s", want.method, path, s.routes[i].name, want.name)
		}
	}
	if _, ok := restjson.NewPath("/").Match("/analyzer"); ok {
		t.Error("the root is an analyzer")
	}
}

// TestPages holds that the pages of a list have all of its items once, also if one is removed between two pages.
func TestPages(t *testing.T) {
	t.Parallel()
	all := []string{"a", "b", "c", "d", "e"}
	id := func(s *string) string { return *s }
	first, next, err := cut(page{max: 2}, all, id)
	if err != nil || fmt.Sprint(first) != "[a b]" || next == "" {
		t.Fatalf("got %v %q %v", first, next, err)
	}
	for _, c := range []struct{ all, want []string }{
		{all, []string{"c", "d", "e"}},
		{[]string{"b", "c", "d", "e"}, []string{"c", "d", "e"}},
		{[]string{"a", "c", "d", "e"}, []string{"c", "d", "e"}},
		{nil, nil},
	} {
		rest, last, err := cut(page{max: 10, token: next}, c.all, id)
		if err != nil || last != "" || fmt.Sprint(rest) != fmt.Sprint(c.want) {
			t.Errorf("of %v: got %v %q %v, want %v", c.all, rest, last, err, c.want)
		}
	}
	if _, _, err := cut(page{max: 2, token: "x"}, all, id); err == nil {
		t.Error("any token is taken")
	}
}
