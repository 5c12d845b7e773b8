package console_test

import (
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/console"
)

// strangers are pages of those who are not signed in.
var strangers = []string{"/signin", "/signin?as=root", "/signin?as=key"}

// TestPages visits every page there is, and looks at it in a wide window and on a phone, light and dark.
func TestPages(t *testing.T) {
	f := newFilled(t)
	p := newBrowser(t).tab(f.world)
	for _, path := range strangers {
		t.Run(name(path), func(t *testing.T) { p.look(t, path) })
	}
	p.signIn(f.world, adminA)
	for _, path := range paths(t) {
		t.Run(name(path), func(t *testing.T) { p.look(t, f.path(t, path)) })
	}
	for _, path := range pictures {
		t.Run(name(path), func(t *testing.T) { p.lookAtPicture(t, f.path(t, path)) })
	}
	p.allow(404)
	t.Run("missing", func(t *testing.T) { p.look(t, "/there/is/no/such/page") })
}

// paths returns all pages of visits, and fails the test if a row has no entry there, or an entry no row.
func paths(t *testing.T) []string {
	t.Helper()
	var out []string
	rows := map[string]bool{}
	for _, section := range console.Sections() {
		for _, row := range section.Rows {
			rows[row.Path] = true
			paths, known := visits[row.Path]
			if !known {
				t.Errorf("the page %s of the section %s is not visited: say in visits how it is", row.Path, section.Name)
			}
			out = append(out, paths...)
		}
	}
	for path := range visits {
		if !rows[path] {
			t.Errorf("there is no page %s", path)
		}
	}
	slices.Sort(out)
	return out
}

// name is the name of a page's picture.
func name(path string) string {
	text := strings.Trim(strings.NewReplacer("/", "_", "?", "_", "&", "_", "=", "-", "%", "", "{", "", "}", "", ":", "-").Replace(path), "_")
	if text == "" {
		return "home"
	}
	return text[:min(len(text), 100)]
}

// look opens a page and holds what holds for each.
func (p *tab) look(t *testing.T, path string) {
	outer := p.t
	p.t = t
	defer func() { p.t = outer }()
	name := strings.TrimPrefix(t.Name(), "TestPages/")
	p.resize(wide, wideHeight)
	p.colors("light")
	p.open(path)
	made, err := ask[struct {
		Headings int
		Title    string
		At       string
	}](p, `return {Headings: document.querySelectorAll("h1").length, Title: document.title, At: location.pathname}`)
	must(t, err)
	if at, _, _ := strings.Cut(path, "?"); made.At != at {
		t.Errorf("%s leads to %s", path, made.At)
	}
	if made.Headings != 1 {
		t.Errorf("%s has %d headings of level 1, want 1", path, made.Headings)
	}
	if text, found := strings.CutSuffix(made.Title, " · crossgrant"); !found || text == "" {
		t.Errorf("%s has the title %q", path, made.Title)
	}
	p.picture(name)
	p.colors("dark")
	p.picture(name + "-dark")
	p.fits(t, path, wide)
	p.resize(phone, phoneHeight)
	p.fits(t, path, phone)
	p.picture(name + "-phone-dark")
	p.colors("light")
	p.picture(name + "-phone")
	// What is folded is looked at as well.
	p.unfold()
	p.fits(t, path+", unfolded,", phone)
	p.resize(wide, wideHeight)
	p.accessible(t, path)
	p.colors("dark")
	p.accessible(t, path+", dark,")
	for _, each := range p.complaints() {
		t.Errorf("%s: the browser complains: %s", path, each)
	}
}

// lookAtPicture opens a picture that stands in pages, and holds what holds for it as well.
func (p *tab) lookAtPicture(t *testing.T, path string) {
	outer := p.t
	p.t = t
	defer func() { p.t = outer }()
	p.resize(wide, wideHeight)
	for _, scheme := range []string{"light", "dark"} {
		p.colors(scheme)
		p.open(path)
		p.accessible(t, path+", "+scheme+",")
	}
	for _, each := range p.complaints() {
		t.Errorf("%s: the browser complains: %s", path, each)
	}
}

// fits fails the test if the page is wider than the window.
func (p *tab) fits(t *testing.T, what string, width int) {
	t.Helper()
	wider, err := ask[string](p, `const w = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= w) return "";
		const inside = (el) => { for (let up = el.parentElement; up; up = up.parentElement) if (up !== document.body && getComputedStyle(up).overflowX !== "visible") return true; return false; };
		const out = [...document.querySelectorAll("body *")].filter((el) => page.visible(el) && el.getBoundingClientRect().right > w + 1 && !inside(el));
		return document.documentElement.scrollWidth + " by " + out.slice(0, 3).map((el) => el.outerHTML.slice(0, 200)).join("\n")`)
	must(t, err)
	if wider != "" {
		t.Errorf("%s is wider than a window of %d: %s", what, width, wider)
	}
}
