package blob

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// NewID draws an ID at random.
func NewID() ID {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails, by its contract
	return ID(hex.EncodeToString(raw[:]))
}

// Check returns an error if id is not 32 lower-case hexadecimal digits. Engines check each ID they
// get, since an ID becomes a file name or a URL.
func (id ID) Check() error {
	if len(id) != 32 {
		return fmt.Errorf("blob: id %.40q is not 32 hexadecimal digits", string(id))
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fmt.Errorf("blob: id %q is not 32 hexadecimal digits", string(id))
		}
	}
	return nil
}

// CheckSize returns an error if a blob that was to have want bytes, -1 for any number, has another number.
func CheckSize(id ID, size, want int64) error {
	if want >= 0 && size != want {
		return fmt.Errorf("blob %s: %d bytes were written, not %d", id, size, want)
	}
	return nil
}
