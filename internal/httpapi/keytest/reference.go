package keytest

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// Reference is AWS's service reference of one service: its actions, the types of their resources, and their
// condition keys.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
type Reference struct {
	Service string `json:"service"`
	Actions map[string]struct {
		Resources     map[string]keyed `json:"resources"`
		ConditionKeys []string         `json:"conditionKeys"`
	} `json:"actions"`
	ResourceTypes map[string]struct {
		ARN string `json:"arn"`
		keyed
	} `json:"resourceTypes"`
	ConditionKeys map[string]string `json:"conditionKeys"`
}

type keyed struct {
	ConditionKeys []string `json:"conditionKeys"`
}

// Read returns the reference of a service, for the tests of a package beside this one.
func Read(t *testing.T, service string) *Reference {
	t.Helper()
	text, err := os.ReadFile("../../policy/gen/" + service + ".json")
	if err != nil {
		t.Fatal(err)
	}
	r := new(Reference)
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TagKey is the key of all tags in a test: the reference leaves it open.
const TagKey = "class"

// named returns a key of the reference, in lower case, as it is for the tag "class".
func named(key string) string {
	return strings.ToLower(strings.NewReplacer("<key>", TagKey, "${TagKey}", TagKey).Replace(key))
}

// typesOf returns the types of an action's resources that an ARN has the form of.
func (r *Reference) typesOf(action, resource string) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(r.Actions[r.name(action)].Resources)) {
		if HasForm(resource, r.ResourceTypes[name].ARN) {
			found = append(found, name)
		}
	}
	return found
}

// listed returns the keys that an action on a resource has: its own, and those of the types of the
// resource.
func (r *Reference) listed(action, resource string) map[string]bool {
	a := r.Actions[r.name(action)]
	names := slices.Clone(a.ConditionKeys)
	for _, t := range r.typesOf(action, resource) {
		names = append(append(names, a.Resources[t].ConditionKeys...), r.ResourceTypes[t].ConditionKeys...)
	}
	listed := map[string]bool{}
	for _, name := range names {
		listed[named(name)] = true
	}
	return listed
}

// name returns the name of an action of this service.
func (r *Reference) name(action string) string { return strings.TrimPrefix(action, r.Service+":") }

// HasForm reports whether text has a form such as "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}". A
// variable stands for one character or more. A '/' is among them only where the variable is the last part
// and has a path, or is an object's name; a ':' never is.
func HasForm(text, form string) bool {
	before, rest, open := strings.Cut(form, "${")
	if !strings.HasPrefix(text, before) {
		return false
	}
	text = text[len(before):]
	if !open {
		return text == ""
	}
	variable, rest, _ := strings.Cut(rest, "}")
	withSlash := strings.HasSuffix(variable, "WithPath") || variable == "ObjectName" || variable == "EntityPath"
	for i := 1; i <= len(text); i++ {
		if c := text[i-1]; c == ':' || c == '/' && !withSlash {
			return false
		}
		if HasForm(text[i:], rest) {
			return true
		}
	}
	return false
}
