package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5/pgconn"

	"crossgrant/internal/meta"
)

// create makes the table if there is none. Several servers may do so at once.
func create(ctx context.Context, conn *pgconn.PgConn) error {
	probe := func() error { _, err := conn.Exec(ctx, sqlProbe).ReadAll(); return err }
	err := probe()
	if !is(err, undefinedTable) {
		return err
	}
	_, err = conn.Exec(ctx, sqlCreateOrdered).ReadAll()
	if is(err, syntaxError) {
		err = createFenced(ctx, conn)
	}
	// Which of these PostgreSQL says, when another server makes the table just now, depends on how far that one has come: to the
	// table, to its row type, or to an entry of either that it has not committed.
	if err != nil && !is(err, duplicateTable, duplicateObject, uniqueViolation) {
		return fmt.Errorf("create the table crossgrant_kv: %w", err)
	}
	return probe()
}

// createFenced makes the table of a PostgreSQL, and its fences, together.
func createFenced(ctx context.Context, conn *pgconn.PgConn) error {
	for _, sql := range []string{sqlBegin, sqlCreate} {
		if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
			return undo(ctx, conn, err)
		}
	}
	p := blobs(fences())
	if _, err := conn.ExecParams(ctx, sqlFence, [][]byte{p.bytes}, nil, []int16{p.format}, nil).Close(); err != nil {
		return undo(ctx, conn, err)
	}
	_, err := conn.Exec(ctx, sqlCommitSetup).ReadAll()
	return err
}

// undo ends a transaction that failed with err, which it returns.
func undo(ctx context.Context, conn *pgconn.PgConn, err error) error {
	_, rolledBack := conn.Exec(ctx, sqlRollbackSetup).ReadAll()
	return errors.Join(err, rolledBack)
}

// fences are rows that no reader sees, four before the keys of each letter, longer than a key may be.
//
// PostgreSQL notes what a transaction reads by the pages of the index: one that finds no key conflicts with those that add
// others to the same page. The kinds of keys begin with a letter each. Four fences do not fit into a page, so that no page has
// keys of two kinds: who looks, among keys of one kind, for one that is not there, does not conflict with all who add keys to
// the end of the kind before. Nothing depends on them but how often transactions conflict.
func fences() (keys [][]byte) {
	const perLetter = 4
	random := rand.NewChaCha8([32]byte{}) // the same in every database; PostgreSQL must not compress them
	for _, letter := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
		for n := range perLetter {
			key := make([]byte, meta.MaxKey+10)
			random.Read(key)
			copy(key, []byte{letter, 0, 0, byte(n)})
			keys = append(keys, key)
		}
	}
	return keys
}
