package pebble

import (
	"bytes"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// filterBits is the number of bits for each key: one of a hundred keys that are not there is looked for in vain.
const filterBits = 10

// filter is a Bloom filter for each table, but for those of keys that are looked for only where they are: there it would
// take room in the cache, which the indexes of the tables need, and never spare anything. A table has keys of one
// first byte (cutBySpace).
type filter struct {
	pebbledb.FilterPolicy
	// present are the first bytes of those keys.
	present []byte
}

var _ pebbledb.FilterPolicy = filter{}

func newFilter(present []byte) filter { return filter{bloom.FilterPolicy(filterBits), present} }

// Name is another one than that of the Bloom filter, whose readers would take noFilter for one that has no key.
func (filter) Name() string { return "crossgrant.BloomOrNone" }

// noFilter stands for a filter that is not kept. A Bloom filter is longer.
var noFilter = []byte{0}

func (f filter) MayContain(kind pebbledb.FilterType, text, key []byte) bool {
	return len(text) <= len(noFilter) || f.FilterPolicy.MayContain(kind, text, key)
}

func (f filter) NewWriter(kind pebbledb.FilterType) pebbledb.FilterWriter {
	return &filterWriter{FilterWriter: f.FilterPolicy.NewWriter(kind), present: f.present}
}

// filterWriter makes the filter of a table.
type filterWriter struct {
	pebbledb.FilterWriter
	present []byte
	// needed says that the table has keys that may be looked for in vain.
	needed bool
}

// AddKey adds every key: if there is a filter, what it does not have is not in the table.
func (w *filterWriter) AddKey(key []byte) {
	w.needed = w.needed || len(key) == 0 || bytes.IndexByte(w.present, key[0]) < 0
	w.FilterWriter.AddKey(key)
}

func (w *filterWriter) Finish(buf []byte) []byte {
	if !w.needed {
		return append(buf, noFilter...)
	}
	return w.FilterWriter.Finish(buf)
}
