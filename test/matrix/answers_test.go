package matrix_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/decisions"
	"crossgrant/internal/explain"
)

// TestAnswers asks why of each of the 13 answers of the walkthrough, by the ID of a real request: the layers that
// decided, with their policies, statements and grants, are those that the table has. What is suggested to who was
// denied is then done through the public APIs: the request is allowed, and what everyone else may do, and what
// the caller may do otherwise, has changed only as the table says.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for i := range answers {
		a := &answers[i]
		t.Run(strconv.Itoa(a.number), func(t *testing.T) {
			t.Parallel()
			a.check(t)
		})
	}
}

// answer is an answer of the walkthrough, as it has to be explained.
type answer struct {
	number int
	world  string // of examples/checks
	who    string
	wish
	said   []said // by the check that denied, or else the first
	missed []said // what nearly allowed
	owner  string // canonical user ID of the account that what was uploaded belongs to
	// remedies are the suggestions in their order; none for what is allowed.
	remedies []remedy
}

// said is what a layer has to have said.
type said struct {
	layer, effect string
	decided       bool
	policy        string
	statement     int // its number; 0 for what has none
	sid           string
	grant         string
	why           string // of what nearly allowed: the element or condition that does not match
}

// remedy is a suggestion as it has to be: what is changed by whom, and what that opens beside the request, as those
// who know the rules would say.
type remedy struct {
	edits []string // "WHO KIND LAYER"
	opens []string // "CALLER WISH"
}

// check makes the request in a world of its own for each remedy.
func (a *answer) check(t *testing.T) {
	for i := range max(1, len(a.remedies)) {
		w := newWalkthrough(t, a.world)
		id, allowed, err := w.send(t.Context(), a.who, a.wish)
		if err != nil {
			t.Fatal(err)
		}
		if allowed != (len(a.remedies) == 0) {
			t.Fatalf("allowed: %v", allowed)
		}
		found, err := w.operator.Request(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if found.Report == nil {
			t.Fatalf("no explanation of %s is kept: %+v", id, found)
		}
		e := decisive(found.Report)
		if i == 0 {
			a.compare(t, e)
		}
		if !allowed {
			a.heal(t, w, e, i)
			a.again(t, w, id, a.remedies[i].edits)
		}
		if a.owner == "" {
			continue
		}
		if owner, err := w.owner(t.Context(), a.key); err != nil || owner != a.owner {
			t.Errorf("%s belongs to %s, %v; want %s", a.key, owner, err, a.owner)
		}
	}
}

// keys are those that the probes are about.
func (a *answer) keys() []string {
	keys := []string{elsewhere, vacant}
	if a.key == "" {
		return keys
	}
	return append(keys, a.key)
}

// decisive returns the check that denied, or the first.
func decisive(r *explain.Report) *explain.Explanation {
	for i := range r.Checks {
		if r.Checks[i].Effect != explain.Allowed {
			return &r.Checks[i]
		}
	}
	return &r.Checks[0]
}

// compare compares the layers, those that decided and those that the table names, and the suggestions.
func (a *answer) compare(t *testing.T, e *explain.Explanation) {
	var layers, missed []said
	for i := range e.Layers {
		l := &e.Layers[i]
		one := said{layer: l.Layer, effect: l.Effect, decided: l.Decided, policy: l.Policy, grant: l.Grant}
		one.statement, one.sid = placed(l.Statement)
		layers = append(layers, one)
	}
	for i := range e.Misses {
		m := &e.Misses[i]
		one := said{layer: m.Layer, policy: m.Policy, grant: m.Grant, why: strings.Join(m.Why, ", ")}
		one.statement, one.sid = placed(m.Statement)
		if m.Statement != nil {
			for j := range m.Statement.Conditions {
				if c := &m.Statement.Conditions[j]; !c.Holds {
					one.why += c.Operator + " " + c.Key
				}
			}
		}
		missed = append(missed, one)
	}
	if diff := cmp.Diff(a.said, layers, cmp.AllowUnexported(said{})); diff != "" {
		t.Errorf("layers (-want +got):\n%s%s", diff, e.Verdict)
	}
	if diff := cmp.Diff(a.missed, missed, cmp.AllowUnexported(said{})); diff != "" {
		t.Errorf("misses (-want +got):\n%s%s", diff, e.Verdict)
	}
	var suggested, want [][]string
	for i := range e.Remedies {
		suggested = append(suggested, edits(&e.Remedies[i]))
	}
	for i := range a.remedies {
		want = append(want, a.remedies[i].edits)
	}
	if diff := cmp.Diff(want, suggested); diff != "" {
		t.Errorf("suggestions (-want +got):\n%s%s", diff, e.Verdict)
	}
}

func placed(s *explain.Statement) (number int, sid string) {
	if s == nil {
		return 0, ""
	}
	return s.Number, s.Sid
}

// edits tells who does what.
func edits(r *explain.Remedy) []string {
	var out []string
	for i := range r.Edits {
		e := &r.Edits[i]
		by := e.Account
		switch {
		case e.By == explain.ByRequest:
			by = "caller"
		case by == "":
			by = string(e.Half)
		}
		out = append(out, by+" "+e.Kind+" "+e.Layer)
	}
	return out
}

// heal does what is suggested, and looks what that changes.
func (a *answer) heal(t *testing.T, w *walkthrough, e *explain.Explanation, i int) {
	if i >= len(e.Remedies) {
		t.Fatalf("%d remedies, want %d", len(e.Remedies), len(a.remedies))
	}
	r := &e.Remedies[i]
	before := w.probe(t, a)
	request, err := w.apply(t.Context(), a.wish, r)
	if err != nil {
		t.Fatalf("%s: %v", edits(r), err)
	}
	var opened []string
	for probe, allowed := range w.probe(t, a) {
		switch was := before[probe]; {
		case allowed == was, a.asks(probe):
		case was:
			t.Errorf("%s: takes %s away", edits(r), probe)
		default:
			opened = append(opened, probe.String())
			if !admits(r, a, probe) {
				t.Errorf("%s: opens %s, and admits only %v", edits(r), probe, r.Also)
			}
		}
	}
	slices.Sort(opened)
	if diff := cmp.Diff(a.remedies[i].opens, opened); diff != "" {
		t.Errorf("%s: opens (-want +got):\n%s", edits(r), diff)
	}
	if _, allowed, err := w.send(t.Context(), a.who, request); err != nil || !allowed {
		t.Errorf("%s: %s is still denied: %v", edits(r), request, err)
	}
}

// again asks why the request was denied when what was suggested is done: it would be allowed now, but where it has to be
// sent otherwise.
func (a *answer) again(t *testing.T, w *walkthrough, id string, edits []string) {
	found, err := w.operator.Request(t.Context(), id)
	want := decisions.Allowed
	if strings.HasPrefix(edits[0], "caller ") {
		want = decisions.Denied
	}
	if err != nil || found.Now != want {
		t.Errorf("%s: would be %s now, %v; want %s", edits, found.Now, err, want)
	}
}

// probe is a request of somebody, by the name that the table has for it.
type probe struct {
	who string
	wish
}

func (p probe) String() string {
	return p.who[strings.LastIndexByte(p.who, ':')+1:] + " " + p.wish.String()
}

// asks reports whether a probe is the request itself: what somebody may do on something does not depend on how that
// is sent, unless a condition is on it.
func (a *answer) asks(p probe) bool { return p.who == a.who && p.action == a.action && p.key == a.key }

// admits reports whether a remedy says that it opens a probe.
func admits(r *explain.Remedy, a *answer, p probe) bool {
	has := func(what string) bool { return slices.Contains(r.Also, what) }
	return (p.who == a.who || has("other principals")) && (p.action == a.action || has("other actions")) && (p.key == a.key || has("other resources"))
}

// probe asks what everyone may do. What only reads is asked for as well, and has to be answered likewise.
func (w *walkthrough) probe(t *testing.T, a *answer) map[probe]bool {
	wishes := []wish{{action: "s3:ListBucket"}, {action: "s3:GetBucketAcl"}, {action: "s3:PutBucketPolicy"}}
	for _, key := range a.keys() {
		wishes = append(wishes, wish{"s3:PutObject", key, ""}, wish{"s3:PutObject", key, "bucket-owner-full-control"},
			wish{"s3:GetObject", key, ""}, wish{"s3:DeleteObject", key, ""})
	}
	out := map[probe]bool{}
	for who := range w.clients {
		for _, one := range wishes {
			p := probe{who, one}
			allowed, err := w.supposes(t.Context(), who, one)
			if err != nil {
				t.Fatalf("%s: %v", p, err)
			}
			out[p] = allowed
			if !reads(one) || one.key == upload.key || one.key == vacant {
				continue // what is answered about a key that nothing is at is not about reading it
			}
			if _, really, err := w.send(t.Context(), who, one); err != nil || really != allowed {
				t.Errorf("%s: explained as %s, is answered %s, %v", p, strconv.FormatBool(allowed), strconv.FormatBool(really), err)
			}
		}
	}
	return out
}

func reads(w wish) bool {
	return w.action == "s3:ListBucket" || w.action == "s3:GetBucketAcl" || w.action == "s3:GetObject"
}

// apply makes the edits of a remedy, and returns the request as it is to be sent then.
func (w *walkthrough) apply(ctx context.Context, request wish, r *explain.Remedy) (wish, error) {
	for i := range r.Edits {
		e := &r.Edits[i]
		var err error
		switch {
		case e.Kind == "SetKeys":
			request, err = resend(request, e)
		case e.Kind == "AddGrant" && e.Layer == bucketACLLayer:
			err = w.grantOnBucket(ctx, e.Grant)
		case e.Kind == "AddGrant" && e.Layer == objectLayer:
			err = w.grantOnObject(ctx, request.key, e.Grant)
		case e.Layer == resourceLayer:
			err = w.editBucketPolicy(ctx, e)
		case e.Layer == identityLayer && e.Policy == "":
			err = w.addPolicy(ctx, e)
		default:
			err = fmt.Errorf("%s %s is not something that the test can do", e.Kind, e.Layer)
		}
		if err != nil {
			return request, fmt.Errorf("%s: %w", e.Text, err)
		}
	}
	return request, nil
}
