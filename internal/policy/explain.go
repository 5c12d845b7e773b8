package policy

// Trial tells how a statement compares with a request, element by element. It is for whoever has to
// explain a decision; Evaluate makes the decision.
type Trial struct {
	// Index is the statement's place in Document.Statements.
	Index int
	// Action, Resource and Principal tell whether the element is about the request. Principal is true
	// for a statement without principals.
	Action, Resource, Principal bool
	// Conditions are all tests of the statement, in their order.
	Conditions []Comparison
}

// Comparison is a condition with what the request has for it.
type Comparison struct {
	Condition
	// Actual are the request's values of the key; nil if Present is false.
	Actual  []string
	Present bool
	// Holds tells whether the condition holds.
	Holds bool
}

// Misses returns how many of the statement's elements and conditions are not met; 0 if it matches.
func (t *Trial) Misses() int {
	n := 0
	for _, met := range []bool{t.Action, t.Resource, t.Principal} {
		if !met {
			n++
		}
	}
	for i := range t.Conditions {
		if !t.Conditions[i].Holds {
			n++
		}
	}
	return n
}

// Try compares statement i with the request.
func (d *Document) Try(i int, q *Query) Trial {
	s := &d.compiled[i]
	t := Trial{
		Index:     i,
		Action:    s.matchesAction(q.action),
		Resource:  s.matchesResource(q),
		Principal: s.matchPrincipal(q) != None,
	}
	for j := range s.tests {
		t.Conditions = append(t.Conditions, s.tests[j].compare(q.context))
	}
	return t
}

// compare returns the test with what it is compared with.
func (t *test) compare(c *Context) Comparison {
	values, _, present := c.Lookup(t.key)
	return Comparison{Condition: *t.condition, Actual: values, Present: present, Holds: t.holds(c)}
}
