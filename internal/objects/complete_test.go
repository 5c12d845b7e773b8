package objects

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/apierr"
	"crossgrant/internal/records"
)

func TestComplete(t *testing.T) {
	f := newFixture(t)
	f.put("k", big("before", 300))
	u := &records.Upload{Key: "k", Owner: "ann", OwnerAccount: "111", WrittenUnderEnforced: true,
		Metadata: &records.Metadata{ContentType: "text/plain"}, Acl: []*records.Grant{{Permission: "READ"}}}
	if err := f.CreateUpload(ctx(t), f.bucket, bucketName, u); err != nil {
		t.Fatal(err)
	}
	bodies := map[int]string{2: big("two", 100), 7: big("seven", 400), 9: big("nine", 999), 10_000: "tail"}
	lines := map[int]CompletedPart{}
	for number, body := range bodies {
		lines[number] = f.part("k", u.Id, number, body)
	}
	lines[7] = f.part("k", u.Id, 7, bodies[7]) // uploaded again
	n := f.object("k")
	n.Object = nil
	n.Length = 504
	var replaced int64
	n.Guard = func(existing *records.Object) error { replaced = existing.Size; return nil }
	o, err := f.CompleteUpload(ctx(t), n, u.Id, []CompletedPart{lines[2], lines[7], lines[10_000]}) // without 9
	if err != nil {
		t.Fatal(err)
	}
	var sums []byte
	for _, number := range []int{2, 7, 10_000} {
		sum := md5.Sum([]byte(bodies[number]))
		sums = append(sums, sum[:]...)
	}
	etag := md5.Sum(sums)
	if !bytes.Equal(o.Etag, etag[:]) || o.Parts != 3 || !slices.Equal(o.PartSizes, []int64{100, 400, 4}) || o.Size != 504 {
		t.Errorf("got %v", o)
	}
	if o.Owner != "ann" || o.OwnerAccount != "111" || !o.WrittenUnderEnforced || o.Metadata.ContentType != "text/plain" || len(o.Acl) != 1 || o.Modified != u.Created {
		t.Errorf("got %v, want what %v says", o, u)
	}
	if f.content("k") != bodies[2]+bodies[7]+bodies[10_000] || replaced != 300 {
		t.Errorf("the content is another one, or the guard saw %d bytes", replaced)
	}
	f.checkClean()
	if got := len(f.blobs.existing()); got != 2 {
		t.Errorf("%d blobs exist, want those of two parts", got)
	}
	if parts, _, err := f.Parts(ctx(t), PartQuery{Upload: u.Id, Max: 9}); len(parts) != 0 || err != nil {
		t.Errorf("parts are left: %v, %v", parts, err)
	}
	// What was completed is forgotten.
	_, err = f.CompleteUpload(ctx(t), n, u.Id, []CompletedPart{lines[2]})
	e := wantCode(t, err, "NoSuchUpload")
	wantDetail(t, e, "UploadId", u.Id)
	if want := "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."; e.Message != want {
		t.Errorf("message %q, want %q", e.Message, want)
	}
}

func TestCompleteOnePart(t *testing.T) {
	for _, body := range []string{"", "small", big("large", 500)} {
		f := newFixture(t)
		id := f.upload("k")
		o, err := f.CompleteUpload(ctx(t), f.object("k"), id, []CompletedPart{f.part("k", id, 1, body)})
		if err != nil || o.Parts != 1 || f.content("k") != body {
			t.Errorf("got %v, %v", o, err)
		}
		f.checkClean()
	}
}

func TestCompleteRefused(t *testing.T) {
	refuse := func(*records.Object) error { return apierr.New(412, "PreconditionFailed", "no") }
	const hexOfA = "61616161616161616161616161616161"
	for _, test := range []struct {
		name    string
		change  func(n *NewObject, list []CompletedPart) []CompletedPart
		code    string
		message string
		detail  []string // $id is the upload ID, $etag1 the ETag of part 1
	}{
		{"order", func(_ *NewObject, l []CompletedPart) []CompletedPart { return []CompletedPart{l[1], l[0]} },
			"InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.", []string{"UploadId", "$id"}},
		{"order after one listed twice", func(_ *NewObject, l []CompletedPart) []CompletedPart { return []CompletedPart{l[1], l[1], l[0]} }, "InvalidPartOrder", "", nil},
		{"absent", func(_ *NewObject, l []CompletedPart) []CompletedPart { l[1].Number = 4; return l }, "InvalidPart",
			"One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.", nil},
		{"after the last", func(_ *NewObject, l []CompletedPart) []CompletedPart { l[2].Number = 40; return l }, "InvalidPart", "", nil},
		{"zero", func(_ *NewObject, l []CompletedPart) []CompletedPart { l[0].Number = 0; return l }, "InvalidPart", "", nil},
		{"etag", func(_ *NewObject, l []CompletedPart) []CompletedPart {
			l[1].ETag = bytes.Repeat([]byte("a"), 16)
			return l
		}, "InvalidPart", "", []string{"UploadId", "$id", "PartNumber", "3", "ETag", hexOfA}},
		{"no etag", func(_ *NewObject, l []CompletedPart) []CompletedPart { l[1].ETag = nil; return l }, "InvalidPart", "", nil},
		{"checksum", func(_ *NewObject, l []CompletedPart) []CompletedPart { l[1].Checksum = []byte("x"); return l }, "InvalidPart", "", nil},
		{"small", func(_ *NewObject, l []CompletedPart) []CompletedPart { return append(l[:1:1], l[2], CompletedPart{}) }, "InvalidPartOrder", "", nil},
		{"nothing", func(*NewObject, []CompletedPart) []CompletedPart { return nil }, "InvalidRequest", "", nil},
		{"size", func(n *NewObject, l []CompletedPart) []CompletedPart { n.Length = 3; return l }, "InvalidRequest",
			"The provided 'x-amz-mp-object-size' header value 3 does not match what was computed: 304", nil},
		{"guard", func(n *NewObject, l []CompletedPart) []CompletedPart { n.Guard = refuse; return l }, "PreconditionFailed", "", nil},
		{"bucket", func(n *NewObject, l []CompletedPart) []CompletedPart { n.BucketName = "absent"; return l }, "NoSuchBucket", "", nil},
		{"key", func(n *NewObject, l []CompletedPart) []CompletedPart { n.Key = "other"; return l }, "NoSuchUpload", "", []string{"UploadId", "$id"}},
		{"algorithm", func(n *NewObject, l []CompletedPart) []CompletedPart { n.Algorithm = "SHA256"; return l }, "InvalidRequest",
			"Checksum Type mismatch occurred, expected checksum Type: null, actual checksum Type: sha256", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.put("k", "before")
			id := f.upload("k")
			list := []CompletedPart{f.part("k", id, 1, big("one", 100)), f.part("k", id, 3, big("three", 200)), f.part("k", id, 5, "tail")}
			n := f.object("k")
			_, err := f.CompleteUpload(ctx(t), n, id, test.change(&n, slices.Clone(list)))
			if err == nil {
				t.Fatal("completed")
			}
			n = f.object("k")
			changed := test.change(&n, slices.Clone(list))
			_, err = f.CompleteUpload(ctx(t), n, id, changed)
			e := wantCode(t, err, test.code)
			if test.message != "" && e.Message != test.message {
				t.Errorf("message %q, want %q", e.Message, test.message)
			}
			if test.detail != nil {
				wantDetail(t, e, strings.Split(strings.ReplaceAll(strings.Join(test.detail, "|"), "$id", id), "|")...)
			}
			if f.content("k") != "before" {
				t.Error("the object was changed")
			}
			f.checkClean()
			if _, err := f.CompleteUpload(ctx(t), f.object("k"), id, list); err != nil {
				t.Errorf("the upload cannot be completed any more: %v", err)
			}
		})
	}
}

func TestEntityTooSmall(t *testing.T) {
	f := newFixture(t)
	id := f.upload("k")
	list := []CompletedPart{f.part("k", id, 1, big("one", 100)), f.part("k", id, 2, big("two", 99)), f.part("k", id, 3, "x")}
	_, err := f.CompleteUpload(ctx(t), f.object("k"), id, list)
	e := wantCode(t, err, "EntityTooSmall")
	wantDetail(t, e, "ProposedSize", "99", "MinSizeAllowed", "100", "PartNumber", "2", "ETag", fmt.Sprintf("%x", list[1].ETag))
	if want := "Your proposed upload is smaller than the minimum allowed size"; e.Message != want {
		t.Errorf("message %q, want %q", e.Message, want)
	}
	if _, err := f.CompleteUpload(ctx(t), f.object("k"), id, list[:2]); err != nil {
		t.Errorf("a small last part: %v", err)
	}
}

// checksummed begins an upload with a checksum.
func (f *fixture) checksummed(algorithm string, composite bool) string {
	f.t.Helper()
	u := &records.Upload{Key: "k", ChecksumAlgorithm: algorithm, ChecksumComposite: composite}
	if err := f.CreateUpload(ctx(f.t), f.bucket, bucketName, u); err != nil {
		f.t.Fatal(err)
	}
	return u.Id
}

func TestCompleteChecksum(t *testing.T) {
	one, two := big("one", 150), big("two", 40)
	s1, s2 := sha256.Sum256([]byte(one)), sha256.Sum256([]byte(two))
	composite := sha256.Sum256(append(s1[:], s2[:]...))
	full := crc32.ChecksumIEEE([]byte(one + two))
	for _, test := range []struct {
		algorithm string
		composite bool
		want      string
		lower     string
	}{
		{"SHA256", true, fmt.Sprintf("%x", composite), "sha256"},
		{"CRC32", false, fmt.Sprintf("%08x", full), "crc32"},
	} {
		f := newFixture(t)
		id := f.checksummed(test.algorithm, test.composite)
		var list []CompletedPart
		for i, body := range []string{one, two} {
			n := f.object("k")
			n.Algorithm = test.algorithm
			p, err := f.PutPart(ctx(t), n, id, i+1, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, CompletedPart{Number: i + 1, ETag: p.Etag, Checksum: p.Checksum.Value})
		}
		n := f.object("k")
		n.Expected = func() ([]byte, error) { return []byte("wrong"), nil }
		_, err := f.CompleteUpload(ctx(t), n, id, list)
		if e, want := wantCode(t, err, "BadDigest"), "The "+test.lower+" you specified did not match the calculated checksum."; e.Message != want {
			t.Errorf("message %q, want %q", e.Message, want)
		}
		var sum []byte
		fmt.Sscanf(test.want, "%x", &sum)
		n.Expected = func() ([]byte, error) { return sum, nil }
		n.Algorithm = test.algorithm
		o, err := f.CompleteUpload(ctx(t), n, id, list)
		if err != nil || o.Checksum.Algorithm != test.algorithm || o.Checksum.Composite != test.composite || fmt.Sprintf("%x", o.Checksum.Value) != test.want {
			t.Errorf("got %v, %v; want %s", o, err, test.want)
		}
	}
}

// TestPartChecksum wants parts to have the checksum of the upload. The wording is S3's; see errors.go.
func TestPartChecksum(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		upload    string
		composite bool
		part      string
		message   string
	}{
		{"SHA256", true, "SHA256", ""},
		{"SHA256", true, "", "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null"},
		{"SHA256", true, "CRC32", "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"},
		{"", false, "CRC32", "Checksum Type mismatch occurred, expected checksum Type: null, actual checksum Type: crc32"},
		{"CRC64NVME", false, "", ""},
		{"", false, "", ""},
	} {
		id := f.checksummed(test.upload, test.composite)
		n := f.object("k")
		n.Algorithm = test.part
		p, err := f.PutPart(ctx(t), n, id, 1, strings.NewReader("x"))
		if test.message == "" {
			if err != nil || p.GetChecksum().GetAlgorithm() != test.upload {
				t.Errorf("%+v: got %v, %v", test, p, err)
			}
			continue
		}
		if e := wantCode(t, err, "InvalidRequest"); e.Message != test.message {
			t.Errorf("message %q, want %q", e.Message, test.message)
		}
	}
	id := f.checksummed("SHA256", true)
	p, err := f.CopyPart(ctx(t), f.object("k"), id, 1, f.put("source", "x"), 0, 1)
	if err != nil || p.GetChecksum().GetAlgorithm() != "SHA256" {
		t.Errorf("a copied part: %v, %v", p, err)
	}
	_, err = f.CompleteUpload(ctx(t), f.object("k"), id, []CompletedPart{{Number: 1, ETag: p.Etag}})
	want := "The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part 1 in the request."
	if e := wantCode(t, err, "InvalidRequest"); e.Message != want {
		t.Errorf("message %q, want %q", e.Message, want)
	}
}

// TestCompleteCountsTheLastOfEqualNumbers holds that a part may be listed several times, as by a client that
// has uploaded it again.
func TestCompleteCountsTheLastOfEqualNumbers(t *testing.T) {
	f := newFixture(t)
	id := f.upload("k")
	old := f.part("k", id, 1, big("old", 100))
	list := []CompletedPart{old, f.part("k", id, 1, big("new", 100)), f.part("k", id, 2, "tail")}
	o, err := f.CompleteUpload(ctx(t), f.object("k"), id, list)
	if err != nil || o.Parts != 2 || f.content("k") != big("new", 100)+"tail" || o.Upload != id {
		t.Errorf("got %v, %v", o, err)
	}
	f.checkClean()
}
