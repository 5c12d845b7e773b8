// Package seal encrypts the program's secrets (secret access keys, session tokens) under a master
// key, so that the metadata store holds none in the clear.
//
// The master key is a Tink AES-256-GCM keyset in a file that only its owner can read. A keyset can
// hold several keys, so that it can be rotated without sealing everything again. Every sealed value
// is bound to a context (associated data): a value sealed for one access key does not open for
// another.
package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"crossgrant/internal/durable"
)

// ErrOpen says that a value was not sealed by this box for this context, or was changed since.
var ErrOpen = errors.New("seal: value cannot be opened")

// Box seals and opens values. It is safe for concurrent use.
type Box struct{ aead tink.AEAD }

// New returns a box with a fresh key that is kept nowhere.
func New() (*Box, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	return fromHandle(handle)
}

// Load returns the box of the master key in the file path, which it makes, with mode 0600, if there
// is none. The file is durable when Load returns.
func Load(path string) (*Box, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("read master key %s: it is not a keyset: %w", path, err)
	}
	return fromHandle(handle)
}

// Seal encrypts plaintext for context.
func (b *Box) Seal(plaintext, context []byte) ([]byte, error) {
	sealed, err := b.aead.Encrypt(plaintext, context)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal returned for the same context. The error is ErrOpen, without a cause: why
// a value does not open tells an attacker something and nobody else anything.
func (b *Box) Open(sealed, context []byte) ([]byte, error) {
	plaintext, err := b.aead.Decrypt(sealed, context)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

func fromHandle(handle *keyset.Handle) (*Box, error) {
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use master key: %w", err)
	}
	return &Box{primitive}, nil
}

// create writes a new keyset to path by way of a temporary file, so that a crash leaves either no
// key or a whole one: half a key would make every sealed value unreadable.
func create(path string) (*Box, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return nil, fmt.Errorf("write master key: %w", err)
	}
	if err := writeDurably(path, text.Bytes()); err != nil {
		return nil, fmt.Errorf("write master key: %w", err)
	}
	return fromHandle(handle)
}

// writeDurably makes the file path hold text, mode 0600, and its directory entry durable.
func writeDurably(path string, text []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return durable.SyncDir(dir)
}
