package backup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

// reference is a blob that the metadata names.
type reference struct {
	id        [16]byte
	size      int64 // of its content, before encryption
	encrypted bool
	summed    bool   // whether sum is known
	sum       uint32 // CRC-32C of what is stored
	damaged   bool   // found to be lost or not what was written
}

// referenceSize is the size in bytes of a reference in a file: ID, size, flags, sum.
const referenceSize = 16 + 8 + 1 + 4

// Flags of a reference in a file.
const (
	flagEncrypted = 1 << iota
	flagSummed
	flagDamaged
)

func (r *reference) blob() blob.ID { return blob.ID(hex.EncodeToString(r.id[:])) }

// mayHave reports whether a blob of this reference may have so many bytes.
func (r *reference) mayHave(stored int64) bool {
	if r.encrypted {
		return sse.IsStoredSize(stored, r.size)
	}
	return stored == r.size
}

// references are the blobs that metadata names, sorted into 256 files by the first byte of their IDs: that many can be
// put in order in memory, of any number.
type references struct {
	dir   string
	files [256]*os.File
	bufs  [256]*bufio.Writer
	// count and bytes are those of all references.
	count int
	bytes int64
}

// scanReferences collects all references of s in files in the folder dir, which it makes.
func scanReferences(ctx context.Context, s State, dir string) (_ *references, err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("collect blobs: %w", err)
	}
	all := &references{dir: dir}
	defer func() { err = errors.Join(err, all.finish()) }()
	for i := range all.files {
		if all.files[i], err = os.OpenFile(filepath.Join(dir, shard(i)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
			return nil, fmt.Errorf("collect blobs: %w", err)
		}
		all.bufs[i] = bufio.NewWriterSize(all.files[i], 2<<10)
	}
	err = s.View(ctx, func(r meta.Reader) error {
		for _, naming := range keys.AllNaming() {
			if err := all.scan(ctx, r, naming); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// scan collects the references of one range of keys.
func (all *references) scan(ctx context.Context, r meta.Reader, naming keys.Naming) error {
	it := r.Scan(naming.From, naming.To)
	for n := 0; it.Next(); n++ {
		if n%1000 == 0 && ctx.Err() != nil {
			return errors.Join(ctx.Err(), it.Close())
		}
		segments, err := records.SegmentsOf(naming.Parts, it.Value())
		if err != nil {
			return errors.Join(fmt.Errorf("record %q: %w", it.Key(), err), it.Close())
		}
		for _, s := range segments {
			if err := all.add(s); err != nil {
				return errors.Join(fmt.Errorf("record %q: %w", it.Key(), err), it.Close())
			}
		}
	}
	return it.Close()
}

func (all *references) add(s *records.Segment) error {
	if err := blob.ID(s.Blob).Check(); err != nil || s.Size < 0 {
		return fmt.Errorf("a segment of %d bytes in blob %q: %w", s.Size, s.Blob, meta.ErrCorrupt)
	}
	line, _ := hex.DecodeString(s.Blob)
	shard := line[0]
	line = append(binary.BigEndian.AppendUint64(line, uint64(s.Size)), flagsOf(s))
	line = binary.BigEndian.AppendUint32(line, s.GetCrc32C())
	all.count++
	all.bytes += s.Size
	if _, err := all.bufs[shard].Write(line); err != nil {
		return fmt.Errorf("collect blobs: %w", err)
	}
	return nil
}

func flagsOf(s *records.Segment) (flags byte) {
	if len(s.Salt) > 0 {
		flags |= flagEncrypted
	}
	if s.Crc32C != nil {
		flags |= flagSummed
	}
	if s.Damaged != 0 {
		flags |= flagDamaged
	}
	return flags
}

// parseReference is the opposite of what add writes.
func parseReference(line [referenceSize]byte) reference {
	flags := line[24]
	return reference{
		id: [16]byte(line[:16]), size: int64(binary.BigEndian.Uint64(line[16:])), sum: binary.BigEndian.Uint32(line[25:]),
		encrypted: flags&flagEncrypted != 0, summed: flags&flagSummed != 0, damaged: flags&flagDamaged != 0,
	}
}

// finish writes out and closes the files.
func (all *references) finish() error {
	var errs []error
	for i, f := range all.files {
		if f != nil {
			errs = append(errs, all.bufs[i].Flush(), f.Close())
			all.files[i], all.bufs[i] = nil, nil
		}
	}
	return errors.Join(errs...)
}

// shard returns the references whose first byte is i, in order of their IDs, each once.
func (all *references) shard(i int) ([]reference, error) {
	f, err := os.Open(filepath.Join(all.dir, shard(i)))
	if err != nil {
		return nil, fmt.Errorf("read collected blobs: %w", err)
	}
	defer f.Close()
	var out []reference
	var line [referenceSize]byte
	for in := bufio.NewReader(f); ; {
		_, err := io.ReadFull(in, line[:])
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read collected blobs: %w", err)
		}
		out = append(out, parseReference(line))
	}
	byID := func(a, b reference) int { return bytes.Compare(a.id[:], b.id[:]) }
	slices.SortFunc(out, byID)
	return slices.CompactFunc(out, func(a, b reference) bool { return a.id == b.id }), nil
}
