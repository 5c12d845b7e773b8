package migrate

import (
	"bytes"

	"crossgrant/internal/keys"
)

// apart are the keys that belong to a store, and not to what is stored in it: they are neither copied nor compared.
var apart = []struct {
	is  func(key []byte) bool
	why string
}{
	{isFact(markFact), "the mark of the migration itself"},
	{isFact(keys.FormatFact), "held back while a store has a mark; the formats are compared apart from it"},
	{keys.Sharing, "leases, sessions of consoles, and that servers are there: of no use in another store"},
	{keys.IsStamp, "that what others keep in memory has changed: servers begin with nothing in memory"},
}

func isFact(name string) func(key []byte) bool {
	fact := keys.Meta(name)
	return func(key []byte) bool { return bytes.Equal(key, fact) }
}

// isApart reports whether a key belongs to the store.
func isApart(key []byte) bool {
	for _, a := range apart {
		if a.is(key) {
			return true
		}
	}
	return false
}
