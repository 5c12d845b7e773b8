package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// VersionQuery asks for one page of a bucket's versions, in bytewise order of their keys, those of a key
// latest first.
type VersionQuery struct {
	Bucket    keys.BucketID
	Prefix    string
	Delimiter string
	// KeyMarker is exclusive; with a VersionMarker, the versions of KeyMarker that are older than that are
	// returned too. Common prefixes that do not sort after KeyMarker are skipped.
	KeyMarker     string
	VersionMarker string // a version ID; ignored without KeyMarker
	Max           int    // 0 to 1000
}

// VersionPage is one page of versions, versions and common prefixes counted together.
type VersionPage struct {
	Versions  []ListedVersion
	Prefixes  []string
	Truncated bool
	// NextKeyMarker and NextVersionMarker are the key and ID of the last version, or the last common prefix
	// and nothing; both empty on an empty page.
	NextKeyMarker     string
	NextVersionMarker string
}

// ListedVersion is a version with those fields of its record that lists and lifecycles need (listedFields). It may be a delete
// marker.
type ListedVersion struct {
	Key     string
	Object  *records.Object
	Current bool
}

// ListVersions returns one page. A bucket that does not exist has none. As in List, the keys under a common
// prefix are jumped over. InvalidArgument for a VersionMarker that is no version ID.
func (s *Service) ListVersions(ctx context.Context, q VersionQuery) (VersionPage, error) {
	var page VersionPage
	if q.Max <= 0 {
		return page, nil
	}
	err := s.store.View(ctx, func(r meta.Reader) error {
		page = VersionPage{}
		merged, err := newVersionScan(r, &q)
		if err != nil {
			return err
		}
		return errors.Join(page.walk(merged, &q), merged.close())
	})
	return page, err
}

// walk fills the page.
func (page *VersionPage) walk(m *versionScan, q *VersionQuery) error {
	for {
		v, err := m.next()
		if err != nil || v == nil || !strings.HasPrefix(v.Key, q.Prefix) {
			return err
		}
		if len(page.Versions)+len(page.Prefixes) == q.Max {
			page.Truncated = true
			return nil
		}
		if common, ok := commonPrefix(v.Key, q.Prefix, q.Delimiter); ok {
			page.Prefixes = append(page.Prefixes, common)
			page.NextKeyMarker, page.NextVersionMarker = common, ""
			m.seekAfterPrefix(common)
			continue
		}
		page.Versions = append(page.Versions, *v)
		page.NextKeyMarker, page.NextVersionMarker = v.Key, VersionID(v.Object)
	}
}

// versionScan merges the two ranges in which versions are: for a key, first the one that is in the range of
// current objects, then the others.
type versionScan struct {
	bucket  keys.BucketID
	current meta.Iterator // over keys.Objects
	others  meta.Iterator // over keys.Versions
	// Whether the iterators are at an entry.
	atCurrent, atOther bool
	records            listDecoder
	// last is the key of the version that next returned last.
	last string
	any  bool // whether next has returned a version
}

// newVersionScan begins the scan where prefix and markers of q begin.
func newVersionScan(r meta.Reader, q *VersionQuery) (*versionScan, error) {
	currentFrom, currentTo := keys.Objects(q.Bucket, q.Prefix)
	othersFrom, othersTo := keys.VersionsFrom(q.Bucket, q.Prefix)
	afterCurrent, afterOthers, continues, err := q.start(r)
	if err != nil {
		return nil, err
	}
	if bytes.Compare(afterCurrent, currentFrom) > 0 {
		currentFrom = afterCurrent
	}
	if bytes.Compare(afterOthers, othersFrom) > 0 {
		othersFrom = afterOthers
	}
	m := &versionScan{bucket: q.Bucket, current: scan(r, currentFrom, currentTo), others: scan(r, othersFrom, othersTo)}
	m.atCurrent, m.atOther = m.current.Next(), m.others.Next()
	if continues {
		// A version of the marker's key was returned on the page before: those that follow are noncurrent.
		m.last, m.any = q.KeyMarker, true
	}
	return m, nil
}

// scan is r.Scan for a range that may be empty because it begins after its end.
func scan(r meta.Reader, from, to []byte) meta.Iterator {
	if to != nil && bytes.Compare(from, to) > 0 {
		from = to
	}
	return r.Scan(from, to)
}

// start returns the first keys of the two ranges that the markers leave, nil if there are no markers.
// continues says that the page goes on within the versions of KeyMarker.
func (q *VersionQuery) start(r meta.Reader) (current, others []byte, continues bool, err error) {
	if q.KeyMarker == "" {
		return nil, nil, false, nil
	}
	if common, ok := commonPrefix(q.KeyMarker, q.Prefix, q.Delimiter); ok {
		return keys.After(keys.Object(q.Bucket, common)), afterVersionsUnder(q.Bucket, common), false, nil
	}
	current = append(keys.Object(q.Bucket, q.KeyMarker), 0)
	first, after := keys.VersionsOf(q.Bucket, q.KeyMarker)
	if q.VersionMarker == "" {
		return current, after, false, nil
	}
	f, err := find(r, q.Bucket, q.KeyMarker, q.VersionMarker)
	if err != nil {
		return nil, nil, false, err
	}
	place, ok := keys.ParseVersionID(q.VersionMarker)
	switch {
	case f != nil && bytes.Equal(f.at, keys.Object(q.Bucket, q.KeyMarker)):
		return current, first, true, nil
	case f != nil:
		return current, append(f.at, 0), true, nil
	case ok:
		return q.startAfter(r, place)
	}
	// A null version that was removed since has left no trace of its place. To begin the key anew shows
	// some versions twice, and leaves out none.
	return keys.Object(q.Bucket, q.KeyMarker), first, false, nil
}

// startAfter is start where the version of the marker, which had this place, was removed since: what is older
// goes on. The latest of that may have become the current one.
func (q *VersionQuery) startAfter(r meta.Reader, place keys.VersionID) (current, others []byte, continues bool, err error) {
	at := keys.Object(q.Bucket, q.KeyMarker)
	f, err := findAt(r, at)
	if err != nil {
		return nil, nil, false, err
	}
	others = append(keys.Version(q.Bucket, q.KeyMarker, place), 0)
	if f != nil {
		if latest := placeOf(f.object); bytes.Compare(place[:], latest[:]) < 0 {
			return at, others, false, nil
		}
	}
	return append(at, 0), others, true, nil
}

// afterVersionsUnder is the first key of the store after the versions of all keys that begin with common.
func afterVersionsUnder(b keys.BucketID, common string) []byte {
	next := keys.After([]byte(common))
	if next == nil {
		_, to := keys.Versions(b)
		return to
	}
	from, _ := keys.VersionsFrom(b, string(next))
	return from
}

// next returns the next version; nil at the end.
func (m *versionScan) next() (*ListedVersion, error) {
	if !m.atCurrent && !m.atOther {
		return nil, nil
	}
	var currentKey, otherKey string
	var err error
	if m.atCurrent {
		if currentKey, err = keys.ParseObject(m.current.Key()); err != nil {
			return nil, err
		}
	}
	if m.atOther {
		if otherKey, _, err = keys.ParseVersion(m.others.Key()); err != nil {
			return nil, err
		}
	}
	if m.atCurrent && (!m.atOther || currentKey <= otherKey) {
		v, err := m.listed(currentKey, m.current.Value(), true)
		m.atCurrent = m.current.Next()
		return v, err
	}
	// The first version of a key that has no current object is a delete marker, and current.
	v, err := m.listed(otherKey, m.others.Value(), !m.any || m.last != otherKey)
	m.atOther = m.others.Next()
	return v, err
}

func (m *versionScan) listed(key string, value []byte, current bool) (*ListedVersion, error) {
	o, err := m.records.decode(value)
	if err != nil {
		return nil, fmt.Errorf("version of %q: %w", key, err)
	}
	m.last, m.any = key, true
	return &ListedVersion{Key: key, Object: o, Current: current}, nil
}

// seekAfterPrefix goes on after the keys that begin with common.
func (m *versionScan) seekAfterPrefix(common string) {
	if m.atCurrent {
		m.atCurrent = m.current.SeekGE(keys.After(keys.Object(m.bucket, common)))
	}
	if m.atOther {
		m.atOther = m.others.SeekGE(afterVersionsUnder(m.bucket, common))
	}
}

func (m *versionScan) close() error { return errors.Join(m.current.Close(), m.others.Close()) }
