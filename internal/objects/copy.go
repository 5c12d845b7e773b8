package objects

import (
	"context"
	"errors"
	"io"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/blob"
	"crossgrant/internal/records"
)

// Copy stores the bytes of src as a new object, as Put does: MD5 and size are those of the bytes, even
// if src was uploaded in parts. n.Length and n.ContentMD5 are ignored. If n.Algorithm is empty it is
// that of src's checksum, as S3 keeps it. InvalidRequest if src is larger than one copy may be.
//
// Where the blob store can link, no bytes are moved, and none are read unless a digest has to be made of them.
//
// An error that wraps blob.ErrNotFound means that src was replaced meanwhile: read it again.
func (s *Service) Copy(ctx context.Context, n NewObject, src Source) (*records.Object, error) {
	if err := checkKey(n.Key); err != nil {
		return nil, err
	}
	if src.Object.Size > s.opts.MaxObject {
		return nil, copySourceTooLarge(s.opts.MaxObject)
	}
	if n.Algorithm == "" {
		n.Algorithm = src.Object.GetChecksum().GetAlgorithm()
	}
	n.Length, n.ContentMD5 = src.Object.Size, nil
	o, err := s.copyLinked(ctx, &n, src)
	if o != nil || err != nil && !errors.Is(err, blob.ErrNoLink) {
		return o, err
	}
	body, err := s.Open(ctx, src, 0, src.Object.Size)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return s.Put(ctx, n, body)
}

// copyLinked is Copy without moving bytes. It returns nil, and no error or one that wraps blob.ErrNoLink, if
// they have to be moved: because they are inline, which is as cheap, or cannot be shared.
func (s *Service) copyLinked(ctx context.Context, n *NewObject, src Source) (*records.Object, error) {
	linker, ok := s.blobs.(blob.Linker)
	if !ok || len(src.Object.Segments) == 0 {
		return nil, nil
	}
	encryption, err := s.takeOver(ctx, n, &src)
	if encryption == nil || err != nil {
		return nil, err
	}
	o := clone(n.Object)
	o.Size, o.Inline, o.Encryption = src.Object.Size, src.Object.Inline, encryption
	o.Parts, o.PartSizes, o.Upload = 0, nil, ""
	if err := s.digest(ctx, n, src, o); err != nil {
		return nil, err
	}
	l, err := s.link(ctx, linker, src.Object.Segments)
	if err != nil {
		return nil, err
	}
	o.Segments, o.Modified = l.segments, s.opts.Now().UnixNano()
	if err := s.setApart(o); err != nil {
		l.discard()
		return nil, err
	}
	if err := s.keep(ctx, n, o, l); err != nil {
		l.discard()
		return nil, err
	}
	return o, nil
}

// digest sets the entity tag and the checksum of o, a copy of src. Where they are not those of src, which they
// are not if that was uploaded in parts, the bytes are read.
func (s *Service) digest(ctx context.Context, n *NewObject, src Source, o *records.Object) (err error) {
	from := src.Object
	tagKnown := !tagIsMD5(o.Encryption) || tagIsMD5(from.Encryption) && from.Parts == 0
	sumKnown := n.Algorithm == "" || from.Checksum != nil && from.Checksum.Algorithm == n.Algorithm && !from.Checksum.Composite
	md5 := from.Etag
	if n.Algorithm != "" {
		o.Checksum = proto.CloneOf(from.Checksum)
	}
	if !tagKnown || !sumKnown {
		var sum []byte
		if sum, o.Checksum, err = s.readDigests(ctx, n, src, !tagKnown); err != nil {
			return err
		}
		if !tagKnown {
			md5 = sum
		}
	}
	o.Etag, err = s.etag(o.Encryption, md5)
	return err
}

// readDigests reads all bytes of src and returns their checksum, and their MD5 if that is asked for.
func (s *Service) readDigests(ctx context.Context, n *NewObject, src Source, withMD5 bool) ([]byte, *records.Checksum, error) {
	sums, err := s.newDigests(n.Algorithm, withMD5)
	if err != nil {
		return nil, nil, err
	}
	body, err := s.Open(ctx, src, 0, src.Object.Size)
	if err != nil {
		return nil, nil, err
	}
	defer body.Close()
	chunks := s.chunks.Get().(*chunkPair)
	defer s.chunks.Put(chunks)
	defer sums.wait() // before the chunks are used for another body
	for i := 0; ; i ^= 1 {
		count, err := fill(body, chunks[i])
		if err != nil && err != io.EOF {
			return nil, nil, err
		}
		sums.wait()
		sums.begin(chunks[i][:count])
		if err == io.EOF {
			break
		}
	}
	none := *n
	none.Expected = nil
	return sums.verify(&none)
}

// links are blobs that were made of the bytes of others.
type links struct {
	unnamed
	segments []*records.Segment
}

// link makes a blob of the bytes of each segment.
func (s *Service) link(ctx context.Context, linker blob.Linker, segments []*records.Segment) (*links, error) {
	l := &links{unnamed: s.unnamed(ctx)}
	for _, segment := range segments {
		id := blob.NewID()
		var err error
		if segment.Damaged != 0 {
			err = damaged(segment)
		} else {
			err = linker.Link(ctx, blob.ID(segment.Blob), id)
		}
		if err != nil {
			l.discard()
			return nil, err
		}
		l.ids = append(l.ids, id)
		linked := proto.CloneOf(segment)
		linked.Blob = string(id)
		l.segments = append(l.segments, linked)
	}
	return l, nil
}
