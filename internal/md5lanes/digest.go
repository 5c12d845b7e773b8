// Package md5lanes computes the MD5 of several streams at once.
//
// MD5 is a chain: each of its steps waits for the one before, so that one stream leaves most of a core idle, at about
// 0.7 GB/s. With AVX-512 a core works on sixteen streams in the time of one. The entity tag of nearly every object is
// an MD5, and for large ones it costs more than everything else together, so that this is worth a piece of assembler.
//
// A Pool takes chunks of any number of Digests. A chunk that comes alone is hashed by crypto/md5, at its speed; those
// that come while the Pool is at work are hashed together. There is no goroutine while there is nothing to hash, no
// buffer, and no copy. A processor without AVX-512 hashes every chunk by crypto/md5.
//
// The state of a Digest is that of crypto/md5, in the form in which its MarshalBinary gives it out; the beginning of a
// block that a chunk leaves, and the padding at the end, are always left to that package.
package md5lanes

import (
	"crypto/md5"
	"encoding"
	"encoding/binary"
	"hash"
)

// Digest is the MD5 of one stream. It is not safe for concurrent use.
type Digest struct{ hash hash.Hash }

// New returns the Digest of an empty stream.
func New() *Digest { return &Digest{md5.New()} }

// Write adds p at once, in the goroutine of the caller.
func (d *Digest) Write(p []byte) { d.hash.Write(p) } // never fails, by its contract

// Sum returns the MD5 of what was added: 16 bytes.
func (d *Digest) Sum() []byte { return d.hash.Sum(nil) }

// The form of a marshaled state: a name, the four words of the state (big-endian), the bytes that begin a block, and
// the number of bytes in all. TestForm holds it.
const (
	form       = "md5\x01"
	formSize   = len(form) + 16 + md5.BlockSize + 8
	formLength = formSize - 8
)

// words is the state of one lane.
type words [4]uint32

// export returns the state of d in its marshaled form.
func (d *Digest) export(b *[formSize]byte) {
	out, err := d.hash.(encoding.BinaryAppender).AppendBinary(b[:0])
	if err != nil || len(out) != formSize || &out[0] != &b[0] {
		panic("md5lanes: crypto/md5 has another form than the tests hold") // cannot be: see TestForm
	}
}

// restore makes the state of d what the marshaled form says.
func (d *Digest) restore(b *[formSize]byte) {
	if err := d.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(b[:]); err != nil {
		panic("md5lanes: " + err.Error())
	}
}

// buffered returns how many bytes of a block that is not full the form has.
func buffered(b *[formSize]byte) int {
	return int(binary.BigEndian.Uint64(b[formLength:]) % md5.BlockSize)
}

func wordsOf(b *[formSize]byte) (w words) {
	for i := range w {
		w[i] = binary.BigEndian.Uint32(b[len(form)+4*i:])
	}
	return w
}

// advance makes the form that of the state w, n bytes later.
func advance(b *[formSize]byte, w words, n int) {
	for i := range w {
		binary.BigEndian.PutUint32(b[len(form)+4*i:], w[i])
	}
	binary.BigEndian.PutUint64(b[formLength:], binary.BigEndian.Uint64(b[formLength:])+uint64(n))
}
