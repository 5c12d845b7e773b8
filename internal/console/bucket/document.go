package bucket

import (
	"errors"
	"strings"

	"crossgrant/internal/console/cli"
	"crossgrant/internal/console/page"
)

// Checked is what the template "document-findings" shows of a document that is being typed.
type Checked struct {
	Text  string // what is wrong; empty: nothing
	Line  int
	Empty bool // nothing is typed yet
}

// Check reads a document, as the CLI takes it, into a value of the SDK, and returns what is wrong with it, as the part of
// the page that "document-editor" asks for.
func Check(document string, into any) *page.Done {
	var out Checked
	if strings.TrimSpace(document) == "" {
		out.Empty = true
	} else if err := cli.Parse(document, into); err != nil {
		out.Text = err.Error()
		if wrong := (*cli.ValueError)(nil); errors.As(err, &wrong) {
			out.Text, out.Line = wrong.Text, wrong.Line
		}
	}
	return &page.Done{View: &page.View{Template: "document-findings", Data: out, Bare: true}}
}

// Parse reads a document that was sent, as Check does.
func Parse(document string, into any) error {
	if err := cli.Parse(document, into); err != nil {
		return page.Invalid("%s", err.Error())
	}
	return nil
}
