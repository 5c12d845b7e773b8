package migrate

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// begin sees to it that both ends have their marks, and returns that of the target. It is Filled if only the mark of the
// source is left to be written.
func (m *migration) begin(ctx context.Context) (*Mark, error) {
	source, err := readMark(ctx, m.From)
	if err != nil {
		return nil, err
	}
	target, err := readMark(ctx, m.To)
	if err != nil {
		return nil, err
	}
	if target != nil && target.State == Filled && source != nil && source.ID == target.ID && source.State != Filled {
		return target, nil
	}
	if err := m.admits(source, target); err != nil {
		return nil, err
	}
	if target == nil {
		if target, err = m.claim(ctx); err != nil {
			return nil, err
		}
	}
	if err := m.leave(ctx, source, target); err != nil {
		return nil, err
	}
	return target, m.token(ctx, target, target.Stage == counting)
}

// admits returns an error unless a migration between stores that have these marks, nil for none, may begin or go on.
func (m *migration) admits(source, target *Mark) error {
	switch {
	case source != nil && source.State == Moved:
		return fmt.Errorf("%s was moved to %s before: name that as the source, or use this one again with --give-up", m.From.Name, source.Other)
	case source != nil && source.State == Filling:
		return fmt.Errorf("%s is not filled from %s yet: run that migration to its end, or empty it with --give-up", m.From.Name, source.Other)
	case target == nil && source != nil && source.State == Leaving:
		return fmt.Errorf("%s is being moved to %s: name that as the target, or give it up with --give-up", m.From.Name, source.Other)
	case target == nil:
		return nil
	case target.State != Filling:
		return fmt.Errorf("%s is not empty: name another target", m.To.Name)
	case source != nil && source.State == Leaving && source.ID != target.ID:
		return fmt.Errorf("%s is being moved to %s, and %s is being filled from %s: name two that belong together",
			m.From.Name, source.Other, m.To.Name, target.Other)
	case (source == nil || source.State == Filled) && target.Stage != counting:
		return fmt.Errorf("%s is being filled from %s, and %s is not being moved: name that source, or empty this target with --give-up",
			m.To.Name, target.Other, m.From.Name)
	}
	return nil
}

// errNotEmpty says that something is stored where nothing should be.
var errNotEmpty = errors.New("the target is not empty")

// claim marks the target, in which nothing may be stored.
func (m *migration) claim(ctx context.Context) (*Mark, error) {
	mark := &Mark{ID: string(blob.NewID()), State: Filling, Other: m.From.Name, Since: m.Now().UTC(), Stage: counting}
	if err := m.From.Store.View(ctx, func(r meta.Reader) (err error) {
		mark.Format, err = Format(r)
		return err
	}); errors.Is(err, meta.ErrNotFound) {
		return nil, fmt.Errorf("nothing was ever stored in %s: name another source", m.From.Name)
	} else if err != nil {
		return nil, fmt.Errorf("read format of %s: %w", m.From.Name, err)
	}
	seen, err := m.idle(ctx, m.To)
	if err != nil {
		return nil, err
	}
	err = m.To.Store.Update(ctx, func(tx meta.Tx) error {
		if err := m.To.stillIdle(tx, seen); err != nil {
			return err
		}
		if err := empty(tx); err != nil {
			return err
		}
		return hold(tx, mark)
	})
	if err != nil {
		return nil, fmt.Errorf("mark %s: %w", m.To.Name, err)
	}
	return mark, nil
}

// empty returns errNotEmpty if anything is stored.
func empty(tx meta.Tx) error {
	it := tx.Scan([]byte{0}, nil)
	found := false
	for !found && it.Next() {
		found = !keys.Sharing(it.Key()) && !keys.IsStamp(it.Key())
	}
	if err := it.Close(); err != nil || !found {
		return err
	}
	return errNotEmpty
}

// leave marks the source, unless it has the mark of this migration.
func (m *migration) leave(ctx context.Context, source, target *Mark) error {
	if source != nil && source.State == Leaving {
		return nil
	}
	seen, err := m.idle(ctx, m.From)
	if err != nil {
		return err
	}
	err = m.From.Store.Update(ctx, func(tx meta.Tx) error {
		source, err := markOf(tx)
		if err != nil {
			return err
		}
		if err := m.admits(source, target); err != nil {
			return err
		}
		if err := m.From.stillIdle(tx, seen); err != nil {
			return err
		}
		return hold(tx, &Mark{ID: target.ID, State: Leaving, Other: m.To.Name, Since: m.Now().UTC(), Format: target.Format})
	})
	if err != nil {
		return fmt.Errorf("mark %s: %w", m.From.Name, err)
	}
	return nil
}

// token sees to it that the blobs of the target are those that belong to its mark: they were empty when the migration began,
// and have a blob since whose ID is that of the migration. keep says that nothing is removed that was not settled; otherwise
// what no key names is.
func (m *migration) token(ctx context.Context, target *Mark, keep bool) error {
	id := blob.ID(target.ID)
	named := namedIn(m.To.Store)
	err := m.To.Blobs.Recover(ctx, func(ctx context.Context, ids []blob.ID) ([]bool, error) {
		is, err := named(ctx, ids)
		for i := range is {
			is[i] = is[i] || ids[i] == id || keep
		}
		return is, err
	})
	if err != nil {
		return fmt.Errorf("recover blobs of %s: %w", m.To.Name, err)
	}
	switch there, err := m.hasToken(ctx, target); {
	case err != nil:
		return err
	case there || target.Stage == ending:
		return nil
	case target.Stage != counting:
		return fmt.Errorf("the blobs of %s are not those that the migration began with: name them with --to-blobs", m.To.Name)
	}
	err = m.To.Blobs.Walk(ctx, func(blob.ID, int64) error { return errNotEmpty })
	if err != nil {
		return fmt.Errorf("look at the blobs of %s: %w", m.To.Name, err)
	}
	w, err := m.To.Blobs.Create(ctx, id)
	if err == nil {
		_, err = w.Write([]byte(target.ID))
		if err == nil {
			err = w.Commit()
		}
		w.Abort()
	}
	if err != nil {
		return fmt.Errorf("mark the blobs of %s: %w", m.To.Name, err)
	}
	m.To.Blobs.Settle(id)
	return nil
}

// hasToken reports whether the blobs of the target are those that belong to its mark.
func (m *migration) hasToken(ctx context.Context, target *Mark) (bool, error) {
	r, _, err := m.To.Blobs.OpenWhole(ctx, blob.ID(target.ID))
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the blobs of %s: %w", m.To.Name, err)
	}
	return true, r.Close()
}
