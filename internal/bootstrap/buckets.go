package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// defaultContentType is that of an object whose type nobody says.
const defaultContentType = "binary/octet-stream"

// checksumAlgorithm is the additional checksum of an object that was written without one.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
const checksumAlgorithm = "CRC64NVME"

// bucket makes a bucket unless it is there, and those of its objects that are not there.
func (r *run) bucket(ctx context.Context, owner accounts.Account, b *Bucket) error {
	record, err := r.find(ctx, b.Name)
	if errors.Is(err, meta.ErrNotFound) {
		if err := r.makeBucket(ctx, owner, b); err != nil {
			return err
		}
		record, err = r.find(ctx, b.Name)
	}
	if err != nil {
		return err
	}
	if record.Account != string(owner.ID) {
		return fmt.Errorf("it is there and belongs to account %s", record.Account)
	}
	for i := range b.Objects {
		if err := r.object(ctx, record, owner, &b.Objects[i]); err != nil {
			return fmt.Errorf("object %s: %w", b.Objects[i].Key, err)
		}
	}
	return nil
}

// find reads a bucket's record; the error wraps meta.ErrNotFound if there is none.
func (r *run) find(ctx context.Context, name string) (*records.Bucket, error) {
	record := &records.Bucket{}
	err := r.Store.View(ctx, func(reader meta.Reader) error { return records.Get(reader, keys.Bucket(name), record) })
	if err == nil && len(record.Id) != len(keys.BucketID{}) {
		err = fmt.Errorf("its id has %d bytes: %w", len(record.Id), meta.ErrCorrupt)
	}
	return record, err
}

func (r *run) makeBucket(ctx context.Context, owner accounts.Account, b *Bucket) error {
	n := objects.NewBucket{
		Name: b.Name, Account: owner.ID, Canonical: owner.CanonicalID, Region: r.Region,
		Ownership: firstOf(b.Ownership, r.Ownership),
	}
	switch n.Ownership {
	case "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter":
	default:
		return fmt.Errorf("%q is not an object ownership: ObjectWriter, BucketOwnerPreferred or BucketOwnerEnforced", n.Ownership)
	}
	list, err := acl.Canned(firstOf(b.ACL, "private"), true, owner.CanonicalID, owner.CanonicalID)
	if err != nil {
		return err
	}
	switch {
	case n.Ownership == "BucketOwnerEnforced" && !list.OnlyOwner(owner.CanonicalID):
		return fmt.Errorf("acl %s needs an ownership other than BucketOwnerEnforced", b.ACL)
	case r.Block && list.Public():
		return fmt.Errorf("acl %s is public, and new buckets block public access: start with --new-buckets acls-enabled", b.ACL)
	}
	n.ACL = access.Grants(list)
	if r.Block {
		n.Block = &records.PublicAccessBlock{BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}
	}
	if r.NoCustomerKeys {
		n.Encryption = &records.DefaultEncryption{Algorithm: sse.AES256, NoCustomerKeys: true}
	}
	if err := r.Objects.CreateBucket(ctx, n); err != nil {
		return err
	}
	r.say("made bucket %s of account %s", b.Name, owner.ID)
	return nil
}

// object writes an object unless there is one; it belongs to the bucket's account and is private.
func (r *run) object(ctx context.Context, bucket *records.Bucket, owner accounts.Account, o *Object) error {
	id := keys.BucketID(bucket.Id)
	_, err := r.Objects.Get(ctx, id, o.Key, "")
	if !apierr.Is(err, "NoSuchKey") {
		return err
	}
	body, err := r.content(o)
	if err != nil {
		return err
	}
	defer body.Close()
	private, err := acl.Canned("private", false, owner.CanonicalID, owner.CanonicalID)
	if err != nil {
		return err
	}
	_, err = r.Objects.Put(ctx, objects.NewObject{
		Bucket: id, BucketName: bucket.Name, Key: o.Key, Length: -1, Algorithm: checksumAlgorithm,
		Object: &records.Object{
			Owner: string(owner.CanonicalID), OwnerAccount: string(owner.ID),
			Metadata:             &records.Metadata{ContentType: firstOf(o.ContentType, defaultContentType)},
			Acl:                  access.Grants(private),
			WrittenUnderEnforced: bucket.Ownership == "BucketOwnerEnforced",
		},
	}, body)
	if err == nil {
		r.say("made object s3://%s/%s", bucket.Name, o.Key)
	}
	return err
}

func (r *run) content(o *Object) (io.ReadCloser, error) {
	if o.File == "" {
		return io.NopCloser(strings.NewReader(o.Text)), nil
	}
	return r.file.open(o.File)
}
