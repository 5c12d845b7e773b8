package reach

import (
	"maps"
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// maxTries bounds how many combinations of values are tried as the witness of one path.
const maxTries = 500

// prove looks for a request that takes the path and that the engine allows.
func (d *draft) prove() {
	tries := maxTries
	choose := make([]*statement, 0, len(d.limits))
	var choosing func(n int) bool
	choosing = func(n int) bool {
		if n == len(d.limits) {
			w := &search{draft: d, must: slices.Concat(d.parts, choose), tries: &tries}
			return w.run()
		}
		for _, st := range d.limits[n] {
			choose = append(choose[:n], st)
			if tries > 0 && !d.enough() && choosing(n+1) {
				return true
			}
		}
		return false
	}
	d.proven = choosing(0)
}

// search looks for a witness that all of must match.
type search struct {
	*draft
	must   []*statement
	beside []*statement // whose conditions are told apart as well
	tries  *int
	keys   []string
	values map[string][]value
	chosen map[string]value
}

func (w *search) run() bool {
	conditions := w.conditions()
	w.values, w.chosen = map[string][]value{}, map[string]value{}
	w.keys = slices.Sorted(maps.Keys(conditions))
	for _, key := range w.keys {
		w.values[key] = w.fitting(key, conditions[key])
	}
	return w.choose(0)
}

// conditions returns the conditions that bear on the path, by their keys; those keys too that variables take their
// values from.
func (w *search) conditions() map[string][]*policy.Condition {
	out := map[string][]*policy.Condition{}
	for _, st := range slices.Concat(w.must, w.denies, w.beside) {
		variables := slices.Clone(st.resources.Variables)
		for _, j := range st.remaining {
			c := &st.text().Conditions[j]
			if key := strings.ToLower(c.Key); w.unsettled(key) {
				out[key] = append(out[key], c)
			}
			variables = append(variables, st.source.Document.Variables(st.index, j)...)
		}
		for _, key := range variables {
			if _, ok := out[key]; !ok && w.unsettled(key) {
				out[key] = nil
			}
		}
	}
	return out
}

// fitting returns the candidates for a key by which all conditions on it hold that must. An action that does not
// take a key has none.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func (w *search) fitting(key string, conditions []*policy.Condition) []value {
	if strings.HasPrefix(key, "s3:") && !policy.S3ActionTakes(actions[w.actions.places()[0]], key) {
		return []value{{}}
	}
	var out []value
	taken := w.takenValues(key)
	for _, v := range w.candidates(key, conditions, &w.settled) {
		if slices.ContainsFunc(v.list, func(s string) bool { return !w.mayHold(key, s, taken) }) {
			continue
		}
		keys := policy.Over(&w.settled)
		v.set(&keys, key)
		if w.holds(key, &keys) {
			out = append(out, v)
		}
	}
	return out
}

func (w *search) mayHold(key, s string, taken []policy.Glob) bool {
	matches := func(g policy.Glob) bool { return g.Match(s) }
	return slices.ContainsFunc(w.believable(key), matches) && !slices.ContainsFunc(taken, matches)
}

// holds reports whether the conditions on one key alone hold that must.
func (w *search) holds(key string, keys *policy.Context) bool {
	q := w.queryWith(keys)
	for _, st := range w.must {
		if len(st.remaining) == 0 {
			continue
		}
		trial := st.source.Document.Try(st.index, &q)
		for _, j := range st.remaining {
			variables := st.source.Document.Variables(st.index, j)
			if strings.EqualFold(trial.Conditions[j].Key, key) && !slices.ContainsFunc(variables, w.unsettled) && !trial.Conditions[j].Holds {
				return false
			}
		}
	}
	return true
}

func (w *search) queryWith(keys *policy.Context) policy.Query {
	r := w.request
	r.Context = keys
	return policy.NewQuery(&r)
}

// choose tries the values of the keys from the n-th on.
func (w *search) choose(n int) bool {
	if n == len(w.keys) {
		*w.tries--
		return w.try()
	}
	for _, v := range w.values[w.keys[n]] {
		w.chosen[w.keys[n]] = v
		if *w.tries > 0 && !w.enough() && w.choose(n+1) {
			return true
		}
	}
	return false
}

// try looks for a resource that fits what was chosen, and asks the engine.
func (w *search) try() bool {
	keys := policy.Over(&w.settled)
	for key, v := range w.chosen {
		v.set(&keys, key)
	}
	q := w.queryWith(&keys)
	for _, st := range w.must {
		if !st.conditionsHold(&q) {
			return false
		}
	}
	var denies []*statement
	for _, st := range w.denies {
		if st.conditionsHold(&q) {
			denies = append(denies, w.resolved(st, &keys))
		}
	}
	must := make([]*statement, len(w.must))
	for i, st := range w.must {
		must[i] = w.resolved(st, &keys)
	}
	for _, p := range w.where(w.area, must) {
		if tail, found, _ := w.avoiding(p, denies); found && w.asks(w.t.head+tail, &keys) {
			return true
		}
	}
	return false
}

// conditionsHold reports whether all conditions that remain of a statement hold.
func (st *statement) conditionsHold(q *policy.Query) bool {
	if len(st.remaining) == 0 {
		return true
	}
	trial := st.source.Document.Try(st.index, q)
	return !slices.ContainsFunc(st.remaining, func(j int) bool { return !trial.Conditions[j].Holds })
}

// resolved returns a statement whose variables have the values of keys.
func (w *search) resolved(st *statement, keys *policy.Context) *statement {
	if st.exact() {
		return st
	}
	out := *st
	out.resources = st.source.Document.ResourcesUnder(st.index, w.t.head, keys, func(string) bool { return false })
	return &out
}

// asks asks the engine about a request for every action of the path, and keeps it as the witness if all are allowed.
func (w *search) asks(resource string, keys *policy.Context) bool {
	var needs []string
	for _, i := range w.actions.places() {
		if !w.allows(actions[i], resource, keys, false) {
			return false
		}
		if actions[i] == "s3:PutObject" {
			needs = w.implied()
		}
	}
	w.draft.needs = needs
	for _, action := range needs {
		if !w.allows(action, resource, keys, action == "s3:PutObjectAcl") {
			return false
		}
	}
	w.draft.witness = &Witness{Action: actions[w.actions.places()[0]], Resource: resource, Context: map[string][]string{}}
	for key, v := range w.chosen {
		if v.list != nil {
			w.draft.witness.Context[key] = v.list
		}
	}
	return true
}

// implied returns what a write is asked beside s3:PutObject because of what it brings.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func (w *search) implied() []string {
	has := func(prefix string) bool {
		for key, v := range w.chosen {
			if strings.HasPrefix(key, prefix) && v.list != nil {
				return true
			}
		}
		return false
	}
	var out []string
	if has("s3:x-amz-acl") || has("s3:x-amz-grant-") {
		out = append(out, "s3:PutObjectAcl")
	}
	if has("s3:requestobjecttag") {
		out = append(out, "s3:PutObjectTagging")
	}
	return out
}

// allows asks the engine, with everything that there is. written says that the action sets the ACL of what is
// written. A path that holds for new keys and for ordinary objects is asked about both.
func (w *search) allows(action, resource string, keys *policy.Context, written bool) bool {
	areas := []*area{w.area}
	if w.both {
		areas = append(append(areas, &area{state: newObject}), w.also...)
	}
	for _, a := range areas {
		in := w.t.input(w.c, a, action, resource, keys)
		w.t.fill(&in, w.c)
		if in.S3 != nil {
			in.S3.AcceptsCharge = w.shape.charge
			if written {
				in.S3.Object, in.S3.NewOwner = nil, in.S3.OwnerCanonicalID
			}
		}
		if d := authz.Decide(&in); !d.Allowed() {
			return false
		}
	}
	return true
}
