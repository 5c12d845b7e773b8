package fsck

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// bucketRows are those of buckets and their settings.
var bucketRows = map[string]row{
	`'B' bucket`: record(checkBucket),
	`'L' account bucket`: plain(func(e *entry) {
		empty(e)
		b := new(records.Bucket)
		p := e.read(keys.Bucket(e.parts[1]), b)
		e.led(p, b.Account == e.parts[0], "bucket "+e.parts[1])
	}),
	`'T' bucket-id kind`: {settingOf, checkSetting},
	`'X' bucket`: record(func(e *entry, p *records.LifecycleProgress) {
		b := new(records.Bucket)
		switch is := e.read(keys.Bucket(e.parts[0]), b); {
		case is != present:
			e.led(is, false, "bucket "+e.parts[0])
		case !bytes.Equal(b.Id, p.Bucket) || e.get(keys.Setting(keys.BucketID(b.Id), keys.Lifecycle)) == nil:
			e.led(present, false, "the lifecycle of bucket "+e.parts[0])
		}
	}),
}

// checkBucket verifies a bucket with what lists it.
func checkBucket(e *entry, b *records.Bucket) {
	e.same("name", b.Name, e.parts[0])
	if len(b.Id) != len(keys.BucketID{}) {
		e.wrong(Record, "its ID has %d bytes", len(b.Id))
		return
	}
	id := keys.BucketID(b.Id)
	if name := e.buckets[string(b.Id)]; name != b.Name {
		e.wrong(Record, "bucket %s has the same ID", name)
	}
	a := new(records.Account)
	switch e.read(keys.Account(ids.AccountID(b.Account)), a) {
	case missing:
		e.wrong(Reference, "its account, %s, is not there", b.Account)
	case present:
		if a.CanonicalId != b.CanonicalId {
			e.wrong(Record, "it has another canonical user ID than its account")
		}
	}
	e.needs(keys.BucketOf(ids.AccountID(b.Account), b.Name), []byte{}, "account to buckets", true)
	if e.get(keys.Setting(id, keys.Lifecycle)) != nil && e.get(keys.LifecycleBucket(b.Name)) == nil && e.err == nil {
		e.wrong(Reference, "it has a lifecycle, and is not among the buckets that have one")
		e.repair("add it to them", put(keys.LifecycleBucket(b.Name), &records.LifecycleProgress{Bucket: b.Id, Configured: e.opts.Now().UnixNano()}))
	}
	n := new(records.Notification)
	if p := e.read(keys.Setting(id, keys.Notification), n); p != unreadable && b.Notifies != (len(n.Targets) > 0) {
		e.wrong(Reference, "it says that it notifies: %t, and has %d notifications", b.Notifies, len(n.Targets))
		right := proto.CloneOf(b)
		right.Notifies = len(n.Targets) > 0
		e.repair("correct what it says", put(e.key, right))
	}
}

// settingOf returns the record of a setting.
func settingOf(e *entry) proto.Message {
	switch keys.SettingKind(e.parts[1][0]) {
	case keys.CORS:
		return new(records.CORS)
	case keys.Lifecycle:
		return new(records.Lifecycle)
	case keys.Notification:
		return new(records.Notification)
	case keys.Website:
		return new(records.Website)
	}
	e.wrong(Record, "there is no such setting")
	return nil
}

func checkSetting(e *entry, _ proto.Message) {
	if e.inBucket() != nil || e.unread {
		return // where a record cannot be read, it may be that of the bucket
	}
	e.repair("remove the setting", write{e.key, nil})
}

// inBucket returns the record of the bucket whose ID is the first component of the key, or nil, and notes that it
// is not there.
func (e *entry) inBucket() *records.Bucket {
	b := new(records.Bucket)
	name, ok := e.buckets[e.parts[0]]
	if ok {
		ok = e.read(keys.Bucket(name), b) == present && string(b.Id) == e.parts[0]
	}
	if !ok && e.err == nil {
		e.wrong(Reference, "there is no bucket with the ID %x", e.parts[0])
		return nil
	}
	return b
}

// objectRows are those of objects, uploads and the names of blobs.
var objectRows = map[string]row{
	`'O' bucket-id key`: record(func(e *entry, o *records.Object) {
		b := e.inBucket()
		if o.DeleteMarker {
			e.wrong(Record, "it is a delete marker in the place of a current object")
		}
		if o.Superseded != 0 {
			e.wrong(Record, "it is the current version and says since when it is not")
		}
		if b != nil && b.Versioning != "" && objects.VersionID(o) == objects.NullVersion && e.get(keys.NullVersion(e.bucketID(), e.parts[1])) != nil {
			e.wrong(Reference, "it is the null version, and there is another one")
		}
		e.object(o, e.parts[1])
	}),
	`'V' bucket-id key\0 version`: record(func(e *entry, o *records.Object) {
		e.inBucket()
		e.same("place", string(o.Version), e.parts[2])
		if o.NullVersion {
			e.needs(keys.NullVersion(e.bucketID(), e.parts[1]), []byte(e.parts[2]), "key to null version", false)
		}
		if o.DeleteMarker && (o.Size != 0 || len(o.Segments)+len(o.Inline)+len(o.Content) > 0) {
			e.wrong(Record, "it is a delete marker with content")
		}
		e.object(o, e.parts[1])
	}),
	`'Y' bucket-id key`: plain(func(e *entry) {
		if len(e.value) != len(keys.VersionID{}) {
			e.wrong(Record, "it has %d bytes", len(e.value))
			return
		}
		o := new(records.Object)
		p := e.read(keys.Version(e.bucketID(), e.parts[1], keys.VersionID(e.value)), o)
		e.led(p, o.NullVersion, "version "+keys.VersionID(e.value).String())
	}),
	`'U' bucket-id key\0 upload-id`: record(func(e *entry, u *records.Upload) {
		e.inBucket()
		e.same("key", u.Key, e.parts[1])
		e.same("upload ID", u.Id, e.parts[2])
		if u.Encryption != nil {
			e.contentKey(u.Encryption, u.Key)
		}
	}),
	`'P' upload-id\0 number`: record(checkPart),
	`'c' sequence random`:    plain(func(e *entry) { e.names.content(raw(e.key[1:])) }),
	`'G' blob-id`:            plain(checkWaiting),
	`'W' blob-id`:            plain(checkWaiting),
	`'b' blob-id`: plain(func(e *entry) {
		if e.blobID() {
			e.names.entry(e.parts[0])
		}
	}),
}

func (e *entry) bucketID() keys.BucketID { return keys.BucketID([]byte(e.parts[0])) }

// blobID verifies an entry whose key is the ID of a blob, and that says nothing else.
func (e *entry) blobID() bool {
	empty(e)
	if err := blob.ID(e.parts[0]).Check(); err != nil {
		e.wrong(Record, "it names no blob: %v", err)
		return false
	}
	return true
}

// checkWaiting verifies the entry of a blob that is about to be written or deleted.
func checkWaiting(e *entry) {
	if e.blobID() {
		e.names.waiting(e.ctx, e.opts.Blobs, e.parts[0])
	}
}

// checkPart verifies a part, which belongs to an upload in progress.
func checkPart(e *entry, p *records.Part) {
	if n := binary.BigEndian.Uint16([]byte(e.parts[1])); int(p.Number) != int(n) {
		e.wrong(Record, "the record is that of part %d, its key that of part %d", p.Number, n)
	}
	upload, is := new(records.Upload), missing
	if u, ok := e.uploads[e.parts[0]]; ok {
		is = e.read(keys.Upload(u.bucket, u.key, e.parts[0]), upload)
	}
	if is == missing {
		e.wrong(Reference, "there is no upload with the ID %s", e.parts[0])
		if !e.unread { // where a record cannot be read, it may be that of the upload
			writes := []write{{e.key, nil}}
			for _, s := range p.Segments {
				writes = append(writes, write{keys.Blob(s.Blob), nil}, write{keys.Garbage(s.Blob), []byte{}})
			}
			e.repair("remove the part", writes...)
		}
	}
	if is != present {
		e.name(p.Segments) // how it is encrypted is not known
		return
	}
	e.segments(p.Segments, p.Size, len(p.Inline), upload.Encryption)
}

// object verifies what all versions have: content of the right size, and a key of it that opens.
func (e *entry) object(o *records.Object, key string) {
	inline := e.inline(o)
	if len(o.Content) > 0 && inline == nil {
		e.name(o.Segments)
	} else {
		e.segments(o.Segments, o.Size, len(inline), o.Encryption)
	}
	if len(o.Version) != 0 && len(o.Version) != len(keys.VersionID{}) {
		e.wrong(Record, "its place among the versions has %d bytes", len(o.Version))
	}
	if o.Encryption == nil {
		return
	}
	k := e.contentKey(o.Encryption, key)
	if k == nil || len(inline) == 0 {
		return
	}
	size := o.Size
	for _, s := range o.Segments {
		size -= s.Size
	}
	cipher, err := k.Run(o.Encryption.InlineSalt)
	if err == nil {
		_, err = cipher.Open(inline, size, 0, size)
	}
	if err != nil {
		e.wrong(Blob, "its content, which lies in the metadata, is not what was written: %v", err)
	}
}

// inline returns the bytes of a version that lie in the metadata: in its record, or beside it.
func (e *entry) inline(o *records.Object) []byte {
	if len(o.Content) == 0 {
		return o.Inline
	}
	at, err := contentKey(o.Content)
	if err != nil {
		e.wrong(Record, "it does not say where its content lies: %v", err)
		return nil
	}
	if len(o.Inline) > 0 {
		e.wrong(Record, "it has content, and says that it lies beside it")
	}
	e.names.besides(raw(o.Content))
	content := e.get(at)
	if content == nil && e.err == nil {
		e.wrong(Blob, "its content, which lies beside its record, is lost")
	}
	return content
}

// name notes which blobs the record names.
func (e *entry) name(segments []*records.Segment) {
	for _, s := range segments {
		if err := blob.ID(s.Blob).Check(); err != nil {
			e.unread = true
			e.wrong(Record, "it names no blob: %v", err)
			continue
		}
		e.names.record(s.Blob, e.get(keys.Blob(s.Blob)) != nil)
	}
}

// segments verifies sizes, and notes which blobs the record names.
func (e *entry) segments(segments []*records.Segment, size int64, inline int, encryption *records.Encryption) {
	e.name(segments)
	left := size
	for _, s := range segments {
		left -= s.Size
	}
	if left < 0 || (left > 0) != (inline > 0) || encryption == nil && left != int64(inline) {
		e.wrong(Record, "it has %d bytes, %d of them in blobs, and %d are stored in the record", size, size-left, inline)
	}
}

// contentKey opens the key of the content of an object or upload; nil if that needs a key that is not at hand.
func (e *entry) contentKey(encryption *records.Encryption, key string) *sse.Key {
	k, err := e.opts.Keys.Open(e.ctx, encryption, nil, sse.Place{Bucket: e.bucketID(), Key: key})
	var api *apierr.Error
	switch {
	case err == nil:
		return k
	case errors.Is(err, sse.ErrCustomerKeyNeeded), errors.As(err, &api):
	case errors.Is(err, meta.ErrCorrupt):
		e.wrong(Record, "the key of its content does not open in this place: %v", err)
	default:
		e.err = fmt.Errorf("open content key: %w", err)
	}
	return nil
}
