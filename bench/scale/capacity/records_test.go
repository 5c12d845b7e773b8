package capacity

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"
	"time"

	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

// world is a service over memory that keeps all inline content in the record, as a server over networked engines does.
type world struct {
	*objects.Service
	t      *testing.T
	store  *meta.Store
	owner  *records.Account
	bucket keys.BucketID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: meta.New(memory.New())}
	w.owner = &records.Account{Id: "111111111111", CanonicalId: hex.EncodeToString(make([]byte, 32))}
	w.update(func(tx meta.Tx) error { return records.Put(tx, keys.Account(ids.AccountID(w.owner.Id)), w.owner) })
	w.Service = objects.New(w.store, blobmemory.New(), objects.Options{
		Keys: &sse.Keyring{Master: box}, ApartFrom: objects.MaxInline + 1,
		Now: func() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) },
	})
	t.Cleanup(w.Close)
	err = w.CreateBucket(context.Background(), objects.NewBucket{
		Name: "measured", Account: ids.AccountID(w.owner.Id), Canonical: ids.CanonicalUserID(w.owner.CanonicalId), Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	record := new(records.Bucket)
	w.view(func(r meta.Reader) error { return records.Get(r, keys.Bucket("measured"), record) })
	w.bucket = keys.BucketID(record.Id)
	return w
}

func (w *world) update(fn func(meta.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(fn func(meta.Reader) error) {
	w.t.Helper()
	if err := w.store.View(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// put stores an object as PutObject with a content type, a private ACL and the checksum that SDKs add, and returns the
// length of its record.
func (w *world) put(key string, size int) int {
	w.t.Helper()
	_, err := w.Put(context.Background(), objects.NewObject{
		Bucket: w.bucket, BucketName: "measured", Key: key, Length: int64(size), Algorithm: "CRC64NVME",
		Object: &records.Object{
			Owner: w.owner.CanonicalId, OwnerAccount: w.owner.Id,
			Metadata: &records.Metadata{ContentType: "application/octet-stream"},
			Acl:      []*records.Grant{{CanonicalId: w.owner.CanonicalId, Permission: "FULL_CONTROL"}},
		},
	}, bytes.NewReader(make([]byte, size)))
	if err != nil {
		w.t.Fatal(err)
	}
	var length int
	w.view(func(r meta.Reader) error {
		value, err := r.Get(keys.Object(w.bucket, key))
		length = len(value)
		return err
	})
	return length
}

// TestRecordSizes holds what the model takes for the sizes of keys and records against those that the program writes.
func TestRecordSizes(t *testing.T) {
	w := newWorld(t)
	const name = "logs/2026/11/27/13/host-0042-1a2b3c4d.gz"
	if got := len(keys.Object(w.bucket, name)); got != KeyBytes {
		t.Errorf("the key has %d bytes, want %d", got, KeyBytes)
	}
	for _, test := range []struct {
		size, expected int
	}{
		{0, EmptyRecordBytes},
		{4 << 10, InlineRecordBytes + (4 << 10)},
		{64 << 10, InlineRecordBytes + (64 << 10)},
		{1 << 20, BlobRecordBytes},
	} {
		if got := w.put(name, test.size); got < test.expected-4 || got > test.expected+4 { // numbers of variable length
			t.Errorf("the record of an object of %d bytes has %d, want %d", test.size, got, test.expected)
		}
	}
}
