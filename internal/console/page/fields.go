package page

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
