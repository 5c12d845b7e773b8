package journal

import (
	"slices"
	"sync"
)

// maxRecent is how many segments recent has at most: as many as are written between two looks of a reader where every one
// of many thousand requests a second is logged.
const maxRecent = 16

// recent is the segments that were read last, the latest last, so that readers who read the same one decompress it once.
// A segment does not change while it is there.
type recent struct {
	mu      sync.Mutex // protects batches; held while one is read, so that readers who come at once share it
	batches []*Batch
}

// get returns the segment of a sequence, which it reads if it was not read just now. What cannot be read, and what has no
// entries because it was removed, is not kept.
func (c *recent) get(sequence uint64, read func() (*Batch, error)) (*Batch, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.batches, func(b *Batch) bool { return b.Sequence == sequence }); i >= 0 {
		return c.batches[i], nil
	}
	b, err := read()
	if err != nil || len(b.Entries) == 0 {
		return b, err
	}
	if len(c.batches) == maxRecent {
		c.batches = slices.Delete(c.batches, 0, 1)
	}
	c.batches = append(c.batches, b)
	return b, nil
}
