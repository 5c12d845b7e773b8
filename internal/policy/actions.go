package policy

import "strings"

// unknownAction stands for an action that is in no table: it is matched by its name.
const unknownAction = -1

// lowerActions has the names of knownActions in lower case, and actionPlaces the place of each, by the
// name as AWS writes it and in lower case.
var (
	lowerActions [len(knownActions)]string
	actionPlaces = make(map[string]int, 2*len(knownActions))
)

func init() {
	for i, name := range knownActions {
		lower := strings.ToLower(name)
		lowerActions[i] = lower
		actionPlaces[name], actionPlaces[lower] = i, i
	}
}

// findAction returns the place of an action in knownActions, or unknownAction, and its name in lower case.
func findAction(name string) (place int, lower string) {
	if i, ok := actionPlaces[name]; ok {
		return i, lowerActions[i]
	}
	lower = strings.ToLower(name)
	if i, ok := actionPlaces[lower]; ok {
		return i, lower
	}
	return unknownAction, lower
}

// MatchingActions returns the actions of AWS's references that a pattern, as in an Action element, matches,
// in alphabetic order.
func MatchingActions(pattern string) []string {
	p := newActionPattern(pattern)
	var matched []string
	for i, lower := range lowerActions {
		if p.match(lower) {
			matched = append(matched, knownActions[i])
		}
	}
	return matched
}

// actionPattern is a pattern of actions: service:name, where only the name may have wildcards; "*"
// is every action, and "*" for the service every service.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
type actionPattern struct {
	any     bool
	service string // in lower case, with its colon; empty for every service
	name    glob
}

func newActionPattern(s string) actionPattern {
	s = strings.ToLower(s)
	if s == "*" {
		return actionPattern{any: true}
	}
	service, name, _ := strings.Cut(s, ":")
	if service += ":"; service == "*:" {
		service = ""
	}
	return actionPattern{service: service, name: parseGlob(name)}
}

// match matches the full name of an action in lower case.
func (p *actionPattern) match(action string) bool {
	if p.any {
		return true
	}
	if p.service == "" {
		_, name, _ := strings.Cut(action, ":")
		return p.name.match(name)
	}
	name, ok := strings.CutPrefix(action, p.service)
	return ok && p.name.match(name)
}
