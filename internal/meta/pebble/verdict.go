package pebble

import (
	"runtime"
	"strings"
)

// kind is what an operation on files does.
type kind int

const (
	reading  kind = iota
	making        // files, names
	writing       // bytes
	syncing       // files, folders
	removing      // names
	closing       // files
)

// role is the part of Pebble that asks for an operation, by what becomes of an error that it is told.
type role int

const (
	// worker passes an error on: what reads, flushes, compacts or cleans up.
	worker role = iota
	// careful runs in a goroutine of ours that expects errors and panics: opening, closing.
	careful
	// logWriter keeps the error for whoever appends next, who then panics.
	logWriter
	// helpless panics, or declares the error fatal, with locks in a state that nobody can repair.
	helpless
	// damageFinder looks whether files are there and whole.
	damageFinder
)

// roles are the functions of Pebble that tell who asks, to be found on the stack of the caller.
var roles = map[string]role{
	"pebble/v2.Open":                careful,
	"pebble/v2.(*DB).Close":         careful,
	"record.(*LogWriter).flushLoop": logWriter,
	// A full log is closed and the next one made: rotateWAL panics without the lock that its callers
	// then unlock, which no recover survives.
	"pebble/v2.(*DB).rotateWAL": helpless,
	// The manifest is written: Fatalf, with the database's lock held. The marker of a new manifest panics
	// when its folder cannot be synced, in a goroutine of Pebble's own.
	"pebble/v2.(*versionSet).UpdateVersionLocked": helpless,
	"atomicfs.(*Marker).Move":                     helpless,
	"base.MustExist":                              damageFinder,
	"pebble/v2.(*DB).scanReadStateTableStats":     damageFinder,
}

// callerRole returns the role of the caller. Where several are on the stack careful counts, then the
// innermost. It is slow, and asked only about what failed.
func callerRole() role {
	pcs := make([]uintptr, 96)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	found := worker
	for {
		frame, more := frames.Next()
		for name, r := range roles {
			if !isWithin(frame.Function, name) {
				continue
			}
			if r == careful {
				return careful
			}
			if found == worker {
				found = r
			}
		}
		if !more {
			return found
		}
	}
}

// isWithin reports whether function is the function of Pebble that name names, or a closure within.
func isWithin(function, name string) bool {
	const module = "github.com/cockroachdb/pebble/v2"
	rest, ok := strings.CutPrefix(function, module)
	if !ok {
		return false
	}
	if pkg, ok := strings.CutPrefix(name, "pebble/v2"); ok {
		name = pkg
	} else if i := strings.LastIndex(rest, "/"); i >= 0 {
		rest = rest[i+1:]
	}
	after, ok := strings.CutPrefix(rest, name)
	return ok && (after == "" || strings.HasPrefix(after, ".func"))
}

// verdict is what the fence does about an operation that failed.
type verdict int

const (
	tell         verdict = iota // return the error
	tellLater                   // return it after a pause, for Pebble repeats the work at once
	tellWhenIdle                // fail the instance, and return the error when nobody can meet it
	again                       // try again until it succeeds
	ignore                      // return none
	never                       // fail the instance, and stop the goroutine for ever
)

// verdictOf returns what to do when an operation of kind k fails that r asked for. A sync that failed is never
// tried again: the kernel may have dropped what it could not write, and a second one would succeed
// without it.
func verdictOf(k kind, r role) verdict {
	switch r {
	case careful:
		return tell
	case logWriter:
		if k == syncing {
			return tellWhenIdle
		}
		return again
	case helpless:
		switch k {
		case syncing:
			return never
		case removing: // what is left over is removed when the folder is opened
			return tell
		case closing: // what was in the file is synced
			return ignore
		}
		return again
	}
	if k == making || k == writing || k == syncing || k == closing {
		return tellLater
	}
	return tell
}
