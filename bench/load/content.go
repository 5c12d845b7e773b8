package load

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"crossgrant/bench/sign"
)

// content is the bodies of one size that keys have: several, so that no server profits from seeing the same
// again, and of bytes that cannot be compressed.
type content struct {
	size   int
	bodies [][]byte
	hashes []string
}

// heldBodies is about how many bytes the bodies of a size take together.
const heldBodies = 64 << 20

// newContent makes 2 to 64 bodies of size bytes.
func newContent(size int) *content {
	c := &content{size: size}
	for i := range min(64, max(2, heldBodies/max(size, 1))) {
		body := make([]byte, size)
		rand.NewChaCha8([32]byte{byte(i), byte(size), byte(size >> 8), byte(size >> 16)}).Read(body)
		c.bodies = append(c.bodies, body)
		c.hashes = append(c.hashes, sign.PayloadHash(body))
	}
	return c
}

// of returns the body of the key with number n, and its payload hash.
func (c *content) of(n uint64) ([]byte, string) {
	i := mix(n) % uint64(len(c.bodies))
	return c.bodies[i], c.hashes[i]
}

// mix spreads numbers over 64 bits, one to one (SplitMix64).
//
// Source: https://prng.di.unimi.it/splitmix64.c, in the public domain
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// edge is how many bytes at the begin and at the end of a body are compared.
const edge = 16

// comparer compares a body that arrives in pieces with the one that was put: its edges, or all of it.
type comparer struct {
	want []byte
	all  bool
	at   int
}

// Write compares one piece.
func (c *comparer) Write(piece []byte) (int, error) {
	from, to := c.at, c.at+len(piece)
	if to > len(c.want) {
		return 0, fmt.Errorf("the body has more than the %d bytes that were put", len(c.want))
	}
	c.at = to
	if c.all {
		return len(piece), c.compare(piece, from, to)
	}
	if from < edge {
		if err := c.compare(piece, from, min(to, edge)); err != nil {
			return 0, err
		}
	}
	if tail := max(from, len(c.want)-edge); tail < to {
		return len(piece), c.compare(piece[tail-from:], tail, to)
	}
	return len(piece), nil
}

// Skippable returns how many of the next bytes are not compared.
func (c *comparer) Skippable() int64 {
	if c.all || c.at < edge {
		return 0
	}
	return int64(max(len(c.want)-edge-c.at, 0))
}

// Skip leaves n bytes out.
func (c *comparer) Skip(n int) { c.at += n }

// compare compares the first bytes of piece with want[from:to].
func (c *comparer) compare(piece []byte, from, to int) error {
	if !bytes.Equal(piece[:to-from], c.want[from:to]) {
		return fmt.Errorf("bytes %d to %d of the body are not what was put", from, to)
	}
	return nil
}

// page keeps a body, as far as it has room.
type page struct{ text []byte }

// maxPage bounds what is kept of a body.
const maxPage = 16 << 20

// Write keeps one piece.
func (p *page) Write(piece []byte) (int, error) {
	p.text = append(p.text, piece[:min(len(piece), maxPage-len(p.text))]...)
	return len(piece), nil
}
