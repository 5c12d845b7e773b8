// Package pebble is the embedded metadata engine: a log-structured merge tree in one folder, kept by
// one process.
//
// # Transactions
//
// Updates take turns: fn runs alone, on an indexed batch over the newest state, so any history is
// serializable and there are no conflicts. Its batch is then appended to the write-ahead log, and
// only the wait for the disk happens after the turn has passed on, so that Updates that run at the
// same time share one sync (group commit).
//
// # What a reader may see
//
// Between the append and the end of the sync a write exists in memory only. The next Update sees it,
// as it must to be serializable; that is safe, because a log is durable from its start: if the later
// write survives a power cut, so does what it was based on. But nothing may leave the engine that a
// power cut could still take back. So
//
//   - a View reads the newest state known to be durable, as a snapshot made right after an append and
//     published when the sync that covers it ends. A View therefore never waits for the disk, and
//     still sees every Update that returned before it began;
//   - an Update that ends without writing, because fn failed or only read, waits for the sync of the
//     last append if that is not over.
//
// # Failure
//
// An Engine opens its folder as an instance, and another one when that has failed; the process goes on. What
// Pebble does about an error depends on who meets it, and so does what it is told. Each instance has a
// fence, a file system through which all that it does goes. By the function of Pebble that asked for the
// operation that failed (see roles) the fence decides (see verdictOf) to
//
//   - tell Pebble, where Pebble passes the error on to a reader, or repeats the work: tables that are
//     read, flushed, compacted or removed;
//   - try again until it succeeds: bytes that are written to the log and the manifest, and names that are
//     made for them. Pebble waits meanwhile and has noticed nothing when it is over, so that a full disk,
//     a read-only file system or too few file descriptors need no opening anew;
//   - give the instance up, for a sync that failed is never tried again: nobody knows what is on the disk,
//     and a second sync that succeeds would prove nothing. If it was one of the log, Pebble is told as
//     soon as it appends nothing, and the instance is closed in good order. Otherwise the goroutine is
//     stopped for ever, and the memory of the instance is lost, up to its memory tables.
//
// These are the failures that Pebble v2.1 itself answers with the end of the process, or with locks that
// are never released:
//
//   - DB.rotateWAL panics when the full log cannot be written, synced or closed, or the next one cannot
//     be made or its folder synced; it does so without the lock that its callers then release, which the
//     Go runtime ends the process for;
//   - DB.commitWrite panics, and keeps the commit lock, when the log failed under an earlier batch;
//   - versionSet.UpdateVersionLocked calls Fatalf, with the lock of the database, when the manifest cannot
//     be made, written or synced, or made the current one;
//   - atomicfs.Marker.Move panics when its folder cannot be synced, in a goroutine of Pebble's own;
//   - DB.applyInternal calls Fatalf when a batch cannot be committed, and then reports success;
//   - base.MustExist and DB.scanReadStateTableStats call Fatalf when a file is missing or has another size
//     than it should: damage, which concerns the reads that need the file and no others;
//   - Open, when it fails, leaves compactions behind that use what it has taken apart, and a scheduler that
//     starts more; scheduler is used instead;
//   - versionSet.create, which makes a database, calls Fatalf for its manifest and returns the error.
//
// Fatalf returns here, after the instance was given up: nothing that Pebble does then reaches the disk. All
// other calls of it, and all other panics, are broken invariants that no operation on files leads to.
//
// An instance that was given up is fenced off: its operations that are under way are waited for, and none
// begins any more. When a small file can be written, synced and removed again, another instance is opened
// on the folder, and takes over. It has everything that was acknowledged; of what was not, what had got
// into the log. Until then Views go on, on the last durable state, and Updates return
// meta.ErrUnavailable or meta.ErrNoSpace: at once, or within two seconds if they wait for the disk when it
// begins to fail. Updates that had to return before their outcome was known may become visible
// later; OnUnsettled tells.
//
// Before the disk is full, writes are refused with meta.ErrNoSpace, save for those of meta.Freeing, so that an
// engine whose disk is filled by its own writes never gets that far.
package pebble
