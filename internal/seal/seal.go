// Package seal encrypts the program's secrets (secret access keys, session tokens) under a master
// key, so that the metadata store holds none in the clear.
//
// The master key is a Tink AES-256-GCM keyset in a file that only its owner can read. A keyset can
// hold several keys: Rotate adds one that seals from then on, and what the earlier ones sealed opens as
// before. Every sealed value is bound to a context (associated data): a value sealed for one access key does not open for
// another.
package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"crossgrant/internal/durable"
)

// ErrOpen says that a value was not sealed by this box for this context, or was changed since.
var ErrOpen = errors.New("seal: value cannot be opened")

// Box seals and opens values. It is safe for concurrent use.
type Box struct {
	current atomic.Pointer[tink.AEAD]

	mu     sync.Mutex     // one Rotate at a time
	handle *keyset.Handle // behind current
	path   string         // of the file with the keyset; empty if it is kept nowhere
}

// New returns a box with a fresh key that is kept nowhere.
func New() (*Box, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	return fromHandle(handle, "")
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
	b, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read master key %s: %w", path, err)
	}
	b.path = path
	return b, nil
}

// Parse returns the box of the master key whose file has the content text. It is kept nowhere.
func Parse(text []byte) (*Box, error) {
	text, ok := unsummed(text)
	if !ok {
		return nil, errors.New("it is damaged: restore it from a backup")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("it is not a keyset: %w", err)
	}
	return fromHandle(handle, "")
}

// Seal encrypts plaintext for context.
func (b *Box) Seal(plaintext, context []byte) ([]byte, error) {
	sealed, err := (*b.current.Load()).Encrypt(plaintext, context)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal returned for the same context. The error is ErrOpen, without a cause: why
// a value does not open tells an attacker something and nobody else anything.
func (b *Box) Open(sealed, context []byte) ([]byte, error) {
	plaintext, err := (*b.current.Load()).Decrypt(sealed, context)
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// Rotate makes a new key, with which everything is sealed from then on; the earlier keys stay, so that what
// they sealed opens. The box seals with the new key only once the file that the box was loaded from holds it,
// durably; if Rotate fails, the box is as it was. A backup of the file that is older than that does not open
// what is sealed afterwards.
func (b *Box) Rotate() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	handle, err := withNewKey(b.handle)
	if err != nil {
		return fmt.Errorf("rotate master key: %w", err)
	}
	if b.path != "" {
		if err := writeKeyset(b.path, handle); err != nil {
			return err
		}
	}
	return b.use(handle)
}

// withNewKey returns the keyset with one more key, which is its primary one.
func withNewKey(handle *keyset.Handle) (*keyset.Handle, error) {
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	return manager.Handle()
}

func fromHandle(handle *keyset.Handle, path string) (*Box, error) {
	b := &Box{path: path}
	return b, b.use(handle)
}

// use makes the box seal and open with the keyset.
func (b *Box) use(handle *keyset.Handle) error {
	primitive, err := aead.New(handle)
	if err != nil {
		return fmt.Errorf("use master key: %w", err)
	}
	b.handle = handle
	b.current.Store(&primitive)
	return nil
}

// create writes a new keyset to path.
func create(path string) (*Box, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make master key: %w", err)
	}
	if err := writeKeyset(path, handle); err != nil {
		return nil, err
	}
	return fromHandle(handle, path)
}

// writeKeyset writes a keyset to path by way of a temporary file, so that a crash leaves what was there or
// the whole of it: half a key would make every sealed value unreadable.
func writeKeyset(path string, handle *keyset.Handle) error {
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return fmt.Errorf("write master key: %w", err)
	}
	if err := durable.WriteFile(path, summed(text.Bytes())); err != nil {
		return fmt.Errorf("write master key: %w", err)
	}
	return nil
}
