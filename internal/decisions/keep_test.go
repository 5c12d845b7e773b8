package decisions

import (
	"errors"
	"testing"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// TestKeep: the record of a change that a reader must not miss commits with the change and is settled when the request
// ends, also if nobody wants it any more; other records are not kept.
func TestKeep(t *testing.T) {
	t.Parallel()
	logged := true
	s := open(t, Options{Lasting: []func(*audit.Record) bool{func(r *audit.Record) bool { return logged && r.Service == "iam" }}})
	count := func() (kept, appended int) {
		t.Helper()
		if err := s.journal.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := s.journal.Latest(t.Context(), start, start, time.Hour, func([]byte) (bool, error) { appended++; return true, nil })
		if err != nil {
			t.Fatal(err)
		}
		err = s.store.View(t.Context(), func(r meta.Reader) error {
			from, to := keys.AllJournalKept()
			all, err := meta.Keys(r, from, to, meta.All)
			kept = len(all)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return kept, appended
	}
	refused := errors.New("refused")
	for _, c := range []struct {
		name           string
		record         audit.Record
		change         error
		kept, appended int
	}{
		{"nobody must have it", audit.Record{Service: "s3"}, nil, 0, 0},
		{"a change", audit.Record{Service: "iam"}, nil, 1, 1},
		{"a change that is refused", audit.Record{Service: "iam"}, refused, 0, 2},
		{"a change whose end nobody wants", audit.Record{Service: "iam"}, nil, 1, 3},
	} {
		r := &c.record
		r.RequestID, r.Time, r.Status = c.name, start, 200
		err := s.store.Update(t.Context(), func(tx meta.Tx) error { return errors.Join(s.Keep(tx, r), c.change) })
		if !errors.Is(err, c.change) {
			t.Fatalf("%s: %v", c.name, err)
		}
		if kept, _ := count(); kept != c.kept {
			t.Errorf("%s: %d are kept, want %d", c.name, kept, c.kept)
		}
		logged = c.name != "a change whose end nobody wants"
		s.Record(r)
		logged = true
		if kept, appended := count(); kept != 0 || appended != c.appended {
			t.Errorf("%s: %d are kept when the request has ended, and %d are in the journal, want %d", c.name, kept, appended, c.appended)
		}
	}
}
