package picture

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the pictures of testdata anew")

// TestPictures compares pictures with those of testdata. `go test ./internal/picture -run Pictures -rewrite` writes them anew;
// look at them.
func TestPictures(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*Map{"walkthrough": walkthrough(), "one": random(1, 4), "three": withOutside(random(3, 9)), "ten": withOutside(random(10, 30))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := draw(t, m)
			file := "testdata/" + name + ".svg"
			if *rewrite {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the picture is not that of %s", file)
			}
		})
	}
}

func draw(t *testing.T, m *Map) []byte {
	t.Helper()
	svg, err := SVG(m)
	if err != nil {
		t.Fatal(err)
	}
	inspect(t, svg)
	return svg
}

// What a picture may have in it.
var (
	elements   = strings.Fields("svg title desc style defs path marker rect text g a use")
	attributes = strings.Fields("xmlns width height viewBox role aria-labelledby aria-describedby aria-label id class d x y rx href target transform markerUnits orient overflow textLength lengthAdjust preserveAspectRatio")
	page       = regexp.MustCompile(`^/[!-\[\]-~]*$`)
	inside     = regexp.MustCompile(`^#[a-z]+(-[a-z]+)?[0-9]*$`)
	number     = regexp.MustCompile(`^-?[0-9]+$`)
)

// inspect reads a picture as XML and looks for everything that must not be in it. It returns all of its text.
func inspect(t *testing.T, svg []byte) []string {
	t.Helper()
	ids, links := map[string]bool{}, map[string]bool{}
	var texts []string
	d := xml.NewDecoder(bytes.NewReader(svg))
	in := ""
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the picture is not XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local
			element(t, &token, ids, links)
		case xml.CharData:
			if in == "style" && strings.Contains(string(token), "{") {
				styleSheet(t, string(token))
			}
			texts = append(texts, string(token))
		case xml.EndElement:
			in = ""
		case xml.Directive, xml.Comment:
			t.Errorf("the picture has a directive or comment: %v", token)
		}
	}
	for link := range links {
		if !ids[link[1:]] {
			t.Errorf("a link leads to %s, which is not there", link)
		}
	}
	return texts
}

func element(t *testing.T, e *xml.StartElement, ids, links map[string]bool) {
	t.Helper()
	if !slices.Contains(elements, e.Name.Local) || e.Name.Space != "http://www.w3.org/2000/svg" {
		t.Errorf("the picture has an element %v", e.Name)
	}
	for _, a := range e.Attr {
		switch name := a.Name.Local; {
		case !slices.Contains(attributes, name) || a.Name.Space != "":
			t.Errorf("the picture has an attribute %v", a.Name)
		case name == "href" && page.MatchString(a.Value) && !strings.HasPrefix(a.Value, "//"):
		case name == "href" && !inside.MatchString(a.Value):
			t.Errorf("the picture has a link to %q", a.Value)
		case name == "target" && a.Value != "_top":
			t.Errorf("the picture has a link for %q", a.Value)
		case name == "href":
			links[a.Value] = true
		case name == "id" && ids[a.Value]:
			t.Errorf("the picture has two elements with the ID %q", a.Value)
		case name == "id":
			ids[a.Value] = true
		case (name == "x" || name == "y" || name == "width" || name == "height") && !number.MatchString(a.Value):
			t.Errorf("the picture has %s=%q", name, a.Value)
		}
	}
}

// styleSheet looks for what of CSS could load something or end the element.
func styleSheet(t *testing.T, css string) {
	t.Helper()
	for _, bad := range []string{"@import", "@font-face", "expression", "javascript", "<", `\`, "http"} {
		if strings.Contains(css, bad) {
			t.Errorf("the style sheet has %q", bad)
		}
	}
	if strings.Count(css, "url(") != strings.Count(css, "url(#") {
		t.Error("the style sheet refers to something outside of the picture")
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("the style sheet has braces that do not match")
	}
}

// TestHundred draws a hundred accounts in one MiB at most, with a list of all and a page for each.
func TestHundred(t *testing.T) {
	t.Parallel()
	m := random(100, 300)
	svg := draw(t, m)
	if len(svg) > 1<<20 {
		t.Errorf("the picture has %d bytes", len(svg))
	}
	for i := range m.Houses {
		for _, want := range []string{`href="#h%d"`, `href="#d%d"`, `id="h%d"`, `id="d%d"`, `#h%d:target~.map .h%[1]d`} {
			if want = fmt.Sprintf(want, i); !bytes.Contains(svg, []byte(want)) {
				t.Errorf("the picture lacks %s", want)
			}
		}
	}
}

// TestOrder draws the same picture of a map in any order, and leaves the map as it is.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, n := range []int{6, 30} {
		want := draw(t, random(n, 40))
		m := random(n, 40)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range m.Houses {
			rooms := m.Houses[i].Rooms
			r.Shuffle(len(rooms), func(i, j int) { rooms[i], rooms[j] = rooms[j], rooms[i] })
		}
		r.Shuffle(len(m.Houses), func(i, j int) { m.Houses[i], m.Houses[j] = m.Houses[j], m.Houses[i] })
		r.Shuffle(len(m.Arrows), func(i, j int) { m.Arrows[i], m.Arrows[j] = m.Arrows[j], m.Arrows[i] })
		before := fmt.Sprint(*m)
		if got := draw(t, m); !bytes.Equal(got, want) {
			t.Errorf("%d accounts: another order gives another picture", n)
		}
		if fmt.Sprint(*m) != before {
			t.Errorf("%d accounts: drawing changes the map", n)
		}
	}
}

// TestEverythingIsTold finds every arrow of a map in full in the picture: its ends, label, conditions and policy.
func TestEverythingIsTold(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 10, 13, 40} {
		m := withOutside(random(n, 4*n))
		svg := string(draw(t, m))
		for _, a := range m.Arrows {
			if want := escape(a.sentence()); !strings.Contains(svg, want) {
				t.Errorf("%d accounts: nothing tells %s", n, want)
			}
		}
		for _, h := range m.Houses {
			for _, r := range h.Rooms {
				if !strings.Contains(svg, escape(r.ID)) {
					t.Errorf("%d accounts: nothing tells %s", n, r.ID)
				}
			}
		}
	}
}

// payloads are names that would do harm, or hide, if they were not escaped.
var payloads = []string{
	`<script>alert(1)</script>`, `"><script>alert(1)</script>`, `' onload='alert(1)`, `" onmouseover="alert(1)" x="`,
	`]]><script>alert(1)</script>`, `--><script>`, `<!--`, `<![CDATA[`, `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`, `&e;`, `&lt;`, `&#60;script&#62;`,
	`</title><script>alert(1)</script>`, `</style><script>alert(1)</script>`, `}*{fill:url(http://example.com)}`, `</text></svg><svg onload=alert(1)>`,
	`javascript:alert(1)`, `<a href="javascript:alert(1)">x</a>`, `<foreignObject><iframe src="x"/></foreignObject>`, `<?xml-stylesheet href="x"?>`, `<use href="http://example.com#x"/>`,
	"\x00", "\x08", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\ufeff", "\ufffe", "\uffff", "\xff\xfe", "\xed\xa0\x80", "\n", "\t", "\r\n",
	"\u202etxt.exe", "\u2066a\u2069", "\u200b", "a\u200db", "Z\u0351\u0352\u0353\u0354\u0355\u0356", strings.Repeat("\u0301", 500), "\U000e0041", "\ufdfd\ufdfd\ufdfd", "日本語のバケット", "👩‍👩‍👧", "אבג",
	strings.Repeat("W", 700), strings.Repeat("i", 700), strings.Repeat("\U0001242b", 300), " ", "", "%s%n%d", "${jndi:ldap://x}", "constructor", "__proto__", "h1", "top", "#h1",
}

// hostile is a world in which everything that can be named is named s.
func hostile(s string, accounts int) *Map {
	m := &Map{Title: s}
	for i := range accounts {
		id := fmt.Sprint(s, i)
		m.Houses = append(m.Houses, House{ID: id, Name: s, Organization: s, Outside: i == 1, Rooms: []Room{
			{ID: id + "user", Name: s, Detail: s, Kind: User}, {ID: id + "bucket", Name: s, Detail: s, Kind: Bucket},
		}})
		m.Arrows = append(m.Arrows, Arrow{From: id + "user", To: fmt.Sprint(s, i*7%accounts, "bucket"), Access: Write, Label: s, Conditions: []string{s, s}, By: s},
			Arrow{From: id + "user", To: fmt.Sprint(s, i*3%accounts, "bucket"), Access: Read, Label: s, Text: []string{s}, Denied: true})
	}
	return m
}

// TestHostile draws worlds in which every name is hostile. inspect finds what is more than text.
func TestHostile(t *testing.T) {
	t.Parallel()
	for _, s := range payloads {
		for _, accounts := range []int{2, 13} {
			m := hostile(s, accounts)
			texts := inspect(t, draw(t, m))
			if s != "" && !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, visible(s)) }) {
				t.Errorf("%q is told nowhere", s)
			}
			if accounts > 2 {
				continue
			}
			for i, p := range plans(m) {
				for _, fault := range p.faults() {
					t.Errorf("%.40q, plan %d: %s", s, i, fault)
				}
			}
		}
	}
}

func FuzzHostile(f *testing.F) {
	for _, s := range payloads {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, name, label, id string) {
		m := hostile(name, 2)
		m.Houses[0].Name, m.Houses[1].Rooms[0].Name = id, label
		m.Arrows[0].Label, m.Arrows[1].By, m.Arrows[1].Conditions = label, id, []string{label, id, name}
		draw(t, m)
	})
}

// TestRefused names what SVG refuses, and how.
func TestRefused(t *testing.T) {
	t.Parallel()
	room := func(id string, kind Kind) Room { return Room{ID: id, Kind: kind} }
	for want, m := range map[string]*Map{
		`two houses have the ID "a"`:                        {Houses: []House{{ID: "a"}, {ID: "a"}}},
		`two rooms have the ID "r"`:                         {Houses: []House{{ID: "a", Rooms: []Room{room("r", User)}}, {ID: "b", Rooms: []Room{room("r", User)}}}},
		`room "r": there is no kind "x\"><script>"`:         {Houses: []House{{ID: "a", Rooms: []Room{room("r", `x"><script>`)}}}},
		`an arrow comes from "x", which is no room`:         {Arrows: []Arrow{{From: "x"}}},
		`an arrow leads to "x", which is no room`:           {Houses: []House{{Rooms: []Room{room("r", User)}}}, Arrows: []Arrow{{From: "r", To: "x"}}},
		`arrow from "r" to "r": there is no access "own\""`: {Houses: []House{{Rooms: []Room{room("r", User)}}}, Arrows: []Arrow{{From: "r", To: "r", Access: `own"`}}},
	} {
		if _, err := SVG(m); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestLinks draws a picture that leads to pages, open and closed, and refuses what is no path.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 13} {
		m := random(n, 2*n)
		plain := string(draw(t, m))
		m.Houses[0].Href, m.Houses[0].Rooms[0].Href = "/accounts/1?a=1&b='2'", "/users/a%20b#<x>\""
		svg := string(draw(t, m))
		for _, want := range []string{`<a href="/accounts/1?a=1&amp;b=&#39;2&#39;" target="_top">`, `<a href="/users/a%20b#&lt;x&gt;&#34;" target="_top">`} {
			if !strings.Contains(svg, want) {
				t.Errorf("%d accounts: the picture lacks %s", n, want)
			}
		}
		if strings.Contains(plain, "_top") || strings.Count(plain, "<text") != strings.Count(svg, "<text") {
			t.Errorf("%d accounts: links change more than links", n)
		}
	}
	for _, bad := range []string{"javascript:alert(1)", "http://example.com/", "//example.com", `/\example.com`, "/\t/example.com", "x", "#h1", "/a b", "/\n", "/\x00", "/ü", " /x", `\/x`} {
		for _, m := range []*Map{
			{Houses: []House{{ID: "a", Href: bad}}}, {Houses: []House{{ID: "a", Rooms: []Room{{ID: "r", Kind: User, Href: bad}}}}},
		} {
			if _, err := SVG(m); err == nil || !strings.HasSuffix(err.Error(), "is no path") {
				t.Errorf("%q: %v", bad, err)
			}
		}
	}
}

// TestVisible shows what is not seen.
func TestVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a b": "a b", "a\nb\t": `a\nb\t`, "\u202ea": `\u{202E}a`, "a\u200db": `a\u{200D}b`, "é": "é", "e\u0301": "e\u0301", "e\u0301\u0302": "e\u0301\\u{302}",
		"\x00": `\u{0}`, "\xff": "\ufffd", "日": "日", "\u00a0": `\u{A0}`,
	} {
		if got := visible(text); got != want {
			t.Errorf("visible(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestFit shortens text until it has room.
func TestFit(t *testing.T) {
	t.Parallel()
	for _, s := range payloads {
		for _, room := range []int{20, 60, 220} {
			got := fit(visible(s), 13, room, true)
			if textWidth(got, 13, true) > room {
				t.Errorf("fit(%.40q, %d) is %d wide", s, room, textWidth(got, 13, true))
			}
		}
	}
}

// TestMissing tells on open and closed pictures what was left out, the first sentences in lines of their own.
func TestMissing(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 13} {
		m := random(n, 5)
		complete := draw(t, m)
		m.Missing = []string{"<one>", "two", "three", "four"}
		svg := string(draw(t, m))
		for want, times := range map[string]int{"Not complete: &lt;one&gt;": 2, "Not complete: three": 2, "Not complete: four": 1} {
			if got := strings.Count(svg, want); got < times || want == "Not complete: four" && strings.Contains(svg, ">"+want) {
				t.Errorf("%d accounts: %q is told %d times", n, want, got)
			}
		}
		if strings.Contains(string(complete), "Not complete") {
			t.Errorf("%d accounts: a complete picture says that it is not", n)
		}
	}
}
