package sts

import (
	"testing"
	"unicode"

	"crossgrant/internal/policy"
)

// TestKeysAreToldApartAsConditionKeys: two tags that a session can have at once are never one condition key.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know
func TestKeysAreToldApartAsConditionKeys(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for _, other := range []rune{unicode.ToLower(r), unicode.ToUpper(r), unicode.ToTitle(r), unicode.SimpleFold(r)} {
			if other == r {
				continue
			}
			a, b := string(r), string(other)
			var k policy.Context
			k.Set(a, "")
			if _, _, same := k.Lookup(b); same && !SameKey(a, b) {
				t.Errorf("%q and %q are one condition key and two keys of tags", a, b)
			}
		}
	}
}
