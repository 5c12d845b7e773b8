// Package servers is which servers share a metadata store, and the gate between formats of what they store.
//
// # Who is there
//
// A server that starts joins: it writes a record of itself, which it changes every few seconds as long as it runs, and removes when it
// ends. One whose record does not change for Dead, by the clock of who looks at it, is gone.
//
// # The gate
//
// A store has a format (keys.FormatFact): what is in it is of that format, or of an older one. Each program writes a range of formats,
// and reads all up to the newest of them. It writes the format of the store, which all servers can read:
//
//	program newer than the store   joins, and writes the store's format if it can; if not, it joins only where nobody else is
//	program older than the store   is refused
//	all servers newer              the format of the store is raised to the newest that all of them know
//
// The transaction in which a server joins reads the format, and the one that raises it reads who is there: of the two that are made at
// once one begins anew. So no server is there that cannot read the format of the store, but for one that was silent for so long that it
// was taken for gone. It finds out when it speaks again, and has to end (Options.Refused).
package servers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const (
	// beat is how often a server says that it is there.
	beat = 5 * time.Second
	// Dead is how long a server has to be silent before it is taken for gone.
	Dead = 15 * time.Second
	// leaveTime is how long it may take to say that a server is gone. Otherwise others find out.
	leaveTime = time.Second
)

// Self is what a server says of itself.
type Self struct {
	ID      string // drawn for each start
	Version string
	Address string
	// Oldest and Newest are the formats that it writes; it reads all up to Newest.
	Oldest, Newest int
}

// Options adjusts Servers.
type Options struct {
	// Refused is told, once, that the server must end: it was taken for gone, and the format is one that it cannot read. nil:
	// nobody is told.
	Refused func(error)
	// Log receives who comes and goes; nil means slog.Default.
	Log *slog.Logger
}

// Servers is one server among those that share a store. It is safe for concurrent use.
type Servers struct {
	store *meta.Store
	self  Self
	opts  Options

	since  time.Time // when it was made
	format atomic.Int64
	worker background.Worker

	mu   sync.Mutex // protects seen
	seen map[string]sighting
}

// sighting is the record of a server as it was seen first.
type sighting struct {
	count uint64
	at    time.Time
}

// New returns the server self, which has not joined.
func New(store *meta.Store, self Self, opts Options) *Servers {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Servers{store: store, self: self, opts: opts, since: time.Now(), seen: map[string]sighting{}}
}

// Join lets the server be one of those that share the store, which has a format already, or says why it cannot be. Where it can only be
// alone, it waits for Dead to see whether others are there still.
func (s *Servers) Join(ctx context.Context) error {
	err := s.join(ctx)
	if others := (*othersError)(nil); errors.As(err, &others) {
		s.opts.Log.Info("waiting to see whether other servers are there still", "wait", Dead.String(), "fault", err.Error())
		if !background.Sleep(ctx, Dead) {
			return ctx.Err()
		}
		return s.join(ctx)
	}
	return err
}

// othersError says that a server cannot be among others.
type othersError struct {
	format, oldest int
	others         []Server
}

func (e *othersError) Error() string {
	return fmt.Sprintf("the store has format %d, which %s %s, and this program writes format %d and newer: stop the other servers first, "+
		"or update to a version in between", e.format, names(e.others), needs(e.others), e.oldest)
}

func (s *Servers) join(ctx context.Context) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		format, err := readFormat(tx)
		if err != nil {
			return err
		}
		if format > s.self.Newest {
			return tooOld(format, s.self.Newest)
		}
		if format < s.self.Oldest {
			others, err := all(tx)
			if err != nil {
				return err
			}
			if live := s.live(others, time.Now()); len(live) > 0 {
				return &othersError{format, s.self.Oldest, live}
			}
			format = s.self.Newest
			if err := tx.Put(keys.Meta(keys.FormatFact), []byte(strconv.Itoa(format))); err != nil {
				return err
			}
		}
		s.format.Store(int64(format))
		return s.say(tx, 1)
	})
}

// Start says again and again that the server is there, and raises the format when all can read a newer one, until Close.
func (s *Servers) Start() {
	s.worker.Start(s.run)
}

// Close ends that, and says that the server is gone.
func (s *Servers) Close() {
	if !s.worker.Close() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	err := s.store.Update(ctx, func(tx meta.Tx) error { return tx.Delete(keys.Server(s.self.ID)) })
	if err != nil {
		s.opts.Log.Warn("the other servers find out by themselves that this one has ended", "fault", err.Error())
	}
}

// Format is the format that the server writes: one that all of them can read. It may be raised while the server runs.
func (s *Servers) Format() int { return int(s.format.Load()) }

// run is the worker.
func (s *Servers) run(ctx context.Context) {
	for count := uint64(2); background.Sleep(ctx, beat); count++ {
		err := s.beat(ctx, count)
		if refused := (*tooOldError)(nil); errors.As(err, &refused) || errors.Is(err, ErrMigrated) {
			s.opts.Log.Error("this server must end", "fault", err.Error())
			if s.opts.Refused != nil {
				s.opts.Refused(err)
			}
			return
		}
		if err == nil {
			err = s.raise(ctx)
		}
		background.Complain(ctx, s.opts.Log, "tell the other servers that this one is there", err)
	}
}

// beat says that the server is there.
func (s *Servers) beat(ctx context.Context, count uint64) error {
	ctx, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	return s.store.Update(ctx, func(tx meta.Tx) error {
		format, err := readFormat(tx)
		if err != nil {
			return err
		}
		if format > s.self.Newest {
			return tooOld(format, s.self.Newest)
		}
		s.format.Store(int64(format))
		return s.say(tx, count)
	})
}

// say writes the record of the server.
func (s *Servers) say(tx meta.Tx, count uint64) error {
	return records.Put(tx, keys.Server(s.self.ID), &records.Server{
		Version: s.self.Version, Address: s.self.Address, Since: s.since.UnixNano(), Said: time.Now().UnixNano(),
		Oldest: int64(s.self.Oldest), Newest: int64(s.self.Newest), Count: count,
	})
}

// readFormat returns the format of the store.
func readFormat(r meta.Reader) (int, error) {
	text, err := r.Get(keys.Meta(keys.FormatFact))
	if err != nil {
		return 0, fmt.Errorf("read format: %w", err)
	}
	if string(text) == keys.FormatHeld {
		return 0, ErrMigrated
	}
	format, err := strconv.Atoi(string(text))
	if err != nil {
		return 0, fmt.Errorf("the store has format %q: use a newer crossgrant", text)
	}
	return format, nil
}

// ErrMigrated says that no server may use the store, because it is being moved, or filled.
var ErrMigrated = errors.New("the store takes part in a migration: run crossgrant migrate to its end, or give it up with --give-up")

// tooOldError says that a program cannot read a store.
type tooOldError struct{ format, newest int }

func (e *tooOldError) Error() string {
	return fmt.Sprintf("the store has format %d and this program reads up to %d: use a newer crossgrant", e.format, e.newest)
}

func tooOld(format, newest int) error { return &tooOldError{format, newest} }
