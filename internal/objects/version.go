package objects

import (
	"bytes"
	"context"
	"fmt"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// The versions of a key
//
// The current version lies under keys.Object, unless it is a delete marker. All others lie under
// keys.Version, latest first; so that if there is nothing under keys.Object, the first of them is a delete
// marker, and the current version. A version that is under keys.Version and has the ID "null" has its place
// under keys.NullVersion, because the ID does not tell it. A bucket that never had versioning has nothing
// but the records under keys.Object, whose version is "null" without being written down.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html

// The values of Bucket.versioning.
const (
	VersioningEnabled   = "Enabled"
	VersioningSuspended = "Suspended"
)

// NullVersion is the ID of a version that was written while versioning was not enabled.
const NullVersion = "null"

// VersionID returns the ID of a version as clients see it.
func VersionID(o *records.Object) string {
	if o.NullVersion || len(o.Version) == 0 {
		return NullVersion
	}
	return placeOf(o).String()
}

// placeOf returns the place of a version among those of its key. What was written before versioning is the
// only version of its time, and has the place of that.
func placeOf(o *records.Object) keys.VersionID {
	if len(o.Version) == len(keys.VersionID{}) {
		return keys.VersionID(o.Version)
	}
	return keys.NewVersionID(o.Modified, [12]byte{})
}

// head is what a transaction knows of a key, and of its bucket, before it changes the key.
type head struct {
	id     keys.BucketID
	bucket *records.Bucket
	key    string
	// current is the current version; nil if there is none or it is a delete marker.
	current *records.Object
	// marker is the current version if it is a delete marker.
	marker *records.Object
}

// readHead reads the head of a key. NoSuchBucket if the bucket is not the one with this ID.
func readHead(r meta.Reader, id keys.BucketID, bucketName, key string) (*head, error) {
	got, err := r.GetMany([][]byte{keys.Bucket(bucketName), keys.Object(id, key)})
	if err != nil {
		return nil, err
	}
	h := &head{id: id, key: key}
	if h.bucket, err = sameBucket(got[0], bucketName, id); err != nil {
		return nil, err
	}
	if got[1] != nil {
		h.current = new(records.Object)
		return h, records.Unmarshal(got[1], h.current)
	}
	if h.bucket.Versioning != "" {
		h.marker, err = latestVersion(r, id, key)
	}
	return h, err
}

// latestVersion returns the latest of the versions under keys.Version; nil if there are none.
func latestVersion(r meta.Reader, id keys.BucketID, key string) (*records.Object, error) {
	all := latest(id, key)
	it := meta.Scan(r, all.From, all.To, all.Plan)
	var o *records.Object
	var err error
	if it.Next() {
		o = new(records.Object)
		err = records.Unmarshal(it.Value(), o)
	}
	if closeErr := it.Close(); closeErr != nil {
		return nil, closeErr
	}
	return o, err
}

// found is a version and where its record is.
type found struct {
	object *records.Object
	at     []byte // key of the store
}

// find returns a version by its ID, which may be "" for the current version, or nil if it is not there. The
// current version may be a delete marker. InvalidArgument if no version can have the ID.
func find(r meta.Reader, id keys.BucketID, key, version string) (*found, error) {
	current := keys.Object(id, key)
	switch version {
	case "":
		f, err := findAt(r, current)
		if f != nil || err != nil {
			return f, err
		}
		o, err := latestVersion(r, id, key)
		if o == nil || err != nil {
			return nil, err
		}
		return &found{o, keys.Version(id, key, placeOf(o))}, nil
	case NullVersion:
		return findNull(r, id, key)
	}
	place, ok := keys.ParseVersionID(version)
	if !ok {
		return nil, invalidVersion(version)
	}
	at := [][]byte{current, keys.Version(id, key, place)}
	got, err := r.GetMany(at)
	if err != nil {
		return nil, err
	}
	for i, value := range got {
		if value == nil {
			continue
		}
		o := new(records.Object)
		if err := records.Unmarshal(value, o); err != nil || VersionID(o) == version {
			return &found{o, at[i]}, err
		}
	}
	return nil, nil
}

// findNull returns the null version.
func findNull(r meta.Reader, id keys.BucketID, key string) (*found, error) {
	got, err := r.GetMany([][]byte{keys.Object(id, key), keys.NullVersion(id, key)})
	if err != nil {
		return nil, err
	}
	if got[0] != nil {
		o := new(records.Object)
		if err := records.Unmarshal(got[0], o); err != nil || VersionID(o) == NullVersion {
			return &found{o, keys.Object(id, key)}, err
		}
	}
	if got[1] == nil {
		return nil, nil
	}
	if len(got[1]) != len(keys.VersionID{}) {
		return nil, fmt.Errorf("place of the null version of %q: %w", key, meta.ErrCorrupt)
	}
	f, err := findAt(r, keys.Version(id, key, keys.VersionID(got[1])))
	if err == nil && f == nil {
		err = fmt.Errorf("the null version of %q is not in its place: %w", key, meta.ErrCorrupt)
	}
	return f, err
}

// findAt returns the version under a key of the store; nil if there is none.
func findAt(r meta.Reader, at []byte) (*found, error) {
	got, err := r.GetMany([][]byte{at})
	if err != nil || got[0] == nil {
		return nil, err
	}
	o := new(records.Object)
	return &found{o, at}, records.Unmarshal(got[0], o)
}

// add makes o the current version of the key of h, and returns whether bytes were freed by it. o may be a
// delete marker. What happens to the version that was current, and to the null version, depends on the
// bucket's versioning.
func (s *Service) add(tx meta.Tx, h *head, o *records.Object) (freed bool, err error) {
	o.Version, o.NullVersion, o.Superseded = nil, false, 0
	if h.bucket.Versioning == "" {
		freed = len(h.current.GetSegments()) > 0
		if err := release(tx, h.current); err != nil {
			return false, err
		}
		return freed, putObject(tx, keys.Object(h.id, h.key), o)
	}
	place, err := s.nextPlace(h)
	if err != nil {
		return false, err
	}
	o.Version, o.NullVersion = place[:], h.bucket.Versioning != VersioningEnabled
	if o.NullVersion {
		if freed, err = dropNull(tx, h); err != nil {
			return false, err
		}
	}
	if err := s.retire(tx, h); err != nil {
		return false, err
	}
	if !o.DeleteMarker {
		return freed, putObject(tx, keys.Object(h.id, h.key), o)
	}
	if err := tx.Delete(keys.Object(h.id, h.key)); err != nil {
		return false, err
	}
	return freed, putVersion(tx, h.id, h.key, o)
}

// nextPlace returns the place of a new version: that of now, or just after the latest version if the clock
// went back.
func (s *Service) nextPlace(h *head) (keys.VersionID, error) {
	var random [12]byte
	if err := s.draw(random[:]); err != nil {
		return keys.VersionID{}, err
	}
	nanos := s.opts.Now().UnixNano()
	for _, latest := range []*records.Object{h.current, h.marker} {
		if latest != nil {
			nanos = max(nanos, placeOf(latest).Time().UnixNano()+1)
		}
	}
	return keys.NewVersionID(nanos, random), nil
}

// retire moves the current version of h, if there is one, among the noncurrent ones. Its record under
// keys.Object is left for the caller to replace or remove. A delete marker is where it belongs already; it
// is told when it ceased to be current.
func (s *Service) retire(tx meta.Tx, h *head) error {
	o := h.current
	if o == nil {
		o = h.marker
	}
	if o == nil {
		return nil
	}
	if len(o.Version) == 0 {
		place := placeOf(o)
		o.Version, o.NullVersion = place[:], true
	}
	o.Superseded = s.opts.Now().UnixNano()
	return putVersion(tx, h.id, h.key, o)
}

// putVersion writes a version under keys.Version.
func putVersion(tx meta.Tx, id keys.BucketID, key string, o *records.Object) error {
	place := placeOf(o)
	if o.NullVersion {
		if err := tx.Put(keys.NullVersion(id, key), place[:]); err != nil {
			return err
		}
	}
	return putObject(tx, keys.Version(id, key, place), o)
}

// dropNull removes the null version, which a new one takes the place of, and tells whether bytes were freed.
func dropNull(tx meta.Tx, h *head) (freed bool, err error) {
	f, err := findNull(tx, h.id, h.key)
	if err != nil || f == nil {
		return false, err
	}
	for _, latest := range []**records.Object{&h.current, &h.marker} {
		if *latest != nil && VersionID(*latest) == NullVersion {
			*latest = nil
		}
	}
	return len(f.object.Segments) > 0, drop(tx, h.id, h.key, f)
}

// drop removes the record of a version; its blobs become garbage.
func drop(tx meta.Tx, id keys.BucketID, key string, f *found) error {
	if err := release(tx, f.object); err != nil {
		return err
	}
	if f.object.NullVersion && !bytes.Equal(f.at, keys.Object(id, key)) {
		if err := tx.Delete(keys.NullVersion(id, key)); err != nil {
			return err
		}
	}
	return tx.Delete(f.at)
}

// promote makes the latest of the noncurrent versions the current one, after the current one was removed.
func promote(tx meta.Tx, id keys.BucketID, key string) error {
	o, err := latestVersion(tx, id, key)
	if err != nil || o == nil {
		return err
	}
	at := keys.Version(id, key, placeOf(o))
	o.Superseded = 0
	if o.DeleteMarker {
		return putObject(tx, at, o)
	}
	if o.NullVersion {
		if err := tx.Delete(keys.NullVersion(id, key)); err != nil {
			return err
		}
	}
	if err := tx.Delete(at); err != nil {
		return err
	}
	return putObject(tx, keys.Object(id, key), o)
}

// Get returns the record of a version with its inline content: the current one if version is "". It may be
// a delete marker. NoSuchKey if the key has no version; NoSuchVersion if it has not this one;
// InvalidArgument if no version can have the ID.
func (s *Service) Get(ctx context.Context, b keys.BucketID, key, version string) (o *records.Object, err error) {
	err = s.read(ctx, b, key, version, func(r meta.Reader, found *records.Object) error {
		o = found
		return loadContent(r, o)
	})
	return o, err
}

// Head is Get without inline content: the record cannot be opened.
func (s *Service) Head(ctx context.Context, b keys.BucketID, key, version string) (o *records.Object, err error) {
	err = s.read(ctx, b, key, version, func(_ meta.Reader, found *records.Object) error {
		o = found
		return nil
	})
	return o, err
}

// read finds a version, and hands its record to take in the same transaction, maybe twice.
func (s *Service) read(ctx context.Context, b keys.BucketID, key, version string, take func(meta.Reader, *records.Object) error) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return s.store.ViewAhead(ctx, func(r meta.Reader) error {
		o, err := existing(r, b, key, version)
		if err != nil {
			return err
		}
		return take(r, o)
	})
}

// existing is Get in a transaction.
func existing(r meta.Reader, b keys.BucketID, key, version string) (*records.Object, error) {
	f, err := find(r, b, key, version)
	switch {
	case err != nil:
		return nil, err
	case f == nil && version == "":
		return nil, noSuchKey(key)
	case f == nil:
		return nil, noSuchVersion(key, version)
	}
	return f.object, nil
}

// UpdateObject changes the record of a version, such as its ACL; the current one if version is "". Errors are
// those of Get, and MethodNotAllowed for a delete marker. change may be called several times, each time with
// a fresh record; its error is returned as it is. It must not change size, inline content, segments or
// version. origin is told to Options.Changed; an empty Event means that nobody is told.
func (s *Service) UpdateObject(ctx context.Context, b *records.Bucket, key, version string, origin Origin, change func(*records.Object) error) error {
	if err := checkKey(key); err != nil {
		return err
	}
	id := keys.BucketID(b.Id)
	return s.store.Update(ctx, func(tx meta.Tx) error {
		f, err := find(tx, id, key, version)
		switch {
		case err != nil:
			return err
		case f == nil && version == "", f != nil && version == "" && f.object.DeleteMarker:
			return noSuchKey(key)
		case f == nil:
			return noSuchVersion(key, version)
		case f.object.DeleteMarker:
			return errDeleteMarker
		}
		if err := change(f.object); err != nil {
			return err
		}
		if err := putObject(tx, f.at, f.object); err != nil {
			return err
		}
		return s.changed(tx, b, key, f.object, origin)
	})
}

// changed tells the observer of a change.
func (s *Service) changed(tx meta.Tx, b *records.Bucket, key string, o *records.Object, origin Origin) error {
	if s.opts.Changed == nil || origin.Event == "" {
		return nil
	}
	c := &Change{Origin: origin, Bucket: b, Key: key, Object: o}
	if len(o.Version) > 0 {
		c.VersionID = VersionID(o)
	}
	return s.opts.Changed(tx, c)
}
