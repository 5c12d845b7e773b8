package sts

import (
	"bytes"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/seal"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	s, other := newService(t), newService(t)
	for _, text := range [][]byte{{}, []byte("text"), bytes.Repeat([]byte("x"), MaxMessageText)} {
		encoded, err := s.EncodeMessage(account, text)
		if err != nil || len(encoded) > MaxMessage {
			t.Fatalf("%d bytes become %d characters: %v", len(text), len(encoded), err)
		}
		if got, err := s.DecodeMessage(account, encoded); err != nil || !bytes.Equal(got, text) {
			t.Errorf("decoded %q, %v", got, err)
		}
		if got, err := s.DecodeMessage("222222222222", encoded); err != ErrInvalidMessage {
			t.Errorf("another account decoded %q, %v", got, err)
		}
		if got, err := s.DecodeMessage("", encoded); err != ErrInvalidMessage {
			t.Errorf("nobody decoded %q, %v", got, err)
		}
		if got, err := other.DecodeMessage(account, encoded); err != ErrInvalidMessage {
			t.Errorf("another server decoded %q, %v", got, err)
		}
		changed := []byte(encoded)
		changed[len(changed)/2] ^= 1
		if got, err := s.DecodeMessage(account, string(changed)); err != ErrInvalidMessage {
			t.Errorf("decoded %q, %v, though it was changed", got, err)
		}
	}
	// A session token is no message, and the other way round.
	c, err := s.Issue(t.Context(), request(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.DecodeMessage(account, c.SessionToken); err != ErrInvalidMessage {
		t.Errorf("decoded a token to %q, %v", got, err)
	}
}

// FuzzDecodeMessage: nothing that was not encoded is decoded.
func FuzzDecodeMessage(f *testing.F) {
	box, err := seal.New()
	if err != nil {
		f.Fatal(err)
	}
	s := New(meta.New(memory.New()), box, Options{})
	f.Add("AAAA")
	f.Add("=")
	f.Fuzz(func(t *testing.T, encoded string) {
		if text, err := s.DecodeMessage(account, encoded); err != ErrInvalidMessage {
			t.Errorf("decoded %q (%v)", text, err)
		}
	})
}
