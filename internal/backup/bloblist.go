package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strconv"
	"strings"

	"crossgrant/internal/blob"
)

// entry is a line of a list of blobs.
type entry struct {
	id   string
	size int64  // stored
	sum  string // SHA-256 of what is stored
}

// maxLine is more than the length of a line.
const maxLine = 128

// listWriter writes a list of blobs.
type listWriter struct {
	file *os.File
	buf  *bufio.Writer
	sum  hash.Hash
	blobsFile
}

func createList(path string) (*listWriter, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make list of blobs: %w", err)
	}
	w := &listWriter{file: f, sum: sha256.New()}
	w.buf = bufio.NewWriter(io.MultiWriter(f, w.sum))
	return w, nil
}

// add writes entries, in order, and passes them on to the system: what they name is durable.
func (w *listWriter) add(entries []entry) error {
	for _, e := range entries {
		fmt.Fprintf(w.buf, "%s %d %s\n", e.sum, e.size, e.id)
		w.Count++
		w.Bytes += e.size
	}
	return w.buf.Flush()
}

// finish makes the list durable.
func (w *listWriter) finish() error {
	if err := errors.Join(w.buf.Flush(), w.file.Sync()); err != nil {
		return fmt.Errorf("write list of blobs: %w", err)
	}
	w.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	return nil
}

// listReader reads a list of blobs.
type listReader struct {
	file  *os.File
	lines *bufio.Reader
	sum   hash.Hash
	count int
	// torn lets the list end where it is damaged: it was being written.
	torn bool
	last string
}

func openList(path string) (*listReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read list of blobs: %w", err)
	}
	return &listReader{file: f, lines: bufio.NewReader(f), sum: sha256.New()}, nil
}

func (r *listReader) close() { r.file.Close() }

// next returns the next entry; nil at the end. An error wraps ErrDamaged, or is of the file system.
func (r *listReader) next() (*entry, error) {
	line, err := r.lines.ReadSlice('\n')
	if err == io.EOF && len(line) == 0 {
		return nil, nil
	}
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("read list of blobs: %w", err)
	}
	e, ok := parseLine(string(line[:min(len(line), maxLine)]))
	switch {
	case err == nil && ok && e.id > r.last:
		r.sum.Write(line)
		r.last = e.id
		r.count++
		return e, nil
	case r.torn:
		return nil, nil
	}
	return nil, fmt.Errorf("%s: %w: line %d", r.file.Name(), ErrDamaged, r.count+1)
}

// parseLine parses a line, with its end.
func parseLine(line string) (*entry, bool) {
	fields := strings.Split(line, " ")
	if len(fields) != 3 || !strings.HasSuffix(fields[2], "\n") {
		return nil, false
	}
	size, err := strconv.ParseInt(fields[1], 10, 64)
	e := &entry{id: strings.TrimSuffix(fields[2], "\n"), size: size, sum: fields[0]}
	return e, err == nil && size >= 0 && isSum(e.sum) && blob.ID(e.id).Check() == nil
}

// checkList reads the list of a snapshot to its end and compares it with the manifest.
func (t *target) checkList(m *manifest) error {
	r, err := openList(t.list(m.ID))
	if err != nil {
		return err
	}
	defer r.close()
	var bytes int64
	for {
		e, err := r.next()
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		bytes += e.size
	}
	if sum := hex.EncodeToString(r.sum.Sum(nil)); sum != m.Blobs.SHA256 || r.count != m.Blobs.Count || bytes != m.Blobs.Bytes {
		return fmt.Errorf("%s: %w: it is not the list that the manifest describes", r.file.Name(), ErrDamaged)
	}
	return nil
}

// merge reads several lists at once.
type merge struct {
	readers []*listReader
	heads   []*entry // the next entry of each; nil at its end
}

// newMerge returns a merge that owns readers; the caller keeps them if it fails.
func newMerge(readers []*listReader) (*merge, error) {
	m := &merge{readers: readers, heads: make([]*entry, len(readers))}
	for i := range readers {
		if err := m.advance(i); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *merge) advance(i int) (err error) {
	m.heads[i], err = m.readers[i].next()
	return err
}

func (m *merge) close() { closeLists(m.readers) }

func closeLists(readers []*listReader) {
	for _, r := range readers {
		r.close()
	}
}

// find returns an entry of the blob id; nil if no list has one. IDs ascend from call to call.
func (m *merge) find(id string) (found *entry, err error) {
	for i := range m.heads {
		for m.heads[i] != nil && m.heads[i].id < id {
			if err := m.advance(i); err != nil {
				return nil, err
			}
		}
		if h := m.heads[i]; h != nil && h.id == id {
			found = h
		}
	}
	return found, nil
}

// next returns the entries of the next blob, with the number of the list that each is from; none at the end.
func (m *merge) next() (entries []*entry, lists []int, err error) {
	least := ""
	for _, h := range m.heads {
		if h != nil && (least == "" || h.id < least) {
			least = h.id
		}
	}
	for i, h := range m.heads {
		if h == nil || h.id != least {
			continue
		}
		entries, lists = append(entries, h), append(lists, i)
		if err := m.advance(i); err != nil {
			return nil, nil, err
		}
	}
	return entries, lists, nil
}
