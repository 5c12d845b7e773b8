// Package reachmap makes the map of an answer to who can reach what: accounts become houses, principals and
// targets their rooms, paths arrows, and what an explicit deny takes away from a path an arrow that is denied.
package reachmap

import (
	"slices"
	"strings"

	"crossgrant/internal/ids"
	"crossgrant/internal/picture"
	"crossgrant/internal/reach"
)

// outside is the ID of the house of those who belong to no account.
const outside = "outside"

// Of returns the map of r. It has every principal, target, path and exception of it.
func Of(r *reach.Result) *picture.Map {
	b := &builder{m: &picture.Map{Title: title(&r.Question)}, houses: map[string]int{}, rooms: map[string]bool{}}
	for _, a := range r.Accounts {
		b.house(picture.House{ID: string(a.ID), Name: a.Name, Organization: string(a.Organization)})
	}
	for i := range r.Principals {
		b.principal(&r.Principals[i])
	}
	for i := range r.Targets {
		b.target(&r.Targets[i])
	}
	for i := range r.Paths {
		b.path(&r.Paths[i])
	}
	return b.m
}

// title words a question.
func title(q *reach.Question) string {
	var t string
	switch {
	case q.Bucket != "" && q.Key != "":
		t = "Who can reach object " + q.Bucket + "/" + q.Key
	case q.Bucket != "" && q.Prefix != "":
		t = "Who can reach " + q.Bucket + "/" + q.Prefix + "*"
	case q.Bucket != "":
		t = "Who can reach bucket " + q.Bucket
	case q.Principal != "":
		t = "What " + q.Principal + " can reach"
	case q.Outside != "":
		t = "What anyone outside " + q.Outside + " can reach in it"
	default:
		t = "Who can reach what"
	}
	if q.Action != "" {
		t += " with " + q.Action
	}
	return t
}

type builder struct {
	m      *picture.Map
	houses map[string]int // by ID
	rooms  map[string]bool
}

// house returns the house with the ID of h, which is added if there is none.
func (b *builder) house(h picture.House) *picture.House {
	i, there := b.houses[h.ID]
	if !there {
		i = len(b.m.Houses)
		b.houses[h.ID] = i
		b.m.Houses = append(b.m.Houses, h)
	}
	return &b.m.Houses[i]
}

// of returns the house of an account, or the one outside.
func (b *builder) of(account ids.AccountID) *picture.House {
	if account == "" {
		return b.house(picture.House{ID: outside, Name: "Outside every account", Outside: true})
	}
	return b.house(picture.House{ID: string(account)})
}

// room adds a room, unless there is one with its ID: a role is a principal and a target.
func (b *builder) room(account ids.AccountID, r picture.Room) {
	if b.rooms[r.ID] {
		return
	}
	b.rooms[r.ID] = true
	h := b.of(account)
	h.Rooms = append(h.Rooms, r)
}

// kinds has what each kind of principal is on a picture; name and detail are for those that have none.
var kinds = map[reach.Kind]struct {
	kind         picture.Kind
	name, detail string
}{
	reach.Root:          {kind: picture.Root, name: "root"},
	reach.User:          {kind: picture.User},
	reach.Role:          {kind: picture.Role},
	reach.Session:       {kind: picture.Session},
	reach.FederatedUser: {kind: picture.Federated},
	reach.Service:       {kind: picture.Service},
	reach.Anonymous:     {kind: picture.Everyone, name: "anonymous", detail: "who does not sign"},
	reach.AnyOfAccount:  {kind: picture.Account, name: "any principal", detail: "that the account lets"},
	reach.AnyAccount:    {kind: picture.Everyone, name: "any account", detail: "that is not served here"},
}

func (b *builder) principal(p *reach.Principal) {
	k := kinds[p.Kind]
	name := p.Name
	if name == "" {
		name = k.name
	}
	if name == "" {
		name = p.ID
	}
	b.room(p.Account, picture.Room{ID: p.ID, Name: name, Detail: k.detail, Kind: k.kind})
}

func (b *builder) target(t *reach.Target) {
	kind := picture.Bucket
	if t.Kind == reach.RoleTarget {
		kind = picture.Role
	}
	b.room(t.Account, picture.Room{ID: t.ARN, Name: t.Name, Kind: kind})
}

// path adds the arrow of a path, and one for each of its exceptions. A deny that takes something from several paths
// between the same two is one arrow.
func (b *builder) path(p *reach.Path) {
	access, label := summarize(p.Actions)
	b.m.Arrows = append(b.m.Arrows, picture.Arrow{
		From: p.Principal, To: p.Target, Access: access, Label: label + place(p.Resources, p.Target), Conditions: conditions(p),
		By: p.By(), Text: p.Text, Possible: !p.Proven,
	})
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		denied := picture.Arrow{
			From: p.Principal, To: p.Target, Access: access, Label: label + exceptionPlace(p, e), Conditions: texts(e.Conditions), By: e.Part.String(), Denied: true,
		}
		if !slices.ContainsFunc(b.m.Arrows, func(a picture.Arrow) bool { return same(&a, &denied) }) {
			b.m.Arrows = append(b.m.Arrows, denied)
		}
	}
}

func same(a, b *picture.Arrow) bool {
	return a.From == b.From && a.To == b.To && a.Denied == b.Denied && a.Label == b.Label && a.By == b.By && slices.Equal(a.Conditions, b.Conditions)
}

// conditions returns what remains to hold for a path.
func conditions(p *reach.Path) []string {
	all := texts(p.Conditions)
	if p.RequesterPays {
		all = append(all, "if the requester accepts the charge")
	}
	for i := range p.Limits {
		all = append(all, "within "+p.Limits[i].Layer)
	}
	return all
}

// texts returns conditions in words, each once.
func texts(conditions []reach.Condition) []string {
	var all []string
	for _, c := range conditions {
		if !slices.Contains(all, c.Text) {
			all = append(all, c.Text)
		}
	}
	return all
}

// place returns which part of a target resources are; empty if it is all of it.
func place(resources []reach.Resource, target string) string {
	for _, r := range resources {
		if len(r.Not) == 0 && !slices.ContainsFunc(r.Patterns, func(pattern string) bool { return !whole(pattern, target) }) {
			return ""
		}
	}
	return " in " + (&reach.Path{Resources: resources}).Where()
}

// whole reports whether a pattern matches a target, or all objects in it.
func whole(pattern, target string) bool {
	rest, found := strings.CutPrefix(pattern, target)
	return pattern == "*" || pattern == "arn:aws:s3:::*" || found && (rest == "" || rest == "*" || rest == "/*")
}

// exceptionPlace returns where an exception takes something from a path; empty if everywhere.
func exceptionPlace(p *reach.Path, e *reach.Exception) string {
	if slices.EqualFunc(p.Resources, e.Resources, func(a, b reach.Resource) bool {
		return slices.Equal(a.Patterns, b.Patterns) && slices.Equal(a.Not, b.Not)
	}) {
		return ""
	}
	return place(e.Resources, p.Target)
}
