package seal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// TestEveryByteOfTheFile holds that no byte of the file can be changed without being found.
func TestEveryByteOfTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.json")
	box, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Rotate(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for _, flip := range []byte{1, 0x20, 0x80} {
			text[i] ^= flip
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(path); err == nil {
				t.Errorf("byte %d with %02x flipped is not found", i, flip)
			}
			text[i] ^= flip
		}
	}
}

// TestLoadReadsAFileWithoutAChecksum holds that the files of earlier programs are read.
func TestLoadReadsAFileWithoutAChecksum(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.json")
	box, err := New()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := insecurecleartextkeyset.Write(box.handle, keyset.NewJSONWriter(f)); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Error(err)
	}
}
