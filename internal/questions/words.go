package questions

import (
	"strings"

	"crossgrant/internal/policy"
)

// served are the services of which all condition keys are known.
var served = []string{"aws:", "s3:", "iam:", "sts:", "organizations:"}

// knownAction returns an action as AWS writes it. One that is in no table is refused: it would be denied for a
// mistake in its name.
func knownAction(name string) (string, error) {
	if !strings.ContainsAny(name, "*?") {
		if found := policy.MatchingActions(name); len(found) == 1 {
			return found[0], nil
		}
	}
	return "", invalid("%q is not an action of a service that is served, such as s3:GetObject.", name)
}

func isS3(action string) bool { return strings.HasPrefix(action, "s3:") }

// checkContext refuses keys that no request has, keys that are given twice, and values that are not of the type
// of their key: a condition would compare them with nothing.
func checkContext(given []Value) error {
	seen := map[string]bool{}
	for _, v := range given {
		lower := strings.ToLower(v.Key)
		info, known := policy.KeyInfo(v.Key)
		switch {
		case seen[lower]:
			return invalid("The condition key %s is given twice.", v.Key)
		case !strings.Contains(v.Key, ":") || !known && hasPrefix(lower, served):
			return invalid("%q is not a condition key.", v.Key)
		}
		seen[lower] = true
		for _, value := range v.Values {
			if known && !info.Accepts(value) {
				return invalid("%q is no value of the condition key %s.", value, v.Key)
			}
		}
	}
	return nil
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// names returns the names of keys in lower case.
func names(given []Value) []string {
	out := make([]string, len(given))
	for i, v := range given {
		out[i] = strings.ToLower(v.Key)
	}
	return out
}
