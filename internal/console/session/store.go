package session

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
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
	// most is how many sessions there are; of more, the one that was used longest ago ends.
	most = 10_000
)

// tokenSize is the size of what a cookie has, in bytes. Its hash finds the session, and it is the key that opens it.
const tokenSize = chacha20poly1305.KeySize

// Store keeps sessions. It is safe for concurrent use.
type Store struct {
	now func() time.Time

	// mu protects what follows.
	mu sync.Mutex
	// sessions are found by the hash of their token; order has the one that was used last at its front.
	sessions map[[sha256.Size]byte]*list.Element
	order    list.List // of *kept
}

// kept is a session as it is kept.
type kept struct {
	id          [sha256.Size]byte
	sealed      []byte
	used, began time.Time
}

// NewStore returns an empty Store.
func NewStore(now func() time.Time) *Store {
	return &Store{now: now, sessions: map[[sha256.Size]byte]*list.Element{}}
}

// id is the hash by which a session is found: the memory does not have the token itself.
func id(token []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte("crossgrant console session\x00"), token...))
}

// Begin keeps a new session and returns its token, which was drawn just now: nobody can have brought it along.
func (s *Store) Begin(in *Session) (token string, err error) {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &kept{id: id(raw), sealed: sealed, used: s.now(), began: s.now()}
	s.sessions[k.id] = s.order.PushFront(k)
	for s.order.Len() > most || s.order.Len() > 0 && s.over(s.order.Back().Value.(*kept)) {
		s.drop(s.order.Back())
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// Find returns the session of a token; nil if there is none, or none any more. It is a copy: changes
// are made with Update.
func (s *Store) Find(token string) *Session {
	raw, ok := decode(token)
	if !ok {
		return nil
	}
	k := s.look(raw)
	if k == nil {
		return nil
	}
	out, err := open(raw, k.sealed)
	if err != nil {
		return nil
	}
	return out
}

// look finds a session that is not over, and notes that it is used.
func (s *Store) look(raw []byte) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.sessions[id(raw)]
	if e == nil {
		return nil
	}
	k := e.Value.(*kept)
	if s.over(k) {
		s.drop(e)
		return nil
	}
	k.used = s.now()
	s.order.MoveToFront(e)
	copied := *k
	return &copied
}

// Update changes the session of a token, one change at a time. It does nothing if there is none any more.
func (s *Store) Update(token string, change func(*Session)) error {
	raw, ok := decode(token)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.sessions[id(raw)]
	if e == nil {
		return nil
	}
	k := e.Value.(*kept)
	in, err := open(raw, k.sealed)
	if err != nil {
		return err
	}
	change(in)
	k.sealed, err = seal(raw, in)
	return err
}

// End ends the session of a token.
func (s *Store) End(token string) {
	raw, ok := decode(token)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.sessions[id(raw)]; e != nil {
		s.drop(e)
	}
}

func (s *Store) over(k *kept) bool {
	now := s.now()
	return now.Sub(k.used) >= Idle || now.Sub(k.began) >= Longest
}

func (s *Store) drop(e *list.Element) {
	delete(s.sessions, s.order.Remove(e).(*kept).id)
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
