package space

import (
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// knownServices are the services all of whose actions are known.
var knownServices = []string{"access-analyzer", "cloudtrail", "iam", "organizations", "s3", "sts"}

// actionsOf returns the actions that patterns of Action elements can tell apart: all that are known, and names in
// other services, which stand for every action that there may be. ok is false if that took more than limit steps.
func actionsOf(patterns []string, limit int) (actions []string, ok bool) {
	for _, service := range knownServices {
		for _, name := range policy.ActionsOf(service) {
			actions = append(actions, service+":"+name)
		}
	}
	var everywhere []pattern        // names that any service may have
	named := map[string][]pattern{} // names by service
	for _, p := range patterns {
		service, name, _ := strings.Cut(strings.ToLower(p), ":")
		switch {
		case p == "*":
		case service == "*":
			everywhere = append(everywhere, glob(name, true, false))
		default:
			named[service] = append(named[service], glob(name, true, false))
		}
	}
	named[unnamed(named)] = nil
	for service, names := range named {
		if slices.Contains(knownServices, service) {
			continue
		}
		found, ok := cells(append(names, everywhere...), limit)
		if !ok {
			return nil, false
		}
		for _, c := range found {
			if c.text != "" {
				actions = append(actions, service+":"+c.text)
			}
		}
	}
	slices.Sort(actions)
	return actions, true
}

// unnamed returns the name of a service that is not among named.
func unnamed(named map[string][]pattern) string {
	name := "otherservice"
	for {
		if _, taken := named[name]; !taken {
			return name
		}
		name += "x"
	}
}
