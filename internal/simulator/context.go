package simulator

import (
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// ContextEntry is a condition key of the simulated request.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html
type ContextEntry struct {
	Key string
	// Type is one of policy.ValueTypes, or one with "List" behind it for a multivalued key. Empty means
	// string.
	Type   string
	Values []string
}

// contextValue is an entry that has been checked.
type contextValue struct {
	ContextEntry
	multi bool
}

// set makes the key present.
func (v *contextValue) set(k *policy.Context) {
	if v.multi {
		k.SetMulti(v.Key, v.Values)
	} else {
		k.Set(v.Key, v.Values[0])
	}
}

// Types returns the names of the types that an entry may have.
func Types() []string {
	var names []string
	for _, t := range policy.ValueTypes {
		names = append(names, string(t), string(t)+"List")
	}
	return names
}

// contextValues checks that every entry has the values that its type says: one, or any number of a list
// type, for which none means a key that is present and empty.
func contextValues(entries []ContextEntry) ([]contextValue, error) {
	var out []contextValue
	for _, e := range entries {
		if e.Type == "" {
			e.Type = string(policy.StringValue)
		}
		single, multi := strings.CutSuffix(e.Type, "List")
		t := policy.ValueType(single)
		switch {
		case !slices.Contains(policy.ValueTypes, t):
			return nil, invalid("Invalid context key type: %s.", e.Type)
		case !multi && len(e.Values) != 1:
			return nil, invalid("Context key %s of type %s must have one value.", e.Key, e.Type)
		case slices.ContainsFunc(out, func(v contextValue) bool { return strings.EqualFold(v.Key, e.Key) }):
			return nil, invalid("Context key %s is given more than once.", e.Key)
		}
		for _, value := range e.Values {
			if !t.Accepts(value) {
				return nil, invalid("Invalid value %s for context key %s of type %s.", value, e.Key, e.Type)
			}
		}
		out = append(out, contextValue{e, multi})
	}
	return out, nil
}
