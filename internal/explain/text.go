package explain

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Text prints the report for people.
func (r Report) Text(w io.Writer) error {
	var out bytes.Buffer
	out.WriteString(r.Verdict + "\n")
	for i := range r.Checks {
		out.WriteString("\n")
		r.Checks[i].text(&out, len(r.Checks) > 1)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// Text prints the explanation for people.
func (e Explanation) Text(w io.Writer) error {
	var out bytes.Buffer
	out.WriteString(e.Verdict + "\n\n")
	e.text(&out, false)
	_, err := w.Write(out.Bytes())
	return err
}

// text prints all but the verdict, or with it where the explanation is one of several.
func (e *Explanation) text(out *bytes.Buffer, withVerdict bool) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "%-9s %s\n", name, value)
		}
	}
	line("Action", e.Action)
	line("Resource", e.Resource)
	line("Caller", or(e.Principal.ARN, principalWords(&e.Principal)))
	line("Owner", e.Owner)
	line("Object of", e.ObjectOwner)
	if withVerdict {
		line("Answer", e.Verdict)
	}
	e.textLayers(out)
	e.textMisses(out)
	e.textRemedies(out)
	for _, u := range e.Unknown {
		fmt.Fprintf(out, "\n%s is not known: add --context %s=...\n", u.Key, u.Key)
	}
}

// indent is what stands before what belongs to a line of the layers.
const indent = "                     "

func (e *Explanation) textLayers(out *bytes.Buffer) {
	if len(e.Layers) == 0 {
		return
	}
	out.WriteString("\nLayers, in the order of evaluation (* decided)\n")
	for i := range e.Layers {
		l := &e.Layers[i]
		mark := " "
		if l.Decided {
			mark = "*"
		}
		fmt.Fprintf(out, "%s %-9s %-8s %s\n", mark, l.Half, says(l.Effect), l.words())
		l.Statement.text(out)
	}
	var on []string
	for _, s := range e.Settings {
		on = append(on, s.Name)
	}
	if on != nil {
		fmt.Fprintf(out, "  %-9s %-8s %s\n", Resource, "set", strings.Join(on, ", "))
	}
}

func says(effect string) string {
	switch effect {
	case Allowed:
		return "allows"
	case ExplicitDeny:
		return "denies"
	default:
		return "silent"
	}
}

// words names what said it.
func (l *Layer) words() string {
	text := l.Layer
	for _, more := range []string{l.Policy, l.Grant, l.Setting} {
		if more != "" {
			text += " " + more
		}
	}
	if l.Unreadable {
		text += ", which cannot be read"
	}
	if l.Statement != nil {
		text += ", " + statementName(l.Statement)
	}
	if l.Level != "" {
		text += ", at the " + levelWords(l.Level)
	}
	return text
}

func statementName(s *Statement) string {
	if s.Sid != "" {
		return fmt.Sprintf("statement %d, %s", s.Number, s.Sid)
	}
	return fmt.Sprintf("statement %d", s.Number)
}

func (s *Statement) text(out *bytes.Buffer) {
	if s == nil {
		return
	}
	fmt.Fprintf(out, "%s%s\n", indent, s.Text)
	for i := range s.Conditions {
		fmt.Fprintf(out, "%s%s\n", indent, Compared(&s.Conditions[i]))
	}
}

// Compared tells in words how a condition compares with the request.
func Compared(c *Condition) string {
	text := c.Operator + " " + c.Key + " [" + strings.Join(c.Values, ", ") + "] "
	switch {
	case c.Holds:
		text += "holds"
	default:
		text += "does not hold"
	}
	switch {
	case c.Hidden:
		return text
	case c.Present:
		return text + ": the request has [" + strings.Join(c.Actual, ", ") + "]"
	default:
		return text + ": the request has no such key"
	}
}

func (e *Explanation) textMisses(out *bytes.Buffer) {
	if len(e.Misses) == 0 {
		return
	}
	out.WriteString("\nWhat nearly allowed, the nearest first\n")
	for i := range e.Misses {
		m := &e.Misses[i]
		l := Layer{Layer: m.Layer, Level: m.Level, Policy: m.Policy, Statement: m.Statement, Grant: m.Grant}
		fmt.Fprintf(out, "  %-9s %-8s %s\n", m.Half, "missed", l.words())
		m.Statement.text(out)
		for _, why := range m.Why {
			fmt.Fprintf(out, "%s%s\n", indent, why)
		}
	}
}

func (e *Explanation) textRemedies(out *bytes.Buffer) {
	if len(e.Remedies) > 0 {
		out.WriteString("\nWhat would allow it, the nearest first\n")
	}
	for i := range e.Remedies {
		r := &e.Remedies[i]
		for j := range r.Edits {
			number := "  "
			if j == 0 {
				number = fmt.Sprintf("%d.", i+1)
			}
			r.Edits[j].text(out, number)
		}
		if len(r.Also) > 0 {
			fmt.Fprintf(out, "     This opens more than the request: %s.\n", strings.Join(r.Also, ", "))
		}
	}
	for _, n := range e.Notes {
		fmt.Fprintf(out, "\n%s\n", n.Text)
	}
}

func (e *Edit) text(out *bytes.Buffer, number string) {
	who := "whoever asks"
	switch {
	case e.Kind == "":
		fmt.Fprintf(out, "  %s %s\n", number, e.Text)
		return
	case e.By == ByAccount && e.Half == Object:
		who = "owner of the object"
	case e.By == ByAccount:
		who = account(e.Account)
	case e.By == ByOrganization:
		who = "organization of " + account(e.Account)
	}
	fmt.Fprintf(out, "  %s %s: %s\n", number, who, e.Text)
	if len(e.Statements) > 1 {
		out.WriteString("     which is replaced by\n")
	}
	for _, s := range e.Statements {
		fmt.Fprintf(out, "       %s\n", s)
	}
}
