package disk

import (
	"fmt"
	"io"

	"crossgrant/internal/blob"
)

// Section reads a range of a file, with one call as much as is asked for. A file that ends before the range does is corrupt.
type Section struct {
	File io.ReaderAt
	ID   blob.ID // that the bytes are of
	Next int64   // offset in the file
	Left int64   // bytes of the range that were not read
}

func (s *Section) Read(p []byte) (int, error) {
	if s.Left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.Left)]
	n, err := s.File.ReadAt(p, s.Next)
	s.Next += int64(n)
	s.Left -= int64(n)
	switch {
	case n == len(p):
		return n, nil // what may go wrong behind the range is of no consequence
	case err == io.EOF:
		return n, s.Short()
	default:
		return n, Translate(s.ID, err)
	}
}

// Short is the error of a file that ended.
func (s *Section) Short() error {
	return fmt.Errorf("blob %s ends %d bytes early: %w", s.ID, s.Left, blob.ErrCorrupt)
}

// CheckRange returns an error unless a range lies in a blob of size bytes.
func CheckRange(id blob.ID, size, offset, length int64) error {
	if offset < 0 || length < 0 || offset > size-length {
		return fmt.Errorf("blob %s has %d bytes, not %d from %d: %w", id, size, length, offset, blob.ErrCorrupt)
	}
	return nil
}
