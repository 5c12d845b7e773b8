package migrate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"crossgrant/internal/blob"
	"crossgrant/internal/records"
)

// compareBlob compares a blob, byte for byte and with its checksum. One that was found damaged before is not.
func (c *comparison) compareBlob(ctx context.Context, s *records.Segment) error {
	if err := ctx.Err(); err != nil || s.Damaged != 0 {
		return err
	}
	what, err := c.compareBytes(ctx, s)
	if err != nil {
		return fmt.Errorf("blob %s: %w", s.Blob, err)
	}
	if what != "" {
		c.differAt(ctx, c.owner[s], "its blob "+s.Blob+" "+what)
	}
	c.p.m.meter.count(func(done *Counts) { done.Blobs++; done.BlobBytes += s.Size })
	return nil
}

// side is a blob at one end.
type side struct {
	end    End
	r      io.ReadCloser
	size   int64
	buffer []byte
	n      int // bytes that were read last
	sum    uint32
}

// compareBytes returns what differs, "" if nothing does.
func (c *comparison) compareBytes(ctx context.Context, s *records.Segment) (what string, err error) {
	m := c.p.m
	sides := []*side{{end: m.From}, {end: m.To}}
	for _, e := range sides {
		var err error
		e.r, e.size, err = e.end.Blobs.OpenWhole(ctx, blob.ID(s.Blob))
		if what, err := lost(e.end, err); what != "" || err != nil {
			return what, err
		}
		defer e.r.Close()
		if !mayHave(s, e.size) {
			return fmt.Sprintf("has %d bytes in %s, which is not what %d bytes are stored as", e.size, e.end.Name, s.Size), nil
		}
		e.buffer = m.buffer.get()
		defer m.buffer.put(e.buffer)
	}
	if sides[0].size != sides[1].size {
		return fmt.Sprintf("has %d bytes in %s and %d in %s", sides[0].size, m.From.Name, sides[1].size, m.To.Name), nil
	}
	for left := sides[0].size; left > 0; left -= int64(sides[0].n) {
		for _, e := range sides {
			if what, err := e.read(ctx, left); what != "" || err != nil {
				return what, err
			}
		}
		if !bytes.Equal(sides[0].buffer[:sides[0].n], sides[1].buffer[:sides[1].n]) {
			return "has other bytes in " + m.To.Name + " than in " + m.From.Name, nil
		}
	}
	for _, e := range sides {
		if n, err := e.r.Read(e.buffer[:1]); n != 0 || err != io.EOF {
			return "has more bytes in " + e.end.Name + " than it says", nil
		}
		if s.Crc32C != nil && e.sum != *s.Crc32C {
			return "is not what was written, in " + e.end.Name, nil
		}
	}
	return "", nil
}

// read reads the next piece of what is left of the blob.
func (e *side) read(ctx context.Context, left int64) (what string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	e.n = int(min(left, int64(len(e.buffer))))
	_, err = io.ReadFull(e.r, e.buffer[:e.n])
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return "has fewer bytes in " + e.end.Name + " than it says", nil
	}
	e.sum = crc32.Update(e.sum, castagnoli, e.buffer[:e.n])
	return lost(e.end, err)
}

// lost tells an error that says that a blob is not there, or not what was written, from one of the engine.
func lost(e End, err error) (what string, failure error) {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return "is not in " + e.Name, nil
	case errors.Is(err, blob.ErrCorrupt):
		return "is not what was written, in " + e.Name, nil
	}
	return "", err
}
