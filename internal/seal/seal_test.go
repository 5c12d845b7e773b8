package seal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestSealBindsValueToContext(t *testing.T) {
	t.Parallel()
	box, err := New()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal([]byte("secret"), []byte("AKIA1"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("secret")) {
		t.Error("the sealed value holds the plaintext")
	}
	if got, err := box.Open(sealed, []byte("AKIA1")); err != nil || string(got) != "secret" {
		t.Errorf("Open = %q, %v, want the plaintext", got, err)
	}
	if _, err := box.Open(sealed, []byte("AKIA2")); err != ErrOpen {
		t.Errorf("Open for another context: %v, want ErrOpen", err)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := box.Open(sealed, []byte("AKIA1")); err != ErrOpen {
		t.Errorf("Open of a changed value: %v, want ErrOpen", err)
	}
}

func TestLoadKeepsTheKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.json")
	first, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := first.Seal([]byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Open(sealed, nil); err != nil || string(got) != "secret" {
		t.Errorf("Open after a second Load = %q, %v", got, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode of the key file = %o, want 600", mode)
	}
}

func TestLoadRefusesADamagedKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("Load accepted a damaged key file; it must never make a new key over an old one")
	}
}
