// Package account is what is set for the whole account, and the security credentials of the visitor.
package account

import (
	"context"
	"embed"
	"io/fs"

	"crossgrant/internal/console/mfadevice"
	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the pages.
func Section() page.Section {
	row := func(path string, get func(context.Context, *page.Visit) (*page.View, error), actions map[string]page.Action) page.Row {
		return page.Row{Path: path, Area: "account", Get: get, Actions: actions}
	}
	return page.Section{Name: "account", Templates: []fs.FS{mfadevice.Templates(), page.Templates(files)}, Rows: []page.Row{
		row("/account", show, map[string]page.Action{"alias": setAlias, "delete-alias": deleteAlias, "block": block, "unblock": unblock, "tokens": setTokens}),
		row("/account/password-policy", showPasswordPolicy, map[string]page.Action{"set": setPasswordPolicy, "delete": deletePasswordPolicy}),
		row("/account/credential-report", showReport, map[string]page.Action{"generate": generateReport}),
		row("/account/credential-report/download", downloadReport, nil),
		{Path: "/me", Get: showMe, Actions: map[string]page.Action{
			"key-create": createKey, "key-activate": activateKey, "key-deactivate": deactivateKey, "key-delete": deleteKey,
			"password": changePassword, "root-password": replaceRootPassword, "mfa-deactivate": deactivateMFA,
		}},
		{Path: "/me/mfa", Get: showNewMFA, Actions: map[string]page.Action{"mfa-create": createMFA, "mfa-enable": enableMFA}},
	}}
}

// crumbs lead to a page of the account's settings.
func crumbs(text string) []page.Crumb {
	return []page.Crumb{{Text: "Account settings", To: "/account"}, {Text: text}}
}
