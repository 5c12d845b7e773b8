package signin

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"crossgrant/internal/console/page"
	"crossgrant/internal/console/session"
	"crossgrant/internal/ids"
)

// colors are those by which roles are told apart. AWS's links may have them as hexadecimal numbers.
var colors = []string{"none", "red", "orange", "yellow", "green", "blue"}

var hexColors = map[string]string{"F2B0A9": "red", "FBBF93": "orange", "FAD791": "yellow", "B7CA9D": "green", "99BCE3": "blue"}

// remembered is how many roles are remembered, as in AWS's console.
const remembered = 5

// rolesCookie has the roles that were switched to last. It has no secrets, and is the visitor's: what it says is
// looked at as what a link says.
const rolesCookie = "crossgrant-roles"

var rolePattern = regexp.MustCompile(`^([\x21-\x7e]{1,511}/)?[\w+=,.@-]{1,64}$`)

// switching is the page.
type switching struct {
	session.Link
	Colors  []string
	History []session.Link
}

// link reads a role from names and values, as they stand in AWS's links, which also have alias names of accounts.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
func link(get func(string) string) session.Link {
	l := session.Link{
		Account: strings.ReplaceAll(strings.TrimSpace(get("account")), "-", ""), Role: strings.Trim(get("roleName"), "/ "),
		Display: strings.TrimSpace(get("displayName")), Color: strings.TrimSpace(get("color")),
	}
	if name, ok := hexColors[strings.ToUpper(strings.TrimPrefix(l.Color, "#"))]; ok {
		l.Color = name
	}
	if !slices.Contains(colors, l.Color) {
		l.Color = "none"
	}
	if r := []rune(l.Display); len(r) > 64 {
		l.Display = string(r[:64])
	}
	return l
}

func showSwitch(_ context.Context, v *page.Visit) (*page.View, error) {
	get := v.Query
	if v.Failed != nil {
		get = v.Form
	}
	return &page.View{Title: "Switch role", Template: "switchrole", Data: switching{link(get), colors, history(v)}}, nil
}

// switchRole assumes the role. What it is called and which it was is remembered.
func switchRole(ctx context.Context, v *page.Visit) (*page.Done, error) {
	l := link(v.Form)
	if !ids.IsAccountID(l.Account) {
		return nil, page.Invalid("An account is its ID, 12 digits.")
	}
	if !rolePattern.MatchString(l.Role) {
		return nil, page.Invalid("That is not the name of a role.")
	}
	if err := v.SwitchRole(ctx, l); err != nil {
		return nil, err
	}
	keepHistory(v, append([]session.Link{l}, without(history(v), l)...))
	return &page.Done{To: "/", Note: "You act as the role " + l.Role + " of account " + l.Account + " now."}, nil
}

func backToBase(_ context.Context, v *page.Visit) (*page.Done, error) {
	return &page.Done{To: "/"}, v.Change(func(in *session.Session) { in.Role = nil })
}

func forgetRole(_ context.Context, v *page.Visit) (*page.Done, error) {
	keepHistory(v, without(history(v), link(v.Form)))
	return &page.Done{To: "/switchrole"}, nil
}

// without returns the roles but one, whatever it is called.
func without(links []session.Link, l session.Link) []session.Link {
	return slices.DeleteFunc(links, func(each session.Link) bool { return each.Account == l.Account && each.Role == l.Role })
}

// history returns the roles that were switched to last.
func history(v *page.Visit) []session.Link {
	var links []session.Link
	for _, text := range strings.Split(v.Cookie(rolesCookie), "|") {
		q, err := url.ParseQuery(text)
		if err != nil {
			continue
		}
		if l := link(q.Get); ids.IsAccountID(l.Account) && rolePattern.MatchString(l.Role) && len(links) < remembered {
			links = append(links, l)
		}
	}
	return links
}

func keepHistory(v *page.Visit, links []session.Link) {
	var texts []string
	for _, l := range links[:min(len(links), remembered)] {
		texts = append(texts, url.Values{"account": {l.Account}, "roleName": {l.Role}, "displayName": {l.Display}, "color": {l.Color}}.Encode())
	}
	v.SetCookie(rolesCookie, strings.Join(texts, "|"))
}
