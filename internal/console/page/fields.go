package page

import (
	"slices"
	"strings"
)

// Form returns a field of the form that was sent, as it was typed but for the ends of its lines, which browsers change.
func (v *Visit) Form(name string) string {
	return strings.ReplaceAll(v.Request.PostForm.Get(name), "\r\n", "\n")
}

// Text is Form without white space around it.
func (v *Visit) Text(name string) string { return strings.TrimSpace(v.Form(name)) }

// Forms returns all values of a field, the empty ones left out.
func (v *Visit) Forms(name string) []string {
	return slices.DeleteFunc(slices.Clone(v.Request.PostForm[name]), func(s string) bool { return s == "" })
}

// Checked reports whether a box was checked.
func (v *Visit) Checked(name string) bool { return v.Request.PostForm.Has(name) }

// Sent reports whether the form of an action was sent and could not be carried out, so that it is shown again.
func (v *Visit) Sent(do string) bool { return v.Failed != nil && v.Form("do") == do }

// Value returns what a field of the form of an action shows: what was typed if the form is shown again, or else the
// value that it has.
func (v *Visit) Value(do, name, value string) string {
	if v.Sent(do) {
		return v.Form(name)
	}
	return value
}

// Is reports whether a choice or box of the form of an action is chosen, as Value.
func (v *Visit) Is(do, name, choice string, chosen bool) bool {
	if v.Sent(do) {
		return slices.Contains(v.Request.PostForm[name], choice)
	}
	return chosen
}

// Confirmed returns an error if the field "confirm" is not the name of what is to be destroyed.
func (v *Visit) Confirmed(name string) error {
	if v.dry || v.Form("confirm") == name {
		return nil
	}
	return Invalid("Nothing was deleted: type %s to confirm.", name)
}

// Pair is a key and its value, as a row of a form has them: a tag, or metadata.
type Pair struct{ Key, Value string }

// Pairs returns the rows of two fields of a form as they were typed, without those in which both are empty. Templates
// have them as the part "pairs".
func (v *Visit) Pairs(key, value string) []Pair {
	keys, values := v.Request.PostForm[key], v.Request.PostForm[value]
	var out []Pair
	for i := range min(len(keys), len(values)) {
		if keys[i]+values[i] != "" {
			out = append(out, Pair{keys[i], values[i]})
		}
	}
	return out
}

// Optional returns a text for a member of an input that is left out if it is empty.
func Optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
