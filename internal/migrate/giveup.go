package migrate

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// removeBatch is how many keys or blobs are removed at once.
const removeBatch = 1000

// GivenUp is what GiveUp has done.
type GivenUp struct {
	Released bool // the source can be used again
	Emptied  bool // the target is empty again
	Kept     bool // the target has everything, and was left as it is
}

// GiveUp ends a migration: the source can be used again, and a target that is not filled is emptied. A target that is filled
// is left as it is. Without a target, whose Store is nil then, only the source is let go of. It can be called again if it
// ended with an error.
func GiveUp(ctx context.Context, o Options) (done GivenUp, err error) {
	m := newMigration(o)
	source, err := readMark(ctx, m.From)
	if err != nil {
		return done, err
	}
	var target *Mark
	if m.To.Store != nil {
		if target, err = readMark(ctx, m.To); err != nil {
			return done, err
		}
	}
	leaving := source != nil && (source.State == Leaving || source.State == Moved)
	switch {
	case leaving && target != nil && source.ID != target.ID:
		return done, fmt.Errorf("%s is being moved to %s, not to %s: name that as the target, or none", m.From.Name, source.Other, m.To.Name)
	case !leaving && (target == nil || target.State != Filling):
		return done, fmt.Errorf("there is no migration from %s that could be given up", m.From.Name)
	}
	if leaving {
		if err := m.free(ctx, source.ID); err != nil {
			return done, err
		}
		done.Released = true
	}
	if target == nil || target.State != Filling {
		done.Kept = target != nil
		return done, nil
	}
	if err := m.empty(ctx, target); err != nil {
		return done, fmt.Errorf("empty %s: %w", m.To.Name, err)
	}
	done.Emptied = true
	return done, nil
}

// free takes the mark from the source.
func (m *migration) free(ctx context.Context, id string) error {
	err := m.From.Store.Update(ctx, func(tx meta.Tx) error {
		source, err := markOf(tx)
		if err != nil {
			return err
		}
		if source == nil || source.ID != id {
			return errTaken
		}
		return release(tx, source)
	})
	if err != nil {
		return fmt.Errorf("let go of %s: %w", m.From.Name, err)
	}
	return nil
}

// empty removes everything that was copied to the target: the blobs, the keys, and what tells that they may be removed last.
func (m *migration) empty(ctx context.Context, target *Mark) error {
	if target.Stage == ending {
		return errors.New("it is equal to the source, and only the last step is missing: run crossgrant migrate again to finish it first")
	}
	if err := m.token(ctx, target, true); err != nil {
		return err
	}
	token := blob.ID(target.ID)
	for {
		var some []blob.ID
		enough := errors.New("enough")
		err := m.To.Blobs.Walk(ctx, func(id blob.ID, _ int64) error {
			if id != token {
				some = append(some, id)
			}
			if len(some) == removeBatch {
				return enough
			}
			return nil
		})
		if err != nil && err != enough {
			return err
		}
		if len(some) == 0 {
			break
		}
		if err := m.To.Blobs.Delete(ctx, some...); err != nil {
			return err
		}
	}
	for more := true; more; {
		var all [][]byte
		err := m.To.Store.Update(meta.Freeing(ctx), func(tx meta.Tx) (err error) {
			if all, err = m.copied(tx); err != nil {
				return err
			}
			return meta.DeleteAll(tx, all)
		})
		if err != nil {
			return err
		}
		more = len(all) > 0
	}
	// As before the token was made, so that this can be done again if it ends between here and the end.
	target.Stage, target.Next = counting, nil
	if err := m.To.Store.Update(ctx, func(tx meta.Tx) error { return hold(tx, target) }); err != nil {
		return err
	}
	if err := m.To.Blobs.Delete(ctx, token); err != nil {
		return err
	}
	return m.To.Store.Update(ctx, func(tx meta.Tx) error {
		return meta.DeleteAll(tx, [][]byte{keys.Meta(markFact), keys.Meta(keys.FormatFact)})
	})
}

// copied returns some of the keys that were copied, or are the stamps of those.
func (m *migration) copied(r meta.Reader) (some [][]byte, err error) {
	it := r.Scan([]byte{0}, nil)
	for len(some) < removeBatch && it.Next() {
		if !isApart(it.Key()) || keys.IsStamp(it.Key()) {
			some = append(some, bytes.Clone(it.Key()))
		}
	}
	return some, it.Close()
}
