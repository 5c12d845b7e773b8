package cloudtrail

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// keep keeps a trail that logs as it is before it is changed or deleted: what came before that is logged as it says, the
// request that changes it included. So nobody ends the logging, or leads it elsewhere, unseen.
func (s *Service) keep(tx meta.Tx, t *records.Trail) error {
	if !t.Logging {
		return nil
	}
	owner, until := ids.AccountID(t.Account), s.Now().UnixNano()
	for {
		key := keys.TrailVersion(owner, t.Name, uint64(until))
		_, err := tx.Get(key)
		if errors.Is(err, meta.ErrNotFound) {
			return records.Put(tx, key, &records.TrailVersion{Trail: t, Until: until})
		}
		if err != nil {
			return err
		}
		until++
	}
}

// put writes the record of a trail, unless it is there as it is.
func (s *Service) put(tx meta.Tx, t *records.Trail) error {
	key, stored := keys.Trail(ids.AccountID(t.Account), t.Name), new(records.Trail)
	err := records.Get(tx, key, stored)
	switch {
	case errors.Is(err, meta.ErrNotFound):
		return records.Put(tx, key, t)
	case err != nil:
		return err
	case proto.Equal(stored, t):
		return nil
	}
	return errors.Join(s.keep(tx, stored), records.Put(tx, key, t))
}

// forgetBatch is how many versions one transaction removes.
const forgetBatch = 256

// Forget removes what is kept of trails as they were until before.
func (s *Service) Forget(ctx context.Context, before time.Time) error {
	for {
		doomed, err := s.forgotten(ctx, before)
		if err != nil || len(doomed) == 0 {
			return err
		}
		if err := s.store.Update(ctx, func(tx meta.Tx) error { return meta.DeleteAll(tx, doomed) }); err != nil {
			return err
		}
	}
}

// forgotten returns the keys of some versions that ended before a time.
func (s *Service) forgotten(ctx context.Context, before time.Time) (doomed [][]byte, err error) {
	s.index.mu.RLock()
	none := !s.index.stale && s.index.versions == 0
	s.index.mu.RUnlock()
	if none {
		return nil, nil
	}
	err = s.store.View(ctx, func(r meta.Reader) error {
		doomed = nil
		from, to := keys.AllTrailVersions()
		found, err := meta.Keys(r, from, to, meta.All)
		for _, key := range found {
			_, _, until, parseErr := keys.ParseTrailVersion(key)
			if err = errors.Join(err, parseErr); err != nil {
				return err
			}
			if until < uint64(before.UnixNano()) && len(doomed) < forgetBatch {
				doomed = append(doomed, key)
			}
		}
		return err
	})
	return doomed, err
}

// everyVersion reads all versions.
func everyVersion(r meta.Reader, all map[string]*Trail) error {
	from, to := keys.AllTrailVersions()
	return every(r, from, to, decodeVersion, all)
}

// decodeVersion reads a version of a trail.
func decodeVersion(value []byte) (*Trail, error) {
	v := new(records.TrailVersion)
	if err := records.Unmarshal(value, v); err != nil {
		return nil, err
	}
	if v.Trail == nil {
		return nil, meta.ErrCorrupt
	}
	t, err := compiled(v.Trail)
	if t != nil {
		t.until = fromNano(v.Until)
	}
	return t, err
}
