package sts

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/ids"
)

// ErrInvalidToken says that a session token was not issued here for this access key, or was changed.
var ErrInvalidToken = errors.New("sts: invalid session token")

// Session is what a session token holds. It has a secret: it must not be logged, and it prints
// without the secret.
type Session struct {
	AccessKeyID ids.AccessKeyID
	Secret      string
	// Account is the account of the role.
	Account     ids.AccountID
	RoleName    string
	RoleID      ids.UniqueID
	SessionName string
	// Policies are the documents of the session policies that were passed inline, PolicyARNs the
	// managed policies that were passed. If both are empty, no session policy limits the session.
	Policies   []string `json:",omitempty"`
	PolicyARNs []string `json:",omitempty"`
	// Issued and Expires are whole seconds, UTC. The session is over at Expires.
	Issued, Expires time.Time
}

// String describes the session without its secret.
func (s Session) String() string {
	return fmt.Sprintf("session %s of role %s (%s) in account %s", s.SessionName, s.RoleName, s.AccessKeyID, s.Account)
}

// GoString is String, so that %#v does not print the secret either.
func (s Session) GoString() string { return s.String() }

// tokenFormat begins what is sealed: JSON of a Session.
const tokenFormat = 1

// token seals the session.
func (s *Service) token(session *Session) (string, error) {
	plain, err := json.Marshal(session)
	if err != nil {
		return "", fmt.Errorf("encode session: %w", err)
	}
	sealed, err := s.box.Seal(append([]byte{tokenFormat}, plain...), sealContext(session.AccessKeyID))
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// Open returns the session of a token that was issued for this access key, or ErrInvalidToken. It does
// not judge whether the session has ended, nor whether its role still exists.
func (s *Service) Open(id ids.AccessKeyID, token string) (*Session, error) {
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, ErrInvalidToken
	}
	plain, err := s.box.Open(sealed, sealContext(id))
	if err != nil {
		return nil, ErrInvalidToken
	}
	session := new(Session)
	if len(plain) == 0 || plain[0] != tokenFormat {
		return nil, ErrInvalidToken
	}
	// A field that this version does not know may be a limit that a newer one has set.
	d := json.NewDecoder(bytes.NewReader(plain[1:]))
	d.DisallowUnknownFields()
	if err := d.Decode(session); err != nil || session.AccessKeyID != id {
		return nil, ErrInvalidToken
	}
	return session, nil
}

// sealContext binds a token to its access key.
func sealContext(id ids.AccessKeyID) []byte { return []byte("session" + string(id)) }
