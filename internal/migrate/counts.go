package migrate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// Counts are numbers of what is stored.
type Counts struct {
	Keys          int64
	MetadataBytes int64 // of keys and values, small objects included
	Blobs         int64
	BlobBytes     int64 // of content, before encryption
	Accounts      int64
	Identities    int64 // users, groups, roles and managed policies
	Buckets       int64
	Objects       int64 // current versions
	Versions      int64 // the other versions, delete markers included
	Uploads       int64 // in progress
	// Damaged is how many blobs were found damaged before, by their records, and are not copied.
	Damaged int64
}

// add counts a key with its value.
func (c *Counts) add(key, value []byte) {
	c.Keys++
	c.MetadataBytes += int64(len(key) + len(value))
	switch key[0] {
	case 'A':
		c.Accounts++
	case 'B':
		c.Buckets++
	case 'O':
		c.Objects++
	case 'V':
		c.Versions++
	case 'U':
		c.Uploads++
	case 'I':
		switch form, _, _ := keys.Split(key); form {
		case `'I' account 'u' user`, `'I' account 'g' group`, `'I' account 'r' role`, `'I' account 'p' policy`:
			c.Identities++
		}
	}
}

// Progress is how far a migration is.
type Progress struct {
	Stage string // count, copy or compare
	Done  Counts
	Total Counts // of Keys and BlobBytes only; zero where it is not known
}

// tellEvery is how often progress is told.
const tellEvery = time.Second

// meter counts what is done, and tells it now and then. Its methods are safe for concurrent use.
type meter struct {
	tell func(Progress)
	now  func() time.Time

	mu   sync.Mutex // protects the fields below, and is held while tell runs
	at   Progress
	told time.Time
}

// begin begins a stage, of which something may be done.
func (m *meter) begin(stage string, done, total Counts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = Progress{stage, done, total}
	m.send()
}

// count changes what is done, and tells it if it is time.
func (m *meter) count(change func(done *Counts)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.at.Done)
	if m.now().Sub(m.told) >= tellEvery {
		m.send()
	}
}

// end tells where the stage has ended.
func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.send()
}

func (m *meter) send() {
	m.told = m.now()
	if m.tell != nil {
		m.tell(m.at)
	}
}

// count counts what there is in the source, so that it can be told how long the rest takes.
func (p *position) count(ctx context.Context) error {
	m := p.m
	if p.mark.Stage != counting {
		return nil
	}
	m.meter.begin(string(counting), Counts{}, Counts{})
	err := m.From.Store.View(ctx, func(r meta.Reader) error {
		it := meta.Scan(r, []byte{0}, nil, meta.Plan{Cut: 1})
		for it.Next() && ctx.Err() == nil {
			m.meter.count(func(done *Counts) { done.Keys++ })
		}
		return it.Close()
	})
	if err == nil {
		err = m.From.Blobs.Walk(ctx, func(_ blob.ID, size int64) error {
			m.meter.count(func(done *Counts) { done.Blobs++; done.BlobBytes += size })
			return ctx.Err()
		})
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("count what is in %s: %w", m.From.Name, err)
	}
	m.meter.end()
	next := *p.mark
	next.Stage, next.Total = copying, m.meter.at.Done
	return p.commit(ctx, &next, nil)
}
