package kms

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// Resolve returns the key that a principal of account means by ref: a key ID or an alias of that account, the
// ARN of a key or of an alias of any account, or nothing, which means the account's AWS managed key for S3.
// That key is made if it is not there. NotFoundException if there is no such key; a disabled one is
// returned.
//
// Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html (KeyId)
func (s *Service) Resolve(ctx context.Context, account ids.AccountID, ref string) (*Key, error) {
	if ref == "" || ref == managedAlias {
		return s.managed(ctx, account)
	}
	named, err := s.named(account, ref)
	if err != nil {
		return nil, err
	}
	if named == arn.KMSAlias(named.Region, account, managedAlias) {
		return s.managed(ctx, account)
	}
	var k *Key
	err = s.store.View(ctx, func(r meta.Reader) error {
		var err error
		k, err = byARN(r, named)
		return err
	})
	return k, err
}

// Key returns the key with this ARN, which an object tells: NotFoundException. A disabled one is returned.
func (s *Service) Key(ctx context.Context, keyARN string) (*Key, error) {
	var k *Key
	err := s.store.View(ctx, func(r meta.Reader) error {
		record, err := find(r, keyARN)
		if err == nil {
			k = fromRecord(record)
		}
		return err
	})
	return k, err
}

// named returns ref as the ARN of a key or an alias. What is no ARN belongs to account, and lies here.
func (s *Service) named(account ids.AccountID, ref string) (arn.ARN, error) {
	if !strings.HasPrefix(ref, "arn:") {
		if strings.HasPrefix(ref, aliasPrefix) {
			return arn.KMSAlias(s.opts.Region, account, ref), nil
		}
		if !validID(ref) {
			return arn.ARN{}, invalidKeyID(ref)
		}
		return arn.KMSKey(s.opts.Region, account, ref), nil
	}
	named, err := arn.Parse(ref)
	switch {
	case err != nil, named.Partition != arn.Partition, named.Service != "kms":
		return arn.ARN{}, invalidKeyID(ref)
	case named.Region != s.opts.Region:
		return arn.ARN{}, otherRegion(named.Region)
	}
	if _, err := ids.ParseAccountID(named.Account); err != nil {
		return arn.ARN{}, invalidKeyID(ref)
	}
	return named, nil
}

// byARN returns the key that an ARN of a key or an alias names.
func byARN(r meta.Reader, named arn.ARN) (*Key, error) {
	missing := func() error { return notFound(named.String()) }
	id, isKey := strings.CutPrefix(named.Resource, "key/")
	if !isKey {
		missing = func() error { return aliasNotFound(named.String()) }
		value, err := r.Get(keys.KMSAlias(ids.AccountID(named.Account), named.Resource))
		if errors.Is(err, meta.ErrNotFound) {
			return nil, missing()
		}
		if err != nil {
			return nil, fmt.Errorf("read alias of KMS key: %w", err)
		}
		id = string(value)
	}
	if !validID(id) {
		return nil, missing()
	}
	record, err := read(r, id, missing)
	if err != nil {
		return nil, err
	}
	k := fromRecord(record)
	if string(k.Account) != named.Account || k.Region != named.Region {
		return nil, missing()
	}
	return k, nil
}

// managed returns the AWS managed key of an account for S3, which it makes if there is none.
func (s *Service) managed(ctx context.Context, account ids.AccountID) (*Key, error) {
	named := arn.KMSAlias(s.opts.Region, account, managedAlias)
	var k *Key
	look := func(r meta.Reader) (err error) {
		k, err = byARN(r, named)
		return err
	}
	err := s.store.View(ctx, look)
	if !isNotFound(err) {
		return k, err
	}
	r := &records.KMSKey{Account: string(account), Managed: true, Aliases: []string{managedAlias}}
	if err := s.complete(r); err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		if err := look(tx); !isNotFound(err) {
			return err
		}
		k = fromRecord(r)
		return insert(tx, r)
	})
	return k, err
}

// Encrypt seals a secret for a context under the current material of the key with this ARN:
// NotFoundException, DisabledException. What it returns begins with the place of the material, 4 bytes.
func (s *Service) Encrypt(ctx context.Context, keyARN string, secret, context []byte) ([]byte, error) {
	r, err := s.usable(ctx, keyARN)
	if err != nil {
		return nil, err
	}
	last := len(r.Material) - 1
	material, err := s.material(r, last)
	if err != nil {
		return nil, err
	}
	sealed, err := sse.Wrap(material, secret, context)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(sealed)), uint32(last)), sealed...), nil
}

// Decrypt opens what Encrypt sealed for the same context, under whichever material: NotFoundException,
// DisabledException, sse.ErrKey.
func (s *Service) Decrypt(ctx context.Context, keyARN string, sealed, context []byte) ([]byte, error) {
	r, err := s.usable(ctx, keyARN)
	if err != nil {
		return nil, err
	}
	if len(sealed) < 4 || uint64(binary.BigEndian.Uint32(sealed)) >= uint64(len(r.Material)) {
		return nil, sse.ErrKey
	}
	material, err := s.material(r, int(binary.BigEndian.Uint32(sealed)))
	if err != nil {
		return nil, err
	}
	return sse.Unwrap(material, sealed[4:], context)
}

// usable returns the record of a key that is enabled, and whose account is open: those of a closed one are disabled
// for everybody.
func (s *Service) usable(ctx context.Context, keyARN string) (*records.KMSKey, error) {
	var record *records.KMSKey
	var open bool
	err := s.store.View(ctx, func(r meta.Reader) (err error) {
		if record, err = find(r, keyARN); err != nil {
			return err
		}
		open, err = isOpen(r, record.Account)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case record.Disabled || !open:
		return nil, disabled(keyARN)
	case len(record.Material) == 0:
		return nil, fmt.Errorf("KMS key %s has no material: %w", record.Id, meta.ErrCorrupt)
	}
	return record, nil
}

// isOpen reports whether an account is there and open.
func isOpen(r meta.Reader, account string) (bool, error) {
	record := new(records.Account)
	err := records.Get(r, keys.Account(ids.AccountID(account)), record)
	if errors.Is(err, meta.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read account %s: %w", account, err)
	}
	return record.Closed == 0, nil
}

// material returns one version of a key's material.
func (s *Service) material(r *records.KMSKey, version int) ([]byte, error) {
	secret, err := s.box.Open(r.Material[version].Sealed, materialContext(r.Id))
	if err != nil || len(secret) != sse.KeySize {
		return nil, fmt.Errorf("material of KMS key %s is not what was sealed: %w", r.Id, meta.ErrCorrupt)
	}
	return secret, nil
}
