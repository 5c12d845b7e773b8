// Package why explains: decisions on record, questions, who can reach what, findings, events.
package why

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "why", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{}}
}
