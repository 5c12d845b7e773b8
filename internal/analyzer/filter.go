package analyzer

import (
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/records"
)

// Criterion is what a filter asks of one property of a finding. Each of its operators that is given has to hold.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_Criterion.html
type Criterion struct {
	Eq, Neq, Contains []string // nil: not given
	Exists            *bool
}

// Filter has criteria by the property that they are about. All of them have to hold.
type Filter map[string]Criterion

// filterKeys are the properties that a filter may be about; the value tells whether that of an archive rule may.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-filter-keys.html
var filterKeys = map[string]bool{
	"resource": true, "resourceType": true, "resourceOwnerAccount": true, "isPublic": true, "error": true, "findingType": true,
	"resourceControlPolicyRestriction": true, "principal.AWS": true, "principal.Federated": true, "principal.CanonicalUser": true,
	"status": false, "id": false,
}

// Check refuses a filter that is about what findings do not have, or that asks nothing; rule says that it is of an
// archive rule. Values are not validated, as on AWS.
func (f Filter) Check(rule bool) error {
	for key, c := range f {
		inRule, known := filterKeys[key]
		if !known && strings.HasPrefix(key, "condition.") && len(key) > len("condition.") {
			inRule, known = true, true
		}
		switch {
		case !known || rule && !inRule:
			return Invalid(FieldInvalid, "The filter key %s is not valid.", key)
		case c.Eq == nil && c.Neq == nil && c.Contains == nil && c.Exists == nil:
			return Invalid(FieldInvalid, "The criterion of %s has no operator.", key)
		}
		for _, values := range [][]string{c.Eq, c.Neq, c.Contains} {
			if values != nil && (len(values) == 0 || len(values) > maxValues) {
				return Invalid(FieldInvalid, "The criterion of %s has other than 1 to %d values.", key, maxValues)
			}
		}
	}
	return nil
}

// maxValues is how many values an operator of a criterion may have.
const maxValues = 20

// Matches reports whether all criteria hold of a finding.
func (f Filter) Matches(found *Finding) bool {
	for key, c := range f {
		value, exists := found.property(key)
		if !c.holds(value, exists) {
			return false
		}
	}
	return true
}

// holds reports whether a value satisfies the criterion. What is not there equals and contains nothing.
func (c *Criterion) holds(value string, exists bool) bool {
	switch {
	case c.Exists != nil && *c.Exists != exists,
		c.Eq != nil && (!exists || !slices.Contains(c.Eq, value)),
		c.Neq != nil && exists && slices.Contains(c.Neq, value),
		c.Contains != nil && (!exists || !slices.ContainsFunc(c.Contains, func(part string) bool { return strings.Contains(value, part) })):
		return false
	default:
		return true
	}
}

// property returns a property of a finding, by the key of a filter.
func (f *Finding) property(key string) (value string, exists bool) {
	if name, ok := strings.CutPrefix(key, "condition."); ok {
		for have, value := range f.Condition {
			if strings.EqualFold(have, name) {
				return value, true
			}
		}
		return "", false
	}
	if kind, ok := strings.CutPrefix(key, "principal."); ok {
		return f.Principal, f.Principal != "" && string(f.Kind) == kind
	}
	switch key {
	case "resource":
		value = f.Resource
	case "resourceType":
		value = f.Type
	case "resourceOwnerAccount":
		value = string(f.Owner)
	case "isPublic":
		value = strconv.FormatBool(f.Public)
	case "status":
		value = f.Status
	case "error":
		value = f.Error
	case "id":
		value = f.ID
	case "findingType":
		value = "ExternalAccess"
	case "resourceControlPolicyRestriction":
		value = f.Restriction
	}
	return value, value != ""
}

func toCriteria(f Filter) (out []*records.FilterCriterion) {
	for key, c := range f {
		out = append(out, &records.FilterCriterion{Key: key, Eq: c.Eq, Neq: c.Neq, Contains: c.Contains, Exists: c.Exists})
	}
	slices.SortFunc(out, func(a, b *records.FilterCriterion) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func fromCriteria(criteria []*records.FilterCriterion) Filter {
	f := Filter{}
	for _, c := range criteria {
		f[c.Key] = Criterion{Eq: c.Eq, Neq: c.Neq, Contains: c.Contains, Exists: c.Exists}
	}
	return f
}
