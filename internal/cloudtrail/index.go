package cloudtrail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// index is all trails in memory, by account. It is read when it is asked for the first time, and
// then follows the commits of the store: a trail that was written is read again before the Update that wrote it
// returns. What other servers write that share the store becomes known with the stamp of trails (meta.Store.Follow), at the
// beginning of each request and by Refresh.
type index struct {
	// loading is held while something is read into the index, so that what was read later is there later.
	loading sync.Mutex

	mu sync.RWMutex
	// stale says that any trail may have changed: all of them have to be read. spoilt counts how often it became that.
	stale  bool
	spoilt int
	trails map[ids.AccountID]map[string]*Trail // and versions of them, by their keys in the store
	// sorted has the same by ARN, of each first the trail as it is now and then its versions, the latest first. The
	// slices are not changed.
	sorted map[ids.AccountID][]*Trail
	// chosen is how many of the logging ones choose data events, versions how many are versions, shared how many are those
	// of organizations.
	chosen, versions, shared int

	// data is whether chosen is not zero, or not known.
	data atomic.Bool
	// none is whether there is no trail at all.
	none atomic.Bool
	// organized is whether there are trails of organizations, or that is not known.
	organized atomic.Bool
}

func (x *index) init() {
	x.reset()
	x.spoil()
}

func (x *index) reset() {
	x.trails, x.sorted, x.chosen, x.versions, x.shared = map[ids.AccountID]map[string]*Trail{}, map[ids.AccountID][]*Trail{}, 0, 0, 0
}

// spoil notes that nothing is known any more.
func (x *index) spoil() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stale = true
	x.spoilt++
	x.noteLocked()
}

// noteLocked notes what is read without x.mu, which must be held.
func (x *index) noteLocked() {
	x.data.Store(x.chosen > 0 || x.stale)
	x.none.Store(len(x.trails) == 0 && !x.stale)
	x.organized.Store(x.shared > 0 || x.stale)
}

// setLocked puts a trail, or a version of one, in the place of what is under the same key; nil if there is none any
// more. x.mu must be held.
func (x *index) setLocked(account ids.AccountID, key string, t *Trail) {
	if old := x.trails[account][key]; old != nil {
		delete(x.trails[account], key)
		x.chosen -= old.choosesData()
		x.versions -= old.isVersion()
		x.shared -= old.isShared()
	}
	if t != nil {
		if x.trails[account] == nil {
			x.trails[account] = map[string]*Trail{}
		}
		x.trails[account][key] = t
		x.chosen += t.choosesData()
		x.versions += t.isVersion()
		x.shared += t.isShared()
	}
	if len(x.trails[account]) == 0 {
		delete(x.trails, account)
		delete(x.sorted, account)
		return
	}
	x.sorted[account] = slices.SortedFunc(maps.Values(x.trails[account]), func(a, b *Trail) int {
		return cmp.Or(strings.Compare(a.ARN, b.ARN), a.isVersion()-b.isVersion(), b.until.Compare(a.until))
	})
}

func (t *Trail) choosesData() int {
	if t.Record.Logging && t.Selectors.Data() {
		return 1
	}
	return 0
}

func (t *Trail) isShared() int {
	if t.Record.Organization == "" {
		return 0
	}
	return 1
}

func (t *Trail) isVersion() int {
	if t.until.IsZero() {
		return 0
	}
	return 1
}

// observe follows the commits of the store.
func (s *Service) observe(written [][]byte) {
	if written == nil {
		s.index.spoil()
		return
	}
	for _, key := range written {
		if !keys.IsTrail(key) && !keys.IsTrailVersion(key) {
			continue
		}
		// The commit is durable already; that its context has ended must not keep the index behind it.
		if err := s.reload(context.Background(), key); err != nil {
			s.index.spoil()
		}
	}
}

// reload reads one trail.
func (s *Service) reload(ctx context.Context, key []byte) error {
	account, decode, err := parseKey(key)
	if err != nil {
		return err
	}
	x := &s.index
	x.loading.Lock()
	defer x.loading.Unlock()
	var t *Trail
	err = s.store.View(ctx, func(r meta.Reader) error {
		value, err := r.Get(key)
		if err == nil {
			t, err = decode(value)
		}
		return err
	})
	if err != nil && !errors.Is(err, meta.ErrNotFound) {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.setLocked(account, string(key), t)
	x.noteLocked()
	return nil
}

// Load reads all trails, unless they are known. The first question about them does so as well.
func (s *Service) Load(ctx context.Context) error {
	x := &s.index
	x.loading.Lock()
	defer x.loading.Unlock()
	x.mu.RLock()
	stale, spoilt := x.stale, x.spoilt
	x.mu.RUnlock()
	if !stale {
		return nil
	}
	var all map[string]*Trail
	err := s.store.View(ctx, func(r meta.Reader) error {
		all = map[string]*Trail{}
		return errors.Join(everyTrail(r, all), everyVersion(r, all))
	})
	if err != nil {
		return fmt.Errorf("read trails: %w", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stale = x.spoilt != spoilt
	x.reset()
	for key, t := range all {
		x.setLocked(ids.AccountID(t.Record.Account), key, t)
	}
	x.noteLocked()
	return nil
}

func everyTrail(r meta.Reader, all map[string]*Trail) error {
	from, to := keys.AllTrails()
	return every(r, from, to, decode, all)
}

func every(r meta.Reader, from, to []byte, decode func(value []byte) (*Trail, error), all map[string]*Trail) error {
	it := r.Scan(from, to)
	for it.Next() {
		t, err := decode(it.Value())
		if err != nil {
			return errors.Join(err, it.Close())
		}
		all[string(it.Key())] = t
	}
	return it.Close()
}

// parseKey returns the account in the key of a trail, or of a version of one, and what reads its value.
func parseKey(key []byte) (ids.AccountID, func(value []byte) (*Trail, error), error) {
	if keys.IsTrailVersion(key) {
		account, _, _, err := keys.ParseTrailVersion(key)
		return account, decodeVersion, err
	}
	account, _, err := keys.ParseTrail(key)
	return account, decode, err
}

// decode reads the record of a trail. One whose selectors are not valid is corrupt.
func decode(value []byte) (*Trail, error) {
	record := new(records.Trail)
	if err := records.Unmarshal(value, record); err != nil {
		return nil, err
	}
	return compiled(record)
}

// compiled returns a trail that was stored.
func compiled(record *records.Trail) (*Trail, error) {
	t, err := newTrail(record)
	if err != nil {
		return nil, fmt.Errorf("trail %s: %w: %w", ARN(record), meta.ErrCorrupt, err)
	}
	return t, nil
}
