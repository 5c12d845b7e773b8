// Package picture draws who can reach what as one SVG document: accounts as houses, principals and
// buckets as the rooms in them, grants as arrows with their conditions, denials crossed. It decides
// nothing and reads nothing: what is drawn is what a Map says.
//
// Up to twelve houses are drawn with all of their rooms. More are drawn closed, each one box, with a list of
// the accounts on the left; each entry leads to a page of the same document on which its account is open, with
// everything that leads there or comes from there. Links to the document itself and the CSS selector :target
// do this; the document has no script, and needs no font and no other resource. In a page a click can lead to other
// pages of the same host instead: see House.Href.
//
// The way there, a file for each step:
//
//	Map -> scene (what is drawn) -> places (cells of a grid) -> routes (channels between the cells)
//	    -> ports and lanes -> plan (rectangles and lines) -> SVG
//
// Names, keys, tags and conditions are written by anybody who may write policies. They appear as text
// and never as markup: render.go has one writer, which escapes all it is given.
package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Map is what a picture shows. Its order does not matter: the same houses, rooms and arrows give the same
// picture, byte by byte.
type Map struct {
	Title  string // what was asked, above the picture; empty: "Who can reach what"
	Houses []House
	Arrows []Arrow
	// Missing has a sentence for each thing that was left out; empty if nothing was.
	Missing []string
}

// House is an account, or those who belong to none.
type House struct {
	ID           string // the account ID; no two houses have the same
	Name         string
	Organization string // the ID of its organization, and its place there; empty: in none
	Outside      bool   // not an account, but everybody outside the accounts
	Rooms        []Room
	// Href is where a click on the house leads, of the page that the picture is in: a path that begins with '/',
	// with what may follow a path. Empty: to the house in the picture.
	Href string
}

// Room is a principal, or a bucket, of the house in which it is.
type Room struct {
	ID     string // an ARN, or what else tells it from all other rooms of the map
	Name   string
	Detail string // such as the groups of a user; empty: none
	Kind   Kind
	Href   string // as of a House
}

// Kind says what a room is.
type Kind string

// The kinds of rooms. A bucket is on the right side of its house, all others are on the left.
const (
	Root      Kind = "root user"
	User      Kind = "user"
	Group     Kind = "group"
	Role      Kind = "role"
	Account   Kind = "account" // every principal of it to which it gives permission
	Session   Kind = "session"
	Federated Kind = "federated user"
	Service   Kind = "service"
	Everyone  Kind = "everyone" // also who is anonymous
	Bucket    Kind = "bucket"
)

// Kinds lists the kinds of rooms, in the order in which a house has them.
var Kinds = []Kind{Account, Root, User, Group, Role, Session, Federated, Service, Everyone, Bucket}

// Access says what an arrow is about, and so its colour.
type Access string

// The kinds of access, weakest first.
const (
	Read       Access = "read"
	Assume     Access = "assume"
	Write      Access = "write"
	Administer Access = "administer"
)

// Accesses lists the kinds of access, weakest first. Arrows that are drawn as one have the colour of the
// strongest.
var Accesses = []Access{Read, Assume, Write, Administer}

// Arrow is a grant, or its denial. From and To are the IDs of rooms. Arrows between the same two rooms are
// drawn as one, with their number; those that are denied, or only possible, apart.
type Arrow struct {
	From, To string
	Access   Access
	Label    string // a few words, such as "write", "read, list"
	// Conditions have to hold, all of them, in words that can follow "only", such as "over TLS" and "if …"; none: it
	// is so always.
	Conditions []string
	By         string   // the policies, ACLs or settings that say so; empty: not known
	Text       []string // all of it in sentences; empty: what the other members say
	Denied     bool     // an explicit deny takes it away
	Possible   bool     // it may be so: it could be neither shown nor excluded
}

// check returns an error if m has two houses or rooms of one ID, an arrow from or to no room, something that is of no
// kind, or a link that is no path.
func (m *Map) check() error {
	houses, rooms := map[string]bool{}, map[string]bool{}
	for _, h := range m.Houses {
		if houses[h.ID] {
			return fmt.Errorf("two houses have the ID %q", h.ID)
		}
		if !isPath(h.Href) {
			return fmt.Errorf("house %q: %q is no path", h.ID, h.Href)
		}
		houses[h.ID] = true
		for _, r := range h.Rooms {
			if rooms[r.ID] {
				return fmt.Errorf("two rooms have the ID %q", r.ID)
			}
			if !slices.Contains(Kinds, r.Kind) {
				return fmt.Errorf("room %q: there is no kind %q", r.ID, r.Kind)
			}
			if !isPath(r.Href) {
				return fmt.Errorf("room %q: %q is no path", r.ID, r.Href)
			}
			rooms[r.ID] = true
		}
	}
	for _, a := range m.Arrows {
		switch {
		case !rooms[a.From]:
			return fmt.Errorf("an arrow comes from %q, which is no room", a.From)
		case !rooms[a.To]:
			return fmt.Errorf("an arrow leads to %q, which is no room", a.To)
		case !slices.Contains(Accesses, a.Access):
			return fmt.Errorf("arrow from %q to %q: there is no access %q", a.From, a.To, a.Access)
		}
	}
	return nil
}

// isPath reports whether a link is empty, or leads to a path of whatever host the picture comes from: what begins with
// two slashes, or with what browsers take for those, names a host.
//
// Source: https://url.spec.whatwg.org/#relative-slash-state
func isPath(href string) bool {
	if href == "" {
		return true
	}
	printable := func(r rune) bool { return r > ' ' && r < 0x7f && r != '\\' }
	return href[0] == '/' && !strings.HasPrefix(href, "//") && strings.IndexFunc(href, func(r rune) bool { return !printable(r) }) < 0
}

// sorted returns m in the order in which it is drawn; m stays as it is.
func (m *Map) sorted() *Map {
	s := &Map{Title: m.Title, Missing: m.Missing, Houses: slices.Clone(m.Houses), Arrows: slices.Clone(m.Arrows)}
	slices.SortFunc(s.Houses, func(a, b House) int { return cmp.Compare(a.ID, b.ID) })
	for i, h := range s.Houses {
		s.Houses[i].Rooms = slices.Clone(h.Rooms)
		slices.SortFunc(s.Houses[i].Rooms, func(a, b Room) int {
			return cmp.Or(cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
	}
	slices.SortFunc(s.Arrows, compareArrows)
	return s
}

func compareArrows(a, b Arrow) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), compareBools(a.Denied, b.Denied),
		compareBools(a.Possible, b.Possible), cmp.Compare(slices.Index(Accesses, b.Access), slices.Index(Accesses, a.Access)),
		cmp.Compare(a.Label, b.Label), slices.Compare(a.Conditions, b.Conditions), cmp.Compare(a.By, b.By), slices.Compare(a.Text, b.Text))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
