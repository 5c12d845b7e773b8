package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"crossgrant/internal/meta"
)

// Engine is a meta.Engine over a database that other processes may use, through engines of their own, at the same time.
type Engine struct {
	// pool has the connections for transactions, and once those for what is one exchange (Read): who reads in the middle of a
	// transaction, which holds a connection, does not wait for others that do the same.
	pool, once *pgxpool.Pool
	timeout    time.Duration
	health     *health

	observers []func() // of OnUnsettled

	mu      sync.Mutex // protects the fields below, and running from growing once closed is set
	closed  bool
	running sync.WaitGroup // calls, and what they left to be done behind them
}

var (
	_ meta.Remote    = (*Engine)(nil)
	_ meta.Monitored = (*Engine)(nil)
	_ meta.Unsettled = (*Engine)(nil)
)

// grace is how much longer than its deadline a commit may take to become visible that the server began before it.
const grace = time.Second

// idle is after which time without use a connection is looked at before it is used.
const idle = time.Second

// Open returns the engine over the database at url, and makes its table there if it has none. A server that could lose what it
// acknowledged is refused. ErrUnavailable if the database cannot be reached.
func Open(ctx context.Context, url string, o Options) (*Engine, error) {
	config, err := o.config(url)
	if err != nil {
		return nil, err
	}
	var risky *unsafeServer
	if err := prepare(ctx, config.ConnConfig.Config.Copy()); errors.As(err, &risky) {
		return nil, err // which does not pass
	} else if err != nil {
		return nil, translate(ctx, err)
	}
	e := &Engine{timeout: o.timeout(), health: &health{}}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return e.setUp(ctx, conn.PgConn()) }
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false } // which would be a round trip
	config.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) {
		l := linkOf(conn.PgConn())
		//lint:ignore SA1019 a Ping is a round trip
		return time.Since(l.used) < idle || conn.PgConn().CheckConn() == nil, nil
	}
	if o.Trip != nil {
		config.ConnConfig.DialFunc = counted(config.ConnConfig.DialFunc, o.Trip)
	}
	all := config.MaxConns
	config.MaxConns = max(1, all/2)
	if e.once, err = pgxpool.NewWithConfig(ctx, config.Copy()); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	config.MaxConns = max(1, all-all/2)
	if e.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		e.once.Close()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	e.health.probe = e.probe
	return e, nil
}

// prepare looks at the server and makes the table, on a connection of its own.
func prepare(ctx context.Context, config *pgconn.Config) error {
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := refuseUnsafe(ctx, conn); err != nil {
		return err
	}
	return create(ctx, conn)
}

// View runs fn on one snapshot, which is taken when fn first reads. A View that has read before and meets a transaction that
// it cannot be serialized with ends in ErrUnavailable: it would succeed if it began anew, which only its caller can do. That
// happens only in the first moments of a View, while transactions that were under way when it began are.
func (e *Engine) View(ctx context.Context, fn func(meta.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	r := &reader{engine: e, ctx: ctx, begin: beginRead}
	defer r.end()
	return fn(r)
}

// Update runs fn, whose writes are kept until it returns, and commits them.
func (e *Engine) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer e.running.Done()
	t := newTx(e, ctx)
	defer t.end()
	if err := fn(t); err != nil {
		return err
	}
	return t.commit()
}

// Read implements meta.Remote.
func (e *Engine) Read(ctx context.Context, keys [][]byte) ([]meta.Versioned, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.running.Done()
	r := &reader{engine: e, ctx: ctx, begin: beginRead, once: true}
	defer r.end()
	return r.versions(keys)
}

// Close waits for running calls and closes the connections.
func (e *Engine) Close() error {
	e.mu.Lock()
	closed := e.closed
	e.closed = true
	e.mu.Unlock()
	if closed {
		return meta.ErrClosed
	}
	e.running.Wait()
	e.health.stop()
	e.pool.Close()
	e.once.Close()
	return nil
}

// enter counts a call as running, until running.Done.
func (e *Engine) enter() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return meta.ErrClosed
	}
	e.running.Add(1)
	return nil
}

// OnUnsettled implements meta.Unsettled: observe is called when the time of a commit whose outcome was unknown is over.
func (e *Engine) OnUnsettled(observe func()) { e.observers = append(e.observers, observe) }

// unsettled has the observers told when a commit that was sent now can no longer become visible.
func (e *Engine) unsettled() {
	time.AfterFunc(e.timeout+grace, func() {
		if e.enter() != nil {
			return
		}
		defer e.running.Done()
		for _, observe := range e.observers {
			observe()
		}
	})
}

// Condition implements meta.Monitored.
func (e *Engine) Condition() (reopened int64, err error) { return e.health.condition() }

// probe asks the database for nothing, to learn whether it answers.
func (e *Engine) probe() bool {
	_, err := e.Read(context.Background(), nil)
	return err == nil || errors.Is(err, meta.ErrClosed)
}
