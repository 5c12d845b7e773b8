package session

import (
	"bytes"
	"testing"
	"time"
)

func newStore() (*Store, *time.Time) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	return NewStore(func() time.Time { return now }), &now
}

func begin(t *testing.T, s *Store, name string) string {
	t.Helper()
	token, err := s.Begin(&Session{Base: Identity{Name: name, AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "a secret of " + name}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSession(t *testing.T) {
	t.Parallel()
	s, _ := newStore()
	token := begin(t, s, "ann")
	if in := s.Find(token); in == nil || in.Base.SecretAccessKey != "a secret of ann" || in.CSRF == "" {
		t.Fatalf("found %+v", in)
	}
	if err := s.Update(token, func(in *Session) { in.Role = &Role{Identity: Identity{Name: "role"}} }); err != nil {
		t.Fatal(err)
	}
	if in := s.Find(token); in.Current().Name != "role" {
		t.Errorf("current is %q", in.Current().Name)
	}
	s.End(token)
	if s.Find(token) != nil {
		t.Error("a session goes on after its end")
	}
	for _, wrong := range []string{"", "x", token[:len(token)-1], token + "A", begin(t, s, "bob")[:42] + "!"} {
		if s.Find(wrong) != nil {
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
	k := s.order.Front().Value.(*kept)
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
		if s.Find(used) == nil {
			t.Fatal("a session that is used ended")
		}
	}
	if s.Find(idle) != nil {
		t.Error("a session that nobody uses goes on")
	}
	for range int(Longest / time.Hour) {
		*now = now.Add(time.Hour)
		s.Find(used)
	}
	if s.Find(used) != nil {
		t.Error("a session goes on for ever")
	}
}

// TestMost holds that memory is bounded: the session that was used longest ago ends.
func TestMost(t *testing.T) {
	t.Parallel()
	s, _ := newStore()
	first, second := begin(t, s, "ann"), begin(t, s, "bob")
	s.Find(first)
	for range most - 1 {
		begin(t, s, "many")
	}
	if s.Find(first) == nil || s.Find(second) != nil || len(s.sessions) != most || s.order.Len() != most {
		t.Errorf("%d sessions, first %v, second %v", len(s.sessions), s.Find(first) != nil, s.Find(second) != nil)
	}
}
