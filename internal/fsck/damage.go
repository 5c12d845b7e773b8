package fsck

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// files has the engine verify its files.
func (r *run) files(ctx context.Context) error {
	done := int64(0)
	err := r.opts.Store.Verify(ctx, func(n int) error {
		done += int64(n)
		r.progress(Progress{Stage: "files", Done: done})
		return r.opts.Pace(ctx, n)
	}, func(d meta.Damage) { r.damage = append(r.damage, d) })
	if err != nil {
		return fmt.Errorf("verify the files of the metadata: %w", err)
	}
	slices.SortStableFunc(r.damage, func(a, b meta.Damage) int { return bytes.Compare(a.From, b.From) })
	return nil
}

// tellDamage reports what the engine found, once the names of the buckets are known.
func (r *run) tellDamage() {
	for _, d := range r.damage {
		f := Finding{Kind: File, At: d.File, What: d.What}
		if d.From != nil || d.To != nil {
			r.tellKeys(&f, d)
		}
		r.found(f)
	}
}

// tellKeys says in f which keys may be affected.
func (r *run) tellKeys(f *Finding, d meta.Damage) {
	f.What += fmt.Sprintf("; affected are keys of the metadata from %s to before %s", quoted(d.From), quoted(d.To))
	// Where the bound is just behind a key, that key is told: a bound need not be a key that can be split.
	from := bytes.TrimSuffix(d.From, []byte{0})
	if _, parts, err := keys.Split(from); err == nil {
		f.Bucket, f.Key, f.VersionID = r.owner(from, parts, nil)
	}
	if _, parts, err := keys.Split(bytes.TrimSuffix(d.To, []byte{0})); err == nil {
		if bucket, key, _ := r.owner(d.To, parts, nil); bucket == f.Bucket {
			f.KeyEnd = key
		}
	}
}

// around returns the parts of a range that no damage lies in, in order; a nil end means no bound.
func (r *run) around(from, to []byte) (parts [][2][]byte) {
	for _, d := range r.damage {
		if d.From == nil && d.To == nil || d.To != nil && bytes.Compare(d.To, from) <= 0 || to != nil && bytes.Compare(d.From, to) >= 0 {
			continue
		}
		if bytes.Compare(from, d.From) < 0 {
			parts = append(parts, [2][]byte{from, d.From})
		}
		if d.To == nil {
			return parts
		}
		from = d.To
	}
	if to == nil || bytes.Compare(from, to) < 0 {
		parts = append(parts, [2][]byte{from, to})
	}
	return parts
}
