package decisions

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// TestKeep: the record of a change that a reader must not miss commits with the change and is settled when the request
// ends, also if nobody wants it any more; other records are not kept.
func TestKeep(t *testing.T) {
	t.Parallel()
	logged := true
	s := open(t, Options{Readers: []Reader{{ID: audit.ForTrails, Lasting: true, Wants: func(r *audit.Record) bool { return logged && r.Service == "iam" }}}})
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

// TestOrganizationsOfThen: the record of a change says in which organizations its accounts were when it was made, also if
// that is what it changed; that of another request says it as of its end.
func TestOrganizationsOfThen(t *testing.T) {
	t.Parallel()
	member := []audit.Organization{{Account: accountB, ID: "o-abcdefghij", Management: accountA}}
	now := member
	s := open(t, Options{
		Readers:       []Reader{{ID: audit.ForTrails, Lasting: true, Wants: func(*audit.Record) bool { return true }}},
		Organizations: func(context.Context, *audit.Record) ([]audit.Organization, error) { return now, nil },
	})
	leaves := &audit.Record{RequestID: "R1", Time: start, Service: "organizations", Operation: "LeaveOrganization", CallerAccount: accountB}
	if err := s.store.Update(t.Context(), func(tx meta.Tx) error { return s.Keep(tx, leaves) }); err != nil {
		t.Fatal(err)
	}
	reads := &audit.Record{RequestID: "R2", Time: start, Service: "organizations", Operation: "ListRoots", CallerAccount: accountB}
	s.Record(reads)
	now = nil
	s.Record(leaves)
	s.Record(&audit.Record{RequestID: "R3", Time: start, Service: "organizations", Operation: "ListRoots", CallerAccount: accountB})
	if err := s.journal.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := map[string][]audit.Organization{}
	err := s.journal.Latest(t.Context(), start, start, time.Hour, func(entry []byte) (bool, error) {
		got, err := audit.Decode(entry)
		found[got.RequestID] = got.Organizations
		return true, err
	})
	want := map[string][]audit.Organization{"R1": member, "R2": member, "R3": nil}
	if err != nil || !reflect.DeepEqual(found, want) || reads.Organizations != nil {
		t.Errorf("the journal has %v, want %v, %v", found, want, err)
	}
}

// emptied is the record of a DeleteObjects of a thousand of the longest keys, each of which was judged three times.
func emptied(effect authz.Effect) *audit.Record {
	r := &audit.Record{RequestID: "R", Time: start, Service: "s3", Operation: "DeleteObjects", CallerAccount: accountB, Status: 200}
	for i := range 1000 {
		key := fmt.Sprintf("%04d", i) + strings.Repeat("k", 1020)
		r.Deleted = append(r.Deleted, audit.Deleted{Key: key, Status: 204})
		for range 3 {
			d := audit.Decision{Action: "s3:DeleteObject", Resource: "arn:aws:s3:::walnut/" + key}
			d.Effect = effect
			r.Decisions = append(r.Decisions, d)
		}
	}
	return r
}

// TestLargest: the record of a request of a thousand long keys does not fail its changes, and is not given up, for being
// larger than the journal takes.
func TestLargest(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Readers: []Reader{{ID: audit.ForTrails, Lasting: true, Wants: func(*audit.Record) bool { return true }}}})
	r := emptied(authz.Allow)
	if err := s.store.Update(t.Context(), func(tx meta.Tx) error { return s.Keep(tx, r) }); err != nil {
		t.Fatal(err)
	}
	s.Record(r)
	s.Record(emptied(authz.ImplicitDeny))
	if err := s.journal.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := 0
	err := s.journal.Latest(t.Context(), start, start, time.Hour, func(entry []byte) (bool, error) {
		got, err := audit.Decode(entry)
		if err == nil && len(got.Deleted) == 1000 {
			found++
		}
		return true, err
	})
	if err != nil || found != 2 {
		t.Errorf("%d records are in the journal, %v", found, err)
	}
}

// TestKeepOnce: what a request of many transactions keeps does not grow with them, and is there if the first of them was
// refused, or if what was kept has been taken into the journal meanwhile.
func TestKeepOnce(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Readers: []Reader{{ID: audit.ForTrails, Lasting: true, Wants: func(*audit.Record) bool { return true }}}})
	r := &audit.Record{RequestID: "R", Time: start, Service: "s3", Operation: "DeleteObjects"}
	var kept [][]byte
	refused := errors.New("refused")
	change := func(result error) {
		t.Helper()
		r.Deleted = append(r.Deleted, audit.Deleted{Key: "k"})
		if err := s.store.Update(t.Context(), func(tx meta.Tx) error { return errors.Join(s.Keep(tx, r), result) }); !errors.Is(err, result) {
			t.Fatal(err)
		}
		err := s.store.View(t.Context(), func(reader meta.Reader) error {
			stored := new(records.JournalKept)
			err := records.Get(reader, keys.JournalKept("R"), stored)
			kept = append(kept, stored.Entry)
			if errors.Is(err, meta.ErrNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change(refused)
	change(nil)
	change(nil)
	change(refused)
	if kept[0] != nil || kept[1] == nil || !slices.Equal(kept[1], kept[2]) || !slices.Equal(kept[1], kept[3]) {
		t.Errorf("kept is, after each change, %q", kept)
	}
	if err := s.store.Update(t.Context(), func(tx meta.Tx) error { return tx.Delete(keys.JournalKept("R")) }); err != nil {
		t.Fatal(err)
	}
	change(nil)
	if kept[4] == nil {
		t.Error("it is not kept again")
	}
}

// TestOutcomes: what is kept of a decision that is not explained is what it was.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	r := upload(t, start, "k")
	r.Decisions = append(r.Decisions, audit.Decision{Resource: "arn:aws:s3:::walnut"})
	text, err := encode(nil, r, false, len(r.Decisions), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(text)
	if err != nil || len(got.Decisions) != len(r.Decisions) || len(got.ProtoReflect().GetUnknown()) != 0 {
		t.Fatalf("kept is %v, %v", got, err)
	}
	for i, d := range got.Decisions {
		want := &records.RequestDecision{Action: r.Decisions[i].Action, Resource: []byte(r.Decisions[i].Resource), Effect: int32(r.Decisions[i].Effect)}
		if in := r.Decisions[i].Input; in != nil {
			want.Owner = string(in.Owner)
		}
		if !proto.Equal(d, want) {
			t.Errorf("kept is %v, want %v", d, want)
		}
	}
}

// TestService: what a service did, such as a delivery that was refused, is found by its principal.
func TestService(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Allows: 100})
	r := upload(t, start, "k")
	r.CallerARN, r.CallerAccount, r.CallerEntityID = "cloudtrail.amazonaws.com", "", ""
	s.Record(r)
	for principal, want := range map[string]int{"cloudtrail.amazonaws.com": 1, "config.amazonaws.com": 0} {
		page, err := s.Find(t.Context(), Query{Principal: principal}, Operator)
		if err != nil || len(page.Requests) != want {
			t.Errorf("%s: %+v, %v", principal, page, err)
		}
	}
}
