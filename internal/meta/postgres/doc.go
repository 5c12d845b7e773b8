// Package postgres is the metadata engine for several servers: one table of a database that speaks PostgreSQL's protocol. It is
// tested with PostgreSQL 15; its statements (sql.go) use what CockroachDB and YugabyteDB take as well.
//
//	crossgrant_kv (k bytea PRIMARY KEY, v bytea, r bigint)
//
// k is the key, v the value, r the revision: a random number above 0 that is the same for all that one commit puts. Rows whose r
// is not above 0 are no entries (fences).
//
// # Round trips
//
// Read is one; a View is one for each of its reads, of which the first also begins the transaction, and its end is not waited
// for. A range that is read with a true meta.Plan is one (of up to 4,096 entries), with or without groups. An Update that reads
// nothing, or all of it from what was read ahead, is one; otherwise it is one for each read and one for the commit. Once a read
// was not found ahead, all that follow go to the database.
//
// # Isolation
//
// Every transaction is SERIALIZABLE, and Views are READ ONLY, which PostgreSQL stops watching within moments, as soon as no
// transaction is under way that had begun before them. What a View sees is therefore a state that the database had in the serial
// order of Updates, which snapshot isolation alone does not give to readers. An Update that was not committed may have seen
// something else: what fn returns as an error is not made sure of.
//
// A commit compares the revisions of what was read ahead with those in the database, and that is all that such an Update reads
// there. Keys that are read and written are compared by their write, which locks the row: PostgreSQL notes other reads by pages
// of the index, so that Updates which add keys side by side would conflict for looking at them. Keys that are only read are
// read again, in the transaction of the commit. A write of a key with an expected value is an INSERT ... ON CONFLICT that
// carries the expected revision in the row that it proposes, so that it also fails if the key was deleted; the keys that a
// DELETE names are noted as read, which is what makes a later insertion of the same key by a transaction that began before it
// part of the watch.
//
// # Durability, and commits whose outcome is unknown
//
// A server with fsync or synchronous_commit off is refused. A commit is one batch whose last condition compares the database's
// clock with the deadline: Options.Timeout after it was sent. What arrives later, from a network that held it back, is refused
// by the database. If the connection is lost, or gives no answer in time, Update returns meta.ErrUnavailable; the writes become
// visible before that deadline or never, but for the time that the server itself takes to write what it had begun to commit
// before. A database that was stopped in the middle of that, or waits for its synchronous standbys, may make it longer.
// Observers of OnUnsettled are told a second after the deadline. The context of the caller does not end a commit.
//
// The clock is read once for each connection, and counted on with this process's. If the database's clock is set forward by
// more than the time that a commit has, the first commit of each connection is refused; set back, it lengthens that time.
//
// # Failures
//
// Only a primary is used: a connection to a server that is read only is not kept, whatever the URL says, so that after a
// failover the next one goes to the new primary, if the URL lists both or an address leads to it. Connections are made anew
// when one of them is lost. A first read is then tried again, so that idle connections which have ended are not noticed.
// A primary that was replaced and does not know it may answer reads of old state until it is told; so that this cannot be, the
// failover must stop it first, as Patroni does.
//
// Poolers that give a connection to another client between transactions (PgBouncer) are not supported: settings and prepared
// statements belong to connections.
package postgres
