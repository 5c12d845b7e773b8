package expect

import (
	"fmt"
	"strings"
)

// Answer is what was answered to the question of a check: a decision, or, if Code or Message is not empty, an error.
type Answer struct {
	// Effect is the effect of the decision in AWS's words: allowed, explicitDeny or implicitDeny.
	Effect string
	// Action is the action that was judged, which may be one that the request implies.
	Action string
	// Layer, Source and Sid name what decided; Statement is the place from 1 of the statement in its policy. They are
	// empty, and 0, where a layer is silent.
	Layer, Source, Sid string
	Statement          int
	// Code and Message are those of an error.
	Code, Message string
}

// allowed is the effect of an answer that allows.
const allowed = "allowed"

// Outcome says how a check came out.
type Outcome string

// The outcomes.
const (
	Holds  Outcome = "holds"
	Fails  Outcome = "fails"
	Errors Outcome = "error" // it could not be asked
)

// Result is a check with what came out.
type Result struct {
	Check
	Answer  Answer
	Outcome Outcome
	// Message says in one line what came out, without the place.
	Message string
}

// Judge compares an answer with what a check expects.
func Judge(c Check, a Answer) Result {
	r := Result{Check: c, Answer: a, Outcome: Holds}
	if a.Code != "" || a.Message != "" {
		r.Outcome = Errors
		r.Message = c.sentence("", "it cannot be asked: "+strings.TrimPrefix(a.Code+": "+a.Message, ": "))
		return r
	}
	can, verb := a.Effect == allowed, "cannot"
	if can {
		verb = "can"
	}
	reason := a.reason(c.Action)
	switch {
	case can && !c.Allow:
		r.Outcome, reason = Fails, reason+", and must not"
	case !can && c.Allow:
		r.Outcome, reason = Fails, reason+", and must"
	case !c.Because.met(a):
		r.Outcome, reason = Fails, reason+", and not by "+c.Because.String()
	}
	r.Message = c.sentence(verb, reason)
	return r
}

// sentence says who does what, with a verb between, and the rest.
func (c *Check) sentence(verb, rest string) string {
	return oneLine(c.does(verb) + ": " + rest)
}

// does says who does what.
func (c *Check) does(verb string) string {
	text := c.As + " "
	if verb != "" {
		text += verb + " "
	}
	text += c.Action
	if c.On != "" {
		text += " on " + c.On
	}
	for i, v := range c.With {
		text += [...]string{" with ", ", "}[min(i, 1)] + v.Key + " " + strings.Join(v.Values, " ")
	}
	return text
}

// oneLine returns text without what would begin another line or change the terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}

// reason says in words what decided. action is the one that was asked about.
func (a *Answer) reason(action string) string {
	implied := a.Action != "" && a.Action != action
	switch {
	case a.Effect == allowed:
		return "allowed by " + a.by()
	case a.Effect == "implicitDeny" && a.Source == "" && implied:
		return "no " + a.Layer + " allows " + a.Action + ", which it implies"
	case a.Effect == "implicitDeny" && a.Source == "":
		return "no " + a.Layer + " allows it"
	case implied:
		return a.Action + ", which it implies, is denied by " + a.by()
	default:
		return "denied by " + a.by()
	}
}

// by names what decided.
func (a *Answer) by() string {
	var parts []string
	if a.Source != "" {
		parts = append(parts, a.Source)
	}
	switch {
	case a.Sid != "":
		parts = append(parts, "statement "+a.Sid)
	case a.Statement > 0:
		parts = append(parts, fmt.Sprintf("statement %d", a.Statement))
	}
	text := "the " + a.Layer
	if parts != nil {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	return text
}

// met reports whether an answer was decided by this cause.
func (c *Cause) met(a Answer) bool {
	return (c.Layer == "" || c.Layer == a.Layer) && (c.Source == "" || c.Source == a.Source) && (c.Statement == "" || c.Statement == a.Sid)
}

// String names the cause.
func (c Cause) String() string {
	a := Answer{Layer: c.Layer, Source: c.Source, Sid: c.Statement}
	if a.Layer == "" {
		a.Layer = "layer"
	}
	return a.by()
}
