// Package objects is what lies in a bucket: browsing, uploading, downloading, versions, tags, sharing.
package objects

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "objects", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{}}
}
