package meta

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Bounds of the retries of one Update. With full jitter the pauses of all attempts together are at
// most about half a second.
const (
	maxAttempts = 16
	firstPause  = time.Millisecond
	maxPause    = 50 * time.Millisecond
)

// Store is the metadata store as the rest of the program sees it: an Engine with limits, retries and
// commit notifications. Its View, Update and Close mean what they mean on Engine, save for what is
// said here. All methods but OnCommit are safe for concurrent use.
type Store struct {
	engine    Engine
	remote    Remote // engine, if it is one; otherwise nil
	observers []func(written [][]byte)
	stamp     func(key []byte) []byte // nil: nothing is stamped
	follows   []*followed
}

var _ Engine = (*Store)(nil)

// New returns a Store over engine, which it owns from now on.
func New(engine Engine) *Store {
	s := &Store{engine: engine}
	s.remote, _ = engine.(Remote)
	if e, ok := engine.(Unsettled); ok {
		e.OnUnsettled(func() { s.notify(nil) })
	}
	return s
}

// OnCommit registers observe to be called with the keys that an Update wrote or deleted, after they
// are durable and before Update returns. It must be called before the Store is used.
//
// The keys are in the order of the writes, repeated where a key was written twice; observe may keep
// but not change them. Calls come from the goroutines of the updates, several at once and in no
// order, so observe may forget what it knows of a key but must not conclude anything about its
// value. It is also called when the outcome of an Update is unknown (then the keys may not have
// changed), and not called when nothing was written.
//
// A nil written says that any key may have changed: the outcome of an earlier Update, unknown when it
// returned, has become visible.
func (s *Store) OnCommit(observe func(written [][]byte)) {
	s.observers = append(s.observers, observe)
}

// Monitored is an Engine that knows whether it can carry out Updates.
type Monitored interface {
	Engine
	// Condition returns how often the engine had to begin anew since it was opened; and why no Update
	// that needs room is carried out at present, ErrUnavailable or ErrNoSpace, or nil.
	Condition() (reopened int64, err error)
}

// Condition is that of the engine, if it is Monitored.
func (s *Store) Condition() (reopened int64, err error) {
	if e, ok := s.engine.(Monitored); ok {
		return e.Condition()
	}
	return 0, nil
}

// View runs fn on one consistent snapshot. Reading a key of zero or more than MaxKey bytes is an
// error.
func (s *Store) View(ctx context.Context, fn func(Reader) error) error {
	return s.engine.View(ctx, func(r Reader) error { return fn(limitedReader{r}) })
}

// Update runs fn and commits its writes. It runs fn again, up to 16 times in all, as long as the
// engine reports ErrConflict, so fn must have no effect outside tx. ErrConflict from Update means
// that it gave up. A key of zero or more than MaxKey bytes or a value of more than MaxValue bytes is
// refused with an error that names the size.
func (s *Store) Update(ctx context.Context, fn func(tx Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.attempt(ctx, fn)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		ctx = WithoutAhead(ctx) // which may be what the conflict was about
		if attempt == maxAttempts {
			return fmt.Errorf("gave up after %d attempts: %w", attempt, err)
		}
		if ctxErr := pause(ctx, attempt); ctxErr != nil {
			return fmt.Errorf("%w after %d attempts: %w", ctxErr, attempt, err)
		}
	}
}

// Close closes the engine.
func (s *Store) Close() error {
	return s.engine.Close()
}

// attempt runs one transaction and notifies the observers unless it is certain that nothing was
// written.
func (s *Store) attempt(ctx context.Context, fn func(tx Tx) error) error {
	var written [][]byte
	var refused bool // whether the last run of fn returned an error
	err := s.engine.Update(ctx, func(tx Tx) error {
		run := &limitedTx{limitedReader: limitedReader{tx}, tx: tx, record: len(s.observers) > 0 || s.stamp != nil}
		err := fn(run)
		if err == nil {
			err = along(ctx, run)
		}
		if err == nil {
			err = guard(ctx, run)
		}
		if err == nil && s.stamp != nil {
			err = s.stampWrites(run)
		}
		written, refused = run.written, err != nil
		return err
	})
	if err != nil && (refused || errors.Is(err, ErrConflict)) {
		return err
	}
	if len(written) > 0 {
		s.notify(written)
	}
	return err
}

func (s *Store) notify(written [][]byte) {
	for _, observe := range s.observers {
		observe(written)
	}
}

// pause waits before the attempt after the given one (1 for the first), for a random time whose bound
// doubles with each attempt. It returns the error of ctx if ctx ends first.
func pause(ctx context.Context, attempt int) error {
	bound := min(firstPause<<(attempt-1), maxPause)
	timer := time.NewTimer(rand.N(bound))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
