// Package permissions is who may reach a bucket: its policy, ACL, ownership, public access block and CORS rules, and who
// does reach it by all of them.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-management.html
package permissions

import (
	"embed"
	"io/fs"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// base is the path of the section; each setting has a page below it.
const base = "/buckets/{bucket}/permissions"

// Section returns the pages.
func Section() page.Section {
	rows := []page.Row{
		{Path: base, Get: showOverview},
		{Path: base + "/reach", Get: showReach},
		{Path: base + "/map", Get: showMap},
		{Path: base + "/policy", Get: showPolicy, Actions: map[string]page.Action{"save": savePolicy, "delete": deletePolicy, "preview": previewPolicy}},
		{Path: base + "/acl", Get: showACL, Actions: map[string]page.Action{"save": saveACL, "canned": saveCanned, "preview": previewACL}},
		{Path: base + "/ownership", Get: showOwnership, Actions: map[string]page.Action{"save": saveOwnership, "delete": deleteOwnership, "preview": previewOwnership}},
		{Path: base + "/public-access-block", Get: showBlock, Actions: map[string]page.Action{"save": saveBlock, "delete": deleteBlock, "preview": previewBlock}},
		{Path: base + "/cors", Get: showCORS, Actions: map[string]page.Action{"save": saveCORS, "delete": deleteCORS, "check": checkCORS}},
	}
	for i := range rows {
		rows[i].Area = "buckets"
	}
	return page.Section{Name: "permissions", Templates: []fs.FS{bucket.Templates(), page.Templates(files)}, Rows: rows}
}

// name returns the bucket that the page is about.
func name(v *page.Visit) string { return v.Path("bucket") }

// view returns the page of a setting.
func view(v *page.Visit, title, template string, data any) *page.View {
	return bucket.View(v, "permissions", "Permissions", title, template, data)
}

// home is the page to which those of settings lead back.
func home(v *page.Visit) string { return page.Path("buckets", name(v), "permissions") }

func done(v *page.Visit, note string) *page.Done { return &page.Done{To: home(v), Note: note} }
