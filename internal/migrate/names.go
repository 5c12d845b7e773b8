package migrate

import (
	"context"
	"fmt"
	"sync"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// names tells people what a key is of.
type names struct {
	store   *meta.Store
	once    sync.Once
	buckets map[string]string // by ID; what cannot be read is not there
}

// of returns the form of a key and its components, those that are not text in hexadecimal digits, buckets by their names.
func (n *names) of(ctx context.Context, key []byte) string {
	form, parts, err := keys.Split(key)
	if err != nil {
		return fmt.Sprintf("key %q", key)
	}
	switch key[0] {
	case 'O', 'V', 'Y', 'U', 'T':
		n.once.Do(func() { n.read(ctx) })
		if name, ok := n.buckets[parts[0]]; ok {
			parts[0] = name
		} else {
			parts[0] = fmt.Sprintf("%x", parts[0])
		}
		if key[0] == 'V' {
			parts[2] = keys.VersionID([]byte(parts[2])).String()
		}
	}
	return fmt.Sprintf("record %s %q", form, parts)
}

// read reads the names of all buckets.
func (n *names) read(ctx context.Context) {
	n.buckets = map[string]string{}
	_ = n.store.View(ctx, func(r meta.Reader) error {
		from, to := keys.AllBuckets()
		it := r.Scan(from, to)
		for it.Next() {
			b := new(records.Bucket)
			if records.Unmarshal(it.Value(), b) == nil {
				n.buckets[string(b.Id)] = string(it.Key()[1:])
			}
		}
		return it.Close()
	})
}
