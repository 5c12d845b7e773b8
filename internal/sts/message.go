package sts

import (
	"encoding/base64"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
)

// MaxMessage is the length of the longest authorization message, encoded, in characters; MaxMessageText is that
// of the longest text that fits into one, in bytes.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
const (
	MaxMessage     = 10240
	MaxMessageText = MaxMessage/4*3 - sealOverhead
	// sealOverhead is more than what sealing adds to a text, in bytes.
	sealOverhead = 64
)

// EncodeMessage seals a text of at most MaxMessageText bytes that only principals of account may have decoded.
func (s *Service) EncodeMessage(account ids.AccountID, text []byte) (string, error) {
	sealed, err := s.box.Seal(text, messageContext(account))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// DecodeMessage returns the text of a message for a principal of account. The error is
// InvalidAuthorizationMessageException for what was not encoded here for this account.
func (s *Service) DecodeMessage(account ids.AccountID, encoded string) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || account == "" {
		return nil, ErrInvalidMessage
	}
	text, err := s.box.Open(sealed, messageContext(account))
	if err != nil {
		return nil, ErrInvalidMessage
	}
	return text, nil
}

// ErrInvalidMessage says that an authorization message cannot be decoded.
var ErrInvalidMessage = apierr.New(http.StatusBadRequest, "InvalidAuthorizationMessageException", "Message is not valid")

// messageContext binds a message to the account whose principals may read it.
func messageContext(account ids.AccountID) []byte {
	return []byte("authorization message" + string(account))
}
