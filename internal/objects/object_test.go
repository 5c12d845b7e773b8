package objects

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"crossgrant/internal/apierr"
	"crossgrant/internal/records"
)

// sizes are lengths of bodies around the limits of inline content and of the chunks that are read.
var sizes = []int{0, 1, testInline - 1, testInline, testInline + 1, backgroundChunk, minChunk - 1, minChunk, minChunk + 1, 2 * minChunk, 3*minChunk + 7}

func TestPutGet(t *testing.T) {
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			f := newFixture(t)
			body := big("body", size)
			n := f.object("k")
			n.Length = int64(size)
			n.Algorithm = "CRC32"
			n.Object = &records.Object{Owner: "ann", StorageClass: "STANDARD_IA", Metadata: &records.Metadata{ContentType: "text/plain"}}
			// A reader that gives its last bytes together with io.EOF, and one that gives them slowly.
			o, err := f.Put(ctx(t), n, iotest.DataErrReader(strings.NewReader(body)))
			if err != nil {
				t.Fatal(err)
			}
			sum := md5.Sum([]byte(body))
			crc := crc32.ChecksumIEEE([]byte(body))
			if o.Size != int64(size) || !bytes.Equal(o.Etag, sum[:]) || o.Checksum.Algorithm != "CRC32" ||
				fmt.Sprintf("%x", o.Checksum.Value) != fmt.Sprintf("%08x", crc) || o.Modified == 0 {
				t.Errorf("got %v", o)
			}
			if inline := len(o.Segments) == 0; inline != (size <= testInline) {
				t.Errorf("inline: %v", inline)
			}
			got := f.get("k")
			if got.Owner != "ann" || got.StorageClass != "STANDARD_IA" || got.Metadata.ContentType != "text/plain" {
				t.Errorf("got %v", got)
			}
			if n.Object.Size != 0 || n.Object.Etag != nil {
				t.Errorf("the caller's record was changed: %v", n.Object)
			}
			if f.content("k") != body {
				t.Error("the content is another one")
			}
			if _, err := f.Put(ctx(t), n, iotest.HalfReader(strings.NewReader(body))); err != nil {
				t.Error(err)
			}
			f.checkClean()
		})
	}
}

func TestPutRefused(t *testing.T) {
	signature := apierr.New(403, "SignatureDoesNotMatch", "no")
	wrong := func() ([]byte, error) { return []byte{1, 2, 3, 4}, nil }
	for _, test := range []struct {
		name   string
		change func(*NewObject)
		cut    error // the body's error instead of its end
		code   string
		detail []string
	}{
		{"short", func(n *NewObject) { n.Length++ }, nil, "IncompleteBody", nil},
		{"long", func(n *NewObject) { n.Length-- }, nil, "IncompleteBody", nil},
		{"too large by its length", func(n *NewObject) { n.Length = testMaxBody + 1 }, nil, "EntityTooLarge",
			[]string{"ProposedSize", "1048577", "MaxSizeAllowed", "1048576"}},
		{"MD5", func(n *NewObject) { n.ContentMD5 = make([]byte, 16) }, nil, "BadDigest", nil},
		{"checksum", func(n *NewObject) { n.Algorithm, n.Expected = "CRC32", wrong }, nil, "BadDigest", nil},
		{"trailer", func(n *NewObject) {
			n.Algorithm, n.Expected = "CRC32", func() ([]byte, error) { return nil, signature }
		}, nil, "SignatureDoesNotMatch", nil},
		{"signature", func(n *NewObject) {}, signature, "SignatureDoesNotMatch", nil},
		{"guard", func(n *NewObject) {
			n.Guard = func(*records.Object) error { return apierr.New(412, "PreconditionFailed", "no") }
		}, nil, "PreconditionFailed", nil},
		{"bucket", func(n *NewObject) { n.BucketName = "absent" }, nil, "NoSuchBucket", []string{"BucketName", "absent"}},
	} {
		for _, size := range sizes[1:] {
			t.Run(fmt.Sprint(test.name, size), func(t *testing.T) {
				f := newFixture(t)
				f.put("k", "before")
				n := f.object("k")
				n.Length = int64(size)
				test.change(&n)
				var body io.Reader = strings.NewReader(big("x", size))
				if test.cut != nil {
					body = io.MultiReader(body, iotest.ErrReader(test.cut))
				}
				_, err := f.Put(ctx(t), n, body)
				e := wantCode(t, err, test.code)
				if test.detail != nil {
					wantDetail(t, e, test.detail...)
				}
				if f.content("k") != "before" {
					t.Error("the object was changed")
				}
				f.checkClean()
			})
		}
	}
}

// TestBrokenConnection wants that a body that breaks is not taken for one that ends, whatever its error.
func TestBrokenConnection(t *testing.T) {
	for _, broken := range []error{io.ErrUnexpectedEOF, errInjected} {
		for _, size := range sizes {
			f := newFixture(t)
			_, err := f.Put(ctx(t), f.object("k"), io.MultiReader(strings.NewReader(big("x", size)), iotest.ErrReader(broken)))
			if err != broken {
				t.Errorf("after %d bytes: got %v, want %v", size, err, broken)
			}
			_, err = f.Get(ctx(t), f.bucket, "k", "")
			wantDetail(t, wantCode(t, err, "NoSuchKey"), "Key", "k")
			f.checkClean()
		}
	}
}

func TestEndlessBody(t *testing.T) {
	f := newFixture(t)
	body := iotest.DataErrReader(io.LimitReader(zeros{}, 1<<40))
	_, err := f.Put(ctx(t), f.object("k"), body)
	wantCode(t, err, "EntityTooLarge")
	_, err = f.Put(ctx(t), f.object("k"), idle{})
	if err != io.ErrNoProgress {
		t.Errorf("got %v, want %v", err, io.ErrNoProgress)
	}
	f.checkClean()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestDigestErrors has the wording of S3; see the sources in errors.go.
func TestDigestErrors(t *testing.T) {
	f := newFixture(t)
	n := f.object("k")
	n.ContentMD5 = []byte("0123456789abcdef")
	_, err := f.Put(ctx(t), n, strings.NewReader(""))
	e := wantCode(t, err, "BadDigest")
	wantDetail(t, e, "CalculatedDigest", "1B2M2Y8AsgTpgAmY7PhCfg==", "ExpectedDigest", "30313233343536373839616263646566")
	if want := "The Content-MD5 you specified did not match what we received."; e.Message != want {
		t.Errorf("message %q, want %q", e.Message, want)
	}
	n.ContentMD5 = nil
	n.Algorithm, n.Expected = "SHA256", func() ([]byte, error) { return make([]byte, 32), nil }
	_, err = f.Put(ctx(t), n, strings.NewReader(""))
	if e, want := wantCode(t, err, "BadDigest"), "The SHA256 you specified did not match the calculated checksum."; e.Message != want {
		t.Errorf("message %q, want %q", e.Message, want)
	}
	n.Expected = func() ([]byte, error) { return nil, nil }
	if _, err = f.Put(ctx(t), n, strings.NewReader("")); err != nil {
		t.Errorf("without an expected checksum: %v", err)
	}
	n.Algorithm = "ROT13"
	if _, err = f.Put(ctx(t), n, strings.NewReader("")); err == nil {
		t.Error("an unknown algorithm was accepted")
	}
}

// TestGuard wants that the guard sees what is replaced, in the transaction that replaces it.
func TestGuard(t *testing.T) {
	f := newFixture(t)
	var seen []string
	guard := func(existing *records.Object) error {
		seen = append(seen, existing.GetOwner())
		return nil
	}
	f.engine.onUpdate = func() fault {
		if len(seen) == 1 {
			return conflict
		}
		return noFault
	}
	for i := range 3 {
		n := f.object("k")
		n.Guard, n.Object.Owner = guard, fmt.Sprint("writer", i)
		if _, err := f.Put(ctx(t), n, strings.NewReader("")); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := f.Delete(ctx(t), Deletion{Bucket: f.bucket, BucketName: bucketName, Key: "k", Guard: guard}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(seen), "[ writer0 writer0 writer1 writer2 ]"; got != want {
		t.Errorf("the guard saw %s, want %s", got, want)
	}
}

func TestDelete(t *testing.T) {
	f := newFixture(t)
	for _, size := range []int{1, 500} {
		f.put("k", big("x", size))
		no := func(*records.Object) error { return errInjected }
		if got, err := f.Delete(ctx(t), Deletion{Bucket: f.bucket, BucketName: bucketName, Key: "k", Guard: no}); got != (Deleted{}) || err != errInjected {
			t.Errorf("got %v, %v; want the guard's error", got, err)
		}
		for _, want := range []bool{true, false} {
			got, err := f.Delete(ctx(t), Deletion{Bucket: f.bucket, BucketName: bucketName, Key: "k"})
			if existed := got.Removed != nil; existed != want || got.VersionID != "" || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		}
		_, err := f.Get(ctx(t), f.bucket, "k", "")
		wantCode(t, err, "NoSuchKey")
	}
	_, err := f.Delete(ctx(t), Deletion{Bucket: f.bucket, BucketName: "absent", Key: "k"})
	wantCode(t, err, "NoSuchBucket")
	f.checkClean()
}

func TestUpdateObject(t *testing.T) {
	f := newFixture(t)
	body := big("x", 500)
	f.put("k", body)
	change := func(fail error) error {
		return f.UpdateObject(ctx(t), f.record(), "k", "", Origin{}, func(o *records.Object) error {
			o.Owner += "!"
			return fail
		})
	}
	if err := change(errInjected); !errors.Is(err, errInjected) {
		t.Errorf("got %v", err)
	}
	if err := change(nil); err != nil {
		t.Error(err)
	}
	if o := f.get("k"); o.Owner != "o!" || f.content("k") != body {
		t.Errorf("got %v", o)
	}
	wantCode(t, f.UpdateObject(ctx(t), f.record(), "absent", "", Origin{}, nil), "NoSuchKey")
	f.checkClean()
}

func TestCopy(t *testing.T) {
	for _, size := range sizes {
		f := newFixture(t)
		body := big("source", size)
		n := f.object("source")
		n.Algorithm = "SHA1"
		src, err := f.Put(ctx(t), n, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"copy", "source"} { // to another key and onto itself
			o, err := f.Copy(ctx(t), f.object(key), src)
			if err != nil {
				t.Fatal(err)
			}
			if f.content(key) != body || !bytes.Equal(o.Etag, src.Etag) || o.Checksum.Algorithm != "SHA1" {
				t.Errorf("the copy of %d bytes is %v", size, o)
			}
		}
		f.checkClean()
	}
}

func TestCopyRefused(t *testing.T) {
	f := newFixture(t)
	_, err := f.Copy(ctx(t), f.object("k"), &records.Object{Size: testMaxBody + 1})
	e := wantCode(t, err, "InvalidRequest")
	if want := "The specified copy source is larger than the maximum allowable size for a copy source: 1048576"; e.Message != want {
		t.Errorf("message %q, want %q", e.Message, want)
	}
}

// TestCopyOfParts wants a copy of an object that was uploaded in parts to be a plain object.
func TestCopyOfParts(t *testing.T) {
	f := newFixture(t)
	one, two := big("one", 300), big("two", 20)
	id := f.upload("source")
	list := []CompletedPart{f.part("source", id, 1, one), f.part("source", id, 2, two)}
	src, err := f.CompleteUpload(ctx(t), f.object("source"), id, list)
	if err != nil {
		t.Fatal(err)
	}
	o, err := f.Copy(ctx(t), f.object("copy"), src)
	if err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum([]byte(one + two))
	if f.content("copy") != one+two || !bytes.Equal(o.Etag, sum[:]) || o.Parts != 0 || o.PartSizes != nil {
		t.Errorf("the copy is %v", o)
	}
	f.checkClean()
}
