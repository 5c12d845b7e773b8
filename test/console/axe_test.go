package console_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/runtime"
)

// axeTags are the rules that are checked: WCAG 2.2, levels A and AA.
//
// Source: https://github.com/dequelabs/axe-core/blob/v4.14.1/doc/API.md#axe-core-tags
var axeTags = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"}

// axe returns the script of axe-core.
var axe = sync.OnceValues(func() (string, error) {
	script, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		return "", fmt.Errorf("axe-core is needed: run `make need-browser`, which installs it: %w", err)
	}
	return string(script), nil
})

// violation is what axe-core says of a page.
type violation struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string
		FailureSummary string
	}
}

func (v violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", v.ID, v.Help)
	for i, node := range v.Nodes {
		if i == 3 {
			fmt.Fprintf(&b, "\n  … and %d more", len(v.Nodes)-i)
			break
		}
		fmt.Fprintf(&b, "\n  %.300s\n    %s", node.HTML, strings.ReplaceAll(node.FailureSummary, "\n", "\n    "))
	}
	return b.String()
}

// accessible fails the test if the page breaks a rule. The script is given to the page by the debugging protocol, which
// the content security policy does not concern.
func (p *tab) accessible(t *testing.T, what string) {
	t.Helper()
	script, err := axe()
	must(t, err)
	there, err := ask[bool](p, `return !!globalThis.axe`)
	must(t, err)
	if !there {
		must(t, call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: script}))
	}
	raw, err := evaluate(p, `const r = await axe.run(document, {runOnly: {type: "tag", values: args[0]}, resultTypes: ["violations"], iframes: false});
		return r.violations.map((v) => ({ID: v.id, Help: v.help, Nodes: v.nodes.map((n) => ({HTML: n.html, FailureSummary: n.failureSummary}))}))`, true, []any{axeTags})
	must(t, err)
	var found []violation
	must(t, json.Unmarshal(raw.Value, &found))
	for _, each := range found {
		t.Errorf("%s is not accessible: %s", what, each)
	}
}
