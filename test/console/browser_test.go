package console_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// The windows in which pages are looked at.
const (
	wide, wideHeight   = 1360, 900
	phone, phoneHeight = 390, 844
)

// pageScript is an object with what is asked of pages.
//
//go:embed page.js
var pageScript string

// reportScript runs before each page. It tells of violations of the content security policy, and it is what hostile text
// calls, if it ever runs.
const reportScript = `
addEventListener("securitypolicyviolation", (e) => report("content security policy: " + e.violatedDirective + " kept " + e.blockedURI + " from " + e.documentURI + " " + e.sample));
globalThis.pwned = (what) => report("hostile text ran: " + what);`

// browser is a Chromium of its own.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// newBrowser starts a browser, which ends with the test.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("Chromium is needed: run `make test`, which installs it, or `apt-get install chromium`: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-proxy-server", true),
		// What runs in a frame without an origin is heard as well.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,IsolateSandboxedIframes"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has none for root
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &browser{t, ctx}
}

// tab is a window of a person of their own: no other has its cookies. It is for one goroutine.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string // URL of the console
	main cdp.FrameID

	// mu protects what the browser tells.
	mu         sync.Mutex
	problems   []string
	allowed    []int // answers that do not fail the test
	requests   map[network.RequestID]request
	navigating bool
	loading    bool
	sent       map[network.RequestID]string // method and URL of all requests
	statuses   map[network.RequestID]int    // of the answers, also of those that the page may not see
}

// request is one that is under way.
type request struct {
	loader cdp.LoaderID
	url    string
}

// tab opens a window on the console of a world. What the browser complains of there fails the test when it ends.
func (b *browser) tab(w *world) *tab {
	b.t.Helper()
	p := &tab{t: b.t, base: w.console, requests: map[network.RequestID]request{}, sent: map[network.RequestID]string{}, statuses: map[network.RequestID]int{}}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	p.ctx = ctx
	b.t.Cleanup(func() {
		p.calm()
		cancel()
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(wide, wideHeight)); err != nil {
		b.t.Fatal(err)
	}
	p.mu.Lock()
	p.main = cdp.FrameID(chromedp.FromContext(ctx).Target.TargetID)
	p.mu.Unlock()
	must(b.t, call(p, runtime.AddBinding, runtime.AddBindingParams{Name: "report"}))
	must(b.t, call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: reportScript}))
	must(b.t, call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call sends a command whose answer does not matter.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, command, params)
	return err
}

// hear hears what the browser tells of the window, in order.
func (p *tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hearPage(event)
	p.hearNetwork(event)
	p.hearComplaint(event)
}

// hearPage knows whether a page is on its way.
func (p *tab) hearPage(event any) {
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		if e.FrameID == p.main && e.Disposition == page.ClientNavigationDispositionCurrentTab {
			p.navigating = true
		}
	case *page.EventFrameStartedLoading:
		if e.FrameID == p.main {
			p.loading = true
		}
	case *page.EventFrameNavigated:
		if e.Frame.ID == p.main {
			p.navigating = false
			maps.DeleteFunc(p.requests, func(_ network.RequestID, r request) bool { return r.loader != e.Frame.LoaderID })
		}
	case *page.EventNavigatedWithinDocument:
		if e.FrameID == p.main {
			p.navigating = false
		}
	case *page.EventFrameStoppedLoading:
		if e.FrameID == p.main {
			p.navigating, p.loading = false, false
		}
	}
}

// hearNetwork knows which requests are under way, and which were answered.
func (p *tab) hearNetwork(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.sent[e.RequestID] = e.Request.Method + " " + e.Request.URL
		// What a frame of its own asks for may be answered in another process, which tells nothing here.
		if strings.HasPrefix(e.Request.URL, "http") && e.FrameID == p.main {
			p.requests[e.RequestID] = request{e.LoaderID, e.Request.Method + " " + e.Request.URL}
		}
	case *network.EventResponseReceivedExtraInfo:
		p.statuses[e.RequestID] = int(e.StatusCode)
	case *network.EventLoadingFinished:
		delete(p.requests, e.RequestID)
	case *network.EventLoadingFailed:
		what := p.requests[e.RequestID].url
		delete(p.requests, e.RequestID)
		if e.Type == network.ResourceTypeDocument {
			p.navigating = false // a download, or a page that was left
		}
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" {
			p.problems = append(p.problems, fmt.Sprintf("request failed: %s: %s %s", what, e.ErrorText, e.BlockedReason))
		}
	}
}

// hearComplaint keeps what fails the test.
func (p *tab) hearComplaint(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		var texts []string
		for _, a := range e.Args {
			texts = append(texts, string(a.Value)+" "+a.Description)
		}
		p.problems = append(p.problems, fmt.Sprintf("console.%s: %s", e.Type, strings.Join(texts, " ")))
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		text := d.Text
		if d.Exception != nil {
			text += " " + d.Exception.Description
		}
		p.problems = append(p.problems, fmt.Sprintf("exception: %s (%s:%d)", text, d.URL, d.LineNumber+1))
	case *cdplog.EventEntryAdded:
		if !p.expected(e.Entry.Text) {
			p.problems = append(p.problems, fmt.Sprintf("log, %s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *page.EventJavascriptDialogOpening:
		if e.Type != page.DialogTypeBeforeunload {
			p.problems = append(p.problems, "dialog: "+e.Message)
		}
		go call(p, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
	case *runtime.EventBindingCalled:
		if e.Name == "report" {
			p.problems = append(p.problems, e.Payload)
		}
	}
}

// posted returns the answers to the forms that were sent since it was asked last, by their status.
func (p *tab) posted() map[int]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[int]int{}
	for id, what := range p.sent {
		if strings.HasPrefix(what, "POST ") {
			out[p.statuses[id]]++
		}
	}
	clear(p.sent)
	clear(p.statuses)
	return out
}

// expected reports whether the browser complains of an answer that the test expects.
func (p *tab) expected(text string) bool {
	return slices.ContainsFunc(p.allowed, func(status int) bool { return strings.Contains(text, "status of "+strconv.Itoa(status)+" ") })
}

// allow says that answers with a status are no failure from now on: the browser complains of each.
func (p *tab) allow(statuses ...int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = statuses
}

// complaints returns what the browser has complained of since they were asked for last.
func (p *tab) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.problems
	p.problems = nil
	return out
}

// calm fails the test if the browser has complained.
func (p *tab) calm() {
	p.t.Helper()
	for _, each := range p.complaints() {
		p.t.Errorf("the browser complains: %s", each)
	}
}

// fatal ends the test, and says where it was.
func (p *tab) fatal(format string, args ...any) {
	p.t.Helper()
	where, _ := ask[string](p, `return location.href`)
	text, _ := ask[string](p, `return page.text()`)
	p.calm()
	p.t.Fatalf("%s\nat %s, which says:\n%.3000s", fmt.Sprintf(format, args...), where, text)
}

// moved reports whether an error says that the page went away under a question.
func moved(err error) bool {
	text := err.Error()
	for _, each := range []string{"navigated or closed", "context was destroyed", "Cannot find", "Execution context", "uniqueContextId", "Promise was collected", "Not attached to an active page"} {
		if strings.Contains(text, each) {
			return true
		}
	}
	return false
}

// ask runs a function's body in the page and returns what it returns. It has page, the object of page.js, and args.
func ask[T any](p *tab, body string, args ...any) (T, error) {
	var out T
	raw, err := evaluate(p, body, true, args)
	if err != nil || len(raw.Value) == 0 {
		return out, err
	}
	return out, json.Unmarshal(raw.Value, &out)
}

func evaluate(p *tab, body string, value bool, args []any) (*runtime.RemoteObject, error) {
	if args == nil {
		args = []any{}
	}
	given, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	answer, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: "(async (page, args) => {" + body + "})(" + pageScript + ", " + string(given) + ")", AwaitPromise: new(true), ReturnByValue: &value,
	})
	if err != nil {
		return nil, err
	}
	if d := answer.ExceptionDetails; d != nil {
		text := d.Text
		if d.Exception != nil {
			text += " " + d.Exception.Description
		}
		return nil, fmt.Errorf("in the page: %s", text)
	}
	return answer.Result, nil
}

// until asks again until there is nothing in the way any more.
func (p *tab) until(what string, ready func() (why string, err error)) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		why, err := ready()
		switch {
		case err != nil && !moved(err):
			p.fatal("%s: %v", what, err)
		case err == nil && why == "":
			return
		case time.Now().After(deadline):
			p.fatal("%s: %s %v", what, why, err)
		}
		<-tick.C
	}
}

// busy says what is under way; empty: nothing.
func (p *tab) busy() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.navigating:
		return "a page was asked for"
	case p.loading:
		return "a page is loading"
	}
	for _, r := range p.requests {
		return "waiting for " + r.url
	}
	return ""
}

// settle waits until nothing is under way: no page, no part of one.
func (p *tab) settle() {
	p.t.Helper()
	p.until("the page settles", func() (string, error) {
		if why := p.busy(); why != "" {
			return why, nil
		}
		// What a click asked for has begun when a turn of the page's own loop has passed.
		quiet, err := ask[bool](p, `await new Promise((go) => setTimeout(go, 0)); return page.quiet()`)
		if err != nil {
			return "", err
		}
		if !quiet {
			return "the page is busy", nil
		}
		return p.busy(), nil
	})
}
