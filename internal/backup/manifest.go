package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// formatVersion is that of targets and manifests. Programs refuse what is newer.
const formatVersion = 1

// ErrDamaged says that a file of a target is not what was written.
var ErrDamaged = errors.New("backup: damaged")

// Info is a snapshot as it is listed.
type Info struct {
	ID      int
	Created time.Time
	// Blobs and BlobBytes are the number of blobs and what is stored of them, in bytes.
	Blobs     int
	BlobBytes int64
	// MetadataBytes is the size of the metadata's files.
	MetadataBytes int64
	// MasterKey says that the master key is included.
	MasterKey bool
}

// manifest is what a snapshot consists of.
type manifest struct {
	Format  int
	ID      int
	Created time.Time
	// Folder is the data folder.
	Folder string
	// KeyCheck is sealed under the master key that was in use, with keyCheck as plaintext and context: a master key that
	// opens it opens everything.
	KeyCheck []byte
	// MasterKey is the master key's file; absent if it is not included.
	MasterKey *file `json:",omitempty"`
	Blobs     blobsFile
	Metadata  []file
}

// keyCheck is what KeyCheck seals.
const keyCheck = "backup-master-key-check"

// file is a file of a snapshot.
type file struct {
	Name   string
	Size   int64
	SHA256 string
	// Modified is the time of modification of what was copied, in nanoseconds since 1970.
	Modified int64 `json:",omitempty"`
}

// blobsFile describes the list of blobs.
type blobsFile struct {
	Count  int
	Bytes  int64  // stored
	SHA256 string // of the list
}

// info returns the snapshot as it is listed.
func (m *manifest) info() Info {
	i := Info{ID: m.ID, Created: m.Created, Blobs: m.Blobs.Count, BlobBytes: m.Blobs.Bytes, MasterKey: m.MasterKey != nil}
	for _, f := range m.Metadata {
		i.MetadataBytes += f.Size
	}
	return i
}

// sealed is a JSON value with its checksum.
type sealed struct {
	SHA256 string // of Value, byte by byte
	Value  json.RawMessage
}

// encode returns value with its checksum.
func encode(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	text, err = json.Marshal(sealed{hex.EncodeToString(sum[:]), text})
	return append(text, '\n'), err
}

// decode reads what encode returned. An error wraps ErrDamaged.
func decode(text []byte, value any) error {
	var s sealed
	if err := strict(text, &s); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if sum := sha256.Sum256(s.Value); hex.EncodeToString(sum[:]) != s.SHA256 {
		return fmt.Errorf("%w: its checksum is not that of its content", ErrDamaged)
	}
	// JSON that says the same may be written in several ways; this was written in one.
	if again, err := json.Marshal(s); err != nil || string(again)+"\n" != string(text) {
		return fmt.Errorf("%w: it is not as it was written", ErrDamaged)
	}
	var versioned struct{ Format int }
	if err := json.Unmarshal(s.Value, &versioned); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if versioned.Format != formatVersion {
		return fmt.Errorf("it has format %d and this program reads %d: use another crossgrant", versioned.Format, formatVersion)
	}
	if err := strict(s.Value, value); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// strict decodes one JSON value without unknown fields.
func strict(text []byte, value any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(value); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more than one value")
	}
	return nil
}

// readManifest reads the manifest of a snapshot, and checks what becomes part of a path.
func (t *target) readManifest(id int) (*manifest, error) {
	path := filepath.Join(t.snapshot(id), manifestName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m := new(manifest)
	if err := decode(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if m.ID != id {
		return nil, fmt.Errorf("%s: %w: it is that of snapshot %d", path, ErrDamaged, m.ID)
	}
	for _, f := range m.Metadata {
		if f.Name == "" || f.Name != filepath.Base(f.Name) || strings.HasPrefix(f.Name, ".") || !isSum(f.SHA256) || f.Size < 0 {
			return nil, fmt.Errorf("%s: %w: file %q", path, ErrDamaged, f.Name)
		}
	}
	return m, nil
}

// isSum reports whether s is a SHA-256 in lower-case hexadecimal digits.
func isSum(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
