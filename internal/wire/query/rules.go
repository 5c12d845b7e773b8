package query

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rule is a constraint on a string parameter. It returns the constraint in AWS's words if value does
// not satisfy it, else "".
type Rule func(value string) string

// Length constrains the number of characters to [least, most].
func Length(least, most int) Rule {
	return func(value string) string {
		switch n := utf8.RuneCountInString(value); {
		case n < least:
			return fmt.Sprintf("Member must have length greater than or equal to %d", least)
		case n > most:
			return fmt.Sprintf("Member must have length less than or equal to %d", most)
		default:
			return ""
		}
	}
}

// Pattern constrains the whole value to a regular expression, which is given and reported as the API
// models write it: \u002F is a character, \w is [A-Za-z0-9_]. It panics if it cannot be compiled.
func Pattern(pattern string) Rule {
	escapes := regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	re := regexp.MustCompile("^(?:" + escapes.ReplaceAllString(pattern, `\x{$1}`) + ")$")
	return func(value string) string {
		if !utf8.ValidString(value) || !re.MatchString(value) {
			return "Member must satisfy regular expression pattern: " + pattern
		}
		return ""
	}
}

const enumConstraint = "Member must satisfy enum value set"

// Enum constrains the value to one of values.
func Enum(values ...string) Rule {
	return func(value string) string {
		if !slices.Contains(values, value) {
			return enumConstraint + ": [" + strings.Join(values, ", ") + "]"
		}
		return ""
	}
}
