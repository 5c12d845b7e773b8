package selector

import (
	"slices"
	"strings"
	"unicode/utf8"

	"crossgrant/internal/arn"
)

// Fields of advanced selectors.
const (
	eventCategory = "eventCategory"
	resourceType  = "resources.type"
	resourceARN   = "resources.ARN"
	readOnly      = "readOnly"
	eventName     = "eventName"
	eventSource   = "eventSource"
	eventType     = "eventType"
	fromConsole   = "sessionCredentialFromConsole"
	userARN       = "userIdentity.arn"
)

// Categories of events.
const (
	management = "Management"
	data       = "Data"
)

// The fields that selectors of each category may have, on trails. Event data stores have more.
var fieldsOf = map[string][]string{
	management: {eventCategory, eventSource, readOnly},
	data:       {eventCategory, resourceType, resourceARN, readOnly, eventName, eventSource, eventType, fromConsole, userARN},
}

// Bounds of advanced selectors, in characters.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/cloudtrail
const (
	maxName  = 1000
	maxValue = 2048
)

// checkAdvanced refuses advanced selectors that are not valid.
func checkAdvanced(advanced []Advanced) error {
	values, resources := 0, 0
	for i := range advanced {
		a := &advanced[i]
		if err := a.check(); err != nil {
			return err
		}
		for j := range a.FieldSelectors {
			f := &a.FieldSelectors[j]
			n := 0
			for _, list := range f.lists() {
				n += len(list)
			}
			values += n
			if f.Field == resourceARN {
				resources += n
			}
		}
	}
	switch {
	case values > maxValues:
		return invalid("A trail can have up to %d values for all conditions in all advanced event selectors.", maxValues)
	case resources > maxResources:
		return invalid("A trail can have up to %d data resources in all of its event selectors.", maxResources)
	}
	return nil
}

// check refuses a selector that is not valid by itself.
func (a *Advanced) check() error {
	if utf8.RuneCountInString(a.Name) > maxName || strings.ContainsAny(a.Name, "\n\r") {
		return invalid("The name of an advanced event selector can have up to %d characters, and no line breaks.", maxName)
	}
	category, kind := a.single(eventCategory), a.single(resourceType)
	switch {
	case category == "NetworkActivity":
		return invalid("Network activity events are not offered here.")
	case fieldsOf[category] == nil:
		return invalid("An advanced event selector must have one field eventCategory that equals Management or Data.")
	case category == data && !KnownType(kind):
		return invalid("An advanced event selector for data events must have one field resources.type that equals a resource type that CloudTrail knows.")
	}
	seen := map[string]bool{}
	for i := range a.FieldSelectors {
		f := &a.FieldSelectors[i]
		switch {
		case !slices.Contains(fieldsOf[category], f.Field):
			return invalid("Field %s is not valid for %s events of a trail.", clip(f.Field), category)
		case seen[f.Field]:
			// What two lists of conditions on one field mean together is not documented, so that they are refused.
			return invalid("Field %s is there twice in an advanced event selector.", f.Field)
		}
		seen[f.Field] = true
		if err := f.check(category, kind); err != nil {
			return err
		}
	}
	return nil
}

// single returns the value that a field has to equal if it is the only one, else "".
func (a *Advanced) single(field string) string {
	for i := range a.FieldSelectors {
		if f := &a.FieldSelectors[i]; f.Field == field && len(f.Equals) == 1 {
			return f.Equals[0]
		}
	}
	return ""
}

// lists returns the values by operator, in the order of the members.
func (f *Field) lists() [6][]string {
	return [6][]string{f.Equals, f.StartsWith, f.EndsWith, f.NotEquals, f.NotStartsWith, f.NotEndsWith}
}

// only reports whether all values are those of the lists that are given.
func (f *Field) only(equals, notEquals bool) bool {
	return (equals || len(f.Equals) == 0) && (notEquals || len(f.NotEquals) == 0) &&
		len(f.StartsWith)+len(f.EndsWith)+len(f.NotStartsWith)+len(f.NotEndsWith) == 0
}

// check refuses operators and values that the field cannot have.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
func (f *Field) check(category, kind string) error {
	n := 0
	for _, list := range f.lists() {
		n += len(list)
		for _, value := range list {
			if value == "" || utf8.RuneCountInString(value) > maxValue || strings.ContainsAny(value, "\n\r") {
				return invalid("Values of field %s must have 1 to %d characters, and no line breaks.", f.Field, maxValue)
			}
		}
	}
	valid, rule := n > 0, "at least one operator with a value"
	switch f.Field {
	case eventCategory, resourceType: // whose value is checked already
		valid, rule = len(f.Equals) == 1 && f.only(true, false), "Equals with one value"
	case readOnly:
		valid, rule = len(f.Equals) == 1 && f.only(true, false) && isBool(f.Equals[0]), "Equals with true or false"
	case fromConsole:
		valid, rule = valid && f.only(true, true) && allAre(f.Equals, "true") && allAre(f.NotEquals, "true"), "Equals or NotEquals with true"
	case eventSource:
		if category == management {
			valid, rule = valid && f.only(false, true) && allAre(f.NotEquals, excludable...), "NotEquals with "+strings.Join(excludable, " or ")
		}
	case resourceARN:
		if valid {
			return f.checkARNs(kind)
		}
	}
	if !valid {
		return invalid("Field %s of %s events must have %s.", f.Field, category, rule)
	}
	return nil
}

// checkARNs refuses values to be equal to that no ARN of the type is.
func (f *Field) checkARNs(kind string) error {
	for _, value := range slices.Concat(f.Equals, f.NotEquals) {
		_, err := arn.Parse(value)
		if err != nil || kind == objectType && !validResource(kind, value) {
			return invalid("Value %s for field resources.ARN is not the ARN of a resource of type %s.", clip(value), kind)
		}
	}
	return nil
}

func isBool(text string) bool { return text == "true" || text == "false" }

func allAre(list []string, values ...string) bool {
	return !slices.ContainsFunc(list, func(text string) bool { return !slices.Contains(values, text) })
}
