package kms

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

const (
	// managedAlias is the alias of an account's AWS managed key for S3.
	managedAlias = aliasPrefix + "aws/s3"
	aliasPrefix  = "alias/"
	// maxPolicy is the largest key policy, in bytes.
	//
	// Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
	maxPolicy = 32 << 10
)

// NewKey says what key to make.
type NewKey struct {
	Account ids.AccountID
	ID      string // UUID; empty: drawn
	Alias   string // with or without "alias/"; empty: none
	// Policy is the key policy; empty: the default one, which leaves the key to the policies of its account.
	Policy string
	// Region of the key; empty: that of the service.
	Region string
}

// Create makes a key. ValidationException for an ID that is no UUID, an alias that AWS would not take, or a
// policy that is none; AlreadyExistsException for an ID or alias that is taken; NotFoundException for an
// account that is not there.
//
// Sources: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html and
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
func (s *Service) Create(ctx context.Context, n NewKey) (*Key, error) {
	r := &records.KMSKey{Id: n.ID, Account: string(n.Account), Region: n.Region}
	if n.ID != "" && !validID(n.ID) {
		return nil, apierr.New(http.StatusBadRequest, CodeInvalid, "%q is not the ID of a key: a UUID in lower case", n.ID)
	}
	if n.Alias != "" {
		alias := aliasPrefix + strings.TrimPrefix(n.Alias, aliasPrefix)
		if !aliasPattern.MatchString(alias) || strings.HasPrefix(alias, aliasPrefix+"aws/") {
			return nil, apierr.New(http.StatusBadRequest, CodeInvalid, "%q is not an alias: alias/ and 1 to 250 letters, digits and /_-, not beginning with aws/", alias)
		}
		r.Aliases = []string{alias}
	}
	var err error
	if r.Policy, err = s.resolve(ctx, n.Policy); err != nil {
		return nil, err
	}
	if err := s.complete(r); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx meta.Tx) error { return insert(tx, r) })
	return fromRecord(r), err
}

var (
	idPattern    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	aliasPattern = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)
)

func validID(id string) bool { return idPattern.MatchString(id) }

// resolve returns a key policy as it is stored; empty for an empty one.
func (s *Service) resolve(ctx context.Context, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	invalid := func(err error) error {
		return apierr.New(http.StatusBadRequest, CodeInvalid, "the key policy is not one: %v", err)
	}
	if len(text) > maxPolicy || s.opts.Principals == nil {
		return "", invalid(errors.New("it is too long, or principals cannot be told here"))
	}
	document, err := policy.Parse(policy.Resource, []byte(text))
	if err != nil {
		return "", invalid(err)
	}
	stored, err := document.MapPrincipals(func(_ policy.PrincipalKind, value string) (string, error) {
		return s.opts.Principals.ResolvePrincipal(ctx, value)
	})
	if err != nil {
		return "", invalid(err)
	}
	return stored.Text(), nil
}

// complete gives a new key what it does not have: an ID, its region, material.
func (s *Service) complete(r *records.KMSKey) error {
	if r.Id == "" {
		var err error
		if r.Id, err = s.newID(); err != nil {
			return err
		}
	}
	m, err := s.newMaterial(r.Id)
	if err != nil {
		return err
	}
	if r.Region == "" {
		r.Region = s.opts.Region
	}
	r.Created, r.Material = m.Created, []*records.KMSMaterial{m}
	return nil
}

// newID draws a random UUID.
//
// Source: https://www.rfc-editor.org/rfc/rfc9562#section-5.4
func (s *Service) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.opts.Rand, b[:]); err != nil {
		return "", fmt.Errorf("draw key id: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// newMaterial draws material for the key with this ID.
func (s *Service) newMaterial(id string) (*records.KMSMaterial, error) {
	var secret [sse.KeySize]byte
	if _, err := io.ReadFull(s.opts.Rand, secret[:]); err != nil {
		return nil, fmt.Errorf("draw key material: %w", err)
	}
	sealed, err := s.box.Seal(secret[:], materialContext(id))
	return &records.KMSMaterial{Sealed: sealed, Created: s.opts.Now().UnixNano()}, err
}

// materialContext is what material is sealed for.
func materialContext(id string) []byte { return []byte("KMS key " + id) }

// insert writes a key that is not there yet, with its aliases.
func insert(tx meta.Tx, r *records.KMSKey) error {
	account := ids.AccountID(r.Account)
	want := [][]byte{keys.Account(account), keys.KMSKey(r.Id)}
	for _, alias := range r.Aliases {
		want = append(want, keys.KMSAlias(account, alias))
	}
	got, err := tx.GetMany(want)
	if err != nil {
		return err
	}
	if got[0] == nil {
		return apierr.New(http.StatusNotFound, CodeNotFound, "there is no account %s", r.Account)
	}
	if open, err := isOpen(tx, r.Account); err != nil {
		return err
	} else if !open {
		return apierr.New(http.StatusBadRequest, CodeInvalid, "account %s is closed", r.Account)
	}
	for i, value := range got[1:] {
		if value != nil {
			return apierr.New(http.StatusBadRequest, CodeExists, "%s is taken", append([]string{"key " + r.Id}, r.Aliases...)[i])
		}
		if i > 0 {
			if err := tx.Put(want[i+1], []byte(r.Id)); err != nil {
				return err
			}
		}
	}
	return records.Put(tx, keys.KMSKey(r.Id), r)
}
