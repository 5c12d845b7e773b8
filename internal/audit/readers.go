package audit

import "google.golang.org/protobuf/encoding/protowire"

// Readers is a set of readers of the journal.
type Readers uint8

// The readers of the journal for which records are kept, beside those who ask for them.
const (
	ForAccessLog Readers = 1 << iota
	ForHistory
	ForTrails
	// said is in every set that is written: there is none in an entry of an older server.
	said
)

// readersField is the number of the field of records.RequestRecord with the readers that an entry is for.
const readersField = 49

// AppendReaders begins an entry of the journal with those that it is for.
func AppendReaders(dst []byte, all Readers) []byte {
	return appendNumber(dst, readersField, int64(all|said))
}

// IsFor reports whether an entry may be for a reader: those that are not are passed without being looked at any further.
func IsFor(entry []byte, reader Readers) bool {
	number, kind, n := protowire.ConsumeTag(entry)
	if n < 0 || number != readersField || kind != protowire.VarintType {
		return true
	}
	all, n := protowire.ConsumeVarint(entry[n:])
	return n < 0 || Readers(all)&reader != 0
}
