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

// ListQuery asks for one page of a bucket's objects, in bytewise order of their keys.
type ListQuery struct {
	Bucket    keys.BucketID
	Prefix    string
	Delimiter string
	// After is exclusive: only keys, and common prefixes, that sort after it are returned. A key
	// that begins with a common prefix that does not sort after it is skipped with that prefix.
	After string
	Max   int // 0 to 1000
}

// ListPage is one page: entries in order, objects and common prefixes counted together.
type ListPage struct {
	Objects   []ListedObject
	Prefixes  []string
	Truncated bool
	// Last is the key or common prefix that the next page goes on after; empty on an empty page.
	Last string
}

// ListedObject is a key with those fields of its record that lists and lifecycles need (listedFields).
type ListedObject struct {
	Key    string
	Object *records.Object
}

// List returns one page. A bucket that does not exist is an empty one. The cost depends on the page, not
// on the bucket: the keys under a common prefix are jumped over, not walked. A page of no entries
// (q.Max is 0) is never truncated, as on S3.
func (s *Service) List(ctx context.Context, q ListQuery) (ListPage, error) {
	var page ListPage
	if q.Max <= 0 {
		return page, nil
	}
	err := s.store.View(ctx, func(r meta.Reader) error {
		page = ListPage{}
		from, to := keys.Objects(q.Bucket, q.Prefix)
		if start := q.start(); bytes.Compare(start, from) > 0 {
			from = start
		}
		if to != nil && bytes.Compare(from, to) >= 0 {
			return nil
		}
		it := r.Scan(from, to)
		return errors.Join(page.walk(it, q), it.Close())
	})
	return page, err
}

// start is the first key of the store that q.After leaves.
func (q ListQuery) start() []byte {
	if q.After == "" {
		return nil
	}
	if common, ok := commonPrefix(q.After, q.Prefix, q.Delimiter); ok {
		return keys.After(keys.Object(q.Bucket, common))
	}
	return append(keys.Object(q.Bucket, q.After), 0)
}

// walk fills the page from it.
func (page *ListPage) walk(it meta.Iterator, q ListQuery) error {
	var records listDecoder
	for found := it.Next(); found; {
		if len(page.Objects)+len(page.Prefixes) == q.Max {
			page.Truncated = true
			return nil
		}
		key, err := keys.ParseObject(it.Key())
		if err != nil {
			return err
		}
		if common, ok := commonPrefix(key, q.Prefix, q.Delimiter); ok {
			page.Prefixes = append(page.Prefixes, common)
			page.Last = common
			found = it.SeekGE(keys.After(keys.Object(q.Bucket, common)))
			continue
		}
		o, err := records.decode(it.Value())
		if err != nil {
			return fmt.Errorf("object %q: %w", key, err)
		}
		page.Objects = append(page.Objects, ListedObject{Key: key, Object: o})
		page.Last = key
		found = it.Next()
	}
	return nil
}

// commonPrefix returns the common prefix that key is rolled up into: the part of key up to and with the
// first delimiter after prefix. ok is false if there is none.
func commonPrefix(key, prefix, delimiter string) (common string, ok bool) {
	if delimiter == "" || !strings.HasPrefix(key, prefix) {
		return "", false
	}
	i := strings.Index(key[len(prefix):], delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(prefix)+i+len(delimiter)], true
}
