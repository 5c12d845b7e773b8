package pebble

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
)

// The form of logs and manifests
//
// Both are blocks of 32 KiB with chunks in them, which do not cross blocks. A chunk begins with its CRC (4 bytes),
// the size of its payload (2) and its type (1); in a log the number of the log follows (4) and, in the types that are
// written now, the place up to which the log was synced when the chunk was written (8). What is too short for a chunk
// at the end of a block is zero. A log that was closed ends in a header of another type, with the number of the next
// log and no CRC. Behind it, and behind the last chunk of a log that was not closed, there may be anything: files are
// used again.
//
// Pebble takes the first chunk that is not whole for the end, unless a chunk in a later block promises that the log
// was synced beyond; it does not look in the same block, and takes any header with the number of the next log for the
// end. What lies behind is lost then without a word. checkLog finds it.
//
// Source: https://pkg.go.dev/github.com/cockroachdb/pebble/v2/record

const (
	logBlock = 32 << 10
	// Sizes of the headers of chunks: in a manifest; in a log without a synced place, which is also that of the mark at
	// the end; and with one.
	manifestHeader = 7
	logHeader      = 11
	syncHeader     = 19
	endType        = 5 // of the mark at the end
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunkSum is the CRC of a chunk: a CRC-32C that is rotated and has a constant added.
func chunkSum(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// chunk is a whole chunk.
type chunk struct {
	size    int    // with its header
	synced  uint64 // the place up to which the log was synced before; 0 if it does not say
	begins  bool   // a record
	ends    bool   // the record
	payload []byte
}

// chunkAt returns the chunk that begins b, if there is a whole one of the log with this number; 0 is a manifest.
func chunkAt(b []byte, log uint32) (c chunk, ok bool) {
	header := manifestHeader
	if len(b) < header {
		return c, false
	}
	kind := b[6]
	switch {
	case log == 0 && kind >= 1 && kind <= 4:
	case log != 0 && kind >= 5 && kind <= 8:
		header = logHeader
	case log != 0 && kind >= 9 && kind <= 12:
		header = syncHeader
	default:
		return c, false
	}
	c.size = header + int(binary.LittleEndian.Uint16(b[4:]))
	if c.size > len(b) || log != 0 && binary.LittleEndian.Uint32(b[7:]) != log {
		return c, false
	}
	if binary.LittleEndian.Uint32(b) != chunkSum(b[6:c.size]) {
		return c, false
	}
	if header == syncHeader {
		c.synced = binary.LittleEndian.Uint64(b[11:])
	}
	// The four types of each form are those of a record that is whole, and of its first, middle and last chunks.
	part := (kind - 1) % 4
	c.begins, c.ends = part == 0 || part == 1, part == 0 || part == 3
	c.payload = b[header:c.size]
	return c, true
}

// endMark is what ends a log that was closed.
func endMark(log uint32) []byte {
	mark := make([]byte, logHeader)
	mark[6] = endType
	binary.LittleEndian.PutUint32(mark[7:], log+1)
	return mark
}

// logState is what checkLog found.
type logState struct {
	// damaged says what is lost; empty: nothing.
	damaged string
	// blemish says what is not as it was written, although nothing is lost by it; empty: nothing.
	blemish string
	// closed says that the log has its mark at the end, or ends with a whole chunk.
	closed bool
	// at is where the whole chunks end.
	at int64
}

// checkLog reads a log, or a manifest if log is 0. each is called with each chunk.
func checkLog(r io.Reader, log uint32, read func(n int) error, each func(c chunk)) (s logState, err error) {
	block := make([]byte, logBlock)
	for start := int64(0); ; start += logBlock {
		n, err := io.ReadFull(r, block)
		if err == io.EOF {
			s.closed, s.at = true, start
			return s, nil
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return s, err
		}
		if err := read(n); err != nil {
			return s, err
		}
		at, ended := checkBlock(block[:n], log, &s, start, each)
		if ended {
			return s, nil
		}
		if at < 0 {
			continue
		}
		s.at = start + int64(at)
		return s, s.lookBeyond(r, block[:n], at, log, read)
	}
}

// checkBlock reads the chunks of a block. It returns where there is none that is whole, or -1 if the block has no
// other; ended says that the log ends here as it should.
func checkBlock(b []byte, log uint32, s *logState, start int64, each func(c chunk)) (at int, ended bool) {
	least := syncHeader
	if log == 0 {
		least = manifestHeader
	}
	for at < len(b) {
		rest := b[at:]
		c, ok := chunkAt(rest, log)
		switch {
		case ok:
			each(c)
			at += c.size
			continue
		case log != 0 && bytes.HasPrefix(rest, endMark(log)):
			s.closed, s.at = true, start+int64(at)
			return at, true
		case len(rest) < least && (len(b) == logBlock || log == 0):
			if len(bytes.Trim(rest, "\x00")) > 0 {
				s.blemish = fmt.Sprintf("the unused end of the block before %d is not zero", start+int64(len(b)))
			}
			return -1, false
		}
		return at, false
	}
	return -1, false
}

// lookBeyond tells whether what is not whole at at, in block b, was whole once: then a chunk behind it promises so.
// In a manifest, where each chunk is synced before the next is written, any chunk does; and its last chunk, which
// tells of a flush whose log may be gone, is taken for damaged rather than cut off if it is whole but for one byte.
func (s *logState) lookBeyond(r io.Reader, b []byte, at int, log uint32, read func(n int) error) error {
	if log != 0 && almost(b[at:], endMark(log)) {
		s.blemish = fmt.Sprintf("the mark of its end, at %d, is not whole", s.at)
		return nil
	}
	found := func(b []byte) bool {
		for i := range chunkPlaces(b, log) {
			if c, ok := chunkAt(b[i:], log); ok && (log == 0 || c.synced > uint64(s.at)) {
				return true
			}
		}
		return false
	}
	beyond := found(b[at+1:]) || log == 0 && oneByteOff(b[at:])
	rest := make([]byte, logBlock)
	for {
		n, err := io.ReadFull(r, rest)
		if err == io.EOF {
			break
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
		if err := read(n); err != nil {
			return err
		}
		beyond = beyond || found(rest[:n])
	}
	if beyond {
		s.damaged = fmt.Sprintf("what was written and synced at %d is not whole", s.at)
	}
	return nil
}

// chunkPlaces returns where in b a chunk may begin: in a manifest anywhere; in a log where its number follows, which is
// quickly found: the part of a log that is not used yet may be megabytes, which each start after a kill has to search.
func chunkPlaces(b []byte, log uint32) iter.Seq[int] {
	return func(yield func(int) bool) {
		if log == 0 {
			for i := range b {
				if !yield(i) {
					return
				}
			}
			return
		}
		number := binary.LittleEndian.AppendUint32(nil, log)
		for from := manifestHeader; from < len(b); from++ {
			next := bytes.Index(b[from:], number)
			if next < 0 {
				return
			}
			if from += next; !yield(from - manifestHeader) {
				return
			}
		}
	}
}

// oneByteOff reports whether b begins with what is a chunk of a manifest once one byte is another. By chance a chunk
// of 300 bytes that was cut off is one in 50,000 times.
func oneByteOff(b []byte) bool {
	b = bytes.Clone(b[:min(len(b), 1<<10)])
	for i := range b {
		was := b[i]
		for v := range 256 {
			if b[i] = byte(v); b[i] == was {
				continue
			}
			if _, ok := chunkAt(b, 0); ok {
				return true
			}
		}
		b[i] = was
	}
	return false
}

// almost reports whether b begins with mark, but for one byte.
func almost(b, mark []byte) bool {
	if len(b) < len(mark) {
		return false
	}
	differ := 0
	for i := range mark {
		if b[i] != mark[i] {
			differ++
		}
	}
	return differ == 1
}

// editStart bounds what firstLog reads of a record. What it looks for comes after the name of the comparer at most.
const editStart = 256

// firstLog finds the number of the first log that a manifest says is needed, from its chunks. Each record is an edit that
// begins with fields of which this is one of the first; the last edit that has it counts, if it is whole.
type firstLog struct {
	number uint64
	begun  bool   // the first chunk of the record was seen
	record []byte // its beginning
}

func (f *firstLog) chunk(c chunk) {
	if c.begins {
		f.begun, f.record = true, f.record[:0]
	}
	if !f.begun {
		return
	}
	f.record = append(f.record, c.payload[:min(len(c.payload), editStart-len(f.record))]...)
	if c.ends {
		f.begun = false
		f.edit(f.record)
	}
}

// edit reads the beginning of an edit.
func (f *firstLog) edit(b []byte) {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return
		}
		b = b[n:]
		value, n := binary.Uvarint(b)
		if n <= 0 {
			return
		}
		b = b[n:]
		switch tag {
		case 1: // name of the comparer
			if value > uint64(len(b)) {
				return
			}
			b = b[value:]
		case 2:
			f.number = value
			return
		case 3, 4, 9:
		default:
			return
		}
	}
}
