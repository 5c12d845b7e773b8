package keys

import (
	"encoding/binary"
	"fmt"
)

// JournalSegment is the key of what is known of a segment of the journal. Segments lie in the order in which they
// were written.
func JournalSegment(sequence uint64) []byte { return journal('s', sequence) }

// JournalContent is the key of the content of a segment.
func JournalContent(sequence uint64) []byte { return journal('d', sequence) }

// JournalReader is the key of how far a reader of the journal has come.
func JournalReader(name string) []byte { return append([]byte{'j', 'c'}, name...) }

// JournalReaders is the range of all JournalReader keys.
func JournalReaders() (from, to []byte) { return prefix([]byte{'j', 'c'}) }

// JournalState is the key of what the journal has in all.
func JournalState() []byte { return []byte{'j', 't'} }

func journal(kind byte, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{'j', kind}, sequence)
}

// JournalSegments is the range of the segments from one sequence up to, and without, another.
func JournalSegments(from, to uint64) (first, end []byte) {
	return JournalSegment(from), JournalSegment(to)
}

// ParseJournalSegment returns the sequence in the key of a segment.
func ParseJournalSegment(key []byte) (sequence uint64, err error) {
	if len(key) != 10 || key[0] != 'j' || key[1] != 's' {
		return 0, fmt.Errorf("%w %q", errKey, key)
	}
	return binary.BigEndian.Uint64(key[2:]), nil
}

// JournalKept is the key of an entry of the journal that is in no segment yet, by the ID of its request.
func JournalKept(request string) []byte { return append([]byte{'j', 'k'}, request...) }

// AllJournalKept is the range of all JournalKept keys.
func AllJournalKept() (from, to []byte) { return prefix([]byte{'j', 'k'}) }

// ParseJournalKept returns the request ID in the key of such an entry.
func ParseJournalKept(key []byte) (request string, err error) {
	if len(key) < 3 || key[0] != 'j' || key[1] != 'k' {
		return "", fmt.Errorf("%w %q", errKey, key)
	}
	return string(key[2:]), nil
}
