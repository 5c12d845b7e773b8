#!/bin/sh
# Measures what objects cost in PostgreSQL: bytes of table, TOAST and index for each row, bytes of write-ahead log for each
# commit, and pages that a listing reads, of the one table of keys and values. It makes a cluster of its own in a temporary
# folder and removes it.
#
#   sh bench/scale/postgres.sh [PORT]
#
# Where initdb is not in the path, PGBIN says in which folder it is. As root it works as the user postgres.
set -eu
port=${1:-16100}
PATH="${PGBIN:-/usr/lib/postgresql/15/bin}:$PATH"
folder=$(mktemp -d "${TMPDIR:-/tmp}/crossgrant-scale.XXXXXX")
as=''
if [ "$(id -u)" = 0 ]; then
	chown postgres "$folder"
	as='runuser -u postgres --'
fi
cd "$folder"
trap '$as pg_ctl -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT INT TERM
$as initdb -D "$folder/data" -A trust -U measure >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }
cat >>"$folder/data/postgresql.conf" <<CONF
port = $port
listen_addresses = ''
unix_socket_directories = '$folder'
synchronous_commit = off
max_wal_size = 8GB
checkpoint_timeout = 1h
autovacuum = off
default_transaction_isolation = serializable
CONF
$as pg_ctl -D "$folder/data" -w -l "$folder/log" start >/dev/null
sql() { $as psql -X -q -v ON_ERROR_STOP=1 -h "$folder" -p "$port" -U measure -d postgres -At -F ' ' "$@"; }

sql <<'SQL'
CREATE FUNCTION noise(n int) RETURNS bytea LANGUAGE sql AS
	'SELECT substring(string_agg(sha512((random()::text || i)::bytea), '''') FROM 1 FOR n) FROM generate_series(0, n / 64) i';
-- write puts rows, each in a commit of its own: new ones at random places, or those again that are there.
CREATE PROCEDURE write(count int, size int, again boolean) LANGUAGE plpgsql AS $$
DECLARE key bytea; value bytea := noise(size);
BEGIN
	FOR i IN 1..count LOOP
		IF again THEN
			SELECT k INTO key FROM kv OFFSET (i * 7) % 5000 LIMIT 1;
		ELSE
			key := substring(sha256((random()::text || i)::bytea) || sha256('x') FROM 1 FOR 49);
		END IF;
		INSERT INTO kv VALUES (key, noise(8) || substring(value FROM 9), i) ON CONFLICT (k) DO UPDATE SET v = excluded.v, r = excluded.r;
		COMMIT;
	END LOOP;
END $$;
SQL

# wal NAME COUNT SIZE AGAIN: the bytes of log of each commit.
wal() {
	before=$(sql -c 'SELECT pg_current_wal_insert_lsn()')
	sql -c "CALL write($2, $3, $4)"
	sql -c "SELECT '  log, $1:', round((pg_current_wal_insert_lsn() - '$before'::pg_lsn) / $2)"
}

echo "PostgreSQL $(sql -c 'SHOW server_version')"
for row in '320 100000' '387 100000' '4456 20000' '65898 5000'; do
	size=${row% *} count=${row#* }
	echo "value of $size bytes, $count rows; bytes for each"
	sql <<SQL
DROP TABLE IF EXISTS kv;
CREATE TABLE kv (k bytea PRIMARY KEY, v bytea NOT NULL, r bigint NOT NULL);
CALL write($count, $size, false);
SELECT '  table:', pg_relation_size('kv') / $count, ' TOAST:', (pg_table_size('kv') - pg_relation_size('kv')) / $count,
	' index:', pg_indexes_size('kv') / $count;
CHECKPOINT;
SQL
	sql -c 'VACUUM ANALYZE kv'
	echo "  a page of 1,000 keys, values cut to 512 bytes:$(sql -c "
			EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) SELECT k, substring(v FROM 1 FOR 512), r FROM kv WHERE k >= '\\x80' ORDER BY k LIMIT 1000" |
		sed -n 's/^ *Buffers: shared/ pages of 8 KiB/p; s/^ *Execution Time:/; time:/p' | sed -n '1p;$p' | tr -d '\n')"
	wal 'new key, pages seldom written since the checkpoint' 2000 "$size" false
	sql -c 'ALTER SYSTEM SET full_page_writes = off' -c 'SELECT pg_reload_conf()' >/dev/null
	sleep 1
	wal 'new key, without images of pages' 2000 "$size" false
	wal 'key again, without images of pages' 1000 "$size" true
	sql -c 'ALTER SYSTEM SET full_page_writes = on' -c 'SELECT pg_reload_conf()' >/dev/null
done
