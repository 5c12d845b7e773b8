package objects

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"strings"

	"crossgrant/internal/checksum"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// CompletedPart is one line of CompleteMultipartUpload.
type CompletedPart struct {
	Number   int
	ETag     []byte // MD5, 16 bytes
	Checksum []byte // nil if none was sent
}

// CompleteUpload makes one object of the listed parts, in one transaction that moves no bytes, and
// returns its record. The parts that are not listed are freed.
//
// Errors, nothing being changed: NoSuchBucket; NoSuchUpload, also for an upload that was completed (the object
// tells which upload it was); the error of n.Guard; InvalidPartOrder if a number is less than the one before;
// InvalidPart for a part that was not uploaded or has another ETag or checksum; EntityTooSmall for one
// that is smaller than S3 allows and not the last; InvalidRequest if a composite checksum was asked for
// and a part has none in the list; BadDigest if n.Expected returns another checksum than that of the
// object (for a composite one without its "-N"); InvalidRequest if n.Length is not -1 and not the size.
//
// Where n.Object is nil, owner, metadata, ACL and tags are those of the upload. Modified is when the upload
// was created: "the object creation date is the date of initiation of the multipart upload". n.ContentMD5
// is not used; n.Algorithm, if not empty, must be the upload's.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html (Last-Modified)
func (s *Service) CompleteUpload(ctx context.Context, n NewObject, upload string, parts []CompletedPart) (*records.Object, error) {
	if err := checkKey(n.Key); err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, invalidRequest("You must specify at least one part")
	}
	var expected []byte
	if n.Expected != nil {
		var err error
		if expected, err = n.Expected(); err != nil {
			return nil, err
		}
	}
	var o *records.Object
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		h, err := readHead(tx, n.Bucket, n.BucketName, n.Key)
		if err != nil {
			return err
		}
		u, err := readUpload(tx, n.Bucket, n.Key, upload)
		if err != nil {
			return err
		}
		if err := n.judge(h.current); err != nil {
			return err
		}
		stored, err := readParts(tx, upload)
		if err != nil {
			return err
		}
		chosen, rest, err := s.choose(u, stored, parts)
		if err != nil {
			return err
		}
		if o, err = assemble(u, chosen, &n, expected); err != nil {
			return err
		}
		if err := s.setApart(o); err != nil {
			return err
		}
		for _, p := range rest {
			if err := releaseBlobs(tx, p.Segments); err != nil {
				return err
			}
		}
		if err := forgetUpload(tx, n.Bucket, n.Key, upload, stored); err != nil {
			return err
		}
		_, err = s.write(tx, h, o, n.Origin)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.sweeper.wake()
	return o, nil
}

// choose returns the stored parts that are listed, in order, and those that are not.
func (s *Service) choose(u *records.Upload, stored []*records.Part, listed []CompletedPart) (chosen, rest []*records.Part, err error) {
	if listed, err = inOrder(u, listed); err != nil {
		return nil, nil, err
	}
	for _, want := range listed {
		for len(stored) > 0 && int(stored[0].Number) < want.Number {
			rest = append(rest, stored[0])
			stored = stored[1:]
		}
		if len(stored) == 0 || !matches(stored[0], want) {
			return nil, nil, invalidPart(u.Id, want)
		}
		chosen = append(chosen, stored[0])
		stored = stored[1:]
	}
	for i, want := range listed {
		if i < len(listed)-1 && chosen[i].Size < s.opts.MinPart {
			return nil, nil, partTooSmall(chosen[i].Size, s.opts.MinPart, want)
		}
		if u.ChecksumComposite && want.Checksum == nil {
			return nil, nil, checksumMissing(u.ChecksumAlgorithm, want.Number)
		}
	}
	return chosen, append(rest, stored...), nil
}

// inOrder returns the list of parts if their numbers ascend. Of several lines with one number, as a client
// writes that has uploaded a part again, the last counts.
//
// Source: https://github.com/ceph/s3-tests (test_multipart_resend_first_finishes_last)
func inOrder(u *records.Upload, listed []CompletedPart) ([]CompletedPart, error) {
	var out []CompletedPart
	for _, p := range listed {
		last := len(out) - 1
		switch {
		case last < 0 || p.Number > out[last].Number:
			out = append(out, p)
		case p.Number == out[last].Number:
			out[last] = p
		default:
			return nil, invalidPartOrder(u.Id)
		}
	}
	return out, nil
}

// matches reports whether p is the part that is listed as want.
func matches(p *records.Part, want CompletedPart) bool {
	return int(p.Number) == want.Number && bytes.Equal(p.Etag, want.ETag) &&
		(want.Checksum == nil || bytes.Equal(p.GetChecksum().GetValue(), want.Checksum))
}

// assemble returns the record of the object that consists of parts, and verifies it.
func assemble(u *records.Upload, parts []*records.Part, n *NewObject, expected []byte) (*records.Object, error) {
	o := objectOf(u, n)
	sums := md5.New()
	for i, p := range parts {
		if len(p.Inline) > 0 && i < len(parts)-1 {
			return nil, fmt.Errorf("part %d of upload %s is inline and not the last: %w", p.Number, u.Id, meta.ErrCorrupt)
		}
		sums.Write(p.Etag)
		o.Size += p.Size
		o.PartSizes = append(o.PartSizes, p.Size)
		if u.ChecksumAlgorithm != "" {
			o.PartChecksums = append(o.PartChecksums, p.Checksum)
		}
		o.Segments = append(o.Segments, p.Segments...)
		o.Inline = p.Inline
	}
	o.Encryption = encryptionOf(u, parts[len(parts)-1])
	o.Etag, o.Parts = sums.Sum(nil), int32(len(parts))
	if n.Length >= 0 && n.Length != o.Size {
		return nil, wrongUploadSize(n.Length, o.Size)
	}
	if n.Algorithm != "" && n.Algorithm != u.ChecksumAlgorithm {
		return nil, checksumType(u.ChecksumAlgorithm, n.Algorithm)
	}
	if u.ChecksumAlgorithm == "" {
		return o, nil
	}
	var err error
	if o.Checksum, err = combine(u, parts); err != nil {
		return nil, err
	}
	if expected != nil && !bytes.Equal(expected, o.Checksum.Value) {
		return nil, badChecksum(strings.ToLower(u.ChecksumAlgorithm))
	}
	return o, nil
}

// objectOf returns the object of an upload without its content.
func objectOf(u *records.Upload, n *NewObject) *records.Object {
	o := clone(n.Object)
	if n.Object == nil {
		o.Owner, o.OwnerAccount = u.Owner, u.OwnerAccount
		o.Metadata, o.Acl, o.Tags = u.Metadata, u.Acl, u.Tags
		o.WrittenUnderEnforced = u.WrittenUnderEnforced
		o.StorageClass, o.Encryption = u.StorageClass, u.Encryption
		o.Retention, o.LegalHold, o.LegalHoldSet = u.Retention, u.LegalHold, u.LegalHoldSet
	}
	o.Size, o.PartSizes, o.Segments, o.Inline, o.Checksum = 0, nil, nil, nil, nil
	o.Modified, o.Upload = u.Created, u.Id
	return o
}

// combine returns the checksum of the object that consists of parts, from theirs.
func combine(u *records.Upload, parts []*records.Part) (*records.Checksum, error) {
	algorithm, err := checksum.Parse(u.ChecksumAlgorithm)
	if err != nil {
		return nil, err
	}
	of := make([]checksum.Part, len(parts))
	for i, p := range parts {
		of[i] = checksum.Part{Digest: p.GetChecksum().GetValue(), Size: p.Size}
	}
	c := &records.Checksum{Algorithm: string(algorithm), Composite: u.ChecksumComposite}
	if !u.ChecksumComposite {
		c.Value, err = algorithm.FullObjectOf(of)
		return c, err
	}
	value, err := algorithm.CompositeOf(of)
	if err != nil {
		return nil, err
	}
	c.Value, _, err = algorithm.DecodeComposite(value)
	return c, err
}
