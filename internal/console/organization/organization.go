// Package organization is the accounts of an organization and the policies that bind them.
package organization

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "organization", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{}}
}
