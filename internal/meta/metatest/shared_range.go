package metatest

import (
	"bytes"
	"context"

	"crossgrant/internal/meta"
)

// ReadRange implements meta.Remote. It reads the range as its Plan says and no further, so that a reader who needs more, or
// another part of it, has to read again.
func (s *Shared) ReadRange(ctx context.Context, keys [][]byte, of meta.Range) (found []meta.Versioned, entries []meta.Entry, whole bool, err error) {
	if found, err = s.Read(ctx, keys); err != nil {
		return nil, nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.Engine.View(ctx, func(r meta.Reader) error {
		entries, whole = nil, true
		it := r.Scan(of.From, of.To)
		for ok := it.Next(); ok; {
			if of.Plan.Limit > 0 && len(entries) == of.Plan.Limit {
				whole = false
				break
			}
			e := meta.Entry{Key: bytes.Clone(it.Key()), Value: bytes.Clone(it.Value())}
			if cut := of.Plan.Cut; cut > 0 && len(e.Value) > cut {
				e.Value = e.Value[:cut]
			}
			e.Revision = s.revisions[string(e.Key)]
			entries = append(entries, e)
			if group := of.Plan.Group(e.Key); group != nil {
				ok = it.SeekGE(meta.After(group))
			} else {
				ok = it.Next()
			}
		}
		return it.Close()
	})
	return found, entries, whole, err
}
