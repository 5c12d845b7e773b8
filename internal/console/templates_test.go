package console

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"
)

// sources are the files of the console that are of some kinds, by path; tests are not among them.
func sources(t *testing.T, extensions ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains(extensions, filepath.Ext(path)) || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test"+string(filepath.Separator)) {
			return err
		}
		text, err := os.ReadFile(path)
		out[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// joined is all files in one text.
func joined(files map[string]string) string {
	var b strings.Builder
	for _, text := range files {
		b.WriteString(text)
	}
	return b.String()
}

// words are what a pattern finds in a text, in its first group, without what is there twice.
func words(pattern, text string) []string {
	var out []string
	for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		out = append(out, found[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// defined returns the templates of a file, by name.
func defined(t *testing.T, path, text string) map[string]*parse.Tree {
	t.Helper()
	all := map[string]*parse.Tree{}
	tree := parse.New(path)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(text, "", "", all); err != nil {
		t.Fatal(err)
	}
	delete(all, path)
	return all
}

// TestTemplates holds that every template has a name of its own among those that it is together with, that every one is
// used, and that those that others and pages call are there.
func TestTemplates(t *testing.T) {
	t.Parallel()
	files, code := sources(t, ".html"), sources(t, ".go")
	called := map[string]bool{}
	for _, name := range words(`\{\{template "([^"]+)"`, joined(files)) {
		called[name] = true
	}
	base := map[string]bool{}
	folders := map[string]map[string]bool{} // of templates, by package
	for path, text := range files {
		in := filepath.Dir(filepath.Dir(path))
		if folders[in] == nil {
			folders[in] = map[string]bool{}
		}
		for name := range defined(t, path, text) {
			if folders[in][name] {
				t.Errorf("%s: %s is defined twice", path, name)
			}
			folders[in][name] = true
			base[name] = base[name] || in == "page"
			if !called[name] && !strings.Contains(packageOf(code, in), `"`+name+`"`) {
				t.Errorf("%s: nothing uses %s", path, name)
			}
		}
	}
	for in, own := range folders {
		within := packageOf(code, in)
		there := func(name string) bool { return own[name] || base[name] }
		for _, shared := range []string{"bucket", "mfadevice"} {
			if in == shared || !strings.Contains(within, shared+".Templates()") {
				continue
			}
			before := there
			there = func(name string) bool { return before(name) || folders[shared][name] }
			for name := range folders[shared] {
				if own[name] {
					t.Errorf("%s: %s hides that of %s", in, name, shared)
				}
			}
		}
		calls := words(`Template:\s*"([^"]+)"`, within)
		for path, text := range files {
			if filepath.Dir(filepath.Dir(path)) == in {
				calls = append(calls, words(`\{\{template "([^"]+)"`, text)...)
			}
		}
		for _, name := range calls {
			if !there(name) {
				t.Errorf("%s: there is no template %s", in, name)
			}
		}
		for name := range own {
			if in != "page" && base[name] {
				t.Errorf("%s: %s hides that of page", in, name)
			}
		}
	}
}

// packageOf is the Go code of a package.
func packageOf(code map[string]string, in string) string {
	var b strings.Builder
	for path, text := range code {
		if filepath.Dir(path) == in {
			b.WriteString(text)
		}
	}
	return b.String()
}

// TestAssets holds that every asset, icon and class of a style sheet is used, and that every icon that is named is there.
func TestAssets(t *testing.T) {
	t.Parallel()
	code, templates := joined(sources(t, ".go")), joined(sources(t, ".html"))
	sheets, scripts := sources(t, ".css"), sources(t, ".js")
	assets, err := filepath.Glob("*/assets/*")
	if err != nil || len(assets) < 10 {
		t.Fatal(assets, err)
	}
	for _, path := range assets {
		if name := filepath.Base(path); !strings.Contains(templates, `asset "`+name+`"`) && !strings.Contains(code, `url("`+name+`")`) && filepath.Ext(name) != ".LICENSE" {
			t.Errorf("nothing uses the asset %s", name)
		}
	}
	svg, err := os.ReadFile("page/assets/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	icons := words(`<symbol id="([^"]+)"`, string(svg))
	named := append(words(`\{\{icon "([^"]+)"\}\}`, templates), words(`[iI]con:\s*"([^"]+)"`, code)...)
	for _, name := range named {
		if !slices.Contains(icons, name) {
			t.Errorf("there is no icon %s", name)
		}
	}
	for _, name := range icons {
		if !slices.Contains(named, name) && !strings.Contains(code, `"`+name+`"`) {
			t.Errorf("nothing uses the icon %s", name)
		}
	}
	all := templates + code + joined(scripts)
	for path, text := range sheets {
		for _, class := range words(`\.([a-z][a-z0-9-]*)`, regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(text, "")) {
			if !regexp.MustCompile(`(^|[^\w-])` + class + `($|[^\w-])`).MatchString(all) {
				t.Errorf("%s: nothing has the class %s", path, class)
			}
		}
	}
}

// nothingShown are the forms that do not show what they do as commands, by template and action, and why.
var nothingShown = map[string]string{
	"key-shown key-download": "it calls nothing", "browser-list review": "it leads to the page that shows it", "buckets open": "it leads to the bucket",
	"who back": "it calls nothing", "who signout": "it calls nothing", "theme theme": "it calls nothing",
	"signin mfa": "nobody is signed in", "signin replace": "nobody is signed in", "signin {{.D.As}}": "nobody is signed in",
	"switchrole switch": "the session is the console's", "switchrole forget": "it calls nothing",
	// A list would ask for each of its rows when it is shown. What was done is shown afterwards.
	"me key-deactivate": "in rows", "me key-activate": "in rows", "org-account deregister": "in rows", "org-invitations cancel": "in rows",
	"org-none accept": "in rows", "org-none decline": "in rows", "org-tags untag": "in rows", "management switch": "in rows", "why-rules apply": "in rows",
}

// TestForms holds that every form that does something brings what tells it from a forged one, and that it shows what it is
// about to do, or why not is written above.
func TestForms(t *testing.T) {
	t.Parallel()
	reasons := map[string]bool{}
	for path, text := range sources(t, ".html") {
		for _, part := range strings.Split(text, `{{define "`)[1:] {
			name, body, _ := strings.Cut(part, `"`)
			if strings.Count(body, "<form") != strings.Count(body, "</form>") {
				t.Errorf("%s: %s has a form that ends elsewhere", path, name)
			}
			for _, form := range regexp.MustCompile(`(?s)<form[^>]* method="post".*?</form>`).FindAllString(body, -1) {
				if !strings.Contains(form, `{{template "csrf"`) {
					t.Errorf("%s: a form of %s could be forged", path, name)
				}
				if strings.Contains(form, `{{template "dry"`) {
					continue
				}
				for _, do := range words(`name="do" value="([^"]+)"`, form) {
					if reasons[name+" "+do] = true; nothingShown[name+" "+do] == "" {
						t.Errorf("%s: %s of %s does not show what it does", path, do, name)
					}
				}
			}
		}
	}
	for form := range nothingShown {
		if !reasons[form] {
			t.Errorf("there is no form %s, or it shows what it does", form)
		}
	}
}

// TestMarkup holds that no template has scripts or styles of its own, which the content security policy forbids, and that
// Go makes markup and addresses that are not escaped only where it makes all of them itself.
func TestMarkup(t *testing.T) {
	t.Parallel()
	for path, text := range sources(t, ".html") {
		if found := regexp.MustCompile(`(?i)<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|<script>|<script [^s]|srcdoc`).FindString(text); found != "" {
			t.Errorf("%s has %q", path, found)
		}
	}
	unescaped := map[string]int{"page/handler.go": 1, "page/templates.go": 2, "mfadevice/mfadevice.go": 1}
	for path, text := range sources(t, ".go") {
		if got := len(regexp.MustCompile(`template\.(HTML|HTMLAttr|JS|JSStr|CSS|URL|Srcset)\(`).FindAllString(text, -1)); got != unescaped[filepath.ToSlash(path)] {
			t.Errorf("%s makes %d texts that are not escaped, want %d", path, got, unescaped[filepath.ToSlash(path)])
		}
	}
	for path, text := range sources(t, ".js") {
		if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`).FindString(text); found != "" && filepath.Base(path) != "htmx.min.js" {
			t.Errorf("%s has %s", path, found)
		}
	}
}
