package reach

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// shape is one way in which layers of policies together let a caller through: what has to allow, and nothing of it
// can be left out. Layers that it does not name may be silent.
type shape struct {
	identity, boundary, session bool
	// resource is how strongly the resource policy has to name the caller; None: it need not.
	resource policy.Grant
	// scps and rcps tell of each level whether it has to allow.
	scps, rcps []bool
	// charge says that the caller has to accept the charge.
	charge bool
	// rules are the grant of an ACL that it takes, and the rule that lets it through in place of policies.
	rules []authz.Finding
}

// shapes are those of some actions.
type shapes struct {
	actions set
	all     []shape
	denies  layers // whose Deny statements count
}

// layers is a set of layers of policies.
type layers struct{ identity, boundary, session, resource, scps, rcps bool }

// relation is all that the shapes of a caller depend on besides the target and the area: two callers of one relation
// have the same.
type relation struct {
	kind              policy.Kind
	own               bool                // it belongs to the account that owns the target
	canonical         ids.CanonicalUserID // if an ACL or an object names it
	name              string              // of a service or identity provider
	boundary, session bool
	exempt            bool
	scps              int
	strengths         [4]bool // how the resource policy names it
	faults            string
}

// prober learns shapes from the engine.
type prober struct {
	t       *target
	a       *area
	c       *Caller
	in      authz.Input
	bare    [4]*authz.Source // by strength: a statement that names the caller so
	faulty  layered
	context policy.Context
}

// layered has the sources of each layer that could not be read: they deny everything.
type layered struct {
	identity, boundary, session authz.Layer
	scps, rcps                  []authz.Layer
	resource                    bool
}

// newProber returns what learns the shapes of a caller.
func (s *solver) newProber(t *target, c *Caller) *prober {
	p := &prober{t: t, c: c, faulty: *s.faultsOf(c)}
	if !c.Exempt && len(t.rcps) > 0 {
		p.faulty.rcps = faultyLevels(t.rcps)
	}
	if t.resource != nil {
		p.faulty.resource = t.resource.Document == nil
		p.names()
	}
	return p
}

// faultsOf returns the sources on a caller's side that could not be read.
func (s *solver) faultsOf(c *Caller) *layered {
	if kept := s.faults[c]; kept != nil {
		return kept
	}
	f := &layered{identity: faulty(c.Identity)}
	if c.Boundary != nil {
		f.boundary = faulty(*c.Boundary)
	}
	if c.Session != nil {
		f.session = faulty(*c.Session)
	}
	if !c.Exempt {
		f.scps = faultyLevels(c.SCPs)
	}
	s.faults[c] = f
	return f
}

func faulty(l authz.Layer) authz.Layer {
	out := authz.Layer{}
	for i := range l {
		if l[i].Document == nil {
			out = append(out, l[i])
		}
	}
	return out
}

func faultyLevels(levels []authz.Layer) []authz.Layer {
	out := make([]authz.Layer, len(levels))
	for i := range levels {
		out[i] = faulty(levels[i])
	}
	return out
}

// names finds how strongly the statements of the resource policy name the caller.
func (p *prober) names() {
	d := p.t.resource.Document
	if d == nil {
		return
	}
	for i := range d.Statements {
		if d.Statements[i].Effect == policy.Deny {
			continue
		}
		if g := d.Names(i, &p.c.As, p.c.Boundary != nil); p.bare[g] == nil {
			p.bare[g] = p.t.bareOf(i)
		}
	}
	p.bare[policy.None] = nil
}

// bareOf returns the resource policy reduced to statement i.
func (t *target) bareOf(i int) *authz.Source {
	if t.bare[i] == nil {
		t.bare[i] = &authz.Source{Name: t.resource.Name, Document: t.resource.Document.Bare(i)}
	}
	return t.bare[i]
}

// relation returns the caller's relation to the target.
func (p *prober) relation(named map[ids.CanonicalUserID]bool) relation {
	c := p.c
	r := relation{
		kind: c.As.Kind, own: c.As.Account == p.t.Account,
		boundary: c.Boundary != nil, session: c.Session != nil, exempt: c.Exempt, scps: len(c.SCPs),
	}
	if named[c.As.CanonicalID] {
		r.canonical = c.As.CanonicalID
	}
	if c.As.Kind == policy.Service {
		r.name = c.As.ARN
	} else {
		r.name = c.As.Provider
	}
	for g := range p.bare {
		r.strengths[g] = p.bare[g] != nil
	}
	f := &p.faulty
	if n := len(f.identity) + len(f.boundary) + len(f.session); n > 0 || hasFaults(f.scps) || hasFaults(f.rcps) || f.resource {
		r.faults = c.ID
	}
	return r
}

func hasFaults(levels []authz.Layer) bool {
	return slices.ContainsFunc(levels, func(l authz.Layer) bool { return len(l) > 0 })
}

// namedBy returns the accounts that the ACLs and objects of a target name.
func namedBy(t *target) map[ids.CanonicalUserID]bool {
	named := map[ids.CanonicalUserID]bool{}
	if t.s3 == nil {
		return named
	}
	named[t.s3.OwnerCanonicalID] = true
	for _, g := range t.s3.BucketACL.Grants {
		named[g.Grantee.ID] = true
	}
	for i := range t.areas {
		if o := t.areas[i].object; o != nil {
			named[o.Owner] = true
			for _, g := range o.ACL.Grants {
				named[g.Grantee.ID] = true
			}
		}
	}
	return named
}

// choice is which layers are open, that is, allow everything; the others are silent.
type choice struct {
	identity, boundary, session bool
	resource                    policy.Grant
	acl, charge                 bool
}

// within reports whether all that c opens d opens as well.
func (c choice) within(d choice) bool {
	le := func(a, b bool) bool { return !a || b }
	return le(c.identity, d.identity) && le(c.boundary, d.boundary) && le(c.session, d.session) &&
		c.resource <= d.resource && le(c.acl, d.acl) && le(c.charge, d.charge)
}

// choices returns all choices that differ for the caller, each after those that are within it.
func (p *prober) choices() []choice {
	flag := func(varies bool) []bool {
		if varies {
			return []bool{false, true}
		}
		return []bool{false}
	}
	var out []choice
	s3 := p.t.s3
	for _, charge := range flag(s3 != nil && s3.RequesterPays) {
		for _, acl := range flag(s3 != nil && !s3.Enforced) {
			for g := policy.None; g <= policy.Direct; g++ {
				if g != policy.None && p.bare[g] == nil {
					continue
				}
				for _, identity := range flag(p.c.As.IsIAM()) {
					for _, boundary := range flag(p.c.Boundary != nil) {
						for _, session := range flag(p.c.Session != nil) {
							out = append(out, choice{identity, boundary, session, g, acl, charge})
						}
					}
				}
			}
		}
	}
	return out
}

// none says that no level of an organization is silent.
const none = -1

// decide asks the engine about a choice. The levels scp and rcp are silent, all others open.
func (p *prober) decide(ch choice, scp, rcp int) authz.Decision {
	in := &p.in
	in.Identity = opened(p.faulty.identity, ch.identity)
	in.Boundary, in.Session = nil, nil
	if p.c.Boundary != nil {
		l := opened(p.faulty.boundary, ch.boundary)
		in.Boundary = &l
	}
	if p.c.Session != nil {
		l := opened(p.faulty.session, ch.session)
		in.Session = &l
	}
	in.SCPs, in.RCPs = openedLevels(p.faulty.scps, scp), openedLevels(p.faulty.rcps, rcp)
	in.Resource = p.bare[ch.resource]
	if p.faulty.resource {
		in.Resource = p.t.resource
	}
	if in.S3 != nil {
		in.S3.AcceptsCharge = ch.charge
		in.S3.BucketACL, in.S3.Object = p.t.s3.BucketACL, p.a.object
		if !ch.acl {
			in.S3.BucketACL.Grants = nil
			if p.a.object != nil {
				bare := *p.a.object
				bare.ACL.Grants = nil
				in.S3.Object = &bare
			}
		}
	}
	return authz.Decide(in)
}

// everything is a layer that allows everything.
var everything = authz.Layer{{Name: "everything", Document: allowAll}}

func opened(faulty authz.Layer, open bool) authz.Layer {
	switch {
	case !open:
		return faulty
	case len(faulty) == 0:
		return everything
	default:
		return append(slices.Clip(faulty), everything...)
	}
}

func openedLevels(faulty []authz.Layer, silent int) []authz.Layer {
	if faulty == nil {
		return nil
	}
	out := make([]authz.Layer, len(faulty))
	for i := range faulty {
		out[i] = opened(faulty[i], i != silent)
	}
	return out
}

// learn returns the shapes of an area, those of actions that have the same together.
func (p *prober) learn(a *area) []shapes {
	p.a = a
	choices := p.choices()
	found, order := map[string]*shapes{}, []*shapes{}
	for _, i := range a.actions.and(p.c.may(p.t)).places() {
		p.in = p.t.input(p.c, a, actions[i], p.t.head, &p.context)
		all := p.minimal(choices)
		if len(all) == 0 {
			continue
		}
		s := shapes{all: all, denies: p.denies(choices[len(choices)-1])}
		key := s.signature()
		if found[key] == nil {
			found[key] = &s
			order = append(order, &s)
		}
		found[key].actions.add(i)
	}
	out := make([]shapes, len(order))
	for i := range order {
		out[i] = *order[i]
	}
	return out
}

func (s *shapes) signature() string {
	var b strings.Builder
	fmt.Fprint(&b, s.denies)
	for i := range s.all {
		sh := &s.all[i]
		fmt.Fprint(&b, sh.identity, sh.boundary, sh.session, sh.resource, sh.scps, sh.rcps, sh.charge)
		for j := range sh.rules {
			fmt.Fprint(&b, sh.rules[j].Layer, sh.rules[j].Source())
		}
	}
	return b.String()
}

// minimal returns a shape for each choice that the engine allows and that has no smaller one within it. What allows
// with some layers open also allows with more of them open.
func (p *prober) minimal(choices []choice) []shape {
	if d := p.decide(choices[len(choices)-1], none, none); !d.Allowed() {
		return nil
	}
	var out []shape
	var taken []choice
	for _, ch := range choices {
		if slices.ContainsFunc(taken, func(t choice) bool { return t.within(ch) }) {
			continue
		}
		if d := p.decide(ch, none, none); d.Allowed() {
			taken = append(taken, ch)
			out = append(out, p.shape(ch, &d))
		}
	}
	return out
}

// shape returns the shape of a choice that the engine decided to allow.
func (p *prober) shape(ch choice, d *authz.Decision) shape {
	s := shape{identity: ch.identity, boundary: ch.boundary, session: ch.session, resource: ch.resource, charge: ch.charge}
	for i := range p.faulty.scps {
		without := p.decide(ch, i, none)
		s.scps = append(s.scps, !without.Allowed())
	}
	for i := range p.faulty.rcps {
		without := p.decide(ch, none, i)
		s.rcps = append(s.rcps, !without.Allowed())
	}
	for _, f := range d.Findings() {
		if ch.acl && f.Effect == authz.Allow && f.ACL != nil {
			s.rules = append(s.rules, f)
		}
	}
	if d.By.Layer == authz.RootUser || d.By.Layer == authz.RequestItself {
		s.rules = append(s.rules, d.By)
	}
	return s
}

// denies returns the layers of which a Deny makes the engine refuse what it allows otherwise.
func (p *prober) denies(top choice) layers {
	refused := func(set func(in *authz.Input)) bool {
		p.decide(top, none, none)
		set(&p.in)
		d := authz.Decide(&p.in)
		return !d.Allowed()
	}
	deny := authz.Layer{{Name: "nothing", Document: denyAll}}
	var out layers
	out.identity = refused(func(in *authz.Input) { in.Identity = append(deny, everything...) })
	out.boundary = p.c.Boundary != nil && refused(func(in *authz.Input) { l := append(deny, everything...); in.Boundary = &l })
	out.session = p.c.Session != nil && refused(func(in *authz.Input) { l := append(deny, everything...); in.Session = &l })
	out.scps = len(p.faulty.scps) > 0 && refused(func(in *authz.Input) { in.SCPs[0] = append(deny, everything...) })
	out.rcps = len(p.faulty.rcps) > 0 && refused(func(in *authz.Input) { in.RCPs[0] = append(deny, everything...) })
	out.resource = p.t.resource != nil && refused(func(in *authz.Input) { in.Resource = &deny[0] })
	return out
}
