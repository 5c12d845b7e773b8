package migrate

import (
	"bytes"

	"crossgrant/internal/keys"
)

// apart are the keys that belong to a store, and not to what is stored in it: they are neither copied nor compared.
var apart = []struct {
	from, to []byte
	why      string
}{
	fact(markFact, "the mark of the migration itself"),
	fact(formatFact, "held back while a store has a mark; the formats are compared apart from it"),
}

func fact(name, why string) struct {
	from, to []byte
	why      string
} {
	key := keys.Meta(name)
	return struct {
		from, to []byte
		why      string
	}{key, append(bytes.Clone(key), 0), why}
}

// isApart reports whether a key belongs to the store.
func isApart(key []byte) bool {
	for _, a := range apart {
		if bytes.Compare(a.from, key) <= 0 && bytes.Compare(key, a.to) < 0 {
			return true
		}
	}
	return false
}
