package pebble

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// tableCheck verifies tables: every byte of them belongs to a block with a checksum, or to the footer, which has one too.
type tableCheck struct {
	files   vfs.FS
	dir     string
	options sstable.ReaderOptions
	read    func(n int) error
	// bounds are the keys of tables by name, where they are known: half-open.
	bounds map[string][2][]byte
	found  func(d meta.Damage)
}

// source is a file to read blocks from.
type source struct {
	f     vfs.File
	size  uint64
	sums  block.ChecksumType
	check *tableCheck
}

// verify reads blocks, which have to follow each other from the beginning up to end, and calls bad with each that is
// not what was written.
func (s *source) verify(blocks []block.Handle, end uint64, bad func(i int, what string)) error {
	at := uint64(0)
	var b []byte
	for i, h := range blocks {
		if h.Offset != at {
			bad(i, fmt.Sprintf("its bytes from %d to %d belong to no block", at, h.Offset))
		}
		at = h.Offset + h.Length + block.TrailerLen
		b = slices.Grow(b[:0], int(h.Length)+block.TrailerLen)[:h.Length+block.TrailerLen]
		if _, err := s.f.ReadAt(b, int64(h.Offset)); err != nil {
			return err
		}
		if err := s.check.read(len(b)); err != nil {
			return err
		}
		// Not block.ValidateChecksum: that looks for the bit that is wrong, which takes seconds for a large block.
		sums := block.Checksummer{Type: s.sums}
		got, want := sums.Checksum(b[:h.Length], b[h.Length]), binary.LittleEndian.Uint32(b[h.Length+1:])
		if got != want {
			bad(i, fmt.Sprintf("its block at %d of %d bytes has the checksum %08x, not %08x", h.Offset, h.Length, got, want))
		}
	}
	if at != end {
		bad(len(blocks), fmt.Sprintf("its bytes from %d to %d belong to no block", at, end))
	}
	return nil
}

// table verifies a table.
func (c *tableCheck) table(ctx context.Context, name string) error {
	f, err := c.files.Open(c.files.PathJoin(c.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was compacted meanwhile
	}
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r, err := sstable.NewReader(ctx, readable, c.options)
	if err != nil {
		return errors.Join(c.whole(name, err), readable.Close())
	}
	defer r.Close()
	layout, err := r.Layout()
	if err != nil {
		return c.whole(name, err)
	}
	s := &source{f, uint64(readable.Size()), r.BlockReader().ChecksumType(), c}
	blocks := blocksOf(layout)
	var damaged []string // of data blocks
	err = s.verify(blocks, layout.Footer.Offset, func(i int, what string) {
		isData := i < len(blocks) && slices.ContainsFunc(layout.Data, func(h block.HandleWithProperties) bool { return h.Handle == blocks[i] })
		if isData {
			damaged = append(damaged, what)
			return
		}
		c.tell(name, what)
	})
	if err == nil && layout.Footer.Offset+layout.Footer.Length != s.size {
		c.tell(name, "its footer does not end it")
	}
	if err == nil && len(damaged) > 0 {
		err = c.data(ctx, name, r, damaged)
	}
	return err
}

// blocksOf returns all blocks of a table but the footer, in their order in the file.
func blocksOf(l *sstable.Layout) []block.Handle {
	blocks := append([]block.Handle{l.TopIndex, l.RangeDel, l.RangeKey, l.ValueIndex, l.Properties, l.MetaIndex, l.BlobReferenceIndex}, l.Index...)
	blocks = append(blocks, l.ValueBlock...)
	for _, h := range l.Data {
		blocks = append(blocks, h.Handle)
	}
	for _, h := range l.Filter {
		blocks = append(blocks, h.Handle)
	}
	blocks = slices.DeleteFunc(blocks, func(h block.Handle) bool { return h.Length == 0 })
	slices.SortFunc(blocks, func(a, b block.Handle) int { return cmp.Compare(a.Offset, b.Offset) })
	return slices.Compact(blocks)
}

// whole tells that nothing of a table can be read.
func (c *tableCheck) whole(name string, err error) error {
	if !pebbledb.IsCorruptionError(err) {
		return err
	}
	c.tell(name, err.Error())
	return nil
}

// tell tells of a damage that may affect all of a table.
func (c *tableCheck) tell(name, what string) {
	b := c.bounds[name]
	c.found(meta.Damage{File: name, What: what, From: b[0], To: b[1]})
}

// data tells of damaged data blocks, with the keys around them. Where several blocks are damaged, the keys between
// them are told too.
func (c *tableCheck) data(ctx context.Context, name string, r *sstable.Reader, damaged []string) error {
	d := meta.Damage{File: name, What: damaged[0], From: c.bounds[name][0], To: c.bounds[name][1]}
	if n := len(damaged); n > 1 {
		d.What += fmt.Sprintf(", and %d more blocks", n-1)
	}
	it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.DebugHandlesBlobContext)
	if err != nil {
		return c.whole(name, err)
	}
	for kv := it.First(); kv != nil; kv = it.Next() {
		d.From = append(bytes.Clone(kv.K.UserKey), 0)
	}
	// That the table is damaged is known, and the error is not looked at: Pebble 2.1 clears a closed iterator as bytes,
	// behind the back of the garbage collector, which may then take away the error that is being returned.
	_ = it.Close()
	back, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.DebugHandlesBlobContext)
	if err != nil {
		return c.whole(name, err)
	}
	for kv := back.Last(); kv != nil; kv = back.Prev() {
		d.To = bytes.Clone(kv.K.UserKey)
	}
	_ = back.Close()
	c.found(d)
	return ctx.Err()
}
