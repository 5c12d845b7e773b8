package json11

import (
	"regexp"
	"slices"
	"unicode/utf8"
)

// Rule is a constraint on a string. It returns the fault of a value that does not satisfy it, else 0.
type Rule func(value string) Fault

// Length constrains the number of characters to [least, most]; a most of 0 is no bound.
func Length(least, most int) Rule {
	return func(value string) Fault {
		switch n := utf8.RuneCountInString(value); {
		case n < least:
			return TooShort
		case most > 0 && n > most:
			return TooLong
		default:
			return 0
		}
	}
}

// Pattern constrains the whole value to a regular expression. It panics if it cannot be compiled.
func Pattern(pattern string) Rule {
	re := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(value string) Fault {
		if !re.MatchString(value) {
			return BadPattern
		}
		return 0
	}
}

// Enum constrains the value to one of values.
func Enum(values ...string) Rule {
	return func(value string) Fault {
		if !slices.Contains(values, value) {
			return BadValue
		}
		return 0
	}
}
