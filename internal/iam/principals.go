package iam

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// ErrNoPrincipal says that what a policy names as a principal does not exist or is none.
var ErrNoPrincipal = errors.New("iam: no such principal")

// ResolvePrincipal returns the form in which a resource-based policy stores a principal: the AWS or
// CanonicalUser principal value, as a client wrote it. Of any account,
//
//	ARN of a user or role                its unique ID; it must exist, under this very ARN
//	unique ID of a user or role          itself; it must exist
//	account ID, root ARN, canonical ID   root ARN; the account must exist and be open
//	ARN of a session                     itself; the account must exist and be open
//	*                                    itself
//
// The error wraps ErrNoPrincipal if value names nothing; any other error is internal.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (s *Service) ResolvePrincipal(ctx context.Context, value string) (stored string, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		stored, err = resolve(r, value)
		return err
	})
	return stored, err
}

// PrincipalARN returns the form in which a stored principal is shown: a unique ID as the ARN that its
// entity has now, or as itself if the entity is gone; everything else as it is stored.
func (s *Service) PrincipalARN(ctx context.Context, stored string) (shown string, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		shown, err = show(r, stored)
		return err
	})
	return shown, err
}

// Snapshot knows in which form policies keep and show principals, as of one snapshot.
type Snapshot struct{ Reader meta.Reader }

// ResolvePrincipal is Service.ResolvePrincipal.
func (s Snapshot) ResolvePrincipal(_ context.Context, value string) (stored string, err error) {
	return resolve(s.Reader, value)
}

// PrincipalARN is Service.PrincipalARN.
func (s Snapshot) PrincipalARN(_ context.Context, stored string) (shown string, err error) {
	return show(s.Reader, stored)
}

// resolve is ResolvePrincipal on one snapshot.
func resolve(r meta.Reader, value string) (string, error) {
	if value == "*" {
		return value, nil
	}
	if account, err := ids.ParseAccountID(value); err == nil {
		return resolveAccount(r, account)
	}
	if canonical, err := ids.ParseCanonicalUserID(value); err == nil {
		account, err := r.Get(keys.CanonicalID(canonical))
		if err != nil {
			return "", unlessMissing(err, value)
		}
		return resolveAccount(r, ids.AccountID(account))
	}
	if isUniqueID(value) {
		shown, err := show(r, value)
		if err == nil && shown == value {
			err = noPrincipal(value)
		}
		return value, err
	}
	a, err := arn.Parse(value)
	if err != nil || a.Partition != arn.Partition || a.Region != "" {
		return "", noPrincipal(value)
	}
	account, err := ids.ParseAccountID(a.Account)
	if err != nil {
		return "", noPrincipal(value)
	}
	switch a.Service + ":" + a.Type() {
	case "iam:root":
		if a != arn.Root(account) {
			return "", noPrincipal(value)
		}
		return resolveAccount(r, account)
	case "iam:user":
		return resolveEntity(view{r, account}, keys.UserKind, a)
	case "iam:role":
		return resolveEntity(view{r, account}, keys.RoleKind, a)
	case "sts:assumed-role", "sts:federated-user":
		_, err := resolveAccount(r, account)
		return value, err
	default:
		return "", noPrincipal(value)
	}
}

// resolveAccount returns the root ARN of an account that exists and is open.
func resolveAccount(r meta.Reader, account ids.AccountID) (string, error) {
	record := new(records.Account)
	if err := records.Get(r, keys.Account(account), record); err != nil {
		return "", unlessMissing(err, string(account))
	}
	if record.Closed != 0 {
		return "", noPrincipal(string(account))
	}
	return arn.Root(account).String(), nil
}

// resolveEntity returns the unique ID of the user or role that a names.
func resolveEntity(v view, k keys.Kind, a arn.ARN) (string, error) {
	if _, err := resolveAccount(v, v.account); err != nil {
		return "", err
	}
	h := newHolder(k)
	if err := records.Get(v, keys.Entity(v.account, k, a.Name()), h); err != nil {
		return "", unlessMissing(err, a.String())
	}
	if v.entityARN(k, h) != a.String() {
		return "", noPrincipal(a.String())
	}
	return h.GetId(), nil
}

// show is PrincipalARN on one snapshot.
func show(r meta.Reader, stored string) (string, error) {
	if !isUniqueID(stored) {
		return stored, nil
	}
	id := ids.UniqueID(stored)
	account, err := r.Get(keys.EntityAccount(id))
	if errors.Is(err, meta.ErrNotFound) {
		return stored, nil
	}
	if err != nil {
		return "", fmt.Errorf("read account of %s: %w", id, err)
	}
	v := view{r, ids.AccountID(account)}
	entry, err := v.Get(keys.UniqueID(v.account, id))
	if err != nil || len(entry) < 2 {
		return "", fmt.Errorf("read index of %s: %w", id, errors.Join(err, meta.ErrCorrupt))
	}
	k := keys.Kind(entry[0])
	if k != keys.UserKind && k != keys.RoleKind {
		return "", fmt.Errorf("index of %s names kind %c: %w", id, k, meta.ErrCorrupt)
	}
	h := newHolder(k)
	if err := records.Get(v, keys.Entity(v.account, k, string(entry[1:])), h); err != nil {
		return "", fmt.Errorf("read entity %s: %w", id, err)
	}
	return v.entityARN(k, h), nil
}

// isUniqueID reports whether a principal is written as the unique ID of a user or role.
func isUniqueID(value string) bool {
	return strings.HasPrefix(value, string(ids.User)) || strings.HasPrefix(value, string(ids.Role))
}

func noPrincipal(value string) error { return fmt.Errorf("%w: %s", ErrNoPrincipal, value) }

// unlessMissing returns err, or ErrNoPrincipal if err says that there is no record.
func unlessMissing(err error, value string) error {
	if errors.Is(err, meta.ErrNotFound) {
		return noPrincipal(value)
	}
	return err
}

// storedTrust returns the text of a trust policy with its principals resolved.
func storedTrust(r meta.Reader, trust *policy.Document) (string, error) {
	mapped, err := trust.MapPrincipals(func(_ policy.PrincipalKind, value string) (string, error) { return resolve(r, value) })
	if err != nil {
		return "", malformed(err)
	}
	return mapped.Text(), nil
}

// setTrust gives a role a trust policy. Its text is kept as it was written, for as long as nothing in it has to be
// shown in another form.
func (c change) setTrust(role *records.Role, trust *policy.Document, text string) error {
	stored, err := storedTrust(c, trust)
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(trust.Text()))
	role.Trust, role.TrustText, role.TrustDigest = stored, text, digest[:]
	return nil
}

// shownTrust returns the trust policy of a role as clients see it: as it was written, unless a principal is shown
// in another form.
func shownTrust(r meta.Reader, role *records.Role) (string, error) {
	trust, err := policy.Parse(policy.Trust, []byte(role.Trust), policy.Stored())
	if err != nil {
		return "", fmt.Errorf("parse stored trust policy: %w", err)
	}
	mapped, err := trust.MapPrincipals(func(_ policy.PrincipalKind, value string) (string, error) { return show(r, value) })
	if err != nil {
		return "", fmt.Errorf("show principals of trust policy: %w", err)
	}
	text := mapped.Text()
	if digest := sha256.Sum256([]byte(text)); bytes.Equal(digest[:], role.TrustDigest) {
		return role.TrustText, nil
	}
	return text, nil
}
