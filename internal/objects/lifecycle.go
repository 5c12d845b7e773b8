package objects

import (
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// indexLifecycle says whether a bucket has a lifecycle, among those that the passes of lifecycles go over. With a
// lifecycle that is put the passes begin anew.
func (s *Service) indexLifecycle(tx meta.Tx, b *records.Bucket, has bool) error {
	key := keys.LifecycleBucket(b.Name)
	if !has {
		return tx.Delete(key)
	}
	return records.Put(tx, key, &records.LifecycleProgress{Bucket: b.Id, Configured: s.opts.Now().UnixNano()})
}
