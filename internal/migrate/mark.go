package migrate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// markFact is the name of the fact that is the mark of a store. A store that servers have to keep away from also has the format
// keys.FormatHeld: a server that does not ask for the mark, because it knows of no migrations, or because it asked before,
// sees that instead.
const markFact = "migration"

// State is what a migration has made of a store.
type State string

// The states of a store that has a mark.
const (
	Leaving State = "leaving" // it is copied to another store
	Moved   State = "moved"   // it was copied to another store, which has taken its place
	Filling State = "filling" // it does not have everything yet
	Filled  State = "filled"  // it has everything that the other store had
)

// stage is what is done to a store that is filled.
type stage string

const (
	counting  stage = "count"
	copying   stage = "copy"
	comparing stage = "compare"
	ending    stage = "end" // the ends are equal: what the target had for the migration is removed
)

// Mark is the fact about a store that it takes part in a migration.
type Mark struct {
	ID     string    `json:"id"` // of the migration, the same in both stores
	State  State     `json:"state"`
	Other  string    `json:"other"`            // the other store, for people
	Since  time.Time `json:"since"`            // when it came to this state
	Format string    `json:"format,omitempty"` // that the store has when nothing is held back

	// How far it is, in a store that is filled.

	Stage stage  `json:"stage,omitempty"`
	Next  []byte `json:"next,omitempty"` // the first key that is not copied, or compared
	// Total is what there is, as far as it was counted before. Copied and Compared are what is before Next.
	Total    Counts `json:"total,omitzero"`
	Copied   Counts `json:"copied,omitzero"`
	Compared Counts `json:"compared,omitzero"`
	// Added is how many keys.Blob the target has, and the source has not, by what was compared of the records.
	Added int64 `json:"added,omitempty"`
}

func (m *Mark) encode() []byte {
	text, _ := json.Marshal(m) // cannot fail: it has only strings, numbers and a time of this age
	return text
}

// ParseMark reads a mark; the error wraps meta.ErrCorrupt.
func ParseMark(text []byte) (*Mark, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	m := new(Mark)
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("the mark of a migration cannot be read: %w: %w", err, meta.ErrCorrupt)
	}
	switch m.State {
	case Leaving, Moved, Filling, Filled:
		return m, nil
	}
	return nil, fmt.Errorf("the mark of a migration has the unknown state %q: %w", m.State, meta.ErrCorrupt)
}

// markOf returns the mark of a store, or nil.
func markOf(r meta.Reader) (*Mark, error) {
	text, err := r.Get(keys.Meta(markFact))
	if errors.Is(err, meta.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ParseMark(text)
}

func readMark(ctx context.Context, e End) (mark *Mark, err error) {
	err = e.Store.View(ctx, func(r meta.Reader) error {
		mark, err = markOf(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the mark of %s: %w", e.Name, err)
	}
	return mark, nil
}

// Servable returns nil if the store may be used, and otherwise an error that says what to do. A server asks before it
// writes, in the transaction that says that it is there.
func Servable(r meta.Reader) error {
	m, err := markOf(r)
	if err != nil || m == nil || m.State == Filled {
		return err
	}
	day := m.Since.Format(time.RFC3339)
	switch m.State {
	case Leaving:
		return fmt.Errorf("this store is being moved to %s since %s: run crossgrant migrate again to finish, or with --give-up to use this one again",
			m.Other, day)
	case Moved:
		return fmt.Errorf("this store was moved to %s at %s: serve that, or run crossgrant migrate with --give-up to use this one again",
			m.Other, day)
	default:
		return fmt.Errorf("this store is being filled from %s since %s: run crossgrant migrate again to finish, or with --give-up to empty it", m.Other, day)
	}
}

// Format returns what the format of a store is, also where it is held back.
func Format(r meta.Reader) (string, error) {
	m, err := markOf(r)
	if err != nil {
		return "", err
	}
	if m != nil && m.State != Filled {
		return m.Format, nil
	}
	text, err := r.Get(keys.Meta(keys.FormatFact))
	return string(text), err
}

// hold writes a mark that keeps servers away.
func hold(tx meta.Tx, m *Mark) error {
	return errors.Join(tx.Put(keys.Meta(markFact), m.encode()), tx.Put(keys.Meta(keys.FormatFact), []byte(keys.FormatHeld)))
}

// release lets servers in again.
func release(tx meta.Tx, m *Mark) error {
	return errors.Join(tx.Delete(keys.Meta(markFact)), tx.Put(keys.Meta(keys.FormatFact), []byte(m.Format)))
}
