package postgres

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// portable has everything that the statements are made of, and what it is that PostgreSQL 15, CockroachDB and YugabyteDB, which
// is PostgreSQL above its storage, all take. What is not listed may be known to one of them only: look it up in the
// documentation of CockroachDB ("Functions and Operators", "SQL Grammar") before it is added.
var portable = map[string]string{
	"BEGIN": "a transaction", "ISOLATION": "BEGIN ISOLATION LEVEL", "LEVEL": "BEGIN ISOLATION LEVEL", "SERIALIZABLE": "the level that all three have",
	"READ": "READ ONLY, READ WRITE", "ONLY": "READ ONLY", "WRITE": "READ WRITE", "COMMIT": "a transaction", "ROLLBACK": "a transaction",
	"SELECT": "a query", "FROM": "a query; substring(… FROM …), extract(… FROM …)", "WHERE": "a query", "ORDER": "ORDER BY", "BY": "ORDER BY",
	"LIMIT": "a query, with a parameter or a constant", "AND": "a condition", "IS": "IS NULL", "NULL": "no value", "AS": "names; a type in CAST",
	"ANY": "k = ANY (array)", "CASE": "a condition", "WHEN": "CASE", "THEN": "CASE", "ELSE": "CASE", "END": "CASE",
	"WITH":      "common table expressions, with INSERT and DELETE in them, one to a statement (CockroachDB takes no second on one table)",
	"RECURSIVE": "WITH RECURSIVE; CockroachDB since 20.1", "UNION": "WITH RECURSIVE", "ALL": "UNION ALL",
	"LATERAL":  "a subquery that names what is before it; CockroachDB since 20.1",
	"POSITION": "POSITION(bytea IN bytea); CockroachDB: strpos, which takes bytes", "IN": "POSITION(… IN …)",
	"SUBSTRING": "SUBSTRING(bytea FROM int FOR int)", "FOR": "SUBSTRING(… FOR …)",
	"COUNT": "aggregate", "SUM": "as a window function", "OVER": "window functions", "LAG": "window function", "LEAD": "window function",
	"COALESCE": "the first that is not NULL", "CAST": "CAST(… AS type)", "UNNEST": "of several arrays, in FROM",
	"INSERT": "INSERT INTO … SELECT", "INTO": "INSERT INTO", "ON": "ON CONFLICT", "CONFLICT": "ON CONFLICT (k) DO UPDATE SET … WHERE …", "DO": "ON CONFLICT",
	"UPDATE": "ON CONFLICT", "SET": "ON CONFLICT; settings", "EXCLUDED": "ON CONFLICT", "RETURNING": "INSERT, DELETE",
	"DELETE": "DELETE FROM", "USING": "DELETE … USING; CockroachDB since 22.2",
	"CLOCK_TIMESTAMP": "the time of the statement, not of the transaction", "FLOOR": "of a number", "EXTRACT": "extract(epoch FROM …)", "EPOCH": "seconds since 1970",
	"CREATE": "CREATE TABLE", "TABLE": "CREATE TABLE", "NOT": "NOT NULL", "PRIMARY": "PRIMARY KEY", "KEY": "PRIMARY KEY",
	"SHOW":  "a setting; who does not know it says so, which is taken for an answer",
	"BYTEA": "type", "BIGINT": "type", "INT": "type", "TIMESTAMPTZ": "type", "TRUE": "boolean", "FALSE": "boolean",
	"::": "a cast", "[]": "an array type", "||": "of bytea", "=": "", "<": "", ">": "", ">=": "", "+": "", "-": "", "*": "", "/": "of bigint; by zero it is error 22012",
	"(": "", ")": "", ",": "", ".": "", "''": "the empty bytea",
}

// names are the engine's own: the table, its columns, what statements call their parts, and settings.
var names = strings.Fields("crossgrant_kv k v r walk e d s t w b n m g last kept done fsync synchronous_commit")

var token = regexp.MustCompile(`\$?[A-Za-z_0-9]+|::|\[\]|\|\||>=|''|\S`)

func TestPortable(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	// sqlCreateOrdered, whose failure is an answer, the fences of a PostgreSQL and tuning are not for all three.
	for _, sql := range append(statements[:], sqlClock, sqlProbe, sqlFsync, sqlCommit, sqlCreate) {
		for _, word := range token.FindAllString(sql, -1) {
			if slices.Contains(names, word) || regexp.MustCompile(`^\$?\d+$`).MatchString(word) {
				continue
			}
			word = strings.ToUpper(word)
			used[word] = true
			if _, ok := portable[word]; !ok {
				t.Errorf("%q is not among what all databases take, in\n%s", word, sql)
			}
		}
	}
	for word := range portable {
		if !used[word] && word != "SET" && word != "''" {
			t.Errorf("%q is listed and not used", word)
		}
	}
}

// TestValuesAreParameters wants no value in the text of a statement that is not a number: values are parameters.
func TestValuesAreParameters(t *testing.T) {
	t.Parallel()
	for _, sql := range statements {
		if strings.ContainsAny(sql, `'"\`) {
			t.Errorf("a literal in\n%s", sql)
		}
	}
}
