// Package kms is the domain service of the keys of AWS Key Management Service, as far as S3 needs it: each
// account has keys, which seal and open the content keys of objects.
//
// It is not KMS's API: the operator makes keys, and S3 uses them. It asks no permission: whoever uses a key
// for somebody asks package access first, with Policy and the key's ARN.
//
// A key has an ID, which is a UUID, and may have aliases. Its material is random bytes that are sealed under
// the master key. Rotate adds material, which seals from then on; earlier material stays for what it sealed.
// An account's AWS managed key for S3, alias/aws/s3, is made when it is first used.
//
// Errors that a caller can do something about are *apierr.Error with the codes by which S3 passes on those of
// KMS, and in KMS's words.
//
// Sources: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
package kms

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

// Codes of errors. S3 passes KMS's errors on under these; the others are for the operator.
const (
	CodeNotFound = "KMS.NotFoundException"
	CodeDisabled = "KMS.DisabledException"
	CodeExists   = "KMS.AlreadyExistsException"
	CodeInvalid  = "KMS.ValidationException"
)

// Principals translates the principals of key policies; package iam does.
type Principals interface {
	// ResolvePrincipal returns what a policy stores for a principal as its author wrote it.
	ResolvePrincipal(ctx context.Context, value string) (stored string, err error)
}

// Options are what a Service takes from its surroundings.
type Options struct {
	// Region is that of new keys.
	Region string
	// Principals may be nil: then no key gets a policy of its own.
	Principals Principals
	// Now is the clock, and Rand the source of IDs and material; nil means the system's.
	Now  func() time.Time
	Rand io.Reader
}

// Service keeps KMS keys in a metadata store. It is safe for concurrent use.
type Service struct {
	store *meta.Store
	box   *seal.Box
	opts  Options
}

var _ sse.KMSKeys = (*Service)(nil)

// New returns a service over store whose material is sealed in box.
func New(store *meta.Store, box *seal.Box, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return &Service{store: store, box: box, opts: o}
}

// Key is a KMS key as callers see it.
type Key struct {
	ID      string // UUID
	Account ids.AccountID
	Region  string
	Created time.Time
	Enabled bool
	Managed bool     // by AWS, for S3
	Aliases []string // with "alias/"; nil for none
	// Rotated has when each version of the material was made, oldest first.
	Rotated []time.Time

	policy string // stored document; empty: the default one
}

// ARN returns the key's ARN.
func (k *Key) ARN() string { return arn.KMSKey(k.Region, k.Account, k.ID).String() }

func fromRecord(r *records.KMSKey) *Key {
	k := &Key{
		ID: r.Id, Account: ids.AccountID(r.Account), Region: r.Region, Created: time.Unix(0, r.Created).UTC(),
		Enabled: !r.Disabled, Managed: r.Managed, Aliases: r.Aliases, policy: r.Policy,
	}
	for _, m := range r.Material {
		k.Rotated = append(k.Rotated, time.Unix(0, m.Created).UTC())
	}
	return k
}

// List returns all keys of all accounts, by ID. There are as many as an operator made, and one for each
// account that uses SSE-KMS without naming a key.
func (s *Service) List(ctx context.Context) ([]*Key, error) {
	var list []*Key
	err := s.store.View(ctx, func(r meta.Reader) error {
		list = nil
		it := r.Scan(keys.KMSKeys())
		for it.Next() {
			record := new(records.KMSKey)
			if err := records.Unmarshal(it.Value(), record); err != nil {
				return errors.Join(err, it.Close())
			}
			list = append(list, fromRecord(record))
		}
		return it.Close()
	})
	return list, err
}

// SetEnabled enables or disables a key: what a disabled key sealed does not open until it is enabled again.
// id is a key ID or the ARN of a key. NotFoundException if there is no such key.
func (s *Service) SetEnabled(ctx context.Context, id string, enabled bool) (*Key, error) {
	return s.change(ctx, id, func(r *records.KMSKey) error {
		r.Disabled = !enabled
		return nil
	})
}

// Rotate adds material to a key, which seals from then on. id is as in SetEnabled. DisabledException if the
// key is disabled.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
func (s *Service) Rotate(ctx context.Context, id string) (*Key, error) {
	return s.change(ctx, id, func(r *records.KMSKey) error {
		if r.Disabled {
			return disabled(fromRecord(r).ARN())
		}
		m, err := s.newMaterial(r.Id)
		if err != nil {
			return err
		}
		r.Material = append(r.Material, m)
		return nil
	})
}

// change changes the record of a key in one transaction and returns the key.
func (s *Service) change(ctx context.Context, id string, change func(*records.KMSKey) error) (*Key, error) {
	var k *Key
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		r, err := find(tx, id)
		if err != nil {
			return err
		}
		if err := change(r); err != nil {
			return err
		}
		k = fromRecord(r)
		return records.Put(tx, keys.KMSKey(r.Id), r)
	})
	return k, err
}

// find returns the record of the key with this ID or ARN.
func find(r meta.Reader, id string) (*records.KMSKey, error) {
	named, err := arn.Parse(id)
	if err != nil {
		if !validID(id) {
			return nil, invalidKeyID(id)
		}
		return read(r, id, func() error { return apierr.New(http.StatusBadRequest, CodeNotFound, "Key '%s' does not exist", id) })
	}
	if named.Type() != "key" || !validID(named.Name()) {
		return nil, invalidKeyID(id)
	}
	missing := func() error { return notFound(id) }
	record, err := read(r, named.Name(), missing)
	if err == nil && fromRecord(record).ARN() != id {
		return nil, missing()
	}
	return record, err
}

// read returns the record of the key with this ID, or the error missing.
func read(r meta.Reader, id string, missing func() error) (*records.KMSKey, error) {
	record := new(records.KMSKey)
	err := records.Get(r, keys.KMSKey(id), record)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, missing()
	}
	if err != nil {
		return nil, fmt.Errorf("read KMS key %s: %w", id, err)
	}
	return record, nil
}

// The errors of KMS, in the words that S3 passes on, all observed:
// https://github.com/localstack/localstack (test_s3_sse_validate_kms_key and …_state, recorded on AWS),
// https://github.com/minio/minio/issues/6582, https://github.com/aws/aws-cli/issues/1431

func notFound(keyARN string) error {
	return apierr.New(http.StatusBadRequest, CodeNotFound, "Key '%s' does not exist", keyARN)
}

func invalidKeyID(id string) error {
	return apierr.New(http.StatusBadRequest, CodeNotFound, "Invalid keyId '%s'", id)
}

func aliasNotFound(aliasARN string) error {
	return apierr.New(http.StatusBadRequest, CodeNotFound, "Alias %s is not found.", aliasARN)
}

func otherRegion(region string) error {
	return apierr.New(http.StatusBadRequest, CodeNotFound, "Invalid arn %s", region)
}

func disabled(keyARN string) error {
	return apierr.New(http.StatusBadRequest, CodeDisabled, "%s is disabled.", keyARN)
}
