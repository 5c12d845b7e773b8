package crash_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	"crossgrant/internal/blob/embedded"
	"crossgrant/internal/disktest"
	"crossgrant/internal/iam"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

// powerSizes are those of services in memory, where a disk is small.
var powerSizes = sizes{inline: 600, largest: 20_000, part: 700, uploads: 6}

// services is the api of services on a disk in memory.
type services struct {
	store    *meta.Store
	blobs    blob.Linker
	box      *seal.Box
	accounts *accounts.Service
	iam      *iam.Service
	objects  *objects.Service
	account  accounts.Account // the one whose everything is
	// cut says that the power was cut: what is not yet told is not told any more.
	cut *atomic.Bool
}

var _ api = (*services)(nil)

// openServices opens the services on a disk as a server does.
func openServices(ctx context.Context, disk disktest.Disk, box *seal.Box, account accounts.Account) (*services, error) {
	engine, err := pebble.Open("/data/meta", pebble.Options{FS: disk})
	if err != nil {
		return nil, err
	}
	s := &services{store: meta.New(engine), box: box, account: account, cut: new(atomic.Bool)}
	if s.blobs, err = embedded.Open("/data/blobs", embedded.Options{FS: disk, PackBytes: 256 << 10}); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.accounts = accounts.New(s.store, box, accounts.Options{})
	s.iam = iam.New(s.store, box, iam.Options{})
	s.objects = objects.New(s.store, s.blobs, objects.Options{
		Keys: s.keys(), InlineLimit: int64(powerSizes.inline), MinPart: int64(powerSizes.inline) + 1, Log: slog.New(slog.DiscardHandler),
	})
	if err := errors.Join(s.iam.Recover(ctx), s.objects.Recover(ctx)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *services) keys() *sse.Keyring { return &sse.Keyring{Master: s.box} }

// close ends the services in good order.
func (s *services) close() error {
	s.objects.Close()
	return errors.Join(s.blobs.Close(), s.store.Close())
}

// told returns err, or errDown if the power was cut before it could be told.
func (s *services) told(err error) error {
	if s.cut.Load() {
		return errDown
	}
	return err
}

// bucket returns the record of a bucket; nil if there is none.
func (s *services) bucket(name string) (*records.Bucket, error) {
	b := new(records.Bucket)
	err := s.store.View(context.Background(), func(r meta.Reader) error { return records.Get(r, keys.Bucket(name), b) })
	if errors.Is(err, meta.ErrNotFound) {
		return nil, nil
	}
	return b, err
}

func (s *services) id(name string) (keys.BucketID, error) {
	b, err := s.bucket(name)
	if err != nil {
		return keys.BucketID{}, err
	}
	return keys.BucketID(b.GetId()), nil
}

func (s *services) CreateBucket(bucket string, versioned bool) error {
	err := s.objects.CreateBucket(context.Background(), objects.NewBucket{Name: bucket, Account: s.account.ID, Canonical: s.account.CanonicalID, Region: "us-east-1"})
	if err == nil && versioned {
		err = s.objects.UpdateBucket(context.Background(), bucket, func(b *records.Bucket, _ *records.Account) error {
			b.Versioning = "Enabled"
			return nil
		})
	}
	return s.told(err)
}

func (s *services) DeleteBucket(bucket string) error {
	id, err := s.id(bucket)
	if err == nil {
		err = s.objects.DeleteBucket(context.Background(), id, bucket)
	}
	return s.told(err)
}

func (s *services) HasBucket(bucket string) (bool, error) {
	b, err := s.bucket(bucket)
	return b != nil, s.told(err)
}

func (s *services) CreateUser(user string) error {
	_, err := s.iam.CreateUser(context.Background(), s.account.ID, iam.NewUser{Name: user})
	return s.told(err)
}

func (s *services) DeleteUser(user string) error {
	return s.told(s.iam.DeleteUser(context.Background(), s.account.ID, user))
}

func (s *services) HasUser(user string) (bool, error) {
	_, err := s.iam.User(context.Background(), s.account.ID, user)
	if apierr.Is(err, "NoSuchEntity") {
		return false, s.told(nil)
	}
	return err == nil, s.told(err)
}

// object says what object to make.
func (s *services) object(bucket, key, tag string) (objects.NewObject, error) {
	id, err := s.id(bucket)
	return objects.NewObject{Bucket: id, BucketName: bucket, Key: key, Length: -1, Object: &records.Object{
		Owner: string(s.account.CanonicalID), OwnerAccount: string(s.account.ID), Tags: tagsOf(tag),
	}}, err
}

func tagsOf(tag string) []*records.Tag {
	if tag == "" {
		return nil
	}
	return []*records.Tag{{Key: "t", Value: tag}}
}

// version is the ID of an object that was made; empty in a bucket without versioning.
func (s *services) version(bucket string, o *records.Object, err error) (string, error) {
	if err := s.told(err); err != nil || bucket != versionedBucket {
		return "", err
	}
	return objects.VersionID(o), nil
}

func (s *services) Put(bucket, key string, body []byte, tag string) (string, error) {
	n, err := s.object(bucket, key, tag)
	if err != nil {
		return "", s.told(err)
	}
	o, err := s.objects.Put(context.Background(), n, bytes.NewReader(body))
	return s.version(bucket, o, err)
}

func (s *services) Copy(bucket, from, to string) (string, error) {
	n, err := s.object(bucket, to, "")
	if err != nil {
		return "", s.told(err)
	}
	source, err := s.objects.Get(context.Background(), n.Bucket, from, "")
	if err != nil {
		return "", s.told(err)
	}
	n.Object.Tags = source.Tags
	o, err := s.objects.Copy(context.Background(), n, objects.Source{Bucket: n.Bucket, Key: from, Object: source})
	return s.version(bucket, o, err)
}

func (s *services) Delete(bucket, key, version string) (string, error) {
	id, err := s.id(bucket)
	if err != nil {
		return "", s.told(err)
	}
	deleted, err := s.objects.Delete(context.Background(), objects.Deletion{
		Bucket: id, BucketName: bucket, Key: key, Version: version, Owner: s.account.CanonicalID, OwnerAccount: s.account.ID,
	})
	if err := s.told(err); err != nil || version != "" {
		return "", err
	}
	return deleted.VersionID, nil
}

func (s *services) SetTag(bucket, key, tag string) error {
	b, err := s.bucket(bucket)
	if err == nil {
		err = s.objects.UpdateObject(context.Background(), b, key, "", objects.Origin{}, func(o *records.Object) error {
			o.Tags = tagsOf(tag)
			return nil
		})
	}
	return s.told(err)
}

func (s *services) Read(bucket, key, version string) ([]byte, string, error) {
	id, err := s.id(bucket)
	if err != nil {
		return nil, "", err
	}
	o, err := s.objects.Get(context.Background(), id, key, version)
	if err != nil {
		return nil, "", err
	}
	r, err := s.objects.Open(context.Background(), objects.Source{Bucket: id, Key: key, Object: o}, 0, o.Size)
	if err != nil {
		return nil, "", err
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if len(o.Tags) > 0 {
		return body, o.Tags[0].Value, err
	}
	return body, "", err
}

func (s *services) CreateUpload(bucket, key string) (string, error) {
	id, err := s.id(bucket)
	u := &records.Upload{Key: key, Owner: string(s.account.CanonicalID), OwnerAccount: string(s.account.ID)}
	if err == nil {
		err = s.objects.CreateUpload(context.Background(), id, bucket, u, nil)
	}
	return u.Id, s.told(err)
}

func (s *services) PutPart(bucket, key, id string, number int, body []byte) (string, error) {
	n, err := s.object(bucket, key, "")
	if err != nil {
		return "", s.told(err)
	}
	p, err := s.objects.PutPart(context.Background(), n, id, number, bytes.NewReader(body))
	if err := s.told(err); err != nil {
		return "", err
	}
	return hex.EncodeToString(p.Etag), nil
}

func (s *services) Complete(bucket, key, id string, etags []string) (string, error) {
	n, err := s.object(bucket, key, "")
	if err != nil {
		return "", s.told(err)
	}
	n.Object = nil
	var parts []objects.CompletedPart
	for i, etag := range etags {
		sum, err := hex.DecodeString(etag)
		if err != nil {
			return "", err
		}
		parts = append(parts, objects.CompletedPart{Number: i + 1, ETag: sum})
	}
	o, err := s.objects.CompleteUpload(context.Background(), n, id, parts)
	if apierr.Is(err, "NoSuchUpload") {
		err = errNoUpload
	}
	return s.version(bucket, o, err)
}

func (s *services) Abort(bucket, key, id string) error {
	b, err := s.id(bucket)
	if err == nil {
		err = s.objects.AbortUpload(context.Background(), b, key, id)
	}
	return s.told(err)
}

func (s *services) Versions(bucket string, versioned bool) (map[string][]object, error) {
	id, err := s.id(bucket)
	if err != nil {
		return nil, err
	}
	all := map[string][]object{}
	if !versioned {
		for after := ""; ; {
			page, err := s.objects.List(context.Background(), objects.ListQuery{Bucket: id, After: after, Max: 100})
			if err != nil {
				return nil, err
			}
			for _, o := range page.Objects {
				all[o.Key] = append(all[o.Key], object{})
			}
			if after = page.Last; !page.Truncated {
				return all, nil
			}
		}
	}
	query := objects.VersionQuery{Bucket: id, Max: 100}
	for {
		page, err := s.objects.ListVersions(context.Background(), query)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			all[v.Key] = append(all[v.Key], object{version: objects.VersionID(v.Object), marker: v.Object.DeleteMarker})
		}
		if query.KeyMarker, query.VersionMarker = page.NextKeyMarker, page.NextVersionMarker; !page.Truncated {
			return all, nil
		}
	}
}
