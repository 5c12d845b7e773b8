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
	"crossgrant/internal/httpapi/s3tags"
	"crossgrant/internal/ids"
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
	if err := r.configure(ctx, &n, owner, b); err != nil {
		return err
	}
	if err := r.Objects.CreateBucket(ctx, n); err != nil {
		return err
	}
	r.say("made bucket %s of account %s", b.Name, owner.ID)
	return nil
}

// configure puts into n what b says of who may do what, or the defaults of the server.
//
// Settings of Block Public Access that the file has are as if they were put after ACL and policy: those that refuse
// to have public ones put do not refuse what is there. Those that are the default for new buckets are there first.
func (r *run) configure(ctx context.Context, n *objects.NewBucket, owner accounts.Account, b *Bucket) error {
	list, err := r.file.list(b.ACL, true, owner.CanonicalID, owner.CanonicalID)
	if err == nil {
		err = r.grantees(ctx, list)
	}
	if err != nil {
		return fmt.Errorf("acl: %w", err)
	}
	n.ACL = access.Grants(list)
	public := false
	if b.Policy != nil {
		if n.Policy, public, err = r.bucketPolicy(ctx, b); err != nil {
			return fmt.Errorf("policy: %w", err)
		}
	}
	if n.Block, err = r.file.settings(b.Block); err != nil {
		return fmt.Errorf("public-access-block: %w", err)
	}
	blocked := r.Block && b.Block == nil
	switch {
	case n.Ownership == access.Enforced && !list.OnlyOwner(owner.CanonicalID):
		return fmt.Errorf("its acl needs an ownership other than %s", access.Enforced)
	case blocked && list.Public():
		return errors.New("its acl is public, and new buckets block public access: give it a public-access-block, or start with --new-buckets acls-enabled")
	case blocked && public:
		return errors.New("its policy is public, and new buckets block public access: give it a public-access-block, or start with --new-buckets acls-enabled")
	case blocked:
		n.Block = &records.PublicAccessBlock{BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}
	}
	if r.NoCustomerKeys {
		n.Encryption = &records.DefaultEncryption{Algorithm: sse.AES256, NoCustomerKeys: true}
	}
	n.Tags, err = s3tags.Buckets.Check(b.Tags.sorted())
	return err
}

// bucketPolicy returns the policy of a bucket as it is kept, and whether it is public.
func (r *run) bucketPolicy(ctx context.Context, b *Bucket) (text string, public bool, err error) {
	document, err := r.file.document(*b.Policy)
	if err != nil {
		return "", false, err
	}
	return access.StoredPolicy(ctx, r.IAM, b.Name, []byte(document))
}

// grantees refuses an ACL that names an account that does not exist.
func (r *run) grantees(ctx context.Context, list acl.ACL) error {
	for _, id := range list.Accounts() {
		if _, err := r.Accounts.Lookup(ctx, string(id)); apierr.Is(err, accounts.CodeNotFound) {
			return acl.UnknownAccount(id, acl.Body)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// object writes an object unless there is one, as the account that is to own it would; that is the bucket's unless
// the file says otherwise.
func (r *run) object(ctx context.Context, bucket *records.Bucket, owner accounts.Account, o *Object) error {
	id := keys.BucketID(bucket.Id)
	_, err := r.Objects.Get(ctx, id, o.Key, "")
	if !apierr.Is(err, "NoSuchKey") {
		return err
	}
	record, err := r.written(ctx, bucket, owner, o)
	if err != nil {
		return err
	}
	body, err := r.content(o)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = r.Objects.Put(ctx, objects.NewObject{
		Bucket: id, BucketName: bucket.Name, Key: o.Key, Length: -1, Algorithm: checksumAlgorithm, Object: record,
	}, body)
	if err == nil {
		r.say("made object s3://%s/%s", bucket.Name, o.Key)
	}
	return err
}

// written returns the record of an object that is to be written. An account cannot keep what by the ownership of the
// bucket becomes its owner's.
func (r *run) written(ctx context.Context, bucket *records.Bucket, owner accounts.Account, o *Object) (*records.Object, error) {
	bucketOwner := owner.CanonicalID
	if o.Owner != "" && o.Owner != string(owner.ID) {
		if _, err := ids.ParseAccountID(o.Owner); err != nil {
			return nil, fmt.Errorf("owner: %w", err)
		}
		var err error
		if owner, err = r.Accounts.Lookup(ctx, o.Owner); err != nil {
			return nil, fmt.Errorf("owner: %w", err)
		}
		if bucket.Ownership == access.Enforced || bucket.Ownership == access.BucketOwnerPreferred && o.ACL.Canned == "bucket-owner-full-control" {
			return nil, fmt.Errorf("with the ownership %s it belongs to the account of the bucket, and not to %s", bucket.Ownership, o.Owner)
		}
	}
	list, err := r.file.list(o.ACL, false, owner.CanonicalID, bucketOwner)
	switch {
	case err != nil:
	case bucket.Ownership == access.Enforced && !list.OnlyOwner(owner.CanonicalID):
		err = fmt.Errorf("it needs an ownership other than %s", access.Enforced)
	default:
		err = r.grantees(ctx, list)
	}
	if err != nil {
		return nil, fmt.Errorf("acl: %w", err)
	}
	tags, err := s3tags.Objects.Check(o.Tags.sorted())
	return &records.Object{
		Owner: string(owner.CanonicalID), OwnerAccount: string(owner.ID),
		Metadata:             &records.Metadata{ContentType: firstOf(o.ContentType, defaultContentType)},
		Acl:                  access.Grants(list),
		Tags:                 tags,
		WrittenUnderEnforced: bucket.Ownership == access.Enforced,
	}, err
}

func (r *run) content(o *Object) (io.ReadCloser, error) {
	if o.File == "" {
		return io.NopCloser(strings.NewReader(o.Text)), nil
	}
	return r.file.source.Open(o.File)
}
