package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs, as PostgreSQL's appendix A names them.
const (
	syntaxError        = "42601"
	undefinedTable     = "42P01"
	duplicateTable     = "42P07"
	duplicateObject    = "42710"
	undefinedObject    = "42704"
	unsupported        = "0A000"
	invalidParameter   = "22023"
	uniqueViolation    = "23505"
	serialization      = "40001"
	deadlock           = "40P01"
	divisionByZero     = "22012"
	ambiguous          = "40003" // CockroachDB does not know whether a commit was done
	diskFull           = "53100"
	readOnlyServer     = "25006"
	statementCancelled = "57014"
)

// ask returns the one value that sql yields, as text.
func ask(ctx context.Context, conn *pgconn.PgConn, sql string) (string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) != 1 {
		return "", fmt.Errorf("%s: no single value", sql)
	}
	return string(results[0].Rows[0][0]), nil
}

// is reports whether err is the server's with one of codes.
func is(err error, codes ...string) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return false
	}
	for _, code := range codes {
		if refused.Code == code {
			return true
		}
	}
	return false
}

// unsafeServer is an error that says that a server loses what it acknowledged.
type unsafeServer struct{ setting string }

func (u *unsafeServer) Error() string {
	return fmt.Sprintf("postgres: the server has %s = off and may lose what it has acknowledged: turn it on", u.setting)
}

// refuseUnsafe returns an *unsafeServer if the server says that a commit does not wait for its disk. One that has no such
// settings, as CockroachDB has not, always waits.
func refuseUnsafe(ctx context.Context, conn *pgconn.PgConn) error {
	for _, s := range []struct{ name, sql string }{{"fsync", sqlFsync}, {"synchronous_commit", sqlCommit}} {
		value, err := ask(ctx, conn, s.sql)
		if err != nil && !is(err, undefinedObject, unsupported) {
			return err
		}
		if err == nil && value == "off" {
			return &unsafeServer{s.name}
		}
	}
	return nil
}

// tune makes the settings of the connection that the server knows.
func tune(ctx context.Context, conn *pgconn.PgConn) error {
	for _, sql := range tuning {
		if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil && !is(err, undefinedObject, unsupported, invalidParameter) {
			return err
		}
	}
	return nil
}
