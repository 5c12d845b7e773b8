package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// Idle is after how long a session that nobody uses ends, and Longest after how long any: AWS's console ends them
	// after 12 hours.
	//
	// Source: https://docs.aws.amazon.com/signin/latest/userguide/console-sign-in-tutorials.html
	Idle    = 2 * time.Hour
	Longest = 12 * time.Hour
)

// tokenSize is the size of what a cookie has, in bytes. Its hash finds the session, and it is the key that opens it.
const tokenSize = chacha20poly1305.KeySize

// ID is the hash of a token, by which a session is found: what keeps sessions does not have the tokens.
type ID = [sha256.Size]byte

// Shelf keeps sealed sessions until they are over: Idle after they were used last, Longest after they began. It is safe for concurrent
// use.
type Shelf interface {
	// Put keeps a session, which begins now.
	Put(ctx context.Context, id ID, sealed []byte) error
	// Get returns a session and notes that it is used; nil if there is none, or none any more.
	Get(ctx context.Context, id ID) (sealed []byte, err error)
	// Change replaces a session by what change makes of it, which may run several times; of none it makes nothing.
	Change(ctx context.Context, id ID, change func(sealed []byte) ([]byte, error)) error
	// Drop ends a session. It has ended for everybody when Drop returns nil.
	Drop(ctx context.Context, id ID) error
}

// Store keeps sessions. It is safe for concurrent use. Its errors are those of the Shelf.
type Store struct {
	now   func() time.Time
	shelf Shelf
}

// NewStore returns a Store over shelf; nil: its sessions are in memory.
func NewStore(now func() time.Time, shelf Shelf) *Store {
	if shelf == nil {
		shelf = newMemory(now)
	}
	return &Store{now: now, shelf: shelf}
}

func idOf(token []byte) ID {
	return sha256.Sum256(append([]byte("crossgrant console session\x00"), token...))
}

// Begin keeps a new session and returns its token, which was drawn just now: nobody can have brought it along.
func (s *Store) Begin(ctx context.Context, in *Session) (token string, err error) {
	raw := make([]byte, tokenSize)
	csrf := make([]byte, 16)
	rand.Read(raw) // never fails: https://pkg.go.dev/crypto/rand#Read
	rand.Read(csrf)
	in.CSRF = base64.RawURLEncoding.EncodeToString(csrf)
	in.Started = s.now()
	sealed, err := seal(raw, in)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(raw), s.shelf.Put(ctx, idOf(raw), sealed)
}

// Find returns the session of a token; nil if there is none, or none any more. It is a copy: changes
// are made with Update.
func (s *Store) Find(ctx context.Context, token string) (*Session, error) {
	raw, ok := decode(token)
	if !ok {
		return nil, nil
	}
	sealed, err := s.shelf.Get(ctx, idOf(raw))
	if err != nil || sealed == nil {
		return nil, err
	}
	out, err := open(raw, sealed)
	if err != nil {
		return nil, nil // nobody has sealed it with this token
	}
	return out, nil
}

// Update changes the session of a token, one change at a time. It does nothing if there is none any more. change may run several
// times, each time on the session as it is.
func (s *Store) Update(ctx context.Context, token string, change func(*Session)) error {
	raw, ok := decode(token)
	if !ok {
		return nil
	}
	return s.shelf.Change(ctx, idOf(raw), func(sealed []byte) ([]byte, error) {
		in, err := open(raw, sealed)
		if err != nil {
			return nil, err
		}
		change(in)
		return seal(raw, in)
	})
}

// End ends the session of a token.
func (s *Store) End(ctx context.Context, token string) error {
	raw, ok := decode(token)
	if !ok {
		return nil
	}
	return s.shelf.Drop(ctx, idOf(raw))
}

func decode(token string) ([]byte, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	return raw, err == nil && len(raw) == tokenSize
}

// seal encrypts a session. A session is sealed anew with each change, under a nonce of 24 random bytes.
func seal(key []byte, in *Session) ([]byte, error) {
	plain, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, nil), nil
}

func open(key, sealed []byte) (*Session, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, fmt.Errorf("session: %d bytes are no sealed session", len(sealed))
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return nil, err
	}
	out := new(Session)
	return out, json.Unmarshal(plain, out)
}
