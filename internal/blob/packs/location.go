package packs

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"

	"crossgrant/internal/blob"
)

const (
	// pageSize is what extents are multiples of, in bytes: file systems give back space in pages of it, and a blob that
	// is durable shares none with one that is being written.
	pageSize = 4096
	// headerSize is the size of the header of an extent in bytes.
	headerSize = 64
)

// packID names a pack. It is drawn at random.
type packID uint64

// name returns the name of the file.
func (p packID) name() string { return fmt.Sprintf("%016x", uint64(p)) }

// parsePack returns the pack that a file is.
func parsePack(name string) (packID, bool) {
	n, err := strconv.ParseUint(name, 16, 64)
	p := packID(n)
	return p, err == nil && p.name() == name
}

// location says where a blob lies: in an extent of a pack, behind a header.
type location struct {
	pack packID
	page uint32 // at which the extent begins
	size uint32 // of the blob in bytes
}

// id returns the ID of the blob: pack, page and size, in hexadecimal digits.
func (l location) id() blob.ID {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:], uint64(l.pack))
	binary.BigEndian.PutUint32(raw[8:], l.page)
	binary.BigEndian.PutUint32(raw[12:], l.size)
	return blob.ID(hex.EncodeToString(raw[:]))
}

// locate returns where a blob lies if it is in a pack, which nobody can tell from the ID, which must be well formed,
// alone: one that lies elsewhere names a pack that there is not.
func locate(id blob.ID) location {
	var raw [16]byte
	_, _ = hex.Decode(raw[:], []byte(id)) // cannot fail
	return location{
		pack: packID(binary.BigEndian.Uint64(raw[:])),
		page: binary.BigEndian.Uint32(raw[8:]), size: binary.BigEndian.Uint32(raw[12:]),
	}
}

// offset returns where the extent begins in the file.
func (l location) offset() int64 { return int64(l.page) * pageSize }

// content returns where the blob begins in the file.
func (l location) content() int64 { return l.offset() + headerSize }

// pages returns how many pages the extent has.
func (l location) pages() uint32 {
	return uint32((int64(l.size) + headerSize + pageSize - 1) / pageSize)
}

// end returns where the extent ends in the file.
func (l location) end() int64 { return l.offset() + int64(l.pages())*pageSize }

// magic begins each header.
const magic = "xgrant\x001"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header returns the header of the extent: magic, the ID, zeros, and the CRC-32C of all that.
func (l location) header() (h [headerSize]byte) {
	copy(h[:], magic)
	binary.BigEndian.PutUint64(h[8:], uint64(l.pack))
	binary.BigEndian.PutUint32(h[16:], l.page)
	binary.BigEndian.PutUint32(h[20:], l.size)
	binary.BigEndian.PutUint32(h[headerSize-4:], crc32.Checksum(h[:headerSize-4], castagnoli))
	return h
}

// noHeader is what is read where no blob begins.
var noHeader [headerSize]byte

// similar is how many of the bytes that a header must have, without that of the size and what follows it, make what was
// read a header that was damaged. Nothing else has a tenth of them but by chance.
const similar = 10

// extent is what lies at a page.
type extent int

const (
	// nothing begins there: it is zeros, or in the middle of something.
	nothing extent = iota
	// intact is a blob with its header.
	intact
	// damaged is a header that is not what was written. Of what follows nobody knows to where it reaches.
	damaged
)

// parseHeader tells what lies at a page of a pack where h was read, and the location of the blob if that is intact.
func parseHeader(h []byte, pack packID, page uint32) (location, extent) {
	l := location{pack: pack, page: page, size: binary.BigEndian.Uint32(h[20:])}
	want := l.header()
	if bytes.Equal(h, want[:]) {
		return l, intact
	}
	if bytes.Equal(h, noHeader[:]) {
		return l, nothing
	}
	same := 0
	for i := range 20 {
		if h[i] == want[i] {
			same++
		}
	}
	if same >= similar {
		return l, damaged
	}
	return l, nothing
}
