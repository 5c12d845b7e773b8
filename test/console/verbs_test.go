package console_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// open types an address of the console into the browser.
func (p *tab) open(path string) {
	p.t.Helper()
	p.visit(p.base + path)
}

// visit types any address into the browser.
func (p *tab) visit(url string) {
	p.t.Helper()
	if err := call(p, page.Navigate, page.NavigateParams{URL: url}); err != nil {
		p.fatal("open %s: %v", url, err)
	}
	p.settle()
}

// reload loads the page again.
func (p *tab) reload() {
	p.t.Helper()
	if err := call(p, page.Reload, page.ReloadParams{}); err != nil {
		p.fatal("reload: %v", err)
	}
	p.settle()
}

// expectAt waits for a page.
func (p *tab) expectAt(path string) {
	p.t.Helper()
	p.until("the page "+path, func() (string, error) {
		href, err := ask[string](p, `return location.href`)
		if at := strings.TrimPrefix(href, p.base); err == nil && at != path {
			return "this is " + at, nil
		}
		return "", err
	})
}

// click clicks the link or button with a text, or do:VALUE, the button that does that, and waits for what comes of it.
func (p *tab) click(what string) { p.t.Helper(); p.clickIn("", what) }

// clickIn clicks in the smallest part of the page, such as a row of a table, that has a text.
func (p *tab) clickIn(where, what string) {
	p.t.Helper()
	p.press(where, what)
	p.settle()
}

// press clicks and waits for nothing.
func (p *tab) press(where, what string) {
	p.t.Helper()
	p.point(fmt.Sprintf("click %q in %q", what, where), `page.clickable(args[0], args[1])`, where, what)
}

// point clicks the element that an expression finds, with the mouse, as soon as it can be clicked.
func (p *tab) point(what, element string, args ...any) {
	p.t.Helper()
	var spot struct {
		X, Y float64
		Why  string
	}
	p.until(what, func() (string, error) {
		var err error
		spot, err = ask[struct {
			X, Y float64
			Why  string
		}](p, "return await page.spot("+element+")", args...)
		return spot.Why, err
	})
	for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMouseMoved, input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		event := input.DispatchMouseEventParams{Type: kind, X: spot.X, Y: spot.Y}
		if kind != input.DispatchMouseEventTypeMouseMoved {
			event.Button, event.ClickCount = input.MouseButtonLeft, 1
		}
		if err := call(p, input.DispatchMouseEvent, event); err != nil {
			p.fatal("%s: %v", what, err)
		}
	}
}

// fill types a text into the field with a label, in the place of what is there.
func (p *tab) fill(label, text string) { p.t.Helper(); p.fillIn("", label, text) }

func (p *tab) fillIn(where, label, text string) {
	p.t.Helper()
	what := fmt.Sprintf("fill %q", label)
	const field = `page.field(args[0], args[1])`
	p.point(what, field, where, label)
	kind, err := ask[string](p, `const el = `+field+`; el.focus(); if (el.select) el.select(); return el.type`, where, label)
	must(p.t, err)
	if strings.HasPrefix(kind, "date") || kind == "time" {
		// Its parts are fields of their own, in the order of the language.
		_, err := ask[string](p, `const el = `+field+`; el.value = args[2]; el.dispatchEvent(new Event("input", {bubbles: true})); el.dispatchEvent(new Event("change", {bubbles: true})); return ""`, where, label, text)
		must(p.t, err)
		return
	}
	if text == "" {
		p.key("Backspace", 8)
	} else {
		must(p.t, call(p, input.InsertText, input.InsertTextParams{Text: text}))
	}
	got, err := ask[string](p, `return `+field+`.value`, where, label)
	must(p.t, err)
	if got != text {
		p.fatal("%s: it has %q, want %q", what, got, text)
	}
}

// key presses a key.
func (p *tab) key(name string, code int64) {
	p.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		must(p.t, call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: name, Code: name, WindowsVirtualKeyCode: code, NativeVirtualKeyCode: code}))
	}
}

// choose chooses an option of a list by the keys of arrows.
func (p *tab) choose(label, option string) {
	p.t.Helper()
	const where = ""
	const field = `page.field(args[0], args[1])`
	var steps int
	p.until(fmt.Sprintf("choose %q in %q", option, label), func() (string, error) {
		found, err := ask[struct {
			Steps int
			Why   string
		}](p, `const el = `+field+`; if (!el) return {why: "there is no such list"};
			const options = [...el.options].filter((o) => !o.disabled);
			const to = page.best(options, (o) => [page.clean(o.textContent), o.value], args[2]);
			if (!to) return {why: "it has " + options.map((o) => o.textContent)};
			el.scrollIntoView({block: "center"}); el.focus();
			return {steps: options.indexOf(to) - options.indexOf(el.selectedOptions[0])}`, where, label, option)
		steps = found.Steps
		return found.Why, err
	})
	for ; steps > 0; steps-- {
		p.key("ArrowDown", 40)
	}
	for ; steps < 0; steps++ {
		p.key("ArrowUp", 38)
	}
	p.settle()
}

// pick chooses one of the options of a group by its label or value.
func (p *tab) pick(group, label string) { p.t.Helper(); p.set("", group, label, true) }

// set has a box checked or not, in the smallest part of the page that has a text, by its label or value.
func (p *tab) set(where, group, label string, checked bool) {
	p.t.Helper()
	what := fmt.Sprintf("set %q %q to %t", group, label, checked)
	const box = `page.option(args[0], args[1], args[2])`
	is := func() (bool, error) {
		return ask[bool](p, `return !!(`+box+` || {}).checked`, where, group, label)
	}
	if now, err := is(); err != nil {
		p.fatal("%s: %v", what, err)
	} else if now != checked {
		p.point(what, box, where, group, label)
	}
	p.until(what, func() (string, error) {
		if now, err := is(); err != nil || now == checked {
			return "", err
		}
		return "it is not", nil
	})
	p.settle()
}

// give chooses files in a field for files.
func (p *tab) give(files ...string) {
	p.t.Helper()
	p.until("a field for files", func() (string, error) {
		there, err := ask[bool](p, `return !!document.querySelector("input[type=file]")`)
		if !there {
			return "there is none", err
		}
		return "", err
	})
	field, err := evaluate(p, `return document.querySelector("input[type=file]")`, false, nil)
	must(p.t, err)
	must(p.t, call(p, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: field.ObjectID}))
}

// expect waits until the page says something, in words that can be seen.
func (p *tab) expect(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.until(fmt.Sprintf("the page says %q", text), func() (string, error) {
			said, err := ask[string](p, `return page.text()`)
			if err == nil && !strings.Contains(strings.ToLower(said), strings.ToLower(text)) {
				return "it does not", nil
			}
			return "", err
		})
	}
}

// refuse fails if the page says something.
func (p *tab) refuse(text string) {
	p.t.Helper()
	said, err := ask[string](p, `return page.text()`)
	must(p.t, err)
	if strings.Contains(strings.ToLower(said), strings.ToLower(text)) {
		p.fatal("the page says %q", text)
	}
}

// says reports whether the page says something now.
func (p *tab) says(text string) bool {
	p.t.Helper()
	said, err := ask[string](p, `return page.text()`)
	must(p.t, err)
	return strings.Contains(strings.ToLower(said), strings.ToLower(text))
}

// unfold opens all that is folded, so that its text can be seen.
func (p *tab) unfold() {
	p.t.Helper()
	_, err := ask[string](p, `for (const d of document.querySelectorAll("main details:not([open])")) d.open = true; return ""`)
	must(p.t, err)
	p.settle()
}

// signIn signs in with the access key of a profile.
func (p *tab) signIn(w *world, profile string) {
	p.t.Helper()
	key, ok := w.keys[profile]
	if !ok {
		p.t.Fatalf("there is no profile %s", profile)
	}
	p.open("/signin")
	p.click("Access key")
	p.fill("Access key ID", key.AccessKeyID)
	p.fill("Secret access key", key.SecretAccessKey)
	p.click("do:key")
	p.expectAt("/")
}

// menu opens the menu of who is signed in, and clicks an item of it.
func (p *tab) menu(item string) {
	p.t.Helper()
	p.press("", "css:details.who > summary")
	p.click(item)
}

// resize makes the window as wide as a kind of device.
func (p *tab) resize(width, height int64) {
	p.t.Helper()
	must(p.t, chromedp.Do(p.ctx, chromedp.EmulateViewport(width, height)))
}

// colors has the system prefer light or dark colours, and things that do not move.
func (p *tab) colors(scheme string) {
	p.t.Helper()
	must(p.t, call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}))
}

// picture keeps a picture of the whole page if pictures are wanted.
func (p *tab) picture(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	image, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	must(p.t, err)
	must(p.t, os.MkdirAll(*screenshots, 0o755))
	must(p.t, os.WriteFile(filepath.Join(*screenshots, name+".png"), image, 0o644))
}

// escaped is a part of a path.
func escaped(part string) string { return url.PathEscape(part) }
