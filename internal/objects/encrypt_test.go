package objects

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// way is a way in which an object can be encrypted.
type way struct {
	e        *records.Encryption
	customer *sse.CustomerKey
}

func ways(t *testing.T) map[string]way {
	return map[string]way{
		"default":  {},
		"SSE-S3":   {e: &records.Encryption{Algorithm: sse.AES256}},
		"SSE-KMS":  {e: &records.Encryption{Algorithm: sse.KMS, KmsKeyId: "arn:k", BucketKey: true}},
		"DSSE-KMS": {e: &records.Encryption{Algorithm: sse.DSSE, KmsKeyId: "arn:k"}},
		"SSE-C":    {e: &records.Encryption{Algorithm: sse.AES256}, customer: customerKey(t, 5)},
	}
}

func customerKey(t *testing.T, fill byte) *sse.CustomerKey {
	t.Helper()
	k, ok := sse.NewCustomerKey(bytes.Repeat([]byte{fill}, sse.KeySize))
	if !ok {
		t.Fatal("no key")
	}
	return k
}

// as returns n with the encryption of w.
func (w way) as(n NewObject) NewObject {
	n.Object = &records.Object{Owner: "o", Encryption: w.e}
	n.Customer = w.customer
	return n
}

func (w way) source(f *fixture, key string, o *records.Object) Source {
	return Source{Bucket: f.bucket, Key: key, Object: o, Customer: w.customer}
}

// putAs puts an object that is encrypted in the way of w.
func (f *fixture) putAs(w way, key, body string) *records.Object {
	f.t.Helper()
	o, err := f.Put(ctx(f.t), w.as(f.object(key)), strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	return o
}

// uploadAs uploads an object in parts that is encrypted in the way of w.
func (f *fixture) uploadAs(w way, key string, bodies ...string) *records.Object {
	f.t.Helper()
	u := &records.Upload{Key: key, Encryption: w.e}
	if err := f.Service.CreateUpload(ctx(f.t), f.bucket, bucketName, u, w.customer); err != nil {
		f.t.Fatal(err)
	}
	var list []CompletedPart
	for i, body := range bodies {
		n := f.object(key)
		n.Customer = w.customer
		p, err := f.PutPart(ctx(f.t), n, u.Id, i+1, strings.NewReader(body))
		if err != nil {
			f.t.Fatal(err)
		}
		list = append(list, CompletedPart{Number: i + 1, ETag: p.Etag})
	}
	n := f.object(key)
	n.Object = nil
	o, err := f.CompleteUpload(ctx(f.t), n, u.Id, list)
	if err != nil {
		f.t.Fatal(err)
	}
	return o
}

// checkRanges reads ranges of src, which has this content.
func (f *fixture) checkRanges(src Source, want string, offsets ...int) {
	f.t.Helper()
	for _, offset := range append(offsets, 0, len(want)) {
		for _, end := range append(offsets, 0, len(want)) {
			if offset > end || end > len(want) {
				continue
			}
			got, err := f.readSource(src, int64(offset), int64(end-offset))
			if err != nil || got != want[offset:end] {
				f.t.Errorf("range [%d, %d) of %d: %d bytes, %v", offset, end, len(want), len(got), err)
			}
		}
	}
}

const (
	kib64 = sse.PackageSize
	// plain is a text that no encrypted bytes have.
	plain = "the quick brown fox jumps over the lazy dog "
)

func text(size int) string { return strings.Repeat(plain, size/len(plain)+1)[:size] }

func TestEncryptedObjects(t *testing.T) {
	for name, w := range ways(t) {
		f := newFixture(t)
		for _, size := range []int{0, 1, testInline, testInline + 1, 4096, kib64 - 1, kib64, kib64 + 1, 2 * kib64, 3*kib64 + 5} {
			key := fmt.Sprint(size)
			content := text(size)
			o := f.putAs(w, key, content)
			if o.Size != int64(size) || o.Encryption == nil || len(o.Encryption.SealedKey) == 0 {
				t.Errorf("%s: %d bytes: %v", name, size, o.Encryption)
			}
			sum := md5.Sum([]byte(content))
			isMD5 := w.customer == nil && (w.e == nil || w.e.Algorithm == sse.AES256)
			if bytes.Equal(o.Etag, sum[:]) != isMD5 || len(o.Etag) != md5.Size {
				t.Errorf("%s: %d bytes: ETag %x", name, size, o.Etag)
			}
			f.checkRanges(w.source(f, key, f.get(key)), content, 1, 10, testInline, kib64-1, kib64, kib64+1, 2*kib64)
		}
		f.checkNothingInTheClear(name)
		f.checkClean()
	}
}

func TestEncryptedUploads(t *testing.T) {
	for name, w := range ways(t) {
		f := newFixture(t)
		for i, sizes := range [][]int{{1}, {kib64, kib64}, {kib64 + 1, testMinPart, kib64 - 1, testMinPart + 7, 3}, {2*kib64 + 9, testMinPart}} {
			key := fmt.Sprint(i)
			var bodies []string
			var at []int
			total := 0
			for _, size := range sizes {
				bodies = append(bodies, text(size))
				total += size
				at = append(at, total-1, total, total+1)
			}
			o := f.uploadAs(w, key, bodies...)
			content := strings.Join(bodies, "")
			if o.Size != int64(len(content)) || int(o.Parts) != len(sizes) || o.Encryption == nil {
				t.Errorf("%s: %v", name, o)
			}
			f.checkRanges(w.source(f, key, f.get(key)), content, at...)
		}
		f.checkNothingInTheClear(name)
		f.checkClean()
	}
}

// checkNothingInTheClear wants neither content nor keys in what is kept.
func (f *fixture) checkNothingInTheClear(name string) {
	f.t.Helper()
	secrets := [][]byte{[]byte(plain[:16]), kmsSecret, bytes.Repeat([]byte{5}, sse.KeySize)}
	err := f.store.View(ctx(f.t), func(r meta.Reader) error {
		it := r.Scan([]byte{0}, nil)
		for it.Next() {
			for _, secret := range secrets {
				if bytes.Contains(it.Value(), secret) {
					f.t.Errorf("%s: the record under %q holds a secret", name, it.Key())
				}
			}
			if it.Key()[0] != 'O' {
				continue
			}
			var o records.Object
			if err := records.Unmarshal(it.Value(), &o); err != nil {
				return errors.Join(err, it.Close())
			}
			for _, s := range o.Segments {
				stored := f.stored(s, sse.Layers(o.Encryption))
				if bytes.Contains(stored, secrets[0]) {
					f.t.Errorf("%s: blob %s holds content", name, s.Blob)
				}
			}
		}
		return it.Close()
	})
	if err != nil {
		f.t.Error(err)
	}
}

// stored returns what the blob of a segment has.
func (f *fixture) stored(s *records.Segment, layers int) []byte {
	f.t.Helper()
	size := s.Size + (s.Size+kib64-1)/kib64*16*int64(layers)
	r, err := f.blobs.Store.Open(ctx(f.t), blob.ID(s.Blob), 0, size)
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

// overwrite makes the blob of a segment have other bytes.
func (f *fixture) overwrite(s *records.Segment, b []byte) {
	f.t.Helper()
	if err := f.blobs.Store.Delete(ctx(f.t), blob.ID(s.Blob)); err != nil {
		f.t.Fatal(err)
	}
	w, err := f.blobs.Store.Create(ctx(f.t), blob.ID(s.Blob))
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		f.t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		f.t.Fatal(err)
	}
}

// TestDamagedBlobs holds that whoever can change blobs cannot have other bytes delivered than were written.
func TestDamagedBlobs(t *testing.T) {
	f := newFixture(t)
	content := text(3*kib64 + 100)
	intact := f.putAs(way{}, "k", content)
	other := f.putAs(way{}, "other", content)
	two := f.uploadAs(way{}, "two", text(kib64+5), text(kib64+5))
	segment := intact.Segments[0]
	stored := f.stored(segment, 1)
	const stride = kib64 + 16
	for name, damaged := range map[string][]byte{
		"a bit":              append([]byte{stored[0] ^ 1}, stored[1:]...),
		"a bit at the end":   append(bytes.Clone(stored[:len(stored)-1]), stored[len(stored)-1]^1),
		"truncated":          stored[:len(stored)-1],
		"a package less":     stored[:3*stride],
		"packages swapped":   bytes.Join([][]byte{stored[stride : 2*stride], stored[:stride], stored[2*stride:]}, nil),
		"empty":              nil,
		"another blob":       f.stored(other.Segments[0], 1),
		"content in clear":   []byte(content + strings.Repeat("x", 64)),
		"another beginning":  append(f.stored(other.Segments[0], 1)[:stride:stride], stored[stride:]...),
		"a part of the same": append(bytes.Clone(f.stored(two.Segments[0], 1)), stored[stride+21:]...),
	} {
		f.overwrite(segment, damaged)
		got, err := f.readSource(way{}.source(f, "k", intact), 0, intact.Size)
		if !errors.Is(err, blob.ErrCorrupt) || !strings.HasPrefix(content, got) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	f.overwrite(segment, stored)
	f.checkRanges(way{}.source(f, "k", intact), content)

	// Two parts of one upload have the same content key, and do not stand in for each other.
	one := f.stored(two.Segments[0], 1)
	f.overwrite(two.Segments[0], f.stored(two.Segments[1], 1))
	f.overwrite(two.Segments[1], one)
	if got, err := f.readSource(way{}.source(f, "two", two), 0, two.Size); !errors.Is(err, blob.ErrCorrupt) || got != "" {
		t.Errorf("parts swapped: %d bytes, %v", len(got), err)
	}
}

// TestSwappedRecords holds that a record does not open under another key, in another bucket, or with parts of
// another record.
func TestSwappedRecords(t *testing.T) {
	for name, w := range ways(t) {
		f := newFixture(t)
		elsewhere := f.createBucket("hazel", alice)
		for _, size := range []int{testInline, 1000} {
			a, b := f.putAs(w, "a", text(size)), f.putAs(w, "b", strings.ToUpper(text(size)))
			mixed := proto.CloneOf(b)
			mixed.Segments, mixed.Inline, mixed.Encryption.InlineSalt = a.Segments, a.Inline, a.Encryption.InlineSalt
			for what, src := range map[string]Source{
				"another key":     {Bucket: f.bucket, Key: "b", Object: a, Customer: w.customer},
				"another bucket":  {Bucket: elsewhere, Key: "a", Object: a, Customer: w.customer},
				"another content": {Bucket: f.bucket, Key: "b", Object: mixed, Customer: w.customer},
			} {
				got, err := f.readSource(src, 0, src.Object.Size)
				if got != "" || !errors.Is(err, meta.ErrCorrupt) && !errors.Is(err, blob.ErrCorrupt) {
					t.Errorf("%s: %d bytes of %s: %d bytes, %v", name, size, what, len(got), err)
				}
			}
		}
	}
}

func TestInlineContentThatWasChanged(t *testing.T) {
	f := newFixture(t)
	o := f.putAs(way{}, "k", text(testInline))
	for name, change := range map[string]func(*records.Object){
		"a bit":   func(o *records.Object) { o.Inline[3] ^= 1 },
		"shorter": func(o *records.Object) { o.Inline = o.Inline[1:] },
		"size":    func(o *records.Object) { o.Size-- },
		"salt":    func(o *records.Object) { o.Encryption.InlineSalt[0] ^= 1 },
		"clear":   func(o *records.Object) { o.Inline = []byte(text(testInline + 16)) },
	} {
		changed := proto.CloneOf(o)
		change(changed)
		if got, err := f.readSource(way{}.source(f, "k", changed), 0, changed.Size); !errors.Is(err, blob.ErrCorrupt) || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestCustomerKeys(t *testing.T) {
	f := newFixture(t)
	w := ways(t)["SSE-C"]
	o := f.putAs(w, "k", text(1000))
	open := func(k *sse.CustomerKey) error {
		_, err := f.readSource(Source{Bucket: f.bucket, Key: "k", Object: o, Customer: k}, 0, 10)
		return err
	}
	if err := open(nil); err != sse.ErrCustomerKeyNeeded {
		t.Errorf("without a key: %v", err)
	}
	if err := open(customerKey(t, 6)); err != sse.ErrCustomerKeyWrong {
		t.Errorf("with another key: %v", err)
	}
	u := &records.Upload{Key: "u", Encryption: w.e}
	if err := f.Service.CreateUpload(ctx(t), f.bucket, bucketName, u, w.customer); err != nil {
		t.Fatal(err)
	}
	if _, err := f.PutPart(ctx(t), f.object("u"), u.Id, 1, strings.NewReader("x")); err != sse.ErrCustomerKeyNeeded {
		t.Errorf("a part without a key: %v", err)
	}
	plain := f.putAs(way{}, "plain", "x")
	if _, err := f.readSource(Source{Bucket: f.bucket, Key: "plain", Object: plain, Customer: customerKey(t, 5)}, 0, 1); err != sse.ErrCustomerKeyWrong {
		t.Errorf("a key that is not needed: %v", err)
	}
	f.Delete(ctx(t), Deletion{Bucket: f.bucket, BucketName: bucketName, Key: "k"})
	f.AbortUpload(ctx(t), f.bucket, "u", u.Id)
	f.checkClean()
}

// TestRotatedMasterKey holds that objects from before a rotation of the master key are readable after it, and
// that those from after it are not with the earlier keys.
func TestRotatedMasterKey(t *testing.T) {
	f := newFixture(t)
	before := f.put("before", text(1000))
	u := f.upload("u")
	if err := f.box.Rotate(); err != nil {
		t.Fatal(err)
	}
	after := f.put("after", text(1000))
	line := f.part("u", u, 1, text(500))
	if _, err := f.CompleteUpload(ctx(t), f.object("u"), u, []CompletedPart{line}); err != nil {
		t.Fatal(err)
	}
	f.checkRanges(way{}.source(f, "before", before), text(1000))
	f.checkRanges(way{}.source(f, "after", after), text(1000))
	if got := f.content("u"); got != text(500) {
		t.Errorf("the upload from before has %d bytes", len(got))
	}
	if bytes.Equal(before.Encryption.SealedKey[:5], after.Encryption.SealedKey[:5]) {
		t.Error("both are sealed with the same master key")
	}
}

// TestContentFromBeforeEncryption holds that what lies in the clear is read as it is, and that an upload that
// was begun so is completed so.
func TestContentFromBeforeEncryption(t *testing.T) {
	f := newFixture(t)
	u := f.upload("k")
	err := f.store.Update(ctx(t), func(tx meta.Tx) error {
		record, err := readUpload(tx, f.bucket, "k", u)
		if err != nil {
			return err
		}
		record.Encryption = nil
		return records.Put(tx, keys.Upload(f.bucket, "k", u), record)
	})
	if err != nil {
		t.Fatal(err)
	}
	list := []CompletedPart{f.part("k", u, 1, text(kib64+1)), f.part("k", u, 2, text(300)), f.part("k", u, 3, text(9))}
	n := f.object("k")
	n.Object = nil
	o, err := f.CompleteUpload(ctx(t), n, u, list)
	if err != nil {
		t.Fatal(err)
	}
	if o.Encryption != nil || string(o.Inline) != text(9) || len(o.Segments[0].Salt) > 0 {
		t.Errorf("got %v", o.Encryption)
	}
	f.checkRanges(way{}.source(f, "k", o), text(kib64+1)+text(300)+text(9), 5, kib64, kib64+1, kib64+301)
	copied, err := f.Copy(ctx(t), f.object("copy"), o)
	if err != nil || copied.Encryption == nil {
		t.Fatalf("the copy is not encrypted: %v, %v", copied, err)
	}
	f.checkRanges(way{}.source(f, "copy", copied), text(kib64+1)+text(300)+text(9))
}

// TestCopiesBetweenWays copies from each way of encryption to each other one.
func TestCopiesBetweenWays(t *testing.T) {
	f := newFixture(t)
	content := text(kib64 + 500)
	for from, src := range ways(t) {
		o := f.putAs(src, "from", content)
		for to, w := range ways(t) {
			copied, err := f.Service.Copy(ctx(t), w.as(f.object("to")), src.source(f, "from", o))
			if err != nil {
				t.Errorf("from %s to %s: %v", from, to, err)
				continue
			}
			f.checkRanges(w.source(f, "to", copied), content, 7, kib64)
			u := &records.Upload{Key: "parts", Encryption: w.e}
			if err := f.Service.CreateUpload(ctx(t), f.bucket, bucketName, u, w.customer); err != nil {
				t.Fatal(err)
			}
			n := f.object("parts")
			n.Customer = w.customer
			p, err := f.Service.CopyPart(ctx(t), n, u.Id, 1, src.source(f, "from", o), 3, kib64)
			if err != nil || p.Size != kib64 {
				t.Errorf("part from %s to %s: %v", from, to, err)
			}
		}
	}
}

// TestTakeOver holds that an object whose runs were taken over, with nothing but a new seal, reads as its
// source does, from wherever to wherever that is possible.
func TestTakeOver(t *testing.T) {
	f := newFixture(t)
	for from, src := range ways(t) {
		for _, size := range []int{0, testInline, kib64 + 9} {
			o := f.putAs(src, "from", text(size))
			for to, w := range ways(t) {
				n := w.as(f.object("to"))
				s := src.source(f, "from", o)
				got, err := f.takeOver(ctx(t), &n, &s)
				if err != nil {
					t.Fatal(err)
				}
				if possible := (from == "DSSE-KMS") == (to == "DSSE-KMS"); (got != nil) != possible {
					t.Errorf("from %s to %s: %v", from, to, got)
				}
				if got == nil {
					continue
				}
				taken := proto.CloneOf(o)
				taken.Encryption = got
				f.checkRanges(w.source(f, "to", taken), text(size), 1, kib64)
				if _, err := f.readSource(src.source(f, "from", taken), 0, taken.Size); err == nil {
					t.Errorf("from %s to %s: it opens where its source lies", from, to)
				}
			}
		}
	}
}

// TestCopyLinks holds that a copy moves no bytes where the blob store can link, and what its entity tag and
// checksum are, for each way of encryption and for objects of parts, too.
func TestCopyLinks(t *testing.T) {
	f := newFixture(t)
	f.blobs.links = true
	calls := map[string]int{}
	for from, src := range ways(t) {
		whole := f.putAs(src, "from", text(kib64+9))
		parts := f.uploadAs(src, "parts", text(200), text(kib64), text(9))
		for to, w := range ways(t) {
			for key, o := range map[string]*records.Object{"from": whole, "parts": parts} {
				f.blobs.fail(func(call string) error { calls[call]++; return nil })
				clear(calls)
				n := w.as(f.object("to"))
				n.Algorithm = "CRC32"
				copied, err := f.Service.Copy(ctx(t), n, src.source(f, key, o))
				f.blobs.fail(nil)
				if err != nil {
					t.Fatalf("%s from %s to %s: %v", key, from, to, err)
				}
				if moved := calls["New"] > 0; moved != ((from == "DSSE-KMS") != (to == "DSSE-KMS")) {
					t.Errorf("%s from %s to %s: calls %v", key, from, to, calls)
				}
				content := f.checkCopy(w.source(f, "to", copied), o.Size)
				sum := md5.Sum([]byte(content))
				if tagIsMD5(copied.Encryption) != bytes.Equal(copied.Etag, sum[:]) || copied.Parts != 0 {
					t.Errorf("%s from %s to %s: ETag %x, %d parts", key, from, to, copied.Etag, copied.Parts)
				}
				if got := crc32.ChecksumIEEE([]byte(content)); binary.BigEndian.Uint32(copied.Checksum.Value) != got || copied.Checksum.Composite {
					t.Errorf("%s from %s to %s: checksum %v", key, from, to, copied.Checksum)
				}
			}
		}
	}
	f.checkClean()
}

// checkCopy reads all bytes of a copy, which are those of a text of this size in parts, and returns them.
func (f *fixture) checkCopy(src Source, size int64) string {
	f.t.Helper()
	content, err := f.readSource(src, 0, size)
	want := text(int(size))
	if size != kib64+9 {
		want = text(200) + text(kib64) + text(9)
	}
	if err != nil || content != want {
		f.t.Fatalf("read copy: %d bytes, %v", len(content), err)
	}
	return content
}

// TestCopyLinksReadsNothing holds that a copy of an object of one part reads no bytes, and that it outlives its
// source.
func TestCopyLinksReadsNothing(t *testing.T) {
	f := newFixture(t)
	f.blobs.links = true
	o := f.put("from", text(kib64+9))
	opened := 0
	f.blobs.fail(func(call string) error {
		if call == "Open" {
			opened++
		}
		return nil
	})
	copied, err := f.Copy(ctx(t), f.object("to"), o)
	if err != nil || opened != 0 || !bytes.Equal(copied.Etag, o.Etag) {
		t.Fatalf("%v, %v, %d blobs opened", copied, err, opened)
	}
	f.blobs.fail(nil)
	if _, err := f.Delete(ctx(t), Deletion{Bucket: f.bucket, BucketName: bucketName, Key: "from"}); err != nil {
		t.Fatal(err)
	}
	f.checkClean()
	if f.content("to") != text(kib64+9) {
		t.Error("the copy is not what its source was")
	}
}

// TestCopyLinksFails holds that a copy that fails half-way leaves nothing behind.
func TestCopyLinksFails(t *testing.T) {
	f := newFixture(t)
	f.blobs.links = true
	o := f.uploadAs(way{}, "parts", text(200), text(300), text(400))
	for fail := 1; fail <= 3; fail++ {
		linked := 0
		f.blobs.fail(func(call string) error {
			if call == "Link" {
				if linked++; linked == fail {
					return errInjected
				}
			}
			return nil
		})
		if _, err := f.Service.Copy(ctx(t), f.object("to"), way{}.source(f, "parts", o)); !errors.Is(err, errInjected) {
			t.Errorf("link %d failed: %v", fail, err)
		}
		f.blobs.fail(nil)
		f.checkClean()
	}
	n := f.object("to")
	n.Guard = func(*records.Object) error { return errInjected }
	if _, err := f.Service.Copy(ctx(t), n, way{}.source(f, "parts", o)); !errors.Is(err, errInjected) {
		t.Errorf("refused: %v", err)
	}
	f.checkClean()
}

// TestKMSKeyThatCannotBeUsed holds that nothing is kept where the content key cannot be sealed.
func TestKMSKeyThatCannotBeUsed(t *testing.T) {
	f := newFixture(t)
	refused := errors.New("disabled")
	f.opts.Keys = &sse.Keyring{Master: f.box, KMS: refusing{refused}}
	w := ways(t)["SSE-KMS"]
	if _, err := f.Put(ctx(t), w.as(f.object("k")), strings.NewReader(text(1000))); err != refused {
		t.Errorf("Put: %v", err)
	}
	if err := f.Service.CreateUpload(ctx(t), f.bucket, bucketName, &records.Upload{Key: "k", Encryption: w.e}, nil); err != refused {
		t.Errorf("CreateUpload: %v", err)
	}
	if got := len(f.blobs.existing()); got != 0 {
		t.Errorf("%d blobs exist", got)
	}
	f.checkClean()
}

type refusing struct{ err error }

func (r refusing) Encrypt(context.Context, string, []byte, []byte) ([]byte, error) { return nil, r.err }
func (r refusing) Decrypt(context.Context, string, []byte, []byte) ([]byte, error) { return nil, r.err }

// TestReseal holds that a new seal changes nothing but under which key the content is, and that it is not put
// over a record that was changed meanwhile.
func TestReseal(t *testing.T) {
	f := newFixture(t)
	for _, size := range []int{testInline, kib64 + 9} {
		o := f.putAs(way{}, "k", text(size))
		record, err := f.Head(ctx(t), f.bucket, "k", "")
		if err != nil {
			t.Fatal(err)
		}
		src := way{}.source(f, "k", record)
		to := &records.Encryption{Algorithm: sse.KMS, KmsKeyId: "arn:k"}
		if err := f.Reseal(ctx(t), f.record(), src, "", to); err != nil {
			t.Fatal(err)
		}
		now := f.get("k")
		if now.Encryption.KmsKeyId != "arn:k" || !bytes.Equal(now.Etag, o.Etag) || now.Modified != o.Modified {
			t.Errorf("got %v", now)
		}
		f.checkRanges(way{}.source(f, "k", now), text(size))
		if err := f.Reseal(ctx(t), f.record(), src, "", to); err != ErrChanged {
			t.Errorf("of a record that is no longer there: %v", err)
		}
		dsse := &records.Encryption{Algorithm: sse.DSSE, KmsKeyId: "arn:k"}
		if err := f.Reseal(ctx(t), f.record(), way{}.source(f, "k", now), "", dsse); err == nil {
			t.Error("one layer became two")
		}
	}
}
