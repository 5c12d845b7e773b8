package analyzer

import (
	"errors"
	"testing"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// TestWhatCannotBeRead: a rule or a finding that cannot be read is not taken for one that is not there.
func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(alice, NewAnalyzer{Name: "main", Type: AccountType})
	w.must(w.store.Update(t.Context(), func(tx meta.Tx) error {
		return errors.Join(tx.Put(keys.ArchiveRule(alice, "main", "ours"), []byte("?")), tx.Put(keys.AnalyzerFinding(alice, "main", "id"), []byte("?")))
	}))
	for what, err := range map[string]error{
		"making a rule":      w.CreateRule(t.Context(), alice, "main", "ours", Filter{}, ""),
		"noting a finding":   w.note(t.Context(), alice, "main", []*records.AnalyzerFinding{{Id: "id"}}),
		"resolving findings": w.resolve(t.Context(), alice, "main", []string{"gone", "id"}),
	} {
		if !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
	w.must(w.store.Update(t.Context(), func(tx meta.Tx) error { return tx.Delete(keys.ArchiveRule(alice, "main", "ours")) }))
	w.must(w.note(t.Context(), alice, "main", []*records.AnalyzerFinding{{Id: "another"}}))
	w.must(w.resolve(t.Context(), alice, "main", []string{"gone", "another"}))
}
