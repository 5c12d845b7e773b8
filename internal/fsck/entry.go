package fsck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

// entry is one key of the metadata store while it is verified.
type entry struct {
	*run
	ctx      context.Context
	r        meta.Reader
	key      []byte
	parts    []string // components of the key, as keys.Split returns them
	value    []byte
	problems []problem
	err      error // the store cannot be read: nothing is known of the entry
}

// problem is what is wrong with an entry, and what a repair writes about it.
type problem struct {
	kind, what, repair string
	writes             []write
}

// write sets the value of a key, or deletes the key if value is nil.
type write struct{ key, value []byte }

// presence says whether a record is there.
type presence int

const (
	missing presence = iota
	present
	// unreadable: it is there, and its own entry tells what is wrong with it. Nothing is concluded from it.
	unreadable
)

// wrong notes a problem that no repair is known for.
func (e *entry) wrong(kind, format string, args ...any) {
	e.problems = append(e.problems, problem{kind: kind, what: fmt.Sprintf(format, args...)})
}

// repair says what a repair of the problem that was noted last writes.
func (e *entry) repair(text string, writes ...write) {
	last := &e.problems[len(e.problems)-1]
	last.repair, last.writes = text, writes
}

// get returns the value of a key, nil if there is none.
func (e *entry) get(key []byte) []byte {
	if e.err != nil || len(key) > meta.MaxKey {
		return nil
	}
	value, err := e.r.Get(key)
	if err != nil && !errors.Is(err, meta.ErrNotFound) {
		e.err = err
	}
	return value
}

// read reads the record of a key into m.
func (e *entry) read(key []byte, m proto.Message) presence {
	value := e.get(key)
	switch {
	case e.err != nil:
		return unreadable
	case value == nil:
		return missing
	case records.Unmarshal(value, m) != nil:
		return unreadable
	}
	return present
}

// needs notes that an entry of an index is missing, which this record has to have there. name says what the index
// is from. If mine is set no other record can have an entry of that key.
func (e *entry) needs(key, value []byte, name string, mine bool) {
	got := e.get(key)
	switch {
	case e.err != nil || bytes.Equal(got, value) && got != nil:
	case got == nil:
		e.wrong(Reference, "it is missing in the index from %s", name)
		e.repair("add it to the index", write{key, value})
	case mine:
		e.wrong(Reference, "the index from %s says %q, not %q", name, got, value)
		e.repair("correct the index", write{key, value})
	default:
		e.wrong(Reference, "the index from %s leads to %q, not to it", name, got)
	}
}

// led notes that this entry of an index leads nowhere, unless ok; what it should lead to was looked for and is p.
func (e *entry) led(p presence, ok bool, to string) {
	if e.err != nil || p == unreadable || p == present && ok {
		return
	}
	e.wrong(Reference, "this entry of an index leads to %s, which %s", to, map[presence]string{missing: "is not there", present: "does not have it"}[p])
	e.repair("remove the entry", write{e.key, nil})
}

// exists notes that a record that this one names is not there.
func (e *entry) exists(key []byte, name string) {
	if e.get(key) == nil && e.err == nil {
		e.wrong(Reference, "it names %s, which is not there", name)
	}
}

// same notes that the record says another name than its key.
func (e *entry) same(what, says, is string) {
	if says != is {
		e.wrong(Record, "the record has the %s %q, its key %q", what, says, is)
	}
}

// counts reports whether the entry has a wrong count.
func (e *entry) counts() bool {
	return slices.ContainsFunc(e.problems, func(p problem) bool { return p.kind == Count })
}

// count returns how many keys of a range there are.
func (e *entry) count(from, to []byte) (n int64) {
	it := e.r.Scan(from, to)
	for it.Next() {
		n++
	}
	if err := it.Close(); err != nil && e.err == nil {
		e.err = err
	}
	return n
}

// opens notes that a secret that is sealed with the master key does not open.
func (e *entry) opens(sealed []byte, context, what string) {
	if _, err := e.opts.Keys.Master.Open(sealed, []byte(context)); err != nil {
		e.wrong(Record, "%s does not open with the master key of this data folder", what)
	}
}

// put is the write of a record. It cannot fail: what was decoded is encoded.
func put(key []byte, m proto.Message) write {
	value, err := records.Marshal(m)
	if err != nil {
		panic(err)
	}
	return write{key, value}
}

// finding returns a problem of the entry as a finding.
func (e *entry) finding(p problem) Finding {
	f := Finding{Kind: p.kind, At: quoted(e.key), What: p.what, Repair: p.repair}
	f.Bucket, f.Key, f.VersionID = e.owner(e.key, e.parts, e.value)
	return f
}

// owner returns to whose content an entry belongs; empty for one that belongs to no object, upload or bucket.
func (r *run) owner(key []byte, parts []string, value []byte) (bucket, object, version string) {
	if len(key) == 0 || len(parts) == 0 {
		return "", "", ""
	}
	switch key[0] {
	case 'B', 'X':
		return parts[0], "", ""
	case 'L':
		return parts[1], "", ""
	case 'O', 'Y', 'V', 'U', 'T', 'F':
		bucket = r.bucketName(parts[0])
	case 'P':
		return r.uploadOf(parts[0])
	}
	switch key[0] {
	case 'O':
		o := new(records.Object)
		if records.Unmarshal(value, o) == nil {
			version = objects.VersionID(o)
		}
		return bucket, parts[1], version
	case 'V':
		o := new(records.Object)
		if records.Unmarshal(value, o) == nil {
			return bucket, parts[1], objects.VersionID(o)
		}
		return bucket, parts[1], keys.VersionID([]byte(parts[2])).String()
	case 'Y', 'U':
		object = parts[1]
	}
	return bucket, object, ""
}

// bucketName returns the name of the bucket with this ID, or the ID if it has no record.
func (r *run) bucketName(id string) string {
	if name, ok := r.buckets[id]; ok {
		return name
	}
	return fmt.Sprintf("%x", id)
}

// uploadOf returns bucket and key of an upload; empty if there is none.
func (r *run) uploadOf(id string) (bucket, object, version string) {
	if u, ok := r.uploads[id]; ok {
		return r.bucketName(string(u.bucket[:])), u.key, ""
	}
	return "", "", ""
}
