package migrate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// errTaken says that a mark is not what this process has written.
var errTaken = errors.New("the mark was changed meanwhile: another crossgrant migrate is at work, or has been, with the same stores")

// position is how far a migration is: the mark of the target, which is written along with what is copied.
type position struct {
	m    *migration
	mark *Mark  // nil: nothing is recorded
	text []byte // what the mark is in the target
}

func newPosition(m *migration, mark *Mark) *position {
	p := &position{m: m, mark: mark}
	if mark != nil {
		p.text = mark.encode()
	}
	return p
}

// Pauses before a commit is tried again while the target cannot be reached: from the first to the last, each twice the one
// before. A database that is restarted, or fails over, is back by then.
const (
	firstPause = time.Second
	lastPause  = 16 * time.Second
)

// commit writes the mark next, and what write, which may be nil, writes, unless somebody else has written the mark.
func (p *position) commit(ctx context.Context, next *Mark, write func(tx meta.Tx) error) error {
	text, at := next.encode(), keys.Meta(markFact)
	again := false
	once := func(tx meta.Tx) error {
		there, err := tx.Get(at)
		if err != nil && !errors.Is(err, meta.ErrNotFound) {
			return err
		}
		if again && bytes.Equal(there, text) {
			return nil // it was committed before, and that could not be told
		}
		if !bytes.Equal(there, p.text) {
			return errTaken
		}
		if write != nil {
			if err := write(tx); err != nil {
				return err
			}
		}
		return tx.Put(at, text)
	}
	for pause := firstPause; ; pause *= 2 {
		err := p.m.To.Store.Update(ctx, once)
		if err == nil {
			p.mark, p.text = next, text
			return nil
		}
		if !errors.Is(err, meta.ErrUnavailable) || pause > lastPause || !background.Sleep(ctx, pause) {
			return fmt.Errorf("write to %s: %w", p.m.To.Name, err)
		}
		again = true
	}
}
