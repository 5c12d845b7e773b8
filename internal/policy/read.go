package policy

import "strings"

// reader builds a Document from JSON. It checks the grammar, which is the same for all types of
// policy; only the words of a refusal differ.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type reader struct {
	typ  Type
	doc  *Document
	raws []raw // beside doc.Statements
}

// raw is what validation needs to know of a statement beyond its meaning.
type raw struct {
	json   *jsonValue
	effect string // as written
}

// has reports whether the statement has that element.
func (w *raw) has(name string) bool { return w.json.member(name) != nil }

// at returns the place of value i of an element, or of the element, or of the statement.
func (w *raw) at(name string, i int) Position {
	v := w.json.member(name)
	switch {
	case v == nil:
		return w.json.pos
	case v.kind == jsonArray && i < len(v.items):
		return v.items[i].pos
	default:
		return v.pos
	}
}

// syntaxMessage is IAM's answer to most faults of grammar.
const syntaxMessage = "Syntax errors in policy."

// fault makes a refusal of grammar: IAM has one message for all of them, S3 and trust policies have
// the given one.
func (r *reader) fault(pos Position, message, detail string) *Error {
	if r.typ != Bucket && r.typ != Trust {
		message, detail = syntaxMessage, ""
	}
	return &Error{Message: message, Detail: detail, Line: pos.Line, Column: pos.Column}
}

// malformed is a fault for which S3 has no message of its own either.
func (r *reader) malformed(pos Position) *Error {
	if r.typ == Bucket {
		return r.fault(pos, "Invalid policy syntax.", "")
	}
	return r.fault(pos, syntaxMessage, "")
}

func (r *reader) document(v *jsonValue) error {
	if v.kind != jsonObject {
		return r.malformed(v.pos)
	}
	for i := range v.members {
		m := &v.members[i]
		var ok bool
		switch m.name {
		case "Version":
			r.doc.Version, ok = str(&m.value)
			if ok && m.value.text != version2012 && m.value.text != "2008-10-17" {
				return r.fault(m.value.pos, "The policy must contain a valid version string", "")
			}
		case "Id":
			r.doc.ID, ok = str(&m.value)
		case "Statement":
			ok = m.value.kind == jsonObject || m.value.kind == jsonArray
		}
		if !ok {
			return r.malformed(m.pos)
		}
	}
	statements := v.member("Statement")
	if statements == nil {
		return r.fault(v.pos, "Missing required field Statement", "")
	}
	if statements.kind == jsonObject {
		return r.statement(statements)
	}
	if len(statements.items) == 0 {
		return r.fault(statements.pos, "Could not parse the policy: Statement is empty!", "")
	}
	r.doc.List = statements.pos
	for i := range statements.items {
		if err := r.statement(&statements.items[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) statement(v *jsonValue) error {
	if v.kind != jsonObject {
		return r.malformed(v.pos)
	}
	s := Statement{Start: v.pos, End: v.end}
	w := raw{json: v}
	for i := range v.members {
		if err := r.element(&s, &w, &v.members[i]); err != nil {
			return err
		}
	}
	for _, name := range []string{"Principal", "Action", "Resource"} {
		if w.has(name) && w.has("Not"+name) {
			return r.malformed(v.pos)
		}
	}
	if err := r.required(&s, &w); err != nil {
		return err
	}
	switch {
	case w.effect == "Allow":
		s.Effect = Allow
	case w.effect == "Deny":
	case r.typ != Bucket && r.typ != Trust && (strings.EqualFold(w.effect, "Allow") || strings.EqualFold(w.effect, "Deny")):
		// IAM has another message for the wrong case, which comes later.
	default:
		return r.fault(w.at("Effect", 0), "Invalid effect: "+w.effect, w.effect)
	}
	r.doc.Statements = append(r.doc.Statements, s)
	r.raws = append(r.raws, w)
	return nil
}

// element reads one member of a statement.
func (r *reader) element(s *Statement, w *raw, m *jsonMember) error {
	ok := false
	switch m.name {
	case "Sid":
		s.Sid, ok = str(&m.value)
	case "Effect":
		w.effect, ok = str(&m.value)
	case "Principal", "NotPrincipal":
		s.NotPrincipal = m.name == "NotPrincipal"
		s.Principals, ok = principals(&m.value)
	case "Action", "NotAction":
		s.NotAction = m.name == "NotAction"
		s.Actions, ok = texts(&m.value, jsonString)
	case "Resource", "NotResource":
		s.NotResource = m.name == "NotResource"
		s.Resources, ok = texts(&m.value, jsonString)
	case "Condition":
		return r.condition(s, &m.value)
	}
	if !ok {
		return r.malformed(m.pos)
	}
	return nil
}

// required checks that the statement has what it must have. For IAM's own policies, missing actions
// and resources are another matter, which comes later.
func (r *reader) required(s *Statement, w *raw) error {
	missing := func(name string) error {
		return r.fault(w.json.pos, "Missing required field "+name, name)
	}
	if !w.has("Effect") {
		return missing("Effect")
	}
	if r.typ.resourceBased() {
		if s.Principals == nil {
			return missing("Principal")
		}
		if !s.Principals.Any && len(s.Principals.Names) == 0 {
			return r.fault(w.json.pos, "Missing required field Principal cannot be empty!", "Principal")
		}
	}
	if r.typ == Bucket || r.typ == Trust {
		if len(s.Actions) == 0 {
			return missing("Action")
		}
		if r.typ == Bucket && len(s.Resources) == 0 {
			return missing("Resource")
		}
	}
	return nil
}

// condition reads a Condition element. An operator without keys says nothing, whatever its name.
//
// Keys of one operator that differ only in case are the same key written twice. Whether AWS refuses
// them when a policy is saved is not known; its policy checks call them an error, and reading them as
// alternatives or as both required would give one statement two meanings.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-duplicate-keys-with-different-case
func (r *reader) condition(s *Statement, v *jsonValue) error {
	if v.kind != jsonObject {
		return r.malformed(v.pos)
	}
	for i := range v.members {
		block := &v.members[i]
		if block.value.kind != jsonObject {
			return r.malformed(block.pos)
		}
		if _, ok := parseOperator(block.name); !ok && (r.typ == Bucket || len(block.value.members) > 0) {
			return r.fault(block.pos, "Invalid Condition type : "+block.name, block.name)
		}
		seen := map[string]bool{}
		for j := range block.value.members {
			m := &block.value.members[j]
			key := strings.ToLower(m.name)
			if seen[key] {
				return r.malformed(m.pos)
			}
			seen[key] = true
			values, ok := texts(&m.value, jsonString, jsonNumber, jsonBool)
			if !ok {
				return r.malformed(m.pos)
			}
			s.Conditions = append(s.Conditions, Condition{Operator: block.name, Key: m.name, Values: values})
		}
	}
	return nil
}

// principals reads a Principal element; ok is false if it has the wrong form.
func principals(v *jsonValue) (p *Principals, ok bool) {
	if v.kind == jsonString {
		return &Principals{Any: v.text == "*"}, v.text == "*" || v.text == ""
	}
	if v.kind != jsonObject {
		return nil, false
	}
	p = &Principals{}
	for i := range v.members {
		m := &v.members[i]
		kind := PrincipalKind(m.name)
		switch kind {
		case PrincipalAWS, PrincipalFederated, PrincipalService, PrincipalCanonicalUser:
		default:
			return nil, false
		}
		names, ok := texts(&m.value, jsonString)
		if !ok {
			return nil, false
		}
		for _, name := range names {
			p.Names = append(p.Names, NamedPrincipal{kind, name})
		}
	}
	return p, true
}

// str returns the text of a string.
func str(v *jsonValue) (string, bool) { return v.text, v.kind == jsonString }

// texts returns one value, or an array of values, of these kinds as their texts; never nil if ok.
func texts(v *jsonValue, kinds ...jsonKind) (out []string, ok bool) {
	items := v.items
	if v.kind != jsonArray {
		items = []jsonValue{*v}
	}
	out = make([]string, 0, len(items))
	for i := range items {
		ok := false
		for _, k := range kinds {
			ok = ok || items[i].kind == k
		}
		if !ok {
			return nil, false
		}
		out = append(out, items[i].text)
	}
	return out, true
}
