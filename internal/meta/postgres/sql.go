package postgres

import "strconv"

// Every statement that the engine sends, but for those of setup.go, which run once for each connection or database. They use
// what PostgreSQL 15, CockroachDB and YugabyteDB have in common; sql_test.go holds the list of it.
//
// What must abort a transaction divides by zero, since nothing else in SQL that all three take does. So a commit can be
// decided by the server and needs no answer in between.

// statement is the place of a statement in statements, and its name on a connection.
type statement int

const (
	beginRead statement = iota
	beginWrite
	commit
	rollback
	readKeys
	scanRange
	scanCut
	scanGroups
	checkReads
	insertNew
	swapKnown
	putBlind
	deleteKnown
	deleteBlind
	beforeDeadline
)

// name is that of the prepared statement.
func (s statement) name() string { return "crossgrant_" + strconv.Itoa(int(s)) }

// statements are the texts.
//
// The parameters: keys, values and revisions are arrays of one length; the last parameters of those that abort are the number
// of rows that there have to be, and the new revision.
var statements = [...]string{
	beginRead:  `BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY`,
	beginWrite: `BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE`,
	commit:     `COMMIT`,
	rollback:   `ROLLBACK`,

	readKeys:  `SELECT k, v, r FROM crossgrant_kv WHERE k = ANY ($1::bytea[])`,
	scanRange: `SELECT k, v FROM crossgrant_kv WHERE k >= $1::bytea AND k < $2::bytea ORDER BY k LIMIT $3::bigint`,
	scanCut: `SELECT k, substring(v FROM 1 FOR $4::bigint::int) FROM crossgrant_kv
		WHERE k >= $1::bytea AND k < $2::bytea ORDER BY k LIMIT $3::bigint`,

	// scanGroups walks the range by seeks: each step finds the first key at or after the bound b that the step before left,
	// which is behind its key, or, if its key belongs to a group, behind the group: the part of the key before the delimiter
	// $6, which is sought after the first $5 bytes, and then $7, the least bytes that are greater than all that begin with
	// the delimiter.
	scanGroups: `WITH RECURSIVE walk (k, v, b, n) AS (
			SELECT CAST(NULL AS bytea), CAST(NULL AS bytea), $1::bytea, CAST(0 AS bigint)
		UNION ALL
			SELECT e.k, e.v,
				CASE WHEN position($6::bytea IN substring(e.k FROM $5::bigint::int + 1)) > 0
					THEN substring(e.k FROM 1 FOR $5::bigint::int + position($6::bytea IN substring(e.k FROM $5::bigint::int + 1)) - 1) || $7::bytea
					ELSE e.k || $8::bytea END,
				walk.n + 1
			FROM walk, LATERAL (SELECT t.k, substring(t.v FROM 1 FOR $4::bigint::int) AS v FROM crossgrant_kv AS t
				WHERE t.k >= walk.b AND t.k < $2::bytea ORDER BY t.k LIMIT 1) AS e
			WHERE walk.n < $3::bigint
		)
		SELECT k, v FROM walk WHERE n > 0 ORDER BY n`,

	// checkReads aborts unless the keys $1 have the revisions $2 and the keys $3 have no value.
	checkReads: `SELECT 1 / (CASE WHEN
			(SELECT count(*) FROM unnest($1::bytea[], $2::bigint[]) AS w (k, r), LATERAL (SELECT t.r FROM crossgrant_kv AS t WHERE t.k = w.k) AS e
				WHERE e.r = w.r) = $4::bigint
			AND (SELECT count(*) FROM crossgrant_kv WHERE k = ANY ($3::bytea[])) = 0
		THEN 1 ELSE 0 END)`,

	// insertNew fails, as a unique violation, if one of the keys has a value.
	insertNew: `INSERT INTO crossgrant_kv (k, v, r) SELECT k, v, $3::bigint FROM unnest($1::bytea[], $2::bytea[]) AS w (k, v)`,
	// swapKnown aborts unless each key has the revision that is expected of it. The row that is proposed carries the expected
	// revision: one that is inserted, because the key has no value, comes back with it, and is not counted.
	swapKnown: `WITH done AS (
			INSERT INTO crossgrant_kv (k, v, r) SELECT k, v, r FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) AS w (k, v, r)
			ON CONFLICT (k) DO UPDATE SET v = excluded.v, r = $5::bigint WHERE crossgrant_kv.r = excluded.r
			RETURNING r
		)
		SELECT 1 / (CASE WHEN count(*) = $4::bigint THEN 1 ELSE 0 END) FROM done WHERE r = $5::bigint`,
	putBlind: `INSERT INTO crossgrant_kv (k, v, r) SELECT k, v, $3::bigint FROM unnest($1::bytea[], $2::bytea[]) AS w (k, v)
		ON CONFLICT (k) DO UPDATE SET v = excluded.v, r = excluded.r`,
	// deleteKnown aborts unless each key has the revision that is expected of it.
	deleteKnown: `WITH done AS (
			DELETE FROM crossgrant_kv USING unnest($1::bytea[], $2::bigint[]) AS w (k, r)
			WHERE crossgrant_kv.k = w.k AND crossgrant_kv.r = w.r
			RETURNING crossgrant_kv.r
		)
		SELECT 1 / (CASE WHEN count(*) = $3::bigint THEN 1 ELSE 0 END) FROM done`,
	deleteBlind: `DELETE FROM crossgrant_kv WHERE k = ANY ($1::bytea[])`,

	// beforeDeadline aborts a commit that comes later than it may.
	beforeDeadline: `SELECT 1 / (CASE WHEN clock_timestamp() < $1::timestamptz THEN 1 ELSE 0 END)`,
}
