package session

import (
	"bytes"
	"testing"
	"time"
)

func newStore() (*Store, *time.Time) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	return NewStore(func() time.Time { return now }, nil), &now
}

func begin(t *testing.T, s *Store, name string) string {
	t.Helper()
	token, err := s.Begin(t.Context(), &Session{Base: Identity{Name: name, AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "a secret of " + name}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func find(t *testing.T, s *Store, token string) *Session {
	t.Helper()
	in, err := s.Find(t.Context(), token)
	if err != nil {
		t.Error(err)
	}
	return in
}

func TestSession(t *testing.T) {
	t.Parallel()
	s, _ := newStore()
	token := begin(t, s, "ann")
	if in := find(t, s, token); in == nil || in.Base.SecretAccessKey != "a secret of ann" || in.CSRF == "" {
		t.Fatalf("found %+v", in)
	}
	if err := s.Update(t.Context(), token, func(in *Session) { in.Role = &Role{Identity: Identity{Name: "role"}} }); err != nil {
		t.Fatal(err)
	}
	if in := find(t, s, token); in.Current().Name != "role" {
		t.Errorf("current is %q", in.Current().Name)
	}
	if err := s.End(t.Context(), token); err != nil {
		t.Error(err)
	}
	if find(t, s, token) != nil {
		t.Error("a session goes on after its end")
	}
	for _, wrong := range []string{"", "x", token[:len(token)-1], token + "A", begin(t, s, "bob")[:42] + "!"} {
		if find(t, s, wrong) != nil {
			t.Errorf("%q found a session", wrong)
		}
	}
}

// TestSealed holds that what is kept has no secret and no token in it.
func TestSealed(t *testing.T) {
	t.Parallel()
	s, _ := newStore()
	token := begin(t, s, "ann")
	raw, _ := decode(token)
	k := s.shelf.(*memory).order.Front().Value.(*kept)
	if bytes.Contains(k.sealed, []byte("secret")) || bytes.Contains(k.sealed, raw) || bytes.Equal(k.id[:], raw) {
		t.Error("a session is kept in the clear")
	}
	if _, err := open(make([]byte, tokenSize), k.sealed); err == nil {
		t.Error("another key opens a session")
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	s, now := newStore()
	idle, used := begin(t, s, "ann"), begin(t, s, "bob")
	for range 2 {
		*now = now.Add(Idle - time.Minute)
		if find(t, s, used) == nil {
			t.Fatal("a session that is used ended")
		}
	}
	if find(t, s, idle) != nil {
		t.Error("a session that nobody uses goes on")
	}
	for range int(Longest / time.Hour) {
		*now = now.Add(time.Hour)
		find(t, s, used)
	}
	if find(t, s, used) != nil {
		t.Error("a session goes on for ever")
	}
}

// TestMost holds that memory is bounded: the session that was used longest ago ends.
func TestMost(t *testing.T) {
	t.Parallel()
	s, _ := newStore()
	first, second := begin(t, s, "ann"), begin(t, s, "bob")
	find(t, s, first)
	for range most - 1 {
		begin(t, s, "many")
	}
	m := s.shelf.(*memory)
	if find(t, s, first) == nil || find(t, s, second) != nil || len(m.sessions) != most || m.order.Len() != most {
		t.Errorf("%d sessions, first %v, second %v", len(m.sessions), find(t, s, first) != nil, find(t, s, second) != nil)
	}
}
