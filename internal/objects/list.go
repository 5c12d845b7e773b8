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
	all, ok := q.Range()
	if !ok {
		return page, nil
	}
	err := s.store.ViewAhead(ctx, func(r meta.Reader) error {
		page = ListPage{}
		return page.read(r, all, q)
	})
	return page, err
}

// Range returns what List reads of the store; ok is false for nothing.
func (q ListQuery) Range() (all meta.Range, ok bool) {
	under := keys.Object(q.Bucket, q.Prefix)
	from, to := keys.Objects(q.Bucket, q.Prefix)
	if start := q.start(); bytes.Compare(start, from) > 0 {
		from = start
	}
	if q.Max <= 0 || to != nil && bytes.Compare(from, to) >= 0 {
		return all, false
	}
	plan := meta.Plan{Limit: q.Max + 1, Cut: listCut, Delimiter: []byte(q.Delimiter), Under: len(under)}
	return meta.Range{From: from, To: to, Plan: plan}, true
}

// read fills the page.
func (page *ListPage) read(r meta.Reader, all meta.Range, q ListQuery) error {
	it := meta.Scan(r, all.From, all.To, all.Plan)
	cut, err := page.walk(it, q)
	if err := errors.Join(err, it.Close()); err != nil || len(cut) == 0 {
		return err
	}
	whole := make([][]byte, len(cut))
	for i, at := range cut {
		whole[i] = keys.Object(q.Bucket, page.Objects[at].Key)
	}
	values, err := r.GetMany(whole)
	if err != nil {
		return err
	}
	var records listDecoder
	for i, at := range cut {
		entry := &page.Objects[at]
		if entry.Object, err = records.decode(values[i]); err != nil {
			return fmt.Errorf("object %q: %w", entry.Key, err)
		}
	}
	return nil
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

// walk fills the page from it. It returns the places of objects whose records were cut where they say what is listed.
func (page *ListPage) walk(it meta.Iterator, q ListQuery) (cut []int, err error) {
	var records listDecoder
	for found := it.Next(); found; {
		if len(page.Objects)+len(page.Prefixes) == q.Max {
			page.Truncated = true
			return cut, nil
		}
		key, err := keys.ParseObject(it.Key())
		if err != nil {
			return cut, err
		}
		if common, ok := commonPrefix(key, q.Prefix, q.Delimiter); ok {
			page.Prefixes = append(page.Prefixes, common)
			page.Last = common
			found = it.SeekGE(keys.After(keys.Object(q.Bucket, common)))
			continue
		}
		o, err := records.decodeCut(it.Value())
		if errors.Is(err, errCut) {
			cut = append(cut, len(page.Objects))
		} else if err != nil {
			return cut, fmt.Errorf("object %q: %w", key, err)
		}
		page.Objects = append(page.Objects, ListedObject{Key: key, Object: o})
		page.Last = key
		found = it.Next()
	}
	return cut, nil
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
