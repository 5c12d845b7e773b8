package migrate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Difference is something that the two ends do not have alike.
type Difference struct {
	At   string // what it is about, for people
	What string
}

// spanPages is how many pages of keys are compared at most before it is recorded how far that has come. It is also recorded
// when the blobs that wait to be compared are many.
const spanPages = 10

// comparison is a comparison that is under way.
type comparison struct {
	p    *position
	done Counts
	// added is Mark.Added. A program of format 3 or before gave blobs no name: the target has one for each, and the source
	// has not. There have to be as many of them as records name blobs that have none in the source.
	added int64
	load  load
	owner map[*records.Segment][]byte // the keys of the records that load is of
	names names

	mu          sync.Mutex // protects differences, and is held while they are told
	differences int64
}

// compareAll compares both ends, from where an earlier run of the same migration has come to. What was compared is recorded
// as long as there is no difference, so that none is forgotten.
func (p *position) compareAll(ctx context.Context) (Report, error) {
	c := &comparison{p: p, owner: map[*records.Segment][]byte{}, names: names{store: p.m.From.Store}}
	var from []byte
	var total Counts
	if p.mark != nil && p.mark.Stage == ending {
		return Report{Counts: p.mark.Compared}, nil
	}
	if p.mark != nil {
		from, c.done, c.added, total = p.mark.Next, p.mark.Compared, p.mark.Added, p.mark.Copied
	}
	p.m.meter.begin(string(comparing), c.done, total)
	err := c.run(ctx, from)
	report := Report{Counts: c.done, Differences: c.differences}
	if err != nil {
		return report, fmt.Errorf("compare %s with %s: %w", p.m.From.Name, p.m.To.Name, err)
	}
	p.m.meter.end()
	if c.differences > 0 {
		return report, fmt.Errorf("%s and %s: %w in %d places", p.m.From.Name, p.m.To.Name, ErrDiffer, c.differences)
	}
	if p.mark == nil {
		return report, nil
	}
	next := *p.mark
	next.Stage, next.Next, next.Compared = ending, nil, c.done
	return report, p.commit(ctx, &next, nil)
}

func (c *comparison) run(ctx context.Context, from []byte) error {
	if err := c.formats(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, b := c.p.m.stream(ctx, c.p.m.From, from), c.p.m.stream(ctx, c.p.m.To, from)
	defer func() {
		cancel()
		a.stop()
		b.stop()
	}()
	for n := 1; ; n++ {
		next, err := c.step(ctx, a, b)
		if err != nil {
			return err
		}
		if next == nil {
			break
		}
		if n%(spanPages*c.p.m.Keys) == 0 || c.load.full() {
			if err := c.record(ctx, append(next, 0)); err != nil {
				return err
			}
		}
	}
	if err := c.blobs(ctx); err != nil {
		return err
	}
	if c.added != 0 {
		c.differ("names of blobs", fmt.Sprintf("%s does not have one for each blob that has none in %s: %d more", c.p.m.To.Name, c.p.m.From.Name, -c.added))
	}
	return nil
}

// step compares the next key, and returns it; nil at the end.
func (c *comparison) step(ctx context.Context, a, b *stream) (key []byte, err error) {
	source, err := a.peek()
	if err != nil {
		return nil, err
	}
	target, err := b.peek()
	if err != nil || source == nil && target == nil {
		return nil, err
	}
	order := 0
	switch {
	case source == nil:
		order = 1
	case target == nil:
		order = -1
	default:
		order = bytes.Compare(source.key, target.key)
	}
	if order > 0 {
		b.pop()
		if from, to := keys.AllBlobs(); bytes.Compare(from, target.key) <= 0 && bytes.Compare(target.key, to) < 0 {
			c.added--
			return target.key, nil
		}
		c.differAt(ctx, target.key, "is not in "+c.p.m.From.Name)
		return target.key, nil
	}
	a.pop()
	c.done.add(source.key, source.value)
	c.p.m.meter.count(func(done *Counts) { done.add(source.key, source.value) })
	if order < 0 {
		c.differAt(ctx, source.key, "is not in "+c.p.m.To.Name)
		return source.key, nil
	}
	b.pop()
	if !bytes.Equal(source.value, target.value) {
		c.differAt(ctx, source.key, fmt.Sprintf("has %d bytes in %s and other %d bytes in %s",
			len(source.value), c.p.m.From.Name, len(target.value), c.p.m.To.Name))
		return source.key, nil
	}
	return source.key, c.addBlobs(source)
}

// addBlobs notes the blobs of a record, to be compared.
func (c *comparison) addBlobs(e *entry) error {
	segments, err := segmentsOf(*e)
	for _, s := range segments {
		c.done.addBlob(s)
		c.load.add(s)
		c.owner[s] = e.key
	}
	return err
}

// record compares the blobs that were noted, and records that everything before next was compared.
func (c *comparison) record(ctx context.Context, next []byte) error {
	if err := c.blobs(ctx); err != nil {
		return err
	}
	p := c.p
	if p.mark == nil || c.differences > 0 {
		return nil
	}
	mark := *p.mark
	mark.Next, mark.Compared, mark.Added = next, c.done, c.added
	return p.commit(ctx, &mark, nil)
}

// formats compares what the two ends say of their formats.
func (c *comparison) formats(ctx context.Context) error {
	var formats [2]string
	for i, e := range []End{c.p.m.From, c.p.m.To} {
		err := e.Store.View(ctx, func(r meta.Reader) (err error) {
			formats[i], err = Format(r)
			return err
		})
		if errors.Is(err, meta.ErrNotFound) {
			return fmt.Errorf("nothing was ever stored in %s: name another store", e.Name)
		}
		if err != nil {
			return fmt.Errorf("read format of %s: %w", e.Name, err)
		}
	}
	if formats[0] != formats[1] {
		c.differ("format", fmt.Sprintf("is %s in %s and %s in %s", formats[0], c.p.m.From.Name, formats[1], c.p.m.To.Name))
	}
	return nil
}

func (c *comparison) differAt(ctx context.Context, key []byte, what string) {
	c.differ(c.names.of(ctx, key), what)
}

func (c *comparison) differ(at, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.differences++
	if c.p.m.Differs != nil {
		c.p.m.Differs(Difference{at, what})
	}
}

// blobs compares the blobs that were noted.
func (c *comparison) blobs(ctx context.Context) error {
	if len(c.load.segments) == 0 {
		return nil
	}
	ids := make([]blob.ID, len(c.load.segments))
	for i, s := range c.load.segments {
		ids[i] = blob.ID(s.Blob)
	}
	var named [2][]bool
	for i, e := range []End{c.p.m.From, c.p.m.To} {
		var err error
		if named[i], err = namedIn(e.Store)(ctx, ids); err != nil {
			return fmt.Errorf("read %s: %w", e.Name, err)
		}
	}
	for i := range ids {
		if !named[0][i] && named[1][i] {
			c.added++
		}
	}
	err := each(ctx, c.p.m.Parallel, c.load.segments, c.compareBlob)
	c.load = load{}
	clear(c.owner)
	return err
}
