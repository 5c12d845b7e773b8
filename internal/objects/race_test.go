package objects

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// TestConcurrent runs writers, readers, uploads and deletions of the bucket against each other. Readers
// see whole objects only; no object outlives its bucket; nothing is left over.
func TestConcurrent(t *testing.T) {
	f := newFixture(t)
	f.Start()
	var workers sync.WaitGroup
	for worker := range 6 {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 7))
			for range 120 {
				f.disturb(random)
			}
		})
	}
	workers.Wait()
	f.Close()
	f.checkClean()
	f.checkBuckets()
}

// disturb does one random thing.
func (f *fixture) disturb(random *rand.Rand) {
	b := f.currentBucket()
	key := fmt.Sprint("k", random.IntN(3))
	n := NewObject{Bucket: b, BucketName: bucketName, Key: key, Length: -1}
	body := big(fmt.Sprint(random.Uint32()), random.IntN(4*testInline))
	var err error
	switch random.IntN(12) {
	case 0:
		err = f.CreateBucket(ctx(f.t), NewBucket{Name: bucketName, Account: alice, Region: "us-east-1"})
	case 1:
		err = f.DeleteBucket(ctx(f.t), b, bucketName)
	case 2, 3, 4, 5:
		_, err = f.Put(ctx(f.t), n, strings.NewReader(body))
	case 6, 7:
		_, err = f.Delete(ctx(f.t), Deletion{Bucket: b, BucketName: bucketName, Key: key})
	case 8:
		err = f.uploadOnce(n, body)
	default:
		err = f.readOnce(b, key)
	}
	for _, code := range []string{"NoSuchBucket", "NoSuchKey", "NoSuchUpload", "BucketNotEmpty", "BucketAlreadyOwnedByYou"} {
		if apierr.Is(err, code) {
			return
		}
	}
	if err != nil {
		f.t.Error(err)
	}
}

// currentBucket returns the ID of the bucket, or zero if there is none.
func (f *fixture) currentBucket() (id keys.BucketID) {
	err := f.store.View(ctx(f.t), func(r meta.Reader) error {
		b, err := existingBucket(r, bucketName)
		if err == nil {
			id = keys.BucketID(b.Id)
		}
		return err
	})
	if err != nil && !apierr.Is(err, "NoSuchBucket") {
		f.t.Error(err)
	}
	return id
}

func (f *fixture) uploadOnce(n NewObject, body string) error {
	u := &records.Upload{Key: n.Key}
	if err := f.CreateUpload(ctx(f.t), n.Bucket, bucketName, u); err != nil {
		return err
	}
	var list []CompletedPart
	for i, body := range []string{body + big("more", testMinPart), body, body + body} {
		p, err := f.PutPart(ctx(f.t), n, u.Id, i+1, strings.NewReader(body))
		if err != nil {
			return err
		}
		if i != 1 {
			list = append(list, CompletedPart{Number: i + 1, ETag: p.Etag})
		}
	}
	_, err := f.CompleteUpload(ctx(f.t), n, u.Id, list)
	return err
}

// readOnce reads an object and compares its bytes with its ETag.
func (f *fixture) readOnce(b keys.BucketID, key string) error {
	for {
		o, err := f.Get(ctx(f.t), b, key, "")
		if err != nil {
			return err
		}
		got, err := f.readSource(Source{Bucket: b, Key: key, Object: o}, 0, o.Size)
		if errors.Is(err, blob.ErrNotFound) {
			continue // replaced meanwhile
		}
		if err != nil {
			return err
		}
		if !bytes.Equal(etagOf(got, o.PartSizes), o.Etag) {
			f.t.Errorf("the content of %s does not have its ETag", key)
		}
		return nil
	}
}

// etagOf is the ETag of an object with this content, uploaded in parts if sizes is not empty.
func etagOf(content string, sizes []int64) []byte {
	if len(sizes) == 0 {
		sum := md5.Sum([]byte(content))
		return sum[:]
	}
	all := md5.New()
	for _, size := range sizes {
		sum := md5.Sum([]byte(content[:size]))
		all.Write(sum[:])
		content = content[size:]
	}
	return all.Sum(nil)
}

// checkBuckets wants every object and upload to be of a bucket that exists.
func (f *fixture) checkBuckets() {
	exists := map[string]bool{}
	err := f.store.View(ctx(f.t), func(r meta.Reader) error {
		it := r.Scan([]byte{'B'}, nil)
		for it.Next() {
			key := it.Key()
			switch key[0] {
			case 'B':
				var b records.Bucket
				if err := records.Unmarshal(it.Value(), &b); err != nil {
					return err
				}
				exists[string(b.Id)] = true
			case 'O', 'U':
				if !exists[string(key[1:9])] {
					f.t.Errorf("key %q is of a bucket that is gone", key)
				}
			}
		}
		return it.Close()
	})
	if err != nil {
		f.t.Error(err)
	}
}

// TestParallelParts uploads the parts of one upload at once.
func TestParallelParts(t *testing.T) {
	f := newFixture(t)
	id := f.upload("k")
	list := make([]CompletedPart, 8)
	var want strings.Builder
	var workers sync.WaitGroup
	for i := range list {
		body := big(fmt.Sprint("part", i), 200)
		want.WriteString(body)
		workers.Go(func() { list[i] = f.part("k", id, i+1, body) })
	}
	workers.Wait()
	if _, err := f.CompleteUpload(ctx(t), f.object("k"), id, list); err != nil {
		t.Fatal(err)
	}
	if f.content("k") != want.String() {
		t.Error("the content is another one")
	}
	f.checkClean()
}
