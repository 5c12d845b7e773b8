package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"crossgrant/internal/meta"
)

// unavailable are the SQLSTATEs, or with two characters their classes, that say that the server cannot do now what it can at
// other times.
var unavailable = []string{
	"08", // connection exceptions
	"28", // who connects is not let in: the operator changes that
	ambiguous,
	"53",             // insufficient resources; too many connections
	"55006", "55P03", // in use; a lock is not to be had
	"57",             // shutdowns, a start that goes on, statement_timeout
	"58",             // errors of the system below the server
	"25P03", "25P04", // a transaction was idle, or took, too long
	"3D000", "42P01", // no such database or table: another than the one that was opened
	"42501",        // no such right
	readOnlyServer, // a standby
	"72000",        // the snapshot is too old
	"XX000",        // the server's own errors
}

// corrupt are the SQLSTATEs of damaged data and indexes.
var corrupt = []string{"XX001", "XX002"}

// translate returns err as package meta names it. The context of the caller goes before everything else: what it ended has
// failed because of that.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if isMeta(err) {
		return err
	}
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return fmt.Errorf("%w: %w", meta.ErrUnavailable, err)
	}
	switch {
	case is(err, serialization, deadlock, uniqueViolation):
		return fmt.Errorf("%w: %w", meta.ErrConflict, err)
	case isLate(err):
		return fmt.Errorf("%w: the commit came to the database later than it may; nothing was written", meta.ErrUnavailable)
	case is(err, divisionByZero):
		return meta.ErrConflict
	case is(err, diskFull):
		return fmt.Errorf("%w: %w", meta.ErrNoSpace, err)
	case is(err, corrupt...):
		return fmt.Errorf("%w: %w", meta.ErrCorrupt, err)
	}
	for _, code := range unavailable {
		if strings.HasPrefix(refused.Code, code) {
			return fmt.Errorf("%w: %w", meta.ErrUnavailable, err)
		}
	}
	return fmt.Errorf("postgres: %w", err)
}

// isMeta reports whether err is one of package meta's already.
func isMeta(err error) bool {
	for _, known := range []error{meta.ErrConflict, meta.ErrUnavailable, meta.ErrNoSpace, meta.ErrCorrupt, meta.ErrClosed} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// lost reports whether err says that the connection, or the server behind it, is not to be used again.
func lost(err error) bool {
	var refused *pgconn.PgError
	if isMeta(err) { // it comes from reading what was answered
		return false
	}
	return err != nil && (!errors.As(err, &refused) || is(err, readOnlyServer) || strings.HasPrefix(refused.Code, "57P") || strings.HasPrefix(refused.Code, "08"))
}

// isLate reports whether err says that a commit came after its deadline.
func isLate(err error) bool {
	var which *failed
	return errors.As(err, &which) && which.Code == divisionByZero && which.call == beforeDeadline
}
