package authz

import (
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/policy"
)

// law says how a change to a world bears on the decisions in it.
type law struct {
	name   string
	change func(d dice, w *randomWorld) *randomWorld
	// holds is given the same request's answers before and after the change.
	holds func(before, after *Decision) bool
}

// onlyTakes holds if the change allows nothing new.
func onlyTakes(before, after *Decision) bool { return before.Allowed() || !after.Allowed() }

// onlyGives holds if what was allowed still is.
func onlyGives(before, after *Decision) bool { return onlyTakes(after, before) }

// same holds if the effect is the same and a denial names the same layer.
func same(before, after *Decision) bool {
	e1, l1 := outcome(before)
	e2, l2 := outcome(after)
	return e1 == e2 && (l1 == l2 || e1 == "allow")
}

// The laws, whatever the policies say.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
var laws = []law{
	{"the order of statements and policies does not matter", shuffled, same},
	{"adding a Deny allows nothing new", withDenies, onlyTakes},
	{"removing an Allow allows nothing new", withoutAllows, onlyTakes},
	{"SCPs only take away", func(_ dice, w *randomWorld) *randomWorld { return w.without("scp") }, onlyGives},
	{"RCPs only take away", func(_ dice, w *randomWorld) *randomWorld { return w.without("rcp") }, onlyGives},
	{"adding a boundary allows nothing new", withBoundaries, onlyTakes},
	{"adding a session policy allows nothing new", withSessions, onlyTakes},
}

// TestAlgebra holds the laws on random worlds.
func TestAlgebra(t *testing.T) {
	t.Parallel()
	t.Logf("-seed %d -pairs %d", *seedFlag, *pairsFlag)
	for _, l := range laws {
		t.Run(l.name, func(t *testing.T) { eachWorld(t, *pairsFlag/50, l.check) })
	}
}

func (l *law) check(seed uint64) error {
	w := newRandomWorld(randomDice(seed))
	changed := l.change(randomDice(seed), w)
	d1, d2 := randomDice(seed), randomDice(seed)
	for range requestsPerWorld {
		c1, c2 := w.ask(d1), changed.ask(d2)
		in1, err1 := c1.input()
		in2, err2 := c2.input()
		if err1 != nil || err2 != nil {
			return fmt.Errorf("seed %d: %v, %v", seed, err1, err2)
		}
		before, after := Decide(in1), Decide(in2)
		if !l.holds(&before, &after) {
			return fmt.Errorf("seed %d: broken between\n\n%s\nand\n\n%s", seed, c1.story(), c2.story())
		}
	}
	return nil
}

// TestRailsAloneAllowNothing asks about worlds in which nothing but SCPs and RCPs is left: only root
// users of the bucket's owner get in.
func TestRailsAloneAllowNothing(t *testing.T) {
	t.Parallel()
	eachWorld(t, *pairsFlag/50, func(seed uint64) error {
		d := randomDice(seed)
		w := newRandomWorld(d).without("identity", "boundary", "session", "policy")
		w.bucket.Grants = nil
		for range requestsPerWorld {
			c := w.ask(d)
			if c.Bucket != nil {
				c.Bucket.Object, c.Bucket.NewOwner = nil, ""
			}
			in, err := c.input()
			if err != nil {
				return err
			}
			if d := Decide(in); d.Allowed() && c.Caller != "rtA" {
				return fmt.Errorf("seed %d: allowed:\n\n%s", seed, c.story())
			}
		}
		return nil
	})
}

// TestDecideTwice holds that a question has one answer, also when it is asked again.
func TestDecideTwice(t *testing.T) {
	t.Parallel()
	eachWorld(t, *pairsFlag/50, func(seed uint64) error {
		d := randomDice(seed)
		w := newRandomWorld(d)
		for range requestsPerWorld {
			c := w.ask(d)
			in, err := c.input()
			if err != nil {
				return err
			}
			one, two := Decide(in), Decide(in)
			if answer(&one) != answer(&two) {
				return fmt.Errorf("seed %d: %s, then %s:\n\n%s", seed, answer(&one), answer(&two), c.story())
			}
		}
		return nil
	})
}

// TestUnreadablePolicyDenies puts a policy that cannot be read in every place where it applies. Nothing
// is allowed then, but to the owner's root user what no bucket policy can take from it.
func TestUnreadablePolicyDenies(t *testing.T) {
	t.Parallel()
	bad := []*plainPolicy{{Unreadable: true}}
	eachWorld(t, *pairsFlag/50, func(seed uint64) error {
		d := randomDice(seed)
		w := newRandomWorld(d)
		for range requestsPerWorld {
			c := w.ask(d)
			for _, place := range c.places() {
				changed := *c
				place(&changed, bad)
				in, err := changed.input()
				if err != nil {
					return err
				}
				repairs := changed.Policy == bad[0] && c.Caller == "rtA" && strings.HasSuffix(c.Action, "BucketPolicy")
				if d := Decide(in); d.Allowed() && !repairs {
					return fmt.Errorf("seed %d: allowed:\n\n%s", seed, changed.story())
				}
			}
		}
		return nil
	})
}

// places returns what puts policies where they apply to the case's caller.
func (c *plainCase) places() []func(c *plainCase, p []*plainPolicy) {
	who := naiveCallerOf(c.Caller)
	out := []func(c *plainCase, p []*plainPolicy){
		func(c *plainCase, p []*plainPolicy) { c.Policy = p[0] },
		func(c *plainCase, p []*plainPolicy) { c.RCPs = append(c.RCPs[:len(c.RCPs):len(c.RCPs)], p) },
	}
	if who.account != "" {
		out = append(out, func(c *plainCase, p []*plainPolicy) { c.SCPs = append(c.SCPs[:len(c.SCPs):len(c.SCPs)], p) })
	}
	if who.iam {
		out = append(out,
			func(c *plainCase, p []*plainPolicy) {
				c.Identity = append(c.Identity[:len(c.Identity):len(c.Identity)], p...)
			},
			func(c *plainCase, p []*plainPolicy) { c.Boundary = p },
			func(c *plainCase, p []*plainPolicy) { c.Session = p },
		)
	}
	return out
}

// change returns a copy of the world in which each set of policies is what f makes of it. kind is
// identity, boundary, session, scp, rcp or policy.
func (w *randomWorld) change(f func(kind string, layer []*plainPolicy) []*plainPolicy) *randomWorld {
	c := *w
	byName := func(kind string, from map[string][]*plainPolicy) map[string][]*plainPolicy {
		to := map[string][]*plainPolicy{}
		for _, name := range sorted(from) {
			to[name] = f(kind, from[name])
		}
		return to
	}
	levels := func(kind string, from [][]*plainPolicy) (to [][]*plainPolicy) {
		for _, level := range from {
			to = append(to, f(kind, level))
		}
		return to
	}
	c.identity, c.boundary, c.session = byName("identity", w.identity), byName("boundary", w.boundary), byName("session", w.session)
	c.rcps, c.scps = levels("rcp", w.rcps), map[string][][]*plainPolicy{}
	for _, name := range sorted(w.scps) {
		c.scps[name] = levels("scp", w.scps[name])
	}
	c.policy = nil
	if w.policy != nil {
		if layer := f("policy", []*plainPolicy{w.policy}); len(layer) > 0 {
			c.policy = layer[0]
		}
	}
	return &c
}

// without returns the world without its policies of these kinds.
func (w *randomWorld) without(kinds ...string) *randomWorld {
	c := *w
	for _, kind := range kinds {
		switch kind {
		case "identity":
			c.identity = nil
		case "boundary":
			c.boundary = nil
		case "session":
			c.session = nil
		case "scp":
			c.scps = nil
		case "rcp":
			c.rcps = nil
		case "policy":
			c.policy = nil
		}
	}
	return &c
}

// with returns a copy of the policy with other statements.
func (p *plainPolicy) with(statements []plainStatement) *plainPolicy {
	return &plainPolicy{Type: p.Type, Version: p.Version, Unreadable: p.Unreadable, Statements: statements}
}

func shuffled(d dice, w *randomWorld) *randomWorld {
	return w.change(func(_ string, layer []*plainPolicy) []*plainPolicy {
		out := make([]*plainPolicy, 0, len(layer))
		for _, i := range d.perm(len(layer)) {
			var statements []plainStatement
			for _, j := range d.perm(len(layer[i].Statements)) {
				statements = append(statements, layer[i].Statements[j])
			}
			out = append(out, layer[i].with(statements))
		}
		return out
	})
}

func (d dice) perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		j := d.roll(i + 1)
		p[i], p[j] = p[j], i
	}
	return p
}

// withDenies adds a Deny to about every third policy, or as a policy of its own to a level of RCPs.
func withDenies(d dice, w *randomWorld) *randomWorld {
	return w.change(func(kind string, layer []*plainPolicy) []*plainPolicy {
		out := []*plainPolicy{}
		for _, p := range layer {
			if !d.one(3) {
				out = append(out, p)
				continue
			}
			s := d.statement(p.Type)
			s.Deny = true
			if kind == "rcp" {
				out = append(out, p, p.with([]plainStatement{s}))
			} else {
				out = append(out, p.with(append([]plainStatement{s}, p.Statements...)))
			}
		}
		return out
	})
}

// withoutAllows removes about every second Allow. A public bucket policy is left as it is under
// RestrictPublicBuckets: without its public statement, the others would count again.
func withoutAllows(d dice, w *randomWorld) *randomWorld {
	return w.change(func(kind string, layer []*plainPolicy) []*plainPolicy {
		out := []*plainPolicy{}
		for _, p := range layer {
			if kind == "policy" && w.bucket.RestrictPublicBuckets && p.public() {
				out = append(out, p)
				continue
			}
			var kept []plainStatement
			for _, s := range p.Statements {
				if s.Deny || d.one(2) {
					kept = append(kept, s)
				}
			}
			if len(kept) > 0 || p.Unreadable {
				out = append(out, p.with(kept))
			}
		}
		return out
	})
}

// withBoundaries gives a boundary to everyone who has none.
func withBoundaries(d dice, w *randomWorld) *randomWorld {
	c := w.change(func(_ string, layer []*plainPolicy) []*plainPolicy { return layer })
	for _, name := range strings.Fields("usA bobA roA usB roB usC") {
		if c.boundary[name] == nil {
			c.boundary[name] = []*plainPolicy{d.policy(policy.Identity)}
		}
	}
	return c
}

// withSessions gives a session policy to every role session that has none. A federated user is another
// matter: without one it has nothing.
func withSessions(d dice, w *randomWorld) *randomWorld {
	c := w.change(func(_ string, layer []*plainPolicy) []*plainPolicy { return layer })
	for _, name := range strings.Fields("roA roA/two roB") {
		if c.session[name] == nil {
			c.session[name] = []*plainPolicy{d.policy(policy.Session)}
		}
	}
	return c
}
