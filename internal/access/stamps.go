package access

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// Caches over a store that others write to
//
// A server is not told what others commit. So what is kept is kept with the revisions of the stamps (package keys) of all
// that it was read from, and holds for a request only if the request, after it has begun, has seen the same revisions.
// It reads those ahead, with all else that it needs (ahead.go), so that they cost no round trip of their own. If the store cannot be
// reached there is no decision.

// stamps are the revisions of stamps, by their keys; one that was seen with two revisions is torn. Nil is none.
type stamps map[string]int64

// torn marks a stamp that changed while a value was read.
const torn = -1

// set notes that a stamp was seen with a revision.
func (s *stamps) set(key string, revision int64) {
	if *s == nil {
		*s = stamps{}
	}
	if old, ok := (*s)[key]; ok && old != revision {
		revision = torn
	}
	(*s)[key] = revision
}

// join notes what others says.
func (s *stamps) join(others stamps) {
	for key, revision := range others {
		s.set(key, revision)
	}
}

// torn reports whether any stamp is.
func (s stamps) torn() bool {
	for _, revision := range s {
		if revision == torn {
			return true
		}
	}
	return false
}

// hold reports whether the request that ctx belongs to has seen all of the stamps as they are in s. Those that it has not
// seen are read now.
func (s stamps) hold(ctx context.Context, store *meta.Store) (bool, error) {
	if len(s) == 0 {
		return true, nil
	}
	v := viewOf(ctx)
	if v == remembering {
		return true, nil
	}
	var missing [][]byte
	for key, revision := range s {
		seen, ok := v.get(key)
		switch {
		case !ok:
			missing = append(missing, []byte(key))
		case seen != revision:
			return false, nil
		}
	}
	if len(missing) == 0 {
		return true, nil
	}
	found, err := v.read(ctx, store, missing)
	if err != nil {
		return false, err
	}
	for i, key := range missing {
		if s[string(key)] != found[i] {
			return false, nil
		}
	}
	return true, nil
}

// How often a value is read in the hope that nothing is written meanwhile, and then in a snapshot, which may fail because of what
// is written.
const (
	maxReadings  = 3
	maxSnapshots = 8
)

// settled returns what read makes of the store, all of it of one moment after the call. In a store that is shared, read reads one
// thing after the other; that nothing was written meanwhile is what the stamps say afterwards. Where others write all the time, it
// reads a snapshot instead, which tells no revisions, so that nothing of it is kept.
func settled[V any](ctx context.Context, store *meta.Store, read func(l *load) (V, error)) (V, error) {
	for range maxReadings {
		l := &load{store: store}
		v, err := read(l)
		if len(l.stamps) == 0 || ctx.Err() != nil {
			return v, err
		}
		same, checkErr := l.unchanged(ctx)
		if checkErr != nil {
			return *new(V), checkErr
		}
		if same {
			return v, err
		}
	}
	return inSnapshot(ctx, store, read)
}

// inSnapshot is settled in one transaction.
func inSnapshot[V any](ctx context.Context, store *meta.Store, read func(l *load) (V, error)) (v V, err error) {
	for range maxSnapshots {
		var readErr error
		err = store.View(ctx, func(r meta.Reader) error {
			v, readErr = read(&load{store: store, snapshot: r})
			return nil
		})
		if err = errors.Join(err, readErr); !errors.Is(err, meta.ErrUnavailable) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		v = *new(V)
	}
	return v, err
}

// unchanged reads the stamps again and reports whether all are as they were.
func (l *load) unchanged(ctx context.Context) (bool, error) {
	var all [][]byte
	for key := range l.stamps {
		all = append(all, []byte(key))
	}
	found, err := viewOf(ctx).read(ctx, l.store, all)
	if err != nil {
		return false, err
	}
	for i, key := range all {
		if l.stamps[string(key)] != found[i] {
			return false, nil
		}
	}
	return true, nil
}

// view is what one request has seen of stamps. A nil view has seen none and remembers none.
type view struct {
	ahead *meta.Ahead
	// missed is told the keys of stamps that had to be read beside what was read ahead.
	missed func(keys [][]byte)

	mu    sync.Mutex
	later map[string]int64 // what was read since
}

// viewKey is the key of the *view of a context.
type viewKey struct{}

func viewOf(ctx context.Context) *view {
	v, _ := ctx.Value(viewKey{}).(*view)
	return v
}

// remembering is the view of who does not ask.
var remembering = new(view)

// Remembered returns a context with which what is kept is taken as it is: for what is noted of a request that has asked before, as
// it was decided. Nothing may be decided with it. It does not end, and costs nothing, since every request is noted.
func Remembered() context.Context { return remembered }

var remembered = context.WithValue(context.Background(), viewKey{}, remembering)

// get returns the revision that was seen of a stamp last.
func (v *view) get(key string) (revision int64, ok bool) {
	if v == nil {
		return 0, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if revision, ok = v.later[key]; ok {
		return revision, true
	}
	found, ok := v.ahead.Get([]byte(key))
	return found.Revision, ok
}

// read reads stamps now, and returns their revisions in order.
func (v *view) read(ctx context.Context, store *meta.Store, wanted [][]byte) ([]int64, error) {
	found, err := store.Versions(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("read stamps of permissions: %w", err)
	}
	revisions := make([]int64, len(found))
	for i := range found {
		revisions[i] = found[i].Revision
	}
	if v == nil || v == remembering {
		return revisions, nil
	}
	if v.missed != nil {
		v.missed(wanted)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.later == nil {
		v.later = map[string]int64{}
	}
	for i, key := range wanted {
		v.later[string(key)] = revisions[i]
	}
	return revisions, nil
}

// stampReader reads keys of a shared store together with their stamps, for a load.
type stampReader struct {
	ctx  context.Context
	load *load
}

// errUnstamped is the error for a key that has no stamp: what is made of it cannot be kept.
var errUnstamped = errors.New("access: a key without a stamp was read")

// Get implements meta.Reader.
func (r stampReader) Get(key []byte) ([]byte, error) {
	values, err := r.GetMany([][]byte{key})
	if err != nil {
		return nil, err
	}
	if values[0] == nil {
		return nil, meta.ErrNotFound
	}
	return values[0], nil
}

// GetMany implements meta.Reader.
func (r stampReader) GetMany(wanted [][]byte) ([][]byte, error) {
	all := append([][]byte(nil), wanted...)
	for _, key := range wanted {
		stamp := keys.StampOf(key)
		if stamp == nil {
			return nil, fmt.Errorf("%w: %q", errUnstamped, key)
		}
		all = append(all, stamp)
	}
	found, err := r.load.store.Versions(r.ctx, all)
	if err != nil {
		return nil, err
	}
	values := make([][]byte, len(wanted))
	for i := range wanted {
		values[i] = found[i].Value
		r.load.stamps.set(string(all[len(wanted)+i]), found[len(wanted)+i].Revision)
	}
	return values, nil
}

// Scan panics, as noting does.
func (r stampReader) Scan(_, _ []byte) meta.Iterator {
	panic("access: what is kept must not be read from a range")
}
