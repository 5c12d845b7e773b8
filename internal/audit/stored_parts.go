package audit

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of the messages within records.RequestRecord.
var (
	sourceTexts = []text[Source]{
		{1, func(s *Source) *string { return &s.Bucket }},
		{2, func(s *Source) *string { return &s.Key }},
		{3, func(s *Source) *string { return &s.VersionID }},
	}
	deletedTexts = []text[Deleted]{
		{1, func(d *Deleted) *string { return &d.Key }},
		{2, func(d *Deleted) *string { return &d.VersionID }},
		{5, func(d *Deleted) *string { return &d.ErrorCode }},
	}
	sessionTexts = []text[Session]{
		{3, func(s *Session) *string { return &s.IssuerType }},
		{4, func(s *Session) *string { return &s.IssuerName }},
		{5, func(s *Session) *string { return (*string)(&s.IssuerID) }},
		{6, func(s *Session) *string { return &s.IssuerARN }},
		{7, func(s *Session) *string { return &s.Provider }},
		{9, func(s *Session) *string { return &s.SourceIdentity }},
	}
	signInTexts = []text[SignIn]{
		{1, func(s *SignIn) *string { return (*string)(&s.Account) }},
		{3, func(s *SignIn) *string { return &s.UserName }},
		{4, func(s *SignIn) *string { return (*string)(&s.UserID) }},
		{5, func(s *SignIn) *string { return &s.UserARN }},
		{6, func(s *SignIn) *string { return &s.Page }},
		{8, func(s *SignIn) *string { return &s.MFADevice }},
	}
	signInFlags = []struct {
		number protowire.Number
		at     func(*SignIn) *bool
	}{
		{2, func(s *SignIn) *bool { return &s.Root }},
		{7, func(s *SignIn) *bool { return &s.MFA }},
		{9, func(s *SignIn) *bool { return &s.Succeeded }},
		{10, func(s *SignIn) *bool { return &s.Replaced }},
	}
	organizationTexts = []text[Organization]{
		{1, func(o *Organization) *string { return (*string)(&o.Account) }},
		{2, func(o *Organization) *string { return (*string)(&o.ID) }},
		{3, func(o *Organization) *string { return (*string)(&o.Management) }},
	}
	headerTexts = []text[Header]{
		{1, func(h *Header) *string { return &h.Name }},
		{2, func(h *Header) *string { return &h.Value }},
	}
)

// Those that are of other kinds.
const (
	partSizeField      = 4 // of a source
	deletedSizeField   = 3
	deletedStatusField = 4
	issuedField        = 1 // of a session
	mfaField           = 2
	providerKeysField  = 8
	consoleField       = 10
)

func (s *Source) integer(number protowire.Number, n uint64) {
	if number == partSizeField {
		s.Size = size(n)
	}
}

func (s *Source) bytes(protowire.Number, []byte) error { return nil }

func (d *Deleted) integer(number protowire.Number, n uint64) {
	switch number {
	case deletedSizeField:
		d.Size = size(n)
	case deletedStatusField:
		d.Status = int(int32(n))
	}
}

func (d *Deleted) bytes(protowire.Number, []byte) error { return nil }

// appendTo appends a session as it is kept.
func (s *Session) appendTo(dst []byte) []byte {
	dst = appendNumber(appendTexts(dst, sessionTexts, s), issuedField, s.Issued.UnixNano())
	if s.MFA {
		dst = appendNumber(dst, mfaField, 1)
	}
	if s.Console {
		dst = appendNumber(dst, consoleField, 1)
	}
	return appendHeaders(dst, providerKeysField, s.ProviderKeys)
}

func (s *Session) integer(number protowire.Number, n uint64) {
	switch number {
	case issuedField:
		s.Issued = time.Unix(0, int64(n)).UTC()
	case mfaField:
		s.MFA = n != 0
	case consoleField:
		s.Console = n != 0
	}
}

func (s *Session) bytes(number protowire.Number, b []byte) (err error) {
	if number == providerKeysField {
		s.ProviderKeys, err = withHeader(s.ProviderKeys, b)
	}
	return err
}

// appendTo appends an attempt to sign in as it is kept.
func (s *SignIn) appendTo(dst []byte) []byte {
	dst = appendTexts(dst, signInTexts, s)
	for _, f := range signInFlags {
		if *f.at(s) {
			dst = appendNumber(dst, f.number, 1)
		}
	}
	return dst
}

func (s *SignIn) integer(number protowire.Number, n uint64) {
	for _, f := range signInFlags {
		if f.number == number {
			*f.at(s) = n != 0
		}
	}
}

func (s *SignIn) bytes(protowire.Number, []byte) error { return nil }

func (h *Header) integer(protowire.Number, uint64) {}

func (h *Header) bytes(protowire.Number, []byte) error { return nil }

func (o *Organization) integer(protowire.Number, uint64) {}

func (o *Organization) bytes(protowire.Number, []byte) error { return nil }

func appendHeaders(dst []byte, number protowire.Number, all []Header) []byte {
	for i := range all {
		dst = appendMessage(dst, number, func(dst []byte) []byte { return appendTexts(dst, headerTexts, &all[i]) })
	}
	return dst
}

// withHeader reads a header that comes after others.
func withHeader(before []Header, message []byte) ([]Header, error) {
	after := append(before, Header{})
	return after, decode(message, headerTexts, &after[len(before)])
}
