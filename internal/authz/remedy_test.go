package authz

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// requestsPerRemedyWorld is how many requests are made against each world, of which those that are denied get remedies.
const requestsPerRemedyWorld = 60

// leastRemedyWorlds are enough for an edit of every kind.
const leastRemedyWorlds = 50

// TestRemediesSuffice makes the edits of every remedy of random requests that are denied: then Decide allows
// the request, and of all other principals, actions and resources of the world those that it allowed before and
// those that the edits say they open. A request without a remedy must be one that no edit can allow.
func TestRemediesSuffice(t *testing.T) {
	t.Parallel()
	var tried, kinds remedyTally
	eachWorld(t, max(*pairsFlag/100, leastRemedyWorlds*requestsPerWorld), func(seed uint64) error {
		d := randomDice(seed)
		w := newRandomWorld(d)
		for n := range requestsPerRemedyWorld {
			c := w.ask(d)
			in, err := c.input()
			if err != nil {
				return fmt.Errorf("seed %d: %w", seed, err)
			}
			decided := Decide(in)
			found := Remedies(in)
			if decided.Allowed() {
				if found != nil {
					return fmt.Errorf("seed %d: a request that is allowed has remedies:\n%s", seed, c.story())
				}
				continue
			}
			tried.requests.Add(1)
			if len(found) == 0 {
				tried.none.Add(1)
				if err := beyondRemedy(in); err != nil {
					return fmt.Errorf("seed %d: %w:\n%s", seed, err, c.story())
				}
			}
			for i := range found {
				kinds.count(&found[i])
				if n%3 == 0 {
					err = w.tryRemedy(c, in, &found[i], d)
				} else {
					err = suffices(in, &found[i])
				}
				if err != nil {
					return fmt.Errorf("seed %d: remedy %d: %w\n%s\n%s", seed, i, err, remedyText(&found[i]), c.story())
				}
			}
		}
		return nil
	})
	t.Logf("%d denied requests, %d beyond remedy; remedies by kind %v, exact %d of %d", tried.requests.Load(), tried.none.Load(), kinds.byKind(), kinds.exact.Load(), kinds.remedies.Load())
	for k := AddStatement; k <= RepairDocument; k++ {
		if kinds.kinds[k].Load() == 0 {
			t.Errorf("no remedy has an edit of kind %s", k)
		}
	}
}

type remedyTally struct {
	requests, none, remedies, exact atomic.Int64
	kinds                           [editKinds]atomic.Int64
}

func (t *remedyTally) count(r *Remedy) {
	t.remedies.Add(1)
	if r.Also() == 0 {
		t.exact.Add(1)
	}
	for i := range r.Edits {
		t.kinds[r.Edits[i].Kind].Add(1)
	}
}

func (t *remedyTally) byKind() map[string]int64 {
	m := map[string]int64{}
	for k := range t.kinds {
		m[EditKind(k).String()] = t.kinds[k].Load()
	}
	return m
}

// beyondRemedy returns an error unless a denied request is one that nothing can allow: over an object of
// another account than the bucket's owner only its ACL can grant, which has no permission for some actions.
func beyondRemedy(in *Input) error {
	if s := in.S3; s != nil && s.Object != nil && s.Object.Owner != s.OwnerCanonicalID && !s.Enforced {
		return nil
	}
	return fmt.Errorf("there is no remedy")
}

// suffices makes the edits and returns an error unless the request is allowed then.
func suffices(in *Input, r *Remedy) error {
	after, err := r.Apply(in)
	if err != nil {
		return err
	}
	if d := Decide(after); !d.Allowed() {
		return fmt.Errorf("after the edits the request is denied by %s", d.By.Layer)
	}
	if d := Decide(in); d.Allowed() {
		return fmt.Errorf("the edits have changed the input that they were made for")
	}
	return nil
}

// tryRemedy makes the edits and compares what the world allows before and after.
func (w *randomWorld) tryRemedy(c *plainCase, in *Input, r *Remedy, d dice) error {
	if err := suffices(in, r); err != nil {
		return err
	}
	after, err := r.Apply(in)
	if err != nil {
		return err
	}
	for _, probe := range w.probes(c, d) {
		before, err := probe.input()
		if err != nil {
			return err
		}
		was, is := Decide(before), Decide(changed(before, after, probe.Caller, c.Caller))
		switch other := differs(c, probe); {
		case was.Allowed() && !is.Allowed():
			return fmt.Errorf("the edits take %s on %s away from %s", probe.Action, probe.Resource, probe.Caller)
		case !was.Allowed() && is.Allowed() && other&^r.Also() != 0:
			return fmt.Errorf("the edits open %s on %s to %s (%03b, admitted %03b)", probe.Action, probe.Resource, probe.Caller, other, r.Also())
		}
	}
	return nil
}

// probes are the requests of all callers, for all actions and resources, that are like c otherwise.
func (w *randomWorld) probes(c *plainCase, d dice) []*plainCase {
	var out []*plainCase
	for _, caller := range strings.Fields(randomCallers) {
		keys := d.keys(caller)
		for key, v := range c.Keys {
			if !strings.HasPrefix(key, "aws:principal") && key != "aws:username" {
				keys[key] = v
			}
		}
		if entity(caller) == entity(c.Caller) {
			keys = c.Keys
		}
		ask := func(actions, resources string) {
			for _, action := range strings.Fields(actions) {
				for _, resource := range strings.Fields(resources) {
					p := *c
					p.Caller, p.Action, p.Resource, p.Keys = caller, action, resource, keys
					who := entity(caller)
					p.Identity, p.Boundary, p.Session, p.SCPs = w.identity[who], w.boundary[who], w.session[caller], nil
					if a := naiveCallerOf(caller).account; a != "" {
						p.SCPs = w.scps[a]
					}
					out = append(out, &p)
				}
			}
		}
		if c.Trust {
			ask("sts:AssumeRole", roleOfTrust)
			continue
		}
		ask(bucketActions, "arn:aws:s3:::bucket")
		ask(objectActions, objectKeys)
	}
	return out
}

// differs tells in what a probe is another request than c.
func differs(c, probe *plainCase) (o Opening) {
	if entity(c.Caller) != entity(probe.Caller) {
		o |= OtherPrincipals
	}
	if c.Action != probe.Action {
		o |= OtherActions
	}
	if c.Resource != probe.Resource {
		o |= OtherResources
	}
	return o
}

// changed returns a request of probe after the edits that were made for a request of caller: it shares with it
// what belongs to both.
func changed(before, after *Input, probe, caller string) *Input {
	out := *before
	out.RCPs, out.Resource = after.RCPs, after.Resource
	if before.S3 != nil {
		facts := *before.S3
		facts.BucketACL, facts.Object, facts.Block = after.S3.BucketACL, after.S3.Object, after.S3.Block
		facts.RequesterPays = after.S3.RequesterPays
		out.S3 = &facts
	}
	if naiveCallerOf(probe).account == naiveCallerOf(caller).account {
		out.SCPs = after.SCPs
	}
	if entity(probe) == entity(caller) {
		out.Identity, out.Boundary = after.Identity, after.Boundary
	}
	if probe == caller {
		out.Session = after.Session
	}
	return &out
}

// remedyText writes a remedy down, an edit a line.
func remedyText(r *Remedy) string {
	var out strings.Builder
	for i := range r.Edits {
		e := &r.Edits[i]
		fmt.Fprintf(&out, "%s %s", e.Kind, e.Layer)
		if e.Layer == SCP || e.Layer == RCP {
			fmt.Fprintf(&out, " level %d", e.Level)
		}
		if e.Policy != "" {
			fmt.Fprintf(&out, " %s", e.Policy)
		}
		if e.Place < 0 && len(e.Statements) > 0 {
			out.WriteString(" (new)")
		}
		if e.Statement >= 0 {
			fmt.Fprintf(&out, ", statement %d", e.Statement)
		}
		if e.Setting != NoSetting {
			fmt.Fprintf(&out, " %s", e.Setting)
		}
		if e.Grant != nil {
			fmt.Fprintf(&out, " %s", shorten(describe(e.Grant)))
		}
		for _, k := range e.Keys {
			fmt.Fprintf(&out, " %s=%s", k.Name, strings.Join(k.Values, "|"))
			if k.Absent {
				out.WriteString("(absent)")
			}
		}
		if e.On != "" {
			out.WriteString(" of " + e.On)
		}
		if e.Also != 0 {
			fmt.Fprintf(&out, " [opens other %s]", opened(e.Also))
		}
		out.WriteString("\n")
		for _, s := range e.Statements {
			out.WriteString("  " + s + "\n")
		}
	}
	return out.String()
}

// opened names what an edit opens.
func opened(o Opening) string {
	var names []string
	for i, name := range []string{"principals", "actions", "resources"} {
		if o&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
