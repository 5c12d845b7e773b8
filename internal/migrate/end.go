package migrate

import (
	"context"
	"fmt"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// end makes the target ready for servers, when it is equal to the source, and lets go of the source.
func (m *migration) end(ctx context.Context, p *position) error {
	if err := m.tidy(ctx, p.mark); err != nil {
		return err
	}
	mark := &Mark{ID: p.mark.ID, State: Filled, Other: p.mark.Other, Since: m.Now().UTC(), Format: p.mark.Format, Compared: p.mark.Compared}
	err := p.commit(ctx, mark, func(tx meta.Tx) error { return tx.Put(keys.Meta(keys.FormatFact), []byte(mark.Format)) })
	if err != nil {
		return fmt.Errorf("finish %s: %w", m.To.Name, err)
	}
	return m.letGo(ctx, mark)
}

// tidy removes the token of the target, and closes its blobs, which are all in their places then.
func (m *migration) tidy(ctx context.Context, mark *Mark) error {
	if err := m.To.Blobs.Delete(ctx, blob.ID(mark.ID)); err != nil {
		return fmt.Errorf("remove the mark of the blobs of %s: %w", m.To.Name, err)
	}
	if err := m.To.Blobs.Close(); err != nil {
		return fmt.Errorf("close the blobs of %s: %w", m.To.Name, err)
	}
	return nil
}

// letGo changes the mark of the source, when the target is filled.
func (m *migration) letGo(ctx context.Context, target *Mark) error {
	err := m.From.Store.Update(ctx, func(tx meta.Tx) error {
		source, err := markOf(tx)
		switch {
		case err != nil:
			return err
		case source == nil || source.ID != target.ID:
			return errTaken
		case m.Keep:
			return release(tx, source)
		case source.State == Moved:
			return nil
		}
		source.State, source.Since = Moved, m.Now().UTC()
		return hold(tx, source)
	})
	if err != nil {
		return fmt.Errorf("let go of %s: %w", m.From.Name, err)
	}
	return nil
}
