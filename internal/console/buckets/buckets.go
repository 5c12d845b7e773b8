// Package buckets is the list of buckets, and how they are made and deleted.
package buckets

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "buckets", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{}}
}
