package objects

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// The garbage of stores that several servers share.

const (
	// defaultGrace is longer than most downloads take. One that takes longer, of an object that was replaced or deleted
	// meanwhile, on another server than that which deletes its blobs, may break off.
	defaultGrace = time.Hour
	// graceLooks is how often all garbage is looked at while some waits for its time.
	graceLooks = 4
	// OrphanInterval is the time between two searches for orphans. Each looks at all blobs, and at which of them have names.
	OrphanInterval = 24 * time.Hour
	// orphanRetry is the pause after a search that was not finished, or that another server's end interrupted.
	orphanRetry = 10 * time.Minute
)

// sweepShared deletes garbage that is due, again and again.
func (s *Service) sweepShared(ctx context.Context) {
	for {
		background.Complain(ctx, s.opts.Log, "deleting garbage", s.sweep(ctx))
		if !background.Sleep(ctx, s.opts.Grace/graceLooks) {
			return
		}
	}
}

// due returns those of ids, which are garbage, that have been known to be that for Options.Grace. What was not known yet is
// known from now on. Whoever reads one of them has found its name before that, on whatever server, but for the moment in
// which a request goes from its name to its bytes.
func (s *Service) due(ctx context.Context, ids []blob.ID) (due []blob.ID, err error) {
	now := s.opts.Now()
	at := make([][]byte, len(ids))
	for i, id := range ids {
		at[i] = keys.Garbage(string(id))
	}
	values, err := s.store.Read(ctx, at)
	if err != nil {
		return nil, err
	}
	var fresh [][]byte
	for i, value := range values {
		switch {
		case value == nil: // it is deleted
		case len(value) == 0:
			fresh = append(fresh, at[i])
		default:
			g := new(records.Garbage)
			if err := records.Unmarshal(value, g); err != nil {
				return nil, fmt.Errorf("read the garbage %s: %w", ids[i], err)
			}
			if now.Sub(time.Unix(0, g.Found)) >= s.opts.Grace {
				due = append(due, ids[i])
			}
		}
	}
	return due, s.noteFound(ctx, fresh, now)
}

// noteFound notes when garbage was found.
func (s *Service) noteFound(ctx context.Context, fresh [][]byte, now time.Time) error {
	if len(fresh) == 0 {
		return nil
	}
	return s.store.Update(ctx, func(tx meta.Tx) error {
		there, err := tx.GetMany(fresh)
		if err != nil {
			return err
		}
		for i, value := range there {
			if value != nil && len(value) == 0 {
				if err := records.Put(tx, fresh[i], &records.Garbage{Found: now.UnixNano()}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// sweepOrphans searches for blobs that nothing names, once in OrphanInterval, whichever server does it.
func (s *Service) sweepOrphans(ctx context.Context) {
	if _, ok := s.blobs.(blob.Sweeper); !ok {
		return
	}
	for {
		wait, err := s.orphansDue(ctx)
		if err == nil && wait <= 0 {
			wait = OrphanInterval
			var swept blob.Swept
			if swept, err = s.SweepOrphans(ctx); err == nil {
				s.opts.Log.Info("searched for blobs that nothing names", "blobs", swept.Blobs, "removed", swept.Orphans, "bytes", swept.Bytes, "uploads", swept.Uploads)
				err = s.keepOrphans(ctx)
			}
		}
		if err != nil {
			wait = orphanRetry
		}
		background.Complain(ctx, s.opts.Log, "searching for blobs that nothing names", err)
		if !background.Sleep(ctx, wait) {
			return
		}
	}
}

// orphansFact is when the last search for orphans ended.
const orphansFact = "orphans-searched"

// orphansDue returns how long it is until the next search. The first one is an interval after the first start.
func (s *Service) orphansDue(ctx context.Context) (wait time.Duration, err error) {
	var last []byte
	err = s.store.View(ctx, func(r meta.Reader) (err error) {
		last, err = r.Get(keys.Meta(orphansFact))
		return err
	})
	if errors.Is(err, meta.ErrNotFound) {
		return OrphanInterval, s.keepOrphans(ctx)
	}
	if err != nil {
		return 0, err
	}
	at, err := time.Parse(time.RFC3339, string(last))
	if err != nil {
		return 0, s.keepOrphans(ctx)
	}
	return OrphanInterval - s.opts.Now().Sub(at), nil
}

func (s *Service) keepOrphans(ctx context.Context) error {
	now := s.opts.Now().UTC().Format(time.RFC3339)
	return s.store.Update(ctx, func(tx meta.Tx) error { return tx.Put(keys.Meta(orphansFact), []byte(now)) })
}
