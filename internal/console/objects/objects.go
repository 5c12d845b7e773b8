// Package objects is what lies in a bucket: browsing, uploading, downloading, versions, tags, sharing.
//
// What users store never passes through the console: browsers get it from the API, another origin, by presigned
// requests, and send it there.
package objects

import (
	"context"
	"embed"
	"io/fs"
	"strings"

	"crossgrant/internal/console/bucket"
	"crossgrant/internal/console/page"
)

//go:embed templates/*.html assets
var files embed.FS

const area = "buckets"

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "objects", Templates: []fs.FS{page.Templates(files), bucket.Templates()}, Assets: page.Assets(files), Rows: []page.Row{
		{Path: "/buckets/{bucket}", Area: area, Get: browse, Actions: map[string]page.Action{"folder": createFolder, "upload": tellUpload}},
		{Path: "/buckets/{bucket}/delete-objects", Area: area, Get: reviewed, Actions: map[string]page.Action{"review": review, "delete": deleteObjects}},
		{Path: "/buckets/{bucket}/upload", Area: area, Get: nothing, Actions: map[string]page.Action{
			"put": signPut, "create": createUpload, "sign": signPart, "parts": listParts, "complete": completeUpload, "abort": abortByScript,
		}},
		{Path: "/buckets/{bucket}/uploads", Area: area, Get: listUploads},
		{Path: "/buckets/{bucket}/uploads/abort", Area: area, Get: showAbort, Actions: map[string]page.Action{"abort": abortUpload}},
		{Path: "/buckets/{bucket}/object", Area: area, Get: showObject, Actions: map[string]page.Action{"tags": putTags, "share": share, "delete": deleteObject}},
		{Path: "/buckets/{bucket}/object/permissions", Area: area, Get: showACL, Actions: map[string]page.Action{"canned": putCannedACL, "grants": putGrants}},
		{Path: "/buckets/{bucket}/object/versions", Area: area, Get: showVersions, Actions: map[string]page.Action{"restore": restore}},
		{Path: "/buckets/{bucket}/object/lock", Area: area, Get: showLock, Actions: map[string]page.Action{"hold": putHold, "retain": putRetention}},
		{Path: "/buckets/{bucket}/object/copy", Area: area, Get: showCopy, Actions: map[string]page.Action{"copy": copyObject}},
	}}
}

func nothing(context.Context, *page.Visit) (*page.View, error) {
	return nil, page.Missing("There is no such page.")
}

// pairs returns the rows of a form that has a key and a value in each, those without a key left out.
func pairs(v *page.Visit, key, value string) []page.Pair {
	var out []page.Pair
	for _, p := range v.Pairs(key, value) {
		if k := strings.TrimSpace(p.Key); k != "" {
			out = append(out, page.Pair{Key: k, Value: strings.TrimSpace(p.Value)})
		}
	}
	return out
}

// filled returns rows with empty ones after them, up to a number.
func filled(rows []page.Pair, more, most int) []page.Pair {
	for range more {
		if len(rows) >= most {
			break
		}
		rows = append(rows, page.Pair{})
	}
	return rows
}

// nameOf is the last part of a key, as people call it.
func nameOf(key string) string {
	return key[strings.LastIndex(strings.TrimSuffix(key, "/"), "/")+1:]
}
