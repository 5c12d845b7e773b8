// Package bucket is what all pages of one bucket have in common: its head, with the tabs.
package bucket

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Templates has the template "bucket-head": {{template "bucket-head" (dict "Bucket" .D.Bucket "Tab" "permissions")}}.
func Templates() fs.FS { return page.Templates(files) }

// Crumbs is the way to a page of a bucket; last names the page, and may be empty.
func Crumbs(bucket, last string) []page.Crumb {
	crumbs := []page.Crumb{{Text: "Buckets", To: "/buckets"}}
	if last == "" {
		return append(crumbs, page.Crumb{Text: bucket})
	}
	return append(crumbs, page.Crumb{Text: bucket, To: page.Path("buckets", bucket)}, page.Crumb{Text: last})
}
