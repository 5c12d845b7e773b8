// Package console is the web console: a client of the public APIs with the visitor's own credentials, which can do
// exactly what its user could do from the CLI. It has no API of its own and no rights.
//
// Package page is what all pages have in common; each other package below is a section of the console, a table of pages
// with their templates. This package is the list of them, and the navigation.
package console

import (
	"log/slog"
	"net/http"

	"crossgrant/internal/console/account"
	"crossgrant/internal/console/buckets"
	"crossgrant/internal/console/home"
	"crossgrant/internal/console/identities"
	"crossgrant/internal/console/objects"
	"crossgrant/internal/console/organization"
	"crossgrant/internal/console/page"
	"crossgrant/internal/console/permissions"
	"crossgrant/internal/console/properties"
	"crossgrant/internal/console/session"
	"crossgrant/internal/console/signin"
	"crossgrant/internal/console/validate"
	"crossgrant/internal/console/why"
)

// Options are what the console is made of.
type Options struct {
	// API serves the public APIs.
	API    http.Handler
	Region string
	// Port is that of the API, and Secure whether it and the console speak TLS.
	Port   string
	Secure bool
	// PublicURL is the URL by which browsers reach the API; empty: the host of the console, with Port.
	PublicURL string
	// Sessions and FormKey are those of page.Config.
	Sessions session.Shelf
	FormKey  *[32]byte
	Log      *slog.Logger
}

// New returns the console.
func New(o Options) http.Handler {
	return page.New(page.Config{
		API: o.API, Region: o.Region, Port: o.Port, Secure: o.Secure, PublicURL: o.PublicURL, Log: o.Log,
		Sessions: o.Sessions, FormKey: o.FormKey,
		Sections: Sections(),
		Nav:      navigation,
	})
}

// Sections returns all pages, for tests that visit each of them.
func Sections() []page.Section {
	return []page.Section{
		signin.Section(), validate.Section(), home.Section(), buckets.Section(), objects.Section(), permissions.Section(), properties.Section(),
		identities.Section(), account.Section(), organization.Section(), why.Section(),
	}
}

// navigation is what the side of every page has.
var navigation = []page.Group{
	{Items: []page.Item{{ID: "home", Text: "Overview", To: "/", Icon: "home"}}},
	{Text: "Storage", Items: []page.Item{{ID: "buckets", Text: "Buckets", To: "/buckets", Icon: "bucket"}}},
	{Text: "Identities", Items: []page.Item{
		{ID: "users", Text: "Users", To: "/users", Icon: "person"},
		{ID: "groups", Text: "Groups", To: "/groups", Icon: "people"},
		{ID: "roles", Text: "Roles", To: "/roles", Icon: "role"},
		{ID: "policies", Text: "Policies", To: "/policies", Icon: "policy"},
		{ID: "account", Text: "Account settings", To: "/account", Icon: "settings"},
	}},
	{Text: "Organization", Items: []page.Item{
		{ID: "organization", Text: "Accounts", To: "/organization", Icon: "tree"},
		{ID: "organization-policies", Text: "Organization policies", To: "/organization/policies", Icon: "lock"},
	}},
	{Text: "Why?", Items: []page.Item{
		{ID: "decisions", Text: "Decisions", To: "/why/requests", Icon: "why"},
		{ID: "ask", Text: "May I …?", To: "/why/ask", Icon: "search"},
		{ID: "map", Text: "Access map", To: "/why/map", Icon: "map"},
		{ID: "findings", Text: "External access", To: "/why/findings", Icon: "globe"},
		{ID: "events", Text: "Events", To: "/why/events", Icon: "list"},
	}},
}
