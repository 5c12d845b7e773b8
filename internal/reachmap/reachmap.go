// Package reachmap makes the map of an answer to who can reach what: accounts become houses, principals and
// targets their rooms, paths arrows, and what an explicit deny takes away from a path an arrow that is denied.
package reachmap

import (
	"fmt"
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
	b := &builder{m: &picture.Map{Title: title(&r.Question), Missing: r.Cut}, houses: map[string]int{}, rooms: map[string]bool{}, alike: map[string]int{}, half: r.Question.For != ""}
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
	for i := range b.arrows {
		b.m.Arrows = append(b.m.Arrows, b.arrows[i].done())
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
	arrows []arrow
	alike  map[string]int // places in arrows, by what they have in common
	half   bool           // the answer is for an account
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

// of returns the house of an account, or the one outside: of those who have none, or whose accounts are not known.
func (b *builder) of(account ids.AccountID) *picture.House {
	if account == "" && b.half {
		return b.house(picture.House{ID: outside, Name: "Elsewhere", Outside: true})
	}
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
	reach.Provider:      {kind: picture.Federated, detail: "identity provider"},
	reach.Anonymous:     {kind: picture.Everyone, name: "anonymous", detail: "who does not sign"},
	reach.AnyOfAccount:  {kind: picture.Account, name: "any principal", detail: "as its policies let"},
	reach.AnyAccount:    {kind: picture.Everyone, name: "any account", detail: "that is not served here"},
}

func (b *builder) principal(p *reach.Principal) {
	k := kinds[p.Kind]
	if p.Kind == reach.AnyAccount && b.half {
		k.name, k.detail = "any other account", "as its policies let"
	}
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

// path adds a path to the arrow of all paths between the same two that are alike but for their actions and policies,
// and does so for each of its exceptions.
func (b *builder) path(p *reach.Path) {
	b.join(arrow{
		Arrow:   picture.Arrow{From: p.Principal, To: p.Target, Conditions: conditions(p), Possible: !p.Proven},
		actions: p.Actions, where: place(p.Resources, p.Target) + keyStates[p.Keys],
	}, p.Text)
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		b.join(arrow{
			Arrow:   picture.Arrow{From: p.Principal, To: p.Target, Conditions: texts(e.Conditions), Denied: true},
			actions: p.Actions, where: place(e.Resources, p.Target),
		}, denial(p, e))
	}
}

// arrow is one that grows until all paths are known.
type arrow struct {
	picture.Arrow
	actions []string
	where   string // which part of the target, in words that follow the actions
}

// join adds an arrow, to one that is alike if there is one.
func (b *builder) join(a arrow, text string) {
	key := fmt.Sprintf("%q %q %t %t %q %q", a.From, a.To, a.Denied, a.Possible, a.Conditions, a.where)
	i, there := b.alike[key]
	if !there {
		i = len(b.arrows)
		b.alike[key] = i
		b.arrows = append(b.arrows, a)
	}
	one := &b.arrows[i]
	one.actions = append(one.actions[:len(one.actions):len(one.actions)], a.actions...)
	if !slices.Contains(one.Text, text) {
		one.Text = append(one.Text, text)
	}
}

// done returns the arrow, named for all of its actions.
func (a *arrow) done() picture.Arrow {
	a.Access, a.Label = summarize(a.actions)
	a.Label += a.where
	return a.Arrow
}

// denial tells an exception in a line.
func denial(p *reach.Path, e *reach.Exception) string {
	alone := reach.Path{Resources: p.Resources, Exceptions: []reach.Exception{*e}}
	return "denied: " + reach.ActionsText(p.Actions) + strings.TrimPrefix(alone.Except(), "except")
}

// keyStates words the objects for which a path holds.
var keyStates = map[reach.KeyState]string{reach.NewKeys: " (new keys)", reach.ExistingKeys: " (objects of the owner)"}

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
	if len(resources) == 0 {
		return "" // it is not told which
	}
	for _, r := range resources {
		if len(r.Not) == 0 && !slices.ContainsFunc(r.Patterns, func(pattern string) bool { return !whole(pattern, target) }) {
			return ""
		}
	}
	return " in " + (&reach.Path{Resources: within(resources, target+"/")}).Where()
}

// within returns resources without what those of one target begin with.
func within(resources []reach.Resource, head string) []reach.Resource {
	cut := func(patterns []string) []string {
		var out []string
		for _, p := range patterns {
			out = append(out, strings.TrimPrefix(p, head))
		}
		return out
	}
	var out []reach.Resource
	for _, r := range resources {
		out = append(out, reach.Resource{Patterns: cut(r.Patterns), Not: cut(r.Not)})
	}
	return out
}

// whole reports whether a pattern matches a target, or all objects in it.
func whole(pattern, target string) bool {
	rest, found := strings.CutPrefix(pattern, target)
	return pattern == "*" || pattern == "arn:aws:s3:::*" || found && slices.Contains([]string{"", "*", "/*", "/?*"}, rest)
}
