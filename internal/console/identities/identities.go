// Package identities is the users, groups, roles and policies of an account.
package identities

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "identities", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{}}
}
