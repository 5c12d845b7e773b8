package why

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/explain"
)

// Told is an explanation of one check as it is shown.
type Told struct {
	*explain.Explanation
	// Headline is the verdict of the check.
	Headline string
	// Number tells the checks of a request apart, from 1.
	Number int
	// Sides are those that count, the owner's first; one if caller and owner are of one account.
	Sides []Side
	// Rule tells how they combine.
	Rule         string
	Wide, Narrow *Drawing
	// PrincipalTo and ResourceTo are pages; empty: there are none.
	PrincipalTo, ResourceTo string
	Missed                  []Missed
	Ways                    []Way
	// Done tells why there is nothing to change on this side, where there is not.
	Done string
	// Absent are the names of layers that do not apply.
	Absent []string
}

// Side is the layers of one account, or those of both if they are the same.
type Side struct {
	Title, Under string
	Half         explain.Half
	Shown        bool
	Steps        []Step
	// Says is what comes of them, in Words.
	Says  State
	Words string
}

// Missed is a statement or grant that nearly allowed.
type Missed struct {
	*explain.Miss
	Title, To string
}

// Way is something that would allow the request.
type Way struct {
	*explain.Remedy
	Changes []Change
}

// Change is an edit of a remedy.
type Change struct {
	*explain.Edit
	Who string
	// To is the page on which it is made, Label what leads there.
	To, Label string
}

// teller makes what is told of explanations to an account.
type teller struct {
	links
	e *explain.Explanation
	// number tells the checks of a request apart.
	number int
}

// tell returns what an account is shown of a report.
func tell(r *explain.Report, account string) []*Told {
	var all []*Told
	for i := range r.Checks {
		t := &teller{links{account}, &r.Checks[i], i + 1}
		all = append(all, t.told())
	}
	return all
}

// headline is the verdict of a report.
func headline(r *explain.Report) string {
	for i := range r.Checks {
		if r.Checks[i].Verdict == r.Verdict {
			return trimmed(r.Verdict, &r.Checks[i])
		}
	}
	return r.Verdict
}

// trimmed is a verdict without the remedy that it ends in, which is told below with all others.
func trimmed(verdict string, e *explain.Explanation) string {
	if len(e.Remedies) == 0 || len(e.Remedies[0].Edits) == 0 {
		return verdict
	}
	if before, _, found := strings.Cut(verdict, ": "+e.Remedies[0].Edits[0].Text); found {
		return before + "."
	}
	return verdict
}

// decisive returns the check to look at first, the first that denied or else the first, and the others.
func decisive(all []*Told) (*Told, []*Told) {
	if len(all) == 0 {
		return nil, nil
	}
	at := max(slices.IndexFunc(all, func(t *Told) bool { return t.Effect != explain.Allowed }), 0)
	return all[at], slices.Delete(slices.Clone(all), at, at+1)
}

// owner returns the account that owns the resource; empty if it is not shown, or nobody does.
func (t *teller) owner() string {
	if t.e.Owner != "" {
		return t.e.Owner
	}
	if name, err := arn.Parse(t.e.Resource); err == nil && name.Account != "aws" {
		return name.Account
	}
	return ""
}

// owned reports whether somebody owns the resource, so that there is an owner's side.
func (t *teller) owned() bool {
	return t.owner() != "" || t.e.Action != "s3:CreateBucket" && bucketOf(t.e.Resource) != "" ||
		slices.ContainsFunc(t.e.Layers, func(l explain.Layer) bool { return l.Half != explain.Identity })
}

func (t *teller) told() *Told {
	e := t.e
	out := &Told{
		Explanation: e, Number: t.number, Headline: trimmed(e.Verdict, e), PrincipalTo: t.principal(e.Principal.ARN), ResourceTo: t.resource(e.Resource, t.owner() == t.account),
	}
	out.Sides, out.Rule = t.sides()
	for i := range out.Sides {
		for j := range out.Sides[i].Steps {
			if s := &out.Sides[i].Steps[j]; s.State == Absent {
				out.Absent = append(out.Absent, s.Title)
			}
		}
	}
	for i := range e.Misses {
		m := &e.Misses[i]
		out.Missed = append(out.Missed, Missed{m, titleOf(m.Layer, e.Resource), t.policy(m.Policy, m.Layer, e.Resource)})
	}
	for i := range e.Remedies {
		out.Ways = append(out.Ways, t.way(&e.Remedies[i]))
	}
	if e.Effect != explain.Allowed && e.Effect != "" && len(out.Ways) == 0 && len(e.Notes) == 0 {
		out.Done = t.done(out.Sides)
	}
	out.Wide, out.Narrow = draw(out, true), draw(out, false)
	return out
}

// sides returns the sides that count, and how they combine.
func (t *teller) sides() ([]Side, string) {
	e := t.e
	caller, owner := e.Principal.Account, t.owner()
	switch {
	case caller != "" && (caller == owner || !t.owned()):
		s := Side{Title: "Account " + caller, Under: "is the caller's, and owns what was asked for", Shown: caller == t.account, Half: e.DecidedBy}
		if !t.owned() {
			s.Under = "is the caller's"
		}
		s.Steps = t.steps(func(explain.Half) bool { return true }, s.Shown, caller)
		s.Says, s.Words = t.outcome()
		return []Side{s}, t.ruleWithin()
	case caller == "":
		s := t.ownerSide(owner)
		s.Says, s.Words = t.outcome()
		return []Side{s}, "The caller is of no account, so only the owner's side counts: a policy or ACL has to let everyone in, or this service. An explicit Deny is final."
	default:
		s := Side{Title: "Account " + caller, Under: "is the caller's", Half: explain.Identity, Shown: caller == t.account}
		s.Steps = t.steps(func(h explain.Half) bool { return h == explain.Identity }, s.Shown, caller)
		s.Says, s.Words = t.sideSays(&s)
		return []Side{t.ownerSide(owner), s}, "Across accounts both sides have to allow it. An explicit Deny on either side is final."
	}
}

func (t *teller) ownerSide(owner string) Side {
	s := Side{Title: "Account " + owner, Under: "owns what was asked for", Half: explain.Resource, Shown: owner == t.account && owner != ""}
	if owner == "" {
		s.Title, s.Under = "Another account", "owns what was asked for"
	}
	s.Steps = t.steps(func(h explain.Half) bool { return h != explain.Identity }, s.Shown, owner)
	s.Says, s.Words = t.sideSays(&s)
	return s
}

func (t *teller) ruleWithin() string {
	switch {
	case slices.ContainsFunc(t.e.Layers, func(l explain.Layer) bool { return l.Layer == trustPolicy }):
		return "The trust policy of the role has to allow it. If it names the account rather than the caller, an identity-based policy has to allow it as well. An explicit Deny anywhere is final."
	case bucketOf(t.e.Resource) != "" && t.owned():
		return "Within one account one Allow is enough: of the bucket policy, the ACL or identity-based policies, as far as guard rails, boundary and session policy let it through. An explicit Deny anywhere is final."
	default:
		return "Within one account one Allow is enough, as far as guard rails, boundary and session policy let it through. An explicit Deny anywhere is final."
	}
}

// steps returns the layers of some halves, those that do not apply among them.
func (t *teller) steps(of func(explain.Half) bool, shown bool, account string) []Step {
	if !shown && !slices.ContainsFunc(t.e.Layers, func(l explain.Layer) bool { return of(l.Half) }) {
		whose := "the other account"
		if account != "" {
			whose = "account " + account
		}
		return []Step{{Title: "Policies of " + whose, State: Withheld, Does: "They are for that account to see."}}
	}
	var out []Step
	object := slices.ContainsFunc(t.e.Layers, func(l explain.Layer) bool { return l.Layer == objectACL })
	for i := range slots {
		s := &slots[i]
		found := false
		for j := range t.e.Layers {
			if l := &t.e.Layers[j]; l.Layer == s.layer && of(l.Half) {
				found = true
				out = append(out, t.step(l, s, j))
			}
		}
		switch {
		case found || !of(s.half):
		case s.layer == objectACL && t.e.ObjectOwner != "":
			out = append(out, Step{Title: s.title, Half: explain.Object, State: Withheld, Does: "The object belongs to another account, which alone sees its ACL."})
		case s.layer == bucketACL && object:
		case s.has(t.e):
			out = append(out, Step{Title: titleOf(s.layer, t.e.Resource), Does: s.does, Half: s.half, State: Absent})
		}
	}
	return out
}

func (t *teller) step(l *explain.Layer, s *slot, place int) Step {
	out := Step{
		ID: fmt.Sprintf("check-%d-layer-%d", t.number, place+1), Title: titleOf(s.layer, t.e.Resource), Does: s.does, Half: l.Half, State: stateOf(l.Effect), Decided: l.Decided,
		Name: l.Policy, To: t.policy(l.Policy, l.Layer, t.e.Resource), Level: l.Level, Layer: l,
	}
	if out.State == Silent {
		out.Nearly = t.nearly(l)
	}
	switch {
	case l.Grant != "":
		out.Name = l.Grant
	case l.Setting != "":
		out.Name = l.Setting
	case l.Layer == identityPolicy && l.Policy == "":
		out.To = t.principal(t.e.Principal.ARN)
	}
	return out
}

// nearly names the nearest miss of a layer, in a few words.
func (t *teller) nearly(l *explain.Layer) string {
	for i := range t.e.Misses {
		switch m := &t.e.Misses[i]; {
		case m.Layer != l.Layer || m.Level != l.Level:
		case m.Statement == nil:
			grant, _, _ := strings.Cut(m.Grant, " ")
			return grant
		case m.Statement.Sid != "":
			return m.Statement.Sid
		default:
			return fmt.Sprintf("statement %d", m.Statement.Number)
		}
	}
	return ""
}

// outcome is what comes of all sides.
func (t *teller) outcome() (State, string) {
	switch t.e.Effect {
	case explain.Allowed:
		return Allows, "Allowed"
	case "":
		return Withheld, "Not told"
	case explain.ExplicitDeny:
		return Denies, "Denied by an explicit Deny"
	case explain.ImplicitDeny:
		return Denies, "Denied: nothing allows it"
	default:
		return Denies, "Denied"
	}
}

// sideSays is what comes of one of two sides.
func (t *teller) sideSays(s *Side) (State, string) {
	decided := t.e.DecidedBy == s.Half || t.e.DecidedBy == explain.Object && s.Half == explain.Resource
	switch {
	case t.e.Effect == explain.Allowed:
		return Allows, "This side allows it"
	case t.e.Effect == explain.ExplicitDeny && decided:
		return Denies, "This side denies it"
	case t.e.Effect != "" && decided:
		return Denies, "This side does not allow it"
	case !s.Shown:
		return Withheld, "What this side says is not told"
	case s.allows():
		return Allows, "This side allows it"
	default:
		return Denies, "This side does not allow it"
	}
}

// allows reports whether the layers of a side across accounts allow: the caller's identity-based policies and whatever
// limits them, or anything of the owner's, and no guard rail is silent.
func (s *Side) allows() bool {
	granted := false
	for i := range s.Steps {
		step := &s.Steps[i]
		if step.Layer == nil {
			continue
		}
		limits := slices.Contains([]string{resourceControl, serviceControl, boundary, sessionPolicy, requesterPays}, step.Layer.Layer)
		switch {
		case step.State == Denies, limits && step.State != Allows:
			return false
		case step.State == Allows && !limits:
			granted = true
		}
	}
	return granted
}

func (t *teller) done(sides []Side) string {
	for i := range sides {
		if s := &sides[i]; s.Shown && len(sides) > 1 {
			return "By the policies of today nothing is missing on your side. The other account has to allow this: give its administrator the request ID, with which its own half can be looked up."
		}
	}
	return ""
}

func (t *teller) way(r *explain.Remedy) Way {
	w := Way{Remedy: r}
	for i := range r.Edits {
		e := &r.Edits[i]
		c := Change{Edit: e, Who: t.who(e), To: t.edit(e, t.e)}
		switch {
		case c.To == "":
		case e.By == explain.ByRequest:
			c.Label = "Ask whether it would be allowed then"
		case e.By == explain.ByOrganization:
			c.Label = "Open the organization's policies"
		default:
			c.Label = "Open the editor"
		}
		w.Changes = append(w.Changes, c)
	}
	return w
}

// who tells who can make an edit.
func (t *teller) who(e *explain.Edit) string {
	switch {
	case e.Kind == "":
		return "The other account"
	case e.By == explain.ByRequest:
		return "Whoever asks"
	case e.By == explain.ByOrganization && e.Account == t.account:
		return "Your organization"
	case e.By == explain.ByOrganization:
		return "The organization of account " + e.Account
	case e.Account == t.account:
		return "Your account"
	case e.Half == explain.Object:
		return "The account that owns the object"
	default:
		return "Account " + e.Account
	}
}
