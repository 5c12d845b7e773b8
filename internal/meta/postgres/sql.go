package postgres

import "strconv"

// Every statement that the engine sends. They use what PostgreSQL 15, CockroachDB and YugabyteDB have in common, but for some of
// those at the end; sql_test.go holds the list of it.
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
	checkFirst
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
// of rows that there have to be, and the new revision. Rows whose revision is not positive are no entries: see fences.
var statements = [...]string{
	beginRead:  `BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY`,
	beginWrite: `BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE`,
	commit:     `COMMIT`,
	rollback:   `ROLLBACK`,

	readKeys:  `SELECT k, v, r FROM crossgrant_kv WHERE k = ANY ($1::bytea[])`,
	scanRange: `SELECT k, v, r FROM crossgrant_kv WHERE k >= $1::bytea AND k < $2::bytea AND r > 0 ORDER BY k LIMIT $3::bigint`,
	scanCut: `SELECT k, substring(v FROM 1 FOR $4::bigint::int) FROM crossgrant_kv
		WHERE k >= $1::bytea AND k < $2::bytea AND r > 0 ORDER BY k LIMIT $3::bigint`,

	// scanGroups walks the range in steps. Each reads a few rows at or after the bound b that the step before left behind its
	// last row: after its key, or, if its key belongs to a group g, after the group. The group is the part of the key before
	// the delimiter $6, which is sought after the first $5 bytes; $7 is the least bytes that are greater than all that begin
	// with the delimiter. Of the rows of one group in a step only the first is kept; n counts those. So keys without groups
	// cost little more than without a delimiter, and groups that have thousands of keys are passed in one step each.
	scanGroups: `WITH RECURSIVE walk (k, v, kept, b, n, last) AS (
			SELECT CAST(NULL AS bytea), CAST(NULL AS bytea), false, $1::bytea, CAST(0 AS bigint), true
		UNION ALL
			SELECT e.k, CASE WHEN e.kept = 1 THEN substring(e.v FROM 1 FOR $4::bigint::int) END, e.kept = 1,
				CASE WHEN e.last THEN coalesce(e.g || $7::bytea, e.k || $8::bytea) END, walk.n + e.m, e.last
			FROM walk, LATERAL (
				SELECT d.k, d.v, d.g, d.kept, d.last, CAST(sum(d.kept) OVER (ORDER BY d.k) AS bigint) AS m FROM (
					SELECT s.k, s.v, s.g, CASE WHEN s.g = lag(s.g) OVER (ORDER BY s.k) THEN 0 ELSE 1 END AS kept,
						lead(s.k) OVER (ORDER BY s.k) IS NULL AS last
					FROM (
						SELECT t.k, t.v, CASE WHEN position($6::bytea IN substring(t.k FROM $5::bigint::int + 1)) > 0 THEN
							substring(t.k FROM 1 FOR $5::bigint::int + position($6::bytea IN substring(t.k FROM $5::bigint::int + 1)) - 1) END AS g
						FROM crossgrant_kv AS t WHERE t.k >= walk.b AND t.k < $2::bytea AND t.r > 0 ORDER BY t.k LIMIT 16
					) AS s
				) AS d
			) AS e
			WHERE walk.last AND walk.n < $3::bigint
		)
		SELECT k, v FROM walk WHERE kept AND n <= $3::bigint ORDER BY k`,

	// checkReads aborts unless the keys $1 have the revisions $2 and the keys $3 have no value.
	checkReads: `SELECT 1 / (CASE WHEN
			(SELECT count(*) FROM unnest($1::bytea[], $2::bigint[]) AS w (k, r), LATERAL (SELECT t.r FROM crossgrant_kv AS t WHERE t.k = w.k) AS e
				WHERE e.r = w.r) = $4::bigint
			AND (SELECT count(*) FROM crossgrant_kv WHERE k = ANY ($3::bytea[])) = 0
		THEN 1 ELSE 0 END)`,

	// checkFirst aborts unless the first key of a range is $3, with the revision $4, if $5 is 1, or there is none, if it is 0.
	checkFirst: `SELECT 1 / (CASE WHEN
			(SELECT count(*) FROM (SELECT k, r FROM crossgrant_kv WHERE k >= $1::bytea AND k < $2::bytea AND r > 0 ORDER BY k LIMIT 1) AS e
				WHERE e.k = $3::bytea AND e.r = $4::bigint) = $5::bigint
			AND (SELECT count(*) FROM (SELECT k FROM crossgrant_kv WHERE k >= $1::bytea AND k < $2::bytea AND r > 0 ORDER BY k LIMIT 1) AS e) = $5::bigint
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

// The statements that run once for each connection, or database.
const (
	sqlClock  = `SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000) AS bigint)`
	sqlProbe  = `SELECT k, v, r FROM crossgrant_kv LIMIT 0`
	sqlFsync  = `SHOW fsync`
	sqlCommit = `SHOW synchronous_commit`
	// sqlCreateOrdered is what YugabyteDB, which spreads keys by their hash if it is not told otherwise, needs to keep them in
	// order, and CockroachDB takes; PostgreSQL, whose keys are always in order, has no word for it.
	sqlCreateOrdered = `CREATE TABLE crossgrant_kv (k bytea NOT NULL, v bytea NOT NULL, r bigint NOT NULL, PRIMARY KEY (k ASC))`
	sqlCreate        = `CREATE TABLE crossgrant_kv (k bytea NOT NULL, v bytea NOT NULL, r bigint NOT NULL, PRIMARY KEY (k))`
	sqlBegin         = `BEGIN`
	sqlCommitSetup   = `COMMIT`
	sqlRollbackSetup = `ROLLBACK`
	sqlFence         = `INSERT INTO crossgrant_kv (k, v, r) SELECT k, ''::bytea, -1 FROM unnest($1::bytea[]) AS w (k)`
)

// tuning has statements whose failure means that the server has no such setting. A scan of the whole table, which PostgreSQL
// prefers while it is small, would make every Update conflict with every other. What is left to plan is always the same, and
// planned once for each connection.
var tuning = []string{
	`SET enable_seqscan = off`, `SET enable_bitmapscan = off`, `SET enable_hashjoin = off`, `SET enable_mergejoin = off`, `SET jit = off`,
	`SET plan_cache_mode = force_generic_plan`,
}
