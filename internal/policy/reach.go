package policy

import (
	"slices"
	"strings"
)

// IsAction reports whether name is an action of a service of which the actions are known, in AWS's spelling.
func IsAction(name string) bool {
	i, ok := actionPlaces[name]
	return ok && knownActions[i] == name
}

// ActionsOf returns the names of the known actions of a service, given by its namespace, without the
// namespace and in the order of their names in lower case; nil if none of its actions are known.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func ActionsOf(namespace string) []string {
	var names []string
	for _, action := range knownActions {
		if service, name, _ := strings.Cut(action, ":"); service == namespace {
			names = append(names, name)
		}
	}
	return names
}

// CanAllow reports whether documents, taken together, allow an action on some resource under some condition:
// an Allow is about it, and no Deny refuses it whatever the resource and the request are. action may be a
// pattern, which counts as the name of an action that the wildcards are a part of.
func CanAllow(documents []*Document, action string) bool {
	action = strings.ToLower(action)
	allowed := false
	for _, d := range documents {
		for i := range d.compiled {
			s := &d.compiled[i]
			switch {
			case !s.matchesAction(action):
			case s.effect == Allow:
				allowed = true
			case s.unlimited():
				return false
			}
		}
	}
	return allowed
}

// unlimited reports whether the statement is about every resource under all conditions.
func (s *compiledStatement) unlimited() bool {
	return len(s.tests) == 0 && !s.notResource && slices.ContainsFunc(s.resources, func(p resourcePattern) bool { return p.any })
}

// NamedActions returns the actions, and the patterns of actions, that the Allow statements of documents name
// for a service, in lower case and without repetitions. namespace is in lower case.
func NamedActions(documents []*Document, namespace string) []string {
	var names []string
	for _, action := range allowed(documents) {
		if service, _, _ := strings.Cut(action, ":"); service == namespace {
			names = append(names, action)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// NamedServices returns the namespaces that the Allow statements of documents name, in lower case, sorted and
// without repetitions. What a wildcard or a NotAction lets in is not named.
func NamedServices(documents []*Document) []string {
	var names []string
	for _, action := range allowed(documents) {
		if service, _, ok := strings.Cut(action, ":"); ok && !hasWildcard(service) {
			names = append(names, service)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// allowed returns the patterns of the Action elements of Allow statements, in lower case.
func allowed(documents []*Document) []string {
	var patterns []string
	for _, d := range documents {
		for i := range d.Statements {
			s := &d.Statements[i]
			if s.Effect != Allow || s.NotAction {
				continue
			}
			for _, action := range s.Actions {
				patterns = append(patterns, strings.ToLower(action))
			}
		}
	}
	return patterns
}
