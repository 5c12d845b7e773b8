package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
)

var _ background.Exclusive = (*Leases)(nil).Run

// world is a store that servers share, and who of them is at work.
type world struct {
	*testing.T
	engine *metatest.Shared

	mu      sync.Mutex
	working []string
	history []string // who began, in order
}

func newWorld(t *testing.T) *world {
	return &world{T: t, engine: metatest.NewShared(memory.New())}
}

// server is one of the servers.
type server struct {
	w      *world
	id     string
	leases *Leases
	store  *meta.Store
	cut    *cutting
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// cutting is the way from one server to the store: it can be cut, and slow.
type cutting struct {
	*metatest.Shared
	mu   sync.Mutex
	err  error
	slow time.Duration
}

func (c *cutting) state() (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slow, c.err
}

func (c *cutting) set(slow time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow, c.err = slow, err
}

func (c *cutting) Read(ctx context.Context, keys [][]byte) ([]meta.Versioned, error) {
	slow, err := c.state()
	if !background.Sleep(ctx, slow) {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return c.Shared.Read(ctx, keys)
}

// Update is slow before it commits, or after: by chance.
func (c *cutting) Update(ctx context.Context, fn func(meta.Tx) error) error {
	slow, err := c.state()
	before := rand.N(slow + 1)
	if !background.Sleep(ctx, before) {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := c.Shared.Update(ctx, fn); err != nil {
		return err
	}
	if !background.Sleep(ctx, slow-before) {
		return ctx.Err() // it is committed, and nobody knows
	}
	return nil
}

func (w *world) server(id string) *server {
	s := &server{w: w, id: id, cut: &cutting{Shared: w.engine}}
	s.store = meta.New(s.cut)
	s.leases = New(s.store, id, Options{Log: slog.New(slog.DiscardHandler)})
	return s
}

// start runs work under the lease, as long as its context does not end.
func (s *server) start() {
	s.run(func(ctx context.Context) { <-ctx.Done() })
}

func (s *server) run(work func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(s.w.Context())
	s.cancel = cancel
	s.done.Go(func() {
		s.leases.Run(ctx, "work", func(ctx context.Context) {
			s.w.enter(s.id)
			defer s.w.leave(s.id)
			work(ctx)
		})
	})
}

func (s *server) stop() {
	s.cancel()
	s.done.Wait()
}

func (w *world) enter(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.working) > 0 {
		w.Errorf("%s works while %s does", id, w.working)
	}
	w.working = append(w.working, id)
	w.history = append(w.history, id)
}

func (w *world) leave(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.working = slices.DeleteFunc(w.working, func(s string) bool { return s == id })
}

// works checks who is at work.
func (w *world) works(want string) {
	w.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := fmt.Sprint(w.working); got != "["+want+"]" {
		w.Errorf("%s works, want %s", got, want)
	}
}

// began returns who began to work so far.
func (w *world) began() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.history)
}

func TestGivenBackIsTakenSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.server("a"), w.server("b")
		a.start()
		w.works("a")
		b.start()
		time.Sleep(10 * time.Minute)
		w.works("a")
		if held := a.leases.Held(); !slices.Equal(held, []string{"work"}) || len(b.leases.Held()) > 0 {
			t.Errorf("held by a are %v, by b %v", held, b.leases.Held())
		}
		a.stop()
		time.Sleep(DefaultTTL/looks + time.Second)
		w.works("b")
		b.stop()
		w.works("")
	})
}

// A holder that is cut off ends its work before another one begins, and waits for its turn when it is back.
func TestCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.server("a"), w.server("b")
		a.start()
		w.works("a")
		b.start()
		time.Sleep(time.Minute)
		a.cut.set(0, meta.ErrUnavailable)
		time.Sleep(2 * DefaultTTL)
		w.works("b")
		a.cut.set(0, nil)
		time.Sleep(time.Hour)
		w.works("b")
		b.stop()
		time.Sleep(DefaultTTL)
		w.works("a")
		a.stop()
	})
}

// A store that is away for a short time, or for all, costs nobody the lease for long.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.server("a"), w.server("b")
		a.start()
		w.works("a")
		b.start()
		time.Sleep(time.Minute)
		for _, outage := range []time.Duration{time.Second, 7 * time.Second} {
			w.engine.Fail(meta.ErrUnavailable)
			time.Sleep(outage)
			w.engine.Fail(nil)
			time.Sleep(time.Minute)
			w.works("a")
		}
		if began := w.began(); len(began) != 1 {
			t.Errorf("the work began by %v", began)
		}
		w.engine.Fail(meta.ErrUnavailable)
		time.Sleep(time.Minute)
		w.works("")
		w.engine.Fail(nil)
		time.Sleep(2 * DefaultTTL)
		if began := w.began(); len(began) != 2 {
			t.Errorf("after the outage the work began by %v", began)
		}
		a.stop()
		b.stop()
	})
}

// What work that is stopped in its middle writes when its lease is long another's is refused, whatever its context says.
func TestFencing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.server("a"), w.server("b")
		write := func(ctx context.Context, s *server) error {
			return s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error { return tx.Put([]byte("k"), []byte(s.id)) })
		}
		wake, results := make(chan bool), make(chan error, 3)
		var done sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		done.Go(func() {
			a.leases.Run(ctx, "work", func(ctx context.Context) {
				results <- write(ctx, a)
				<-wake // it does not look at its context
				results <- write(ctx, a)
				<-ctx.Done()
			})
		})
		synctest.Wait()
		if err := <-results; err != nil {
			t.Errorf("the holder: %v", err)
		}
		a.cut.set(0, meta.ErrUnavailable)
		b.start()
		time.Sleep(3 * DefaultTTL)
		w.works("b")
		a.cut.set(0, nil)
		close(wake)
		if err := <-results; !errors.Is(err, ErrLost) {
			t.Errorf("who does not hold the lease wrote: %v", err)
		}
		cancel()
		done.Wait()
		b.stop()
	})
}

// Work that ends by itself is not run again, and its lease is free.
func TestWorkEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a, b := w.server("a"), w.server("b")
		a.run(func(context.Context) {})
		a.done.Wait()
		b.start()
		w.works("b")
		b.stop()
	})
}

// TestNeverTwo: whatever happens on the way to the store, work that ends with its context never overlaps, and someone
// always comes to do it.
func TestNeverTwo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var servers []*server
		for i := range 3 {
			s := w.server(fmt.Sprint(i))
			s.start()
			servers = append(servers, s)
		}
		for range 2000 {
			s := servers[rand.N(len(servers))]
			switch rand.N(4) {
			case 0:
				s.cut.set(0, meta.ErrUnavailable)
			case 1:
				s.cut.set(rand.N(20*time.Second), nil)
			case 2:
				s.stop()
				s.start()
			default:
				s.cut.set(0, nil)
			}
			time.Sleep(rand.N(20 * time.Second))
		}
		for _, s := range servers {
			s.cut.set(0, nil)
		}
		time.Sleep(3 * DefaultTTL)
		synctest.Wait()
		w.mu.Lock()
		if len(w.working) != 1 {
			t.Errorf("%v work", w.working)
		}
		if len(w.history) < 100 {
			t.Errorf("the work began %d times only", len(w.history))
		}
		w.mu.Unlock()
		for _, s := range servers {
			s.stop()
		}
	})
}

// A store that is not shared has no leases, and nothing is written.
func TestNotShared(t *testing.T) {
	t.Parallel()
	store := meta.New(memory.New())
	ran := false
	New(store, "a", Options{}).Run(t.Context(), "work", func(ctx context.Context) { ran = ctx == t.Context() })
	if !ran {
		t.Error("the work did not just run")
	}
	err := store.View(t.Context(), func(r meta.Reader) error {
		it := r.Scan([]byte{0}, nil)
		if it.Next() {
			t.Errorf("written is %q", it.Key())
		}
		return it.Close()
	})
	if err != nil {
		t.Error(err)
	}
}
