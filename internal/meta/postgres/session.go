package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"crossgrant/internal/meta"
)

// link is what is known of a connection for as long as it lives.
type link struct {
	prepared [len(statements)]*pgconn.StatementDescription
	// clock is what the database's clock showed at the time read of this process's.
	clock, read time.Time
	turns       *turns // nil if round trips are not counted
	used        time.Time
}

// linkKey is where a connection keeps its link.
const linkKey = "crossgrant"

func linkOf(conn *pgconn.PgConn) *link { return conn.CustomData()[linkKey].(*link) }

// now estimates what the database's clock shows.
func (l *link) now() time.Time { return l.clock.Add(time.Since(l.read)) }

// session is a connection on loan, with the transaction that may be open on it. It is not safe for concurrent use.
type session struct {
	engine *Engine
	loan   *pgxpool.Conn
	conn   *pgconn.PgConn
	link   *link
	wrote  bool // writes were sent
}

// call is a statement with its parameters. row gets each row of the result; what it keeps it copies.
type call struct {
	statement statement
	params    []param
	row       func(row [][]byte) error
}

// failed is an error that a server gave to one of the calls of an exchange.
type failed struct {
	call statement
	*pgconn.PgError
}

func (f *failed) Error() string { return fmt.Sprintf("%s (SQLSTATE %s)", f.Message, f.Code) }
func (f *failed) Unwrap() error { return f.PgError }

// errBusy says that all connections are in use, for as long as a round trip may take.
var errBusy = fmt.Errorf("%w: all connections to the database are in use", meta.ErrUnavailable)

// open lends a connection: one for a single exchange if once is set. It waits for one until ctx ends, and not for long.
func (e *Engine) open(ctx context.Context, once bool) (*session, error) {
	pool := e.pool
	if once {
		pool = e.once
	}
	waiting, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	loan, err := pool.Acquire(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %w", errBusy, err)
	}
	if err != nil {
		return nil, err
	}
	conn := loan.Conn().PgConn()
	s := &session{engine: e, loan: loan, conn: conn, link: linkOf(conn)}
	if s.link.turns != nil {
		s.link.turns.aside.Store(false)
	}
	return s, nil
}

// exchange sends calls together and reads what they answer: one round trip. After the first that fails none is carried out.
func (s *session) exchange(ctx context.Context, calls ...call) error {
	ctx, cancel := context.WithTimeout(ctx, s.engine.timeout)
	defer cancel()
	batch := &pgconn.Batch{}
	binaryResults := []int16{binaryForm}
	for _, c := range calls {
		values, formats := make([][]byte, len(c.params)), make([]int16, len(c.params))
		for i, p := range c.params {
			values[i], formats[i] = p.bytes, p.format
		}
		batch.ExecStatement(s.link.prepared[c.statement], values, formats, binaryResults)
	}
	results := s.conn.ExecBatch(ctx, batch)
	at := 0
	var rowErr error
	for results.NextResult() {
		r := results.ResultReader()
		for r.NextRow() {
			if rowErr == nil && calls[at].row != nil {
				rowErr = calls[at].row(r.Values())
			}
		}
		if _, err := r.Close(); err != nil {
			break
		}
		at++
	}
	err := results.Close()
	s.link.used = time.Now()
	var refused *pgconn.PgError
	if errors.As(err, &refused) && at < len(calls) {
		return &failed{calls[at].statement, refused}
	}
	return errors.Join(err, rowErr)
}

// done gives the connection back. A transaction that is open on it is ended, and nobody waits for that: it is committed if it has but
// read, as that is what makes the database keep watch over what it read until all that ran beside it have ended; otherwise
// one of those could still commit what makes the reads belong to no order of transactions.
//
// Source: https://www.postgresql.org/docs/15/transaction-iso.html#XACT-SERIALIZABLE
func (s *session) done() {
	if s == nil || s.loan == nil {
		return
	}
	loan := s.loan
	s.loan = nil
	if s.conn.IsClosed() || s.conn.IsBusy() || s.conn.TxStatus() == 'I' {
		loan.Release()
		return
	}
	end := commit
	if s.wrote || s.conn.TxStatus() != 'T' {
		end = rollback
	}
	if s.link.turns != nil {
		s.link.turns.aside.Store(true)
	}
	s.engine.running.Add(1) // by a call that is counted itself, so that Close does not run past it
	go func() {
		defer s.engine.running.Done()
		defer loan.Release() // which closes the connection if the transaction is open still
		_ = s.exchange(context.Background(), call{statement: end})
	}()
}

// discard gives the connection back to be closed, with all others that are not on loan: what has broken it has likely broken
// them, and the next one is made anew, to whichever server is the primary then.
func (s *session) discard() {
	if s == nil || s.loan == nil {
		return
	}
	loan := s.loan
	s.loan = nil
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing is said to the server
	_ = s.conn.Close(ctx)
	loan.Release()
	s.engine.pool.Reset()
	s.engine.once.Reset()
}

// setUp makes a new connection ready: it refuses a server that may lose what it acknowledged, prepares the statements, and
// reads the clock.
func (e *Engine) setUp(ctx context.Context, conn *pgconn.PgConn) error {
	if err := refuseUnsafe(ctx, conn); err != nil {
		return err
	}
	if err := tune(ctx, conn); err != nil {
		return err
	}
	l := &link{used: time.Now()}
	l.turns = turnsOf(conn.Conn())
	if err := l.readClock(ctx, conn); err != nil {
		return err
	}
	pipeline := conn.StartPipeline(ctx)
	for i, sql := range statements {
		pipeline.SendPrepare(statement(i).name(), sql, nil)
	}
	if err := pipeline.Sync(); err != nil {
		return errors.Join(err, pipeline.Close())
	}
	for i := range statements {
		found, err := pipeline.GetResults()
		if err != nil {
			return errors.Join(err, pipeline.Close())
		}
		l.prepared[i] = found.(*pgconn.StatementDescription)
		l.prepared[i].Name = statement(i).name() // which a pipeline leaves out
	}
	if err := pipeline.Close(); err != nil {
		return err
	}
	conn.CustomData()[linkKey] = l
	return nil
}

// readClock asks for the time. What the answer took on its way makes the estimate late by less than a round trip at most.
func (l *link) readClock(ctx context.Context, conn *pgconn.PgConn) error {
	l.read = time.Now()
	found, err := ask(ctx, conn, sqlClock)
	if err != nil {
		return err
	}
	micros, err := strconv.ParseInt(found, 10, 64)
	if err != nil {
		return fmt.Errorf("the clock of the database: %w", err)
	}
	l.clock = time.UnixMicro(micros)
	return nil
}
