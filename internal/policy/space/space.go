package space

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/policy"
)

// ErrTooLarge says that the documents tell more requests apart than are gone through.
var ErrTooLarge = errors.New("space: too many requests to go through")

// Bounds on the work: steps of finding strings; elements of documents that requests are compared with; requests that are
// gone through; callers; and comparisons of the values of a condition key, beyond which its conditions are not told apart.
const (
	maxSteps    = 4_000_000
	maxElements = 60_000_000
	maxRequests = 400_000
	maxCallers  = 20_000
	maxCompared = 200_000
)

// Options say which requests there are.
type Options struct {
	// Principals says that the documents name principals. Elsewhere the caller does not matter.
	Principals bool
	// Actions are the only ones that are requested; nil: all.
	Actions []string
	// Resources are patterns of the only ones that are requested; nil: every ARN, and "*".
	Resources []string
	// Fits reports whether an action can be requested of a resource; nil: each can of any.
	Fits func(action, resource string) bool
	// Caller reports whether a caller is among those who request; nil: all are.
	Caller func(c *Caller) bool
	// Has reports whether a caller can have a value for a condition key, named in lower case; nil: any.
	Has func(c *Caller, key, value string) bool
	// Told are further patterns of values of condition keys, in lower case, that Has tells apart.
	Told map[string][]string
}

// Space is the requests that documents can tell apart. It is for one goroutine.
type Space struct {
	options   Options
	documents []rewritten
	actions   []string
	resources []resource
	callers   []Caller
	keys      map[string]*key
	named     map[string]bool // ARNs that callers who stand for others do not have
	accounts  map[string]bool // likewise, accounts
	requests  int             // that were gone through
	weight    int             // how many elements the documents have: principals, patterns and values
	elements  int             // that requests were compared with
}

// resource is a resource with the switches that may be on for it.
type resource struct {
	text string
	on   map[string]bool
}

// Request is one of the requests.
type Request struct {
	policy.Request
	// Caller is who makes it; nil if callers do not matter.
	Caller *Caller
}

// New returns the space of documents, of which each is asked about by its place. The error is ErrTooLarge, or that of
// a document that cannot be rewritten.
func New(documents []*policy.Document, o Options) (*Space, error) {
	s := &Space{options: o, keys: map[string]*key{}, named: map[string]bool{}, accounts: map[string]bool{}}
	n := new(names)
	for _, d := range documents {
		s.gather(d, n)
	}
	if o.Principals {
		if n.sort(); n.count() > maxCallers {
			return nil, ErrTooLarge
		}
		s.callers = n.callers()
		s.name(n)
	}
	w := &rewriter{free: map[string]string{}}
	s.tellConditionsApart(n, w)
	if err := s.tellResourcesApart(documents, w); err != nil {
		return nil, err
	}
	if err := s.tellActionsApart(documents); err != nil {
		return nil, err
	}
	for _, d := range documents {
		r, err := w.document(d)
		if err != nil {
			return nil, err
		}
		s.documents = append(s.documents, r)
	}
	return s, nil
}

// Document returns a document as it sees the requests: what is not told apart exactly is a condition of its own.
func (s *Space) Document(i int) *policy.Document { return s.documents[i].Document }

// Statement returns the place, in the document that New was given, of a statement of Document(i).
func (s *Space) Statement(i, statement int) int { return s.documents[i].origin[statement] }

// gather notes conditions and principals of a document.
func (s *Space) gather(d *policy.Document, n *names) {
	for i := range d.Statements {
		st := &d.Statements[i]
		s.weight += 1 + len(st.Actions) + len(st.Resources)
		if st.Principals != nil {
			s.weight += len(st.Principals.Names)
			for _, p := range st.Principals.Names {
				n.add(p.Kind, p.Value)
			}
		}
		for _, c := range st.Conditions {
			s.weight += len(c.Values)
			s.addTest(newTest(c, d.Version), n)
		}
	}
}

func (s *Space) addTest(t *test, n *names) {
	name := strings.ToLower(t.Key)
	k := s.keys[name]
	if k == nil {
		k = &key{name: name}
		s.keys[name] = k
	}
	if slices.ContainsFunc(k.tests, func(other *test) bool { return other.id() == t.id() }) {
		return
	}
	k.tests = append(k.tests, t)
	if name == principalARN || name == principalAccount {
		for _, v := range t.Values {
			if strings.Contains(v, ":") || name == principalAccount && !strings.ContainsAny(v, "*?") && len(v) == 12 {
				n.add(policy.PrincipalAWS, v)
			}
		}
	}
}

// name notes what callers who stand for others are not.
func (s *Space) name(n *names) {
	for _, a := range n.accounts {
		s.accounts[a] = true
		s.named["arn:aws:iam::"+a+":root"] = true
	}
	for _, list := range [][]arn.ARN{n.entities, n.sessions} {
		for _, a := range list {
			s.named[a.String()] = true
		}
	}
}

// tellConditionsApart finds the values of condition keys, and makes switches of conditions that are not told apart.
func (s *Space) tellConditionsApart(n *names, w *rewriter) {
	for _, k := range s.keys {
		var extra []pattern
		for _, p := range s.options.Told[k.name] {
			extra = append(extra, glob(p, false, false))
		}
		if s.options.Principals {
			extra = append(extra, callerPatterns(k.name, n)...)
		}
		k.tellApart(extra, maxSteps)
		if k.options != nil {
			continue
		}
		for _, t := range k.tests {
			w.free[t.id()] = switches + strconv.Itoa(len(w.free))
		}
	}
}

// callerPatterns returns what callers are told apart by in the values of a condition key.
func callerPatterns(key string, n *names) (patterns []pattern) {
	for _, a := range n.accounts {
		switch key {
		case principalARN:
			patterns = append(patterns, arnGlob("arn:*:*:*:"+a+":*"), text("arn:aws:iam::"+a+":root", false))
		case principalAccount:
			patterns = append(patterns, text(a, false))
		}
	}
	if key == principalARN {
		for _, list := range [][]arn.ARN{n.entities, n.sessions} {
			for _, a := range list {
				patterns = append(patterns, text(a.String(), false))
			}
		}
	}
	return patterns
}

// tellResourcesApart finds the resources.
func (s *Space) tellResourcesApart(documents []*policy.Document, w *rewriter) error {
	var patterns []pattern
	place := map[string]int{}
	var dynamic []string
	for _, d := range documents {
		for i := range d.Statements {
			for _, r := range d.Statements[i].Resources {
				variable := hasVariable(r, d.Version)
				id := r + "\x00" + strconv.FormatBool(variable)
				if _, known := place[id]; known || r == "*" {
					continue
				}
				place[id] = len(patterns)
				patterns = append(patterns, resourcePattern(r, d.Version))
				if variable {
					w.free[r] = switches + strconv.Itoa(len(w.free))
					dynamic = append(dynamic, r)
				}
			}
		}
	}
	universe := len(patterns)
	allowed := s.options.Resources
	if allowed == nil {
		allowed = []string{"arn:*:*:*:*:*"}
		s.resources = append(s.resources, resource{text: "*"})
	}
	for _, r := range allowed {
		patterns = append(patterns, arnGlob(r))
	}
	found, ok := cells(patterns, maxSteps)
	if !ok {
		return ErrTooLarge
	}
	for _, c := range found {
		if !slices.Contains(c.matches[universe:], true) || c.text == "" {
			continue
		}
		r := resource{text: c.text, on: map[string]bool{}}
		for _, d := range dynamic {
			if c.matches[place[d+"\x00true"]] {
				r.on[w.free[d]] = true
			}
		}
		s.resources = append(s.resources, r)
	}
	return nil
}

// tellActionsApart finds the actions; of those that all statements see alike, one.
func (s *Space) tellActionsApart(documents []*policy.Document) error {
	all := s.options.Actions
	if all == nil {
		var patterns []string
		for _, d := range documents {
			for i := range d.Statements {
				patterns = append(patterns, d.Statements[i].Actions...)
			}
		}
		var ok bool
		if all, ok = actionsOf(patterns, maxSteps); !ok {
			return ErrTooLarge
		}
	}
	seen := map[string]bool{}
	for _, action := range all {
		var sees []bool
		q := policy.NewQuery(&policy.Request{Action: action, Resource: "*"})
		for _, d := range documents {
			for i := range d.Statements {
				trial := d.Try(i, &q)
				sees = append(sees, trial.Action)
			}
		}
		id := vector(sees)
		if s.options.Fits != nil {
			for _, r := range s.resources {
				id += strconv.FormatBool(s.options.Fits(action, r.text))
			}
		}
		if s.options.Actions == nil && seen[id] {
			continue
		}
		seen[id] = true
		s.actions = append(s.actions, action)
	}
	return nil
}
