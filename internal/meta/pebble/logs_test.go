package pebble

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/record"
)

// TestFirstLog holds that the number of the first log is read from the beginnings of whole records, wherever their
// chunks begin and end.
func TestFirstLog(t *testing.T) {
	t.Parallel()
	const header = manifestHeader
	number := func(n byte) []byte { return []byte{2, n, 3, 9} } // the field, and one behind it
	misleading := append([]byte{3, 9, 6, 0}, bytes.Repeat([]byte{2, 99}, logBlock)...)
	filler := func(left int) []byte { // a record that leaves room in the block for a chunk with so much in it
		return append([]byte{3, 9, 6}, make([]byte, logBlock-2*header-left-3)...)
	}
	for _, c := range []struct {
		name    string
		records [][]byte
		cut     int // bytes missing at the end
		want    uint64
	}{
		{"one record", [][]byte{number(7)}, 0, 7},
		{"the last counts", [][]byte{number(7), number(8), {3, 9}}, 0, 8},
		{"a name before it", [][]byte{append([]byte{1, 3, 'a', 'b', 'c'}, number(7)...)}, 0, 7},
		{"a record of several chunks that has none", [][]byte{number(7), misleading}, 0, 7},
		{"a field that is cut by the end of a block", [][]byte{filler(1), number(7)}, 0, 7},
		{"a record that begins with an empty chunk", [][]byte{filler(0), number(7)}, 0, 7},
		{"a record whose end is missing", [][]byte{number(7), append(number(8), make([]byte, 2*logBlock)...)}, 4, 7},
	} {
		var b bytes.Buffer
		w := record.NewWriter(&b)
		for _, r := range c.records {
			if _, err := w.WriteRecord(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var f firstLog
		text := slices.Clone(b.Bytes()[:b.Len()-c.cut])
		if _, err := checkLog(bytes.NewReader(text), 0, func(int) error { return nil }, f.chunk); err != nil || f.number != c.want {
			t.Errorf("%s: the first log is %d, %v, want %d", c.name, f.number, err, c.want)
		}
	}
}

// TestChunkPlaces compares the places that are looked at with all.
func TestChunkPlaces(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	chunks := 0
	for range 300 {
		const log = 16
		b := make([]byte, random.IntN(200))
		for i := range b {
			b[i] = byte(random.IntN(2) * log)
		}
		// Whole chunks of either form, one behind the other and between others' bytes.
		for at := random.IntN(20); at+syncHeader+8 < len(b); at += syncHeader + 8 + random.IntN(20) {
			c, header := b[at:], []int{logHeader, syncHeader}[random.IntN(2)]
			c[6] = byte(5 + header/syncHeader*4 + random.IntN(4))
			binary.LittleEndian.PutUint16(c[4:], uint16(8))
			binary.LittleEndian.PutUint32(c[7:], log)
			binary.LittleEndian.PutUint32(c, chunkSum(c[6:header+8]))
		}
		var want, got []int
		for i := range b {
			if _, ok := chunkAt(b[i:], log); ok {
				want = append(want, i)
			}
		}
		for i := range chunkPlaces(b, log) {
			if _, ok := chunkAt(b[i:], log); ok {
				got = append(got, i)
			}
		}
		if chunks += len(want); !slices.Equal(got, want) {
			t.Errorf("in %x there are chunks at %v, found at %v", b, want, got)
		}
	}
	if chunks == 0 {
		t.Error("there were no chunks")
	}
}
