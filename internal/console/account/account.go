// Package account is what is set for the whole account, and the security credentials of the visitor.
package account

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "account", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{}}
}
