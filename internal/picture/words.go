package picture

import (
	"fmt"
	"slices"
	"strings"
)

// label returns the first line of a house.
func (h *House) label() string {
	if h.Name == "" {
		return visible(h.ID)
	}
	return visible(h.Name)
}

// under returns the lines below the first one.
func (h *House) under() []string {
	var lines []string
	if h.Name != "" && h.ID != h.Name && !h.Outside {
		lines = append(lines, visible(h.ID))
	}
	if h.Organization != "" {
		lines = append(lines, visible(h.Organization))
	}
	return lines
}

// known returns a house by name and ID.
func (h *House) known() string {
	if h.Name == "" || h.ID == h.Name || h.Outside {
		return h.label()
	}
	return fmt.Sprintf("%s (%s)", visible(h.Name), visible(h.ID))
}

// title returns what a house is, in full.
func (h *House) title() string {
	var lines []string
	if h.Outside {
		lines = []string{h.known()}
	} else {
		lines = []string{"account " + h.known()}
	}
	if h.Organization != "" {
		lines = append(lines, "organization "+visible(h.Organization))
	}
	return strings.Join(append(lines, h.counts()), "\n")
}

// counts says how many principals and buckets a house has.
func (h *House) counts() string {
	principals, buckets := h.size()
	return count(principals, "principal") + ", " + count(buckets, "bucket")
}

func (h *House) size() (principals, buckets int) {
	for _, r := range h.Rooms {
		if r.Kind == Bucket {
			buckets++
		}
	}
	return len(h.Rooms) - buckets, buckets
}

func (r *Room) side() int {
	if r.Kind == Bucket {
		return right
	}
	return left
}

// under returns the second line of a room.
func (r *Room) under() string {
	if r.Detail == "" {
		return string(r.Kind)
	}
	return string(r.Kind) + " · " + visible(r.Detail)
}

// known returns a room by kind, name and house.
func (r *Room) known(h *House) string {
	if h.Outside {
		return fmt.Sprintf("%s %s", r.Kind, visible(r.Name))
	}
	return fmt.Sprintf("%s %s of %s", r.Kind, visible(r.Name), h.known())
}

// cut returns the name of a room if it has no room on the picture, and else nothing.
func (r *Room) cut() string {
	name := visible(r.Name)
	if fit(name, nameSize, nameRoom, true) == name {
		return ""
	}
	return name
}

// title returns what a room of h is: in full, or only what is not seen.
func (r *Room) title(h *House, full bool) string {
	if !full {
		return r.cut()
	}
	var lines []string
	if r.ID == r.Name || !strings.HasSuffix(r.ID, r.Name) {
		lines = append(lines, r.known(h))
	}
	if r.ID != r.Name {
		lines = append(lines, fmt.Sprintf("%s %s", r.Kind, visible(r.ID)))
	}
	if r.Detail != "" {
		lines = append(lines, visible(r.Detail))
	}
	return strings.Join(lines, "\n")
}

// listed is how many rooms that are not drawn are named.
const listed = 50

// list returns names, one in a line, and how many more there are.
func list(names []string) string {
	if len(names) > listed {
		names = append(slices.Clone(names[:listed]), fmt.Sprintf("and %d more", len(names)-listed))
	}
	return strings.Join(names, "\n")
}

// sentence returns arrows between the same two rooms in full.
func (x *index) sentence(g []Arrow) string {
	lines := []string{x.known(g[0].From) + " → " + x.known(g[0].To)}
	for _, a := range g {
		lines = append(lines, a.sentence())
	}
	return strings.Join(lines, "\n")
}

func (x *index) known(id string) string {
	return x.rooms[id].known(&x.m.Houses[x.house[id]])
}

// prefix returns what is said first of an arrow that is no plain grant.
func (a *Arrow) prefix() string {
	switch {
	case a.Denied:
		return "denied: "
	case a.Possible:
		return "perhaps: "
	}
	return ""
}

// before returns what is said before a condition. A denial is not for these requests only: it is for them.
func (a *Arrow) before(condition int) string {
	switch {
	case condition > 0:
		return "and "
	case a.Denied:
		return ""
	}
	return "only "
}

// sentence returns what an arrow says.
func (a *Arrow) sentence() string {
	if len(a.Text) > 0 {
		var lines []string
		for _, s := range a.Text {
			lines = append(lines, visible(s))
		}
		return strings.Join(lines, "\n")
	}
	var b strings.Builder
	b.WriteString(a.prefix())
	b.WriteString(visible(a.Label))
	for i, c := range a.Conditions {
		b.WriteString(" " + a.before(i) + visible(c))
	}
	if a.By != "" {
		b.WriteString("; by " + visible(a.By))
	}
	return b.String()
}

// summary says in a sentence what is on the picture.
func (m *Map) summary() string {
	accounts, principals, buckets := 0, 0, 0
	for _, h := range m.Houses {
		p, b := h.size()
		principals, buckets = principals+p, buckets+b
		if !h.Outside {
			accounts++
		}
	}
	return fmt.Sprintf("%s, %s, %s, %s.", count(accounts, "account"), count(principals, "principal"), count(buckets, "bucket"), m.kinds())
}

// kinds says how many arrows there are, and how many of them are conditional, denied or only possible.
func (m *Map) kinds() string {
	denied, possible := 0, 0
	for _, a := range m.Arrows {
		switch {
		case a.Denied:
			denied++
		case a.Possible:
			possible++
		}
	}
	text := count(len(m.Arrows), "arrow")
	for _, part := range []struct {
		n    int
		what string
	}{{conditional(m.Arrows), "with conditions"}, {denied, "denied"}, {possible, "only possible"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return text
}

// description says everything that the picture shows, for who does not see it: a line for each line of it.
func (x *index) description() string {
	lines := []string{x.m.summary()}
	for _, s := range x.m.Missing {
		lines = append(lines, "Not complete: "+visible(s))
	}
	for _, g := range x.groups {
		lines = append(lines, strings.ReplaceAll(x.sentence(g), "\n", ": "))
	}
	return strings.Join(slices.Compact(lines), "\n")
}
