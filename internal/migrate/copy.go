package migrate

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// copyAll copies what is not copied yet.
func (p *position) copyAll(ctx context.Context) error {
	m := p.m
	if p.mark.Stage != copying {
		return nil
	}
	m.meter.begin(string(copying), p.mark.Copied, p.mark.Total)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pages, failed := make(chan page), make(chan error, 1)
	go func() { failed <- m.readAll(ctx, m.From, p.mark.Next, pages) }()
	for page := range pages {
		if err := p.copyPage(ctx, page); err != nil {
			cancel()
			return errors.Join(err, dropCancelled(<-failed))
		}
	}
	if err := <-failed; err != nil {
		return err
	}
	m.meter.end()
	next := *p.mark
	next.Stage, next.Next = comparing, nil
	return p.commit(ctx, &next, nil)
}

// dropCancelled drops an error that says only that something else has failed.
func dropCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// copyPage copies the blobs that a page names, and then the page.
func (p *position) copyPage(ctx context.Context, page page) error {
	next := *p.mark
	next.Next = page.next
	var waiting load
	for _, e := range page.entries {
		next.Copied.add(e.key, e.value)
		segments, err := segmentsOf(e)
		if err != nil {
			return err
		}
		for _, s := range segments {
			next.Copied.addBlob(s)
			waiting.add(s)
			if waiting.full() {
				if err := p.copyLoad(ctx, &waiting, p.mark, nil); err != nil {
					return err
				}
			}
		}
	}
	if err := p.m.limit.Wait(ctx, int(next.Copied.MetadataBytes-p.mark.Copied.MetadataBytes)); err != nil {
		return err
	}
	if err := p.copyLoad(ctx, &waiting, &next, page.entries); err != nil {
		return err
	}
	p.m.meter.count(func(done *Counts) { *done = next.Copied })
	return nil
}

// copyLoad copies blobs, and then commits entries with the names of the blobs.
func (p *position) copyLoad(ctx context.Context, l *load, next *Mark, entries []entry) error {
	copied, err := p.m.copyBlobs(ctx, l.segments)
	if err != nil {
		return err
	}
	err = p.commit(ctx, next, func(tx meta.Tx) error {
		for _, id := range copied {
			if err := tx.Put(keys.Blob(string(id)), nil); err != nil {
				return err
			}
		}
		for _, e := range entries {
			if err := tx.Put(e.key, e.value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.m.To.Blobs.Settle(copied...)
	*l = load{}
	return nil
}

// Bounds of the blobs that are copied before that is committed, so that little of a large object is copied twice.
const (
	loadBlobs = 512
	loadBytes = 256 << 20
)

// load is blobs that are copied together.
type load struct {
	segments []*records.Segment
	bytes    int64
}

func (l *load) add(s *records.Segment) {
	l.segments = append(l.segments, s)
	l.bytes += s.Size
}

func (l *load) full() bool { return len(l.segments) >= loadBlobs || l.bytes >= loadBytes }

// segmentsOf returns the segments of a record that names blobs.
func segmentsOf(e entry) ([]*records.Segment, error) {
	for _, naming := range keys.AllNaming() {
		if bytes.Compare(naming.From, e.key) > 0 || bytes.Compare(e.key, naming.To) >= 0 {
			continue
		}
		segments, err := records.SegmentsOf(naming.Parts, e.value)
		for i := 0; err == nil && i < len(segments); i++ {
			if err = blob.ID(segments[i].Blob).Check(); err == nil && segments[i].Size < 0 {
				err = fmt.Errorf("a segment of %d bytes: %w", segments[i].Size, meta.ErrCorrupt)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("record %q, run crossgrant fsck: %w", e.key, err)
		}
		return segments, nil
	}
	return nil, nil
}
