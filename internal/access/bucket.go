package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Enforced is the value of Object Ownership that turns ACLs off.
const Enforced = "BucketOwnerEnforced"

// Bucket returns the facts of a bucket, or NoSuchBucket; everybody is told that a bucket does not
// exist, whatever their permissions. The bucket of a closed account is AllAccessDisabled.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func (a *Access) Bucket(ctx context.Context, name string) (*Bucket, error) {
	b, err := a.buckets.get(ctx, name, nil, func(l *load) (*Bucket, error) { return a.readBucket(ctx, name, l) })
	if err != nil {
		return nil, err
	}
	if b.disabled {
		return nil, apierr.New(http.StatusForbidden, "AllAccessDisabled", "All access to this Amazon S3 resource has been disabled.")
	}
	return b, nil
}

// readBucket reads a bucket and what it has from its account.
func (a *Access) readBucket(ctx context.Context, name string, l *load) (*Bucket, error) {
	var b *Bucket
	err := l.view(ctx, func(r meta.Reader) error {
		record := new(records.Bucket)
		if err := getBucket(r, name, record); err != nil {
			return err
		}
		var err error
		if b, err = NewBucket(record); err != nil {
			return err
		}
		b.Settings, err = readSettings(r, b.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	owner, err := a.account(ctx, b.Owner, l)
	if err != nil {
		return nil, err
	}
	place, err := a.member(ctx, b.Owner, l)
	if err != nil {
		return nil, err
	}
	b.organization = place.block
	b = b.Under(b.AccountBlock(owner.PublicAccessBlock))
	b.disabled = owner.Closed != 0
	return b, nil
}

// AccountBlock returns the public access block of the bucket's account: the one that its organization sets, as
// of when the bucket was read, or else own, the account's.
func (b *Bucket) AccountBlock(own *records.PublicAccessBlock) *records.PublicAccessBlock {
	if b.organization != nil {
		return b.organization
	}
	return own
}

// Under returns the bucket with the public access block of its account, nil for none, in effect beside its
// own: of each setting the stricter one counts. The bucket itself is not changed.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (b *Bucket) Under(account *records.PublicAccessBlock) *Bucket {
	if account == nil {
		return b
	}
	under := *b
	under.Block.BlockPublicAcls = b.Block.BlockPublicAcls || account.BlockPublicAcls
	under.Block.IgnorePublicAcls = b.Block.IgnorePublicAcls || account.IgnorePublicAcls
	under.Block.BlockPublicPolicy = b.Block.BlockPublicPolicy || account.BlockPublicPolicy
	under.Block.RestrictPublicBuckets = b.Block.RestrictPublicBuckets || account.RestrictPublicBuckets
	return &under
}

func getBucket(r meta.Reader, name string, record *records.Bucket) error {
	// A name that no bucket can have is no key either.
	if name == "" || len(name) > 255 {
		return noSuchBucket(name)
	}
	err := records.Get(r, keys.Bucket(name), record)
	if errors.Is(err, meta.ErrNotFound) {
		return noSuchBucket(name)
	}
	if err != nil {
		return fmt.Errorf("read bucket %s: %w", name, err)
	}
	return nil
}

func noSuchBucket(name string) error {
	return apierr.New(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist").With("BucketName", name)
}

// NewBucket compiles a bucket's record, which must not be changed afterwards. The public access block of
// its account is not in it: see Under.
func NewBucket(record *records.Bucket) (*Bucket, error) {
	if len(record.Id) != len(keys.BucketID{}) {
		return nil, fmt.Errorf("bucket %s has an id of %d bytes: %w", record.Name, len(record.Id), meta.ErrCorrupt)
	}
	b := &Bucket{
		Record:    record,
		ID:        keys.BucketID(record.Id),
		Owner:     ids.AccountID(record.Account),
		Canonical: ids.CanonicalUserID(record.CanonicalId),
		ACL:       ACL(ids.CanonicalUserID(record.CanonicalId), record.Acl),
		Enforced:  record.Ownership == Enforced,

		RequesterPays: record.RequesterPays,
	}
	if p := record.PublicAccessBlock; p != nil {
		b.Block = authz.PublicAccessBlock{
			BlockPublicAcls:       p.BlockPublicAcls,
			IgnorePublicAcls:      p.IgnorePublicAcls,
			BlockPublicPolicy:     p.BlockPublicPolicy,
			RestrictPublicBuckets: p.RestrictPublicBuckets,
		}
	}
	if record.Policy != "" {
		b.Policy = &authz.Source{Name: "bucket policy of " + record.Name}
		b.Policy.Document, b.Policy.Fault = policy.ParseBucket([]byte(record.Policy), record.Name, policy.Stored())
		if b.Policy.Fault != nil {
			b.Policy.Document = nil
		}
	}
	return b, nil
}

// ACL returns the ACL that is stored as grants.
func ACL(owner ids.CanonicalUserID, grants []*records.Grant) acl.ACL {
	list := acl.ACL{Owner: owner, Grants: make([]acl.Grant, len(grants))}
	for i, g := range grants {
		list.Grants[i] = acl.Grant{
			Grantee:    acl.Grantee{ID: ids.CanonicalUserID(g.CanonicalId), Group: acl.Group(g.GroupUri)},
			Permission: acl.Permission(g.Permission),
		}
	}
	return list
}

// Grants returns an ACL as it is stored.
func Grants(list acl.ACL) []*records.Grant {
	grants := make([]*records.Grant, len(list.Grants))
	for i, g := range list.Grants {
		grants[i] = &records.Grant{
			CanonicalId: string(g.Grantee.ID),
			GroupUri:    string(g.Grantee.Group),
			Permission:  string(g.Permission),
		}
	}
	return grants
}

// Account returns the account with this canonical user ID; ok is false if there is none, or there is none any
// more.
func (a *Access) Account(ctx context.Context, canonical ids.CanonicalUserID) (record *records.Account, ok bool, err error) {
	id, err := a.byCanonical.get(ctx, canonical, nil, func(l *load) (ids.AccountID, error) {
		var id []byte
		err := l.view(ctx, func(r meta.Reader) (err error) {
			id, err = r.Get(keys.CanonicalID(canonical))
			return err
		})
		return ids.AccountID(id), err
	})
	if errors.Is(err, meta.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read canonical user id: %w", err)
	}
	acct, err := a.account(ctx, id, nil)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, false, nil // it was removed just now
	}
	return acct, err == nil, err
}
