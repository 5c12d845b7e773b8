package reach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// Answer answers a question about a world. What the question names has to be in the world, and with it all that can
// have to do with it: for a role, who may assume it.
func Answer(w *World, q Question) *Result {
	a := &answer{solver: newSolver(w), q: &q, roles: map[string]*target{}}
	for _, b := range w.Buckets {
		a.buckets = append(a.buckets, bucketTarget(b, &q))
	}
	for _, r := range w.Roles {
		a.roles[r.ARN] = roleTarget(r)
	}
	switch {
	case q.Principal != "":
		a.of(q.Principal)
	case q.Outside != "":
		a.into(q.Outside)
	case q.Bucket != "":
		a.to(q.Bucket)
	default:
		a.on(slices.Clone(w.Callers), func(*target) bool { return true })
	}
	return a.tell()
}

// solver is what is kept while paths are worked out.
type solver struct {
	world   *World
	actions map[*policy.Document][]set
	fixed   map[placeOf][]*policy.Resources
	found   map[string]finding
	known   map[related]*known
	named   map[*target]map[ids.CanonicalUserID]bool
	taking  map[string]set
	faults  map[*Caller]*layered
}

func newSolver(w *World) *solver {
	return &solver{
		world: w, actions: map[*policy.Document][]set{}, fixed: map[placeOf][]*policy.Resources{}, found: map[string]finding{},
		known: map[related]*known{}, named: map[*target]map[ids.CanonicalUserID]bool{}, taking: map[string]set{}, faults: map[*Caller]*layered{},
	}
}

// namedBy returns the accounts that the ACLs and objects of a target name.
func (s *solver) namedBy(t *target) map[ids.CanonicalUserID]bool {
	if s.named[t] == nil {
		s.named[t] = namedBy(t)
	}
	return s.named[t]
}

// answer is an answer in the making.
type answer struct {
	*solver
	q       *Question
	buckets []*target
	roles   map[string]*target
	drafts  []*draft
	cut     []string
}

// reaches adds the paths of a caller to a target, and reports whether there are any.
func (a *answer) reaches(c *Caller, t *target) bool {
	if t.elsewhere && (c.Account != a.world.For || c.Kind == Root) || a.stopped(c, t) {
		return false
	}
	found := newView(a.solver, c, t).drafts()
	for _, d := range found {
		if d.prove(); t.elsewhere {
			d.proven, d.witness = false, nil // its owner has to allow it, too
		}
	}
	if a.stopped(c, t) {
		return false // it may not be all
	}
	a.drafts = append(a.drafts, found...)
	return len(found) > 0
}

// stopped reports whether enough was looked at, and notes what was left out first.
func (a *answer) stopped(c *Caller, t *target) bool {
	switch {
	case len(a.cut) > 0:
	case a.full(len(a.drafts)):
		a.cut = append(a.cut, fmt.Sprintf("There are more than %d paths: from what %s can do with %s on nothing was looked at.", a.world.Most, c.ID, t.ARN))
	case a.enough():
		a.cut = append(a.cut, fmt.Sprintf("It would take too long to look at everything: from what %s can do with %s on nothing was looked at.", c.ID, t.ARN))
	default:
		return false
	}
	return true
}

// full reports whether so many paths are all that are told.
func (s *solver) full(paths int) bool { return s.world.Most > 0 && paths >= s.world.Most }

// enough reports whether so much was looked at that the rest is left out.
func (s *solver) enough() bool { return s.world.Enough != nil && s.world.Enough() }

// CanReach reports whether a caller may reach a bucket, or, where that is nil, a role, by some path.
func CanReach(w *World, c *Caller, b *Bucket, r *AssumedRole) bool {
	t := new(target)
	if b != nil {
		t = bucketTarget(b, &Question{})
	} else {
		t = roleTarget(r)
	}
	return len(newView(newSolver(w), c, t).drafts()) > 0
}

// to adds who reaches a bucket, and who reaches the roles that do, by whatever detour.
func (a *answer) to(bucket string) {
	var wanted []string
	seen := map[string]bool{}
	want := func(c *Caller) {
		if role := roleOf(c); role != "" && !seen[role] {
			seen[role] = true
			wanted = append(wanted, role)
		}
	}
	for _, t := range a.buckets {
		for _, c := range a.world.Callers {
			if t.Name == bucket && a.reaches(c, t) {
				want(c)
			}
		}
	}
	for n := 0; n < len(wanted); n++ {
		t := a.roles[wanted[n]]
		if t == nil {
			continue
		}
		for _, c := range a.world.Callers {
			if a.reaches(c, t) {
				want(c)
			}
		}
	}
}

// roleOf returns the ARN of the role that a caller is a session of; empty if it is none.
func roleOf(c *Caller) string {
	if c.Kind == Role || c.Kind == Session {
		return c.As.EntityARN
	}
	return ""
}

// of adds what a principal reaches, and what the roles do that it can get into.
func (a *answer) of(principal string) {
	var callers []*Caller
	for _, c := range a.world.Callers {
		if c.ID == principal {
			callers = append(callers, c)
		}
	}
	a.on(callers, func(*target) bool { return true })
}

// on adds what callers reach of the targets that are wanted, and what the wanted roles do that they can get into.
func (a *answer) on(callers []*Caller, wanted func(*target) bool) {
	seen, done := map[string]bool{}, map[*Caller]bool{}
	for n := 0; n < len(callers); n++ {
		c := callers[n]
		if done[c] {
			continue
		}
		done[c] = true
		for _, t := range a.buckets {
			if wanted(t) {
				a.reaches(c, t)
			}
		}
		for _, r := range a.world.Roles {
			if wanted(a.roles[r.ARN]) && a.reaches(c, a.roles[r.ARN]) && !seen[r.ARN] {
				seen[r.ARN] = true
				callers = append(callers, a.sessions(r.ARN)...)
			}
		}
	}
}

// sessions returns the principals that whoever assumes a role becomes.
func (a *answer) sessions(role string) []*Caller {
	var out []*Caller
	for _, c := range a.world.Callers {
		if roleOf(c) == role {
			out = append(out, c)
		}
	}
	return out
}

// into adds what principals outside an account or organization reach in it.
func (a *answer) into(id string) {
	inside := map[ids.AccountID]bool{}
	for _, account := range a.world.Accounts {
		inside[account.ID] = string(account.ID) == id || string(account.Organization) == id
	}
	var callers []*Caller
	for _, c := range a.world.Callers {
		if !inside[c.Account] {
			callers = append(callers, c)
		}
	}
	a.on(callers, func(t *target) bool { return inside[t.Account] })
}

// tell returns the answer.
func (a *answer) tell() *Result {
	r := &Result{
		Question: *a.q, Accounts: []Account{}, Principals: []Principal{}, Targets: []Target{}, Paths: []Path{},
		Cut: append(slices.Clip(a.world.Cut), a.cut...),
	}
	slices.SortStableFunc(a.drafts, byPrincipal)
	accounts := map[ids.AccountID]bool{}
	for i, d := range a.drafts {
		if i == 0 || a.drafts[i-1].c != d.c {
			r.Principals = append(r.Principals, d.c.Principal)
		}
		if !slices.Contains(r.Targets, d.t.Target) {
			r.Targets = append(r.Targets, d.t.Target)
		}
		accounts[d.c.Account], accounts[d.t.Account] = true, true
		r.Paths = append(r.Paths, d.tell())
	}
	for _, account := range a.world.Accounts {
		if accounts[account.ID] {
			r.Accounts = append(r.Accounts, account)
		}
	}
	slices.SortFunc(r.Accounts, func(a, b Account) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(r.Targets, func(a, b Target) int { return strings.Compare(a.ARN, b.ARN) })
	r.drafts = a.drafts
	return r
}

// byPrincipal is the order of paths. Those of a symbolic principal without an account come last.
func byPrincipal(a, b *draft) int {
	less := func(c *Caller) int {
		if c.Account == "" {
			return 1
		}
		return 0
	}
	proven := func(d *draft) int {
		if d.proven {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(less(a.c), less(b.c)), cmp.Compare(a.c.Account, b.c.Account), cmp.Compare(a.c.ID, b.c.ID),
		cmp.Compare(a.t.Kind, b.t.Kind), cmp.Compare(a.t.ARN, b.t.ARN), cmp.Compare(proven(a), proven(b)),
		cmp.Compare(a.actions.places()[0], b.actions.places()[0]),
	)
}
