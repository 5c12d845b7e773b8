// Package identities is the users, groups, roles and policies of an account.
//
// Users, groups and roles have much in common: policies attached and inline, and users and roles a boundary and tags. A
// kind is one of them, and what they share is written once for all kinds: attached.go, attach.go, inline.go, boundary.go,
// tags.go.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id.html
package identities

import (
	"embed"
	"io/fs"
	"slices"

	"crossgrant/internal/console/mfadevice"
	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	return page.Section{Name: "identities", Templates: []fs.FS{mfadevice.Templates(), page.Templates(files)}, Rows: slices.Concat(
		userRows(), groupRows(), roleRows(), policyRows(), providerRows(),
	)}
}
