// Package properties is what a bucket does with its objects: versions, encryption, lock, lifecycle, logging, notifications, website, tags.
package properties

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "properties", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{}}
}
