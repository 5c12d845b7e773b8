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

//go:embed templates/*.html
var files embed.FS

const area = "buckets"

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "objects", Templates: []fs.FS{page.Templates(files), bucket.Templates()}, Rows: []page.Row{
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

// pair is a key and its value, in a form.
type pair struct{ Key, Value string }

// pairs returns the rows of a form that has a key and a value in each, those without a key left out.
func pairs(v *page.Visit, key, value string) []pair {
	keys, values := v.Request.PostForm[key], v.Request.PostForm[value]
	var out []pair
	for i, k := range keys {
		if k = strings.TrimSpace(k); k != "" && i < len(values) {
			out = append(out, pair{k, strings.TrimSpace(values[i])})
		}
	}
	return out
}

// filled returns rows with empty ones after them, up to a number.
func filled(rows []pair, more, most int) []pair {
	for range more {
		if len(rows) >= most {
			break
		}
		rows = append(rows, pair{})
	}
	return rows
}

// nameOf is the last part of a key, as people call it.
func nameOf(key string) string {
	return key[strings.LastIndex(strings.TrimSuffix(key, "/"), "/")+1:]
}
