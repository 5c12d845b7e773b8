package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
)

// tripping is a shared engine that counts round trips, and fails on demand.
type tripping struct {
	*metatest.Shared
	trips atomic.Int64
	// before is called before each read, with how many were made; may be nil.
	before func(n int64)
}

func (e *tripping) Read(ctx context.Context, keys [][]byte) ([]meta.Versioned, error) {
	n := e.trips.Add(1)
	if e.before != nil {
		e.before(n)
	}
	return e.Shared.Read(ctx, keys)
}

func (e *tripping) ReadRange(ctx context.Context, keys [][]byte, of meta.Range) ([]meta.Versioned, []meta.Entry, bool, error) {
	e.trips.Add(1)
	return e.Shared.ReadRange(ctx, keys, of)
}

func (e *tripping) View(ctx context.Context, fn func(meta.Reader) error) error {
	e.trips.Add(1)
	return e.Shared.View(ctx, fn)
}

// sharedFixture is a fixture of which another server writes what put writes.
func sharedFixture(t *testing.T) (*fixture, *tripping) {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	engine := &tripping{Shared: metatest.NewShared(memory.New())}
	f := &fixture{TB: t, store: meta.New(engine), writes: meta.New(engine.Shared), box: box}
	f.store.StampWrites(keys.StampedBy)
	f.writes.StampWrites(keys.StampedBy)
	return f.fill(), engine
}

// TestNextRequestSeesWhatOthersChange: as where one server has the store.
func TestNextRequestSeesWhatOthersChange(t *testing.T) {
	t.Parallel()
	f, _ := sharedFixture(t)
	testNextRequestSeesAChange(t, f)
}

func TestRecreatedByAnotherUserHasNoOldKeys(t *testing.T) {
	t.Parallel()
	f, _ := sharedFixture(t)
	testRecreatedUserHasNoOldKeys(t, f)
}

// TestWarmSharedDecisionIsOneTrip: all that a warm request has to know is read in one round trip.
func TestWarmSharedDecisionIsOneTrip(t *testing.T) {
	t.Parallel()
	f, engine := sharedFixture(t)
	f.mustAllow(true)
	f.mustAllow(true)
	before := engine.trips.Load()
	for range 100 {
		f.mustAllow(true)
	}
	if trips := engine.trips.Load() - before; trips != 100 {
		t.Errorf("100 warm decisions made %d round trips", trips)
	}
}

// TestUnreachableStoreDecidesNothing: what is kept does not stand in for a store that cannot be asked.
func TestUnreachableStoreDecidesNothing(t *testing.T) {
	t.Parallel()
	f, engine := sharedFixture(t)
	f.mustAllow(true)
	engine.Fail(fmt.Errorf("cut off: %w", meta.ErrUnavailable))
	if d, err := f.ask(); !errors.Is(err, meta.ErrUnavailable) || d.Allowed() {
		t.Errorf("decided %v, %v", d.Allowed(), err)
	}
	// Nor without what was read ahead.
	if _, err := f.access.Caller(t.Context(), keyID, "", time.Unix(0, 0)); !errors.Is(err, meta.ErrUnavailable) {
		t.Errorf("Caller = %v", err)
	}
	engine.Fail(nil)
	f.mustAllow(true)
}

// TestReadingIsOfOneMoment: a permission that moves from a user to its group, and back, while it is read is there at every
// moment, and a request finds it.
func TestReadingIsOfOneMoment(t *testing.T) {
	t.Parallel()
	f, engine := sharedFixture(t)
	all := []string{"arn:aws:iam::aws:policy/AmazonS3FullAccess"}
	move := func(toUser bool) {
		user := &records.User{Name: "ann", Id: "AIDAANN", Path: "/", Groups: []string{"devs"}}
		group := &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/"}
		if toUser {
			user.Attached = all
		} else {
			group.Attached = all
		}
		err := f.writes.Update(f.Context(), func(tx meta.Tx) error {
			return errors.Join(records.Put(tx, keys.Entity(accountID, keys.UserKind, "ann"), user),
				records.Put(tx, keys.Entity(accountID, keys.GroupKind, "devs"), group))
		})
		if err != nil {
			t.Error(err)
		}
	}
	for at := int64(1); at < 12; at++ {
		for _, toUser := range []bool{true, false} {
			first := engine.trips.Load()
			engine.before = func(n int64) {
				if n == first+at {
					move(toUser)
				}
			}
			f.mustAllow(true)
		}
	}
}

// TestReadingAmongWriters: who asks is answered though others write to the same account all the time.
func TestReadingAmongWriters(t *testing.T) {
	t.Parallel()
	f, engine := sharedFixture(t)
	n := 0
	engine.before = func(int64) {
		n++
		f.put(keys.Entity(accountID, keys.UserKind, "other"), &records.User{Name: "other", Id: fmt.Sprint("AIDA", n), Path: "/"})
	}
	for range 20 {
		f.mustAllow(true)
	}
	f.put(keys.Entity(accountID, keys.GroupKind, "devs"), &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/"})
	f.mustAllow(false)
	engine.before = nil
	f.mustAllow(false)
}

// TestSharedRevocations: while others take and give a permission, a request that begins after a change was acknowledged, and
// ends before the next one begins, is decided by it.
func TestSharedRevocations(t *testing.T) {
	t.Parallel()
	f, _ := sharedFixture(t)
	grant := &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/", Attached: []string{"arn:aws:iam::aws:policy/AmazonS3FullAccess"}}
	var done atomic.Bool
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for !done.Load() {
				if _, err := f.ask(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 200 {
		g := grant
		if i%2 == 0 {
			g = &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/"}
		}
		f.put(keys.Entity(accountID, keys.GroupKind, "devs"), g)
		f.mustAllow(i%2 == 1)
	}
	done.Store(true)
	others.Wait()
}

// TestUnstampedStore: a shared store whose writes leave no stamps cannot be kept right.
func TestUnstampedStore(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("New does not refuse it")
		}
	}()
	New(meta.New(metatest.NewShared(memory.New())), nil, nil)
}

// TestGuessesAreBounded: what strangers ask for does not fill the memory.
func TestGuessesAreBounded(t *testing.T) {
	t.Parallel()
	var g guesses
	for i := range maxGuesses + 100 {
		g.add(guessed{bucket: fmt.Sprint(i)}, [][]byte{[]byte("sb")})
	}
	if len(g.known) > maxGuesses {
		t.Errorf("%d guesses are kept", len(g.known))
	}
	about := guessed{bucket: "b"}
	for i := range 10 * maxGuess {
		g.add(about, [][]byte{fmt.Append(nil, i)})
	}
	if n := len(g.of(about)); n == 0 || n > maxGuess {
		t.Errorf("a guess has %d stamps", n)
	}
}
