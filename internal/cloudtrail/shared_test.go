package cloudtrail

import (
	"context"
	"testing"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
	"crossgrant/internal/records"
)

// openWorld is one in which all accounts are open and in no organization.
type openWorld struct{ World }

func (openWorld) Open(context.Context, ids.AccountID) (bool, error) { return true, nil }

// TestTrailsOfOtherServers: what one server has changed, another knows once it refreshes.
func TestTrailsOfOtherServers(t *testing.T) {
	t.Parallel()
	const account ids.AccountID = "111111111111"
	engine := metatest.NewShared(memory.New())
	var servers [2]*Service
	for i := range servers {
		store := meta.New(engine)
		store.StampWrites(keys.StampedBy)
		servers[i] = New(store, Options{Region: "us-east-1", World: openWorld{}})
	}
	here, there := servers[0], servers[1]
	known := func(s *Service) bool {
		t.Helper()
		any, err := s.Any(t.Context(), account, Place{})
		if err != nil {
			t.Fatal(err)
		}
		return any
	}
	refresh := func() {
		t.Helper()
		if err := there.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	update := func(fn func(tx meta.Tx) error) {
		t.Helper()
		if err := here.store.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	if known(here) || known(there) {
		t.Fatal("there is a trail at first")
	}
	trail := &records.Trail{Account: string(account), Name: "main", Region: "us-east-1", Bucket: "logs"}
	update(func(tx meta.Tx) error { return here.put(tx, trail) })
	if !known(here) || known(there) {
		t.Error("a trail is not known here, or is there before a refresh")
	}
	if refresh(); !known(there) {
		t.Error("a trail is not known after a refresh")
	}
	loaded := there.index.spoilt
	if refresh(); there.index.spoilt != loaded {
		t.Error("trails that nobody changed are read again")
	}
	if n, err := here.EraseAccount(t.Context(), account); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if refresh(); known(there) {
		t.Error("a trail that is gone is known after a refresh")
	}
}
