// Package permissions is who may reach a bucket: its policy, ACL, ownership, public access block and CORS rules.
package permissions

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "permissions", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{}}
}
