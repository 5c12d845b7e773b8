package lint

import (
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

func sprint(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// either returns the element of a name, or its negation; neither has a node.
func either(s spot, name string) (element spot, negated bool) {
	if e := s.in(name); e.Node != nil {
		return e, false
	}
	return s.in("Not" + name), true
}

// strings checks that an element is a string or an array of strings, and that it is not empty.
func (l *linter) strings(e spot, name string) bool {
	if e.Kind == policy.ArrayNode && len(e.Items) == 0 {
		l.report(Suggestion, "empty-array-"+name, e, "This statement includes no %ss and does not affect the policy. Specify %ss.", name, name)
		return false
	}
	ok := true
	for _, v := range e.each() {
		ok = l.is(v, policy.StringNode, "string") && ok
	}
	return ok
}

// actions checks the Action or NotAction element.
func (l *linter) actions(s spot) {
	e, _ := either(s, "Action")
	if e.Node == nil {
		l.report(Error, "missing-action", s, "Add an Action or NotAction element to the policy statement.")
		return
	}
	if !l.strings(e, "action") {
		return
	}
	for _, a := range e.texts() {
		l.action(a)
	}
	l.redundant(e, "redundant-action", actionCovers, func(n int, example string) string {
		return sprint("The %d action(s) are redundant because they provide similar permissions. Update the policy to remove the redundant action such as: %s.", n, example)
	})
}

// knownServices are the services all of whose actions are known.
var knownServices = []string{"access-analyzer", "cloudtrail", "iam", "organizations", "s3", "sts"}

// action checks one action.
func (l *linter) action(a spot) {
	l.noVariables(a)
	service, name, ok := strings.Cut(a.Text, ":")
	switch {
	case a.Text == "*":
	case !ok || strings.Contains(name, ":"):
		l.report(Error, "invalid-action", a, "The action %s does not exist.", a.Text)
	case strings.ContainsAny(service, "*?"):
		l.report(Suggestion, "wildcard-in-service-name", a, "Avoid using wildcards (*, ?) in the service name because it might grant unintended access to other AWS services with similar names.")
	case slices.Contains(knownServices, strings.ToLower(service)) && len(policy.MatchingActions(a.Text)) == 0:
		details := sprint("The action %s does not exist.", a.Text)
		if near := nearest(strings.ToLower(service), name); near != "" {
			details += sprint(" Did you mean %s?", near)
		}
		l.report(Error, "invalid-action", a, "%s", details)
	case l.resourceType == bucketType && strings.ToLower(service) != "s3",
		l.trust() && strings.ToLower(service) != "sts":
		l.report(Error, "unsupported-action-in-policy", a, "The action %s is not supported for the resource-based policy attached to the resource type %s.", a.Text, l.resourceType)
	}
}

// nearest returns the action of a service whose name differs least from one that is none; empty if all differ much.
func nearest(service, name string) string {
	best, least := "", 4
	for _, known := range policy.ActionsOf(service) {
		if d := distance(strings.ToLower(name), strings.ToLower(known), least); d < least {
			best, least = service+":"+known, d
		}
	}
	return best
}

// distance returns how many letters have to be changed, added or removed to make a into b; at least most if they are
// so many.
func distance(a, b string, most int) int {
	if len(a) > len(b)+most || len(b) > len(a)+most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// actionCovers reports whether a pattern of actions matches all that another one does. It may not see it of two that
// both have wildcards in the middle.
func actionCovers(pattern, other string) bool {
	pattern, other = strings.ToLower(pattern), strings.ToLower(other)
	return pattern == "*" || covers(pattern, other)
}

// covers reports whether a pattern with wildcards matches all that another one does; false also if that is not seen.
func covers(pattern, other string) bool {
	if pattern == other {
		return true
	}
	if !strings.ContainsAny(other, "*?") {
		return matches(pattern, other)
	}
	prefix, ok := strings.CutSuffix(pattern, "*")
	return ok && !strings.ContainsAny(prefix, "*?") && strings.HasPrefix(other, prefix)
}

// matches reports whether a text matches a pattern in which '*' and '?' are wildcards. On a mismatch only the last star
// is given one more letter.
func matches(pattern, text string) bool {
	star, tail := -1, "" // the last star, and the text behind what it has taken
	for p := 0; text != "" || p < len(pattern); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, tail = p, text
			p++
		case text != "" && p < len(pattern) && (pattern[p] == text[0] || pattern[p] == '?'):
			p++
			text = text[1:]
		case star >= 0 && tail != "":
			tail = tail[1:]
			p, text = star+1, tail
		default:
			return false
		}
	}
	return true
}

// redundant notes the items of an array that another item covers.
func (l *linter) redundant(e spot, slug string, covers func(pattern, other string) bool, details func(n int, example string) string) {
	items := e.texts()
	if len(items) > maxCompared {
		return
	}
	var doomed []spot
	for i, item := range items {
		for j, other := range items {
			if i != j && covers(other.Text, item.Text) && (other.Text != item.Text || j < i) {
				doomed = append(doomed, item)
				break
			}
		}
	}
	if len(doomed) > 0 {
		l.report(Suggestion, slug, doomed[0], "%s", details(len(doomed), doomed[0].Text))
	}
}

// maxCompared is how many items of an array are compared with each other, at most.
const maxCompared = 200
