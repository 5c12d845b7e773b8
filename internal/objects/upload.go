package objects

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// UploadQuery asks for one page of a bucket's uploads, ordered by key, then by time of initiation.
type UploadQuery struct {
	Bucket    keys.BucketID
	Prefix    string
	Delimiter string
	// KeyMarker is exclusive; with an UploadIDMarker, the uploads of KeyMarker whose ID sorts after
	// that are returned too. Common prefixes that do not sort after KeyMarker are skipped.
	KeyMarker      string
	UploadIDMarker string // ignored without KeyMarker
	Max            int    // 0 to 1000
}

// UploadPage is one page of uploads, uploads and common prefixes counted together.
type UploadPage struct {
	Uploads   []*records.Upload
	Prefixes  []string
	Truncated bool
	// NextKeyMarker and NextUploadIDMarker are the key and ID of the last upload, or the last common
	// prefix and nothing; both empty on an empty page.
	NextKeyMarker      string
	NextUploadIDMarker string
}

// CreateUpload begins a multipart upload of u.Key. It sets u.Id, u.Created and u.Encryption, which is given as
// in NewObject, with customer; the caller sets the rest. NoSuchBucket if the bucket is not the one with this
// ID.
func (s *Service) CreateUpload(ctx context.Context, b keys.BucketID, bucketName string, u *records.Upload, customer *sse.CustomerKey) error {
	if err := checkKey(u.Key); err != nil {
		return err
	}
	_, sealed, err := s.drawKey(ctx, u.Encryption, customer, sse.Place{Bucket: b, Key: u.Key})
	if err != nil {
		return err
	}
	u.Encryption = sealed
	now := s.opts.Now()
	id, err := s.newUploadID(now)
	if err != nil {
		return err
	}
	u.Id, u.Created = id, now.UnixNano()
	return s.store.Update(ctx, func(tx meta.Tx) error {
		bucket, err := tx.GetMany([][]byte{keys.Bucket(bucketName)})
		if err != nil {
			return err
		}
		if _, err := sameBucket(bucket[0], bucketName, b); err != nil {
			return err
		}
		return records.Put(tx, keys.Upload(b, u.Key, id), u)
	})
}

// uploadIDEncoding sorts as the bytes that it encodes.
var uploadIDEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// newUploadID draws an upload ID. It begins with the time, so that the uploads of a key sort by time of
// initiation, and has 128 random bits, so that parts are found by upload ID alone.
func (s *Service) newUploadID(now time.Time) (string, error) {
	raw := make([]byte, 24)
	binary.BigEndian.PutUint64(raw, uint64(now.UnixNano()))
	if err := s.draw(raw[8:]); err != nil {
		return "", err
	}
	return uploadIDEncoding.EncodeToString(raw), nil
}

// Upload returns the record of an upload in progress, or NoSuchUpload.
func (s *Service) Upload(ctx context.Context, b keys.BucketID, key, id string) (*records.Upload, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	var u *records.Upload
	err := s.store.View(ctx, func(r meta.Reader) (err error) {
		u, err = readUpload(r, b, key, id)
		return err
	})
	return u, err
}

// AbortUpload ends an upload and frees its parts, or returns NoSuchUpload. A part that is being uploaded
// meanwhile is refused when it is complete.
func (s *Service) AbortUpload(ctx context.Context, b keys.BucketID, key, upload string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		if _, err := readUpload(tx, b, key, upload); err != nil {
			return err
		}
		return dropUpload(tx, b, key, upload)
	})
	if err == nil {
		s.sweeper.wake()
	}
	return err
}

// Uploads returns one page of uploads in progress. A bucket that does not exist has none. As in List,
// the uploads under a common prefix are jumped over.
func (s *Service) Uploads(ctx context.Context, q UploadQuery) (UploadPage, error) {
	var page UploadPage
	if q.Max <= 0 {
		return page, nil
	}
	err := s.store.View(ctx, func(r meta.Reader) error {
		page = UploadPage{}
		from, to := keys.Uploads(q.Bucket)
		if start := q.start(); bytes.Compare(start, from) > 0 {
			from = start
		}
		if to != nil && bytes.Compare(from, to) >= 0 {
			return nil
		}
		it := r.Scan(from, to)
		return errors.Join(page.walk(it, q), it.Close())
	})
	return page, err
}

// start is the first key of the store that prefix and markers leave. An upload's key in the store is a
// tuple, which sorts by the object's key first, so that the bounds are tuples too.
func (q UploadQuery) start() []byte {
	first := keys.Upload(q.Bucket, q.Prefix, "")
	var marked []byte
	switch common, rolled := commonPrefix(q.KeyMarker, q.Prefix, q.Delimiter); {
	case q.KeyMarker == "":
	case rolled:
		marked = afterCommon(q.Bucket, common)
	case q.UploadIDMarker != "":
		marked = append(keys.Upload(q.Bucket, q.KeyMarker, q.UploadIDMarker), 0)
	default:
		marked = keys.Upload(q.Bucket, q.KeyMarker+"\x00", "")
	}
	if bytes.Compare(marked, first) > 0 {
		return marked
	}
	return first
}

// afterCommon is the first key of the store after the uploads whose object keys begin with common.
func afterCommon(b keys.BucketID, common string) []byte {
	next := keys.After([]byte(common))
	if next == nil {
		_, to := keys.Uploads(b)
		return to
	}
	return keys.Upload(b, string(next), "")
}

// walk fills the page from it.
func (page *UploadPage) walk(it meta.Iterator, q UploadQuery) error {
	for found := it.Next(); found; {
		key, _, err := keys.ParseUpload(it.Key())
		if err != nil {
			return err
		}
		if !strings.HasPrefix(key, q.Prefix) {
			return nil
		}
		if len(page.Uploads)+len(page.Prefixes) == q.Max {
			page.Truncated = true
			return nil
		}
		if common, ok := commonPrefix(key, q.Prefix, q.Delimiter); ok {
			page.Prefixes = append(page.Prefixes, common)
			page.NextKeyMarker, page.NextUploadIDMarker = common, ""
			found = it.SeekGE(afterCommon(q.Bucket, common))
			continue
		}
		u := new(records.Upload)
		if err := records.Unmarshal(it.Value(), u); err != nil {
			return fmt.Errorf("upload of %q: %w", key, err)
		}
		page.Uploads = append(page.Uploads, u)
		page.NextKeyMarker, page.NextUploadIDMarker = key, u.Id
		found = it.Next()
	}
	return nil
}

// dropUploads removes all uploads of a bucket.
func dropUploads(tx meta.Tx, b keys.BucketID) error {
	type name struct{ key, id string }
	var found []name
	it := tx.Scan(keys.Uploads(b))
	for it.Next() {
		key, id, err := keys.ParseUpload(it.Key())
		if err != nil {
			return errors.Join(err, it.Close())
		}
		found = append(found, name{key, id})
	}
	if err := it.Close(); err != nil {
		return err
	}
	for _, u := range found {
		if err := dropUpload(tx, b, u.key, u.id); err != nil {
			return err
		}
	}
	return nil
}

// dropUpload removes an upload and its parts, whose blobs become garbage.
func dropUpload(tx meta.Tx, b keys.BucketID, key, upload string) error {
	parts, err := readParts(tx, upload)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := releaseBlobs(tx, p.Segments); err != nil {
			return err
		}
	}
	return forgetUpload(tx, b, key, upload, parts)
}

// forgetUpload removes the records of an upload and its parts.
func forgetUpload(tx meta.Tx, b keys.BucketID, key, upload string, parts []*records.Part) error {
	for _, p := range parts {
		if err := tx.Delete(keys.Part(upload, int(p.Number))); err != nil {
			return err
		}
	}
	return tx.Delete(keys.Upload(b, key, upload))
}

// maxUploadID is the length in bytes up to which an upload ID is looked for, more than any that was
// given out.
const maxUploadID = 128

// readUpload returns the record of an upload, or NoSuchUpload.
func readUpload(r meta.Reader, b keys.BucketID, key, id string) (*records.Upload, error) {
	if id == "" || len(id) > maxUploadID {
		return nil, noSuchUpload(id)
	}
	var u records.Upload
	err := records.Get(r, keys.Upload(b, key, id), &u)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, noSuchUpload(id)
	}
	if err != nil {
		return nil, err
	}
	return &u, nil
}
