package sts

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"crossgrant/internal/ids"
)

// ErrInvalidToken says that a session token was not issued here for this access key, or was changed.
var ErrInvalidToken = errors.New("sts: invalid session token")

// MaxToken is the length of the longest session token, in characters: it has to leave room in the header
// section of a request, which S3 limits to 8 KB, for everything else that clients send.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (RequestHeaderSectionTooLarge)
const MaxToken = 6656

// The formats of what is sealed, by its first byte:
//
//	1  JSON of a roleSession; it is read, and not written any more
//	2  JSON of a Session
const (
	roleFormat    = 1
	sessionFormat = 2
)

// roleSession is what a token of the first format holds: a role session without tags or source identity.
type roleSession struct {
	AccessKeyID     ids.AccessKeyID
	Secret          string
	Account         ids.AccountID
	RoleName        string
	RoleID          ids.UniqueID
	SessionName     string
	Policies        []string
	PolicyARNs      []string
	Issued, Expires time.Time
}

func (r *roleSession) session() *Session {
	return &Session{
		Kind: RoleSession, AccessKeyID: r.AccessKeyID, Secret: r.Secret, Account: r.Account,
		EntityName: r.RoleName, EntityID: r.RoleID, SessionName: r.SessionName,
		Policies: r.Policies, PolicyARNs: r.PolicyARNs, Issued: r.Issued, Expires: r.Expires,
	}
}

// token seals the session.
func (s *Service) token(session *Session) (string, error) {
	var plain bytes.Buffer
	plain.WriteByte(sessionFormat)
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(session); err != nil {
		return "", fmt.Errorf("encode session: %w", err)
	}
	sealed, err := s.box.Seal(plain.Bytes(), sealContext(session.AccessKeyID))
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// Open returns the session of a token that was issued for this access key, or ErrInvalidToken. It does
// not judge whether the session has ended, nor whether who is behind it still exists.
func (s *Service) Open(id ids.AccessKeyID, token string) (*Session, error) {
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, ErrInvalidToken
	}
	plain, err := s.box.Open(sealed, sealContext(id))
	if err != nil {
		return nil, ErrInvalidToken
	}
	session, err := decodeSession(plain)
	if err != nil || session.AccessKeyID != id {
		return nil, ErrInvalidToken
	}
	return session, nil
}

// decodeSession reads what a token held when it was sealed.
func decodeSession(plain []byte) (session *Session, err error) {
	if len(plain) == 0 {
		return nil, ErrInvalidToken
	}
	switch format, text := plain[0], plain[1:]; format {
	case roleFormat:
		var old roleSession
		err = strictly(text, &old)
		session = old.session()
	case sessionFormat:
		session = new(Session)
		err = strictly(text, session)
	default:
		return nil, ErrInvalidToken
	}
	if err != nil {
		return nil, err
	}
	return session, session.check()
}

// strictly decodes one JSON value and nothing after it. A field that this version does not know may be a
// limit that a newer one has set.
func strictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return ErrInvalidToken
	}
	return nil
}

// sealContext binds a token to its access key.
func sealContext(id ids.AccessKeyID) []byte { return []byte("session" + string(id)) }
