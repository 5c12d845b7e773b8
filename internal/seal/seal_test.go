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

func TestRotateKeepsEarlierKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.json")
	box, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	old, err := Load(path) // as a backup of the file
	if err != nil {
		t.Fatal(err)
	}
	var sealed [][]byte
	for range 3 {
		s, err := box.Seal([]byte("secret"), []byte("here"))
		if err != nil {
			t.Fatal(err)
		}
		sealed = append(sealed, s)
		if err := box.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range sealed {
		for name, b := range map[string]*Box{"rotated": box, "loaded": again} {
			if got, err := b.Open(s, []byte("here")); err != nil || string(got) != "secret" {
				t.Errorf("%s box opens value %d: %q, %v", name, i, got, err)
			}
		}
		if _, err := old.Open(s, []byte("here")); (err == nil) != (i == 0) {
			t.Errorf("the box from before the rotations opens value %d: %v", i, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode of the key file = %o, want 600", mode)
	}
}

// TestRotateThatFailsChangesNothing holds that nothing is sealed with a key that is not kept.
func TestRotateThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "master.json")
	box, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := box.Rotate(); err == nil {
		t.Fatal("Rotate wrote into a folder that is not there")
	}
	sealed, err := box.Seal([]byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Open(sealed, nil); err != nil {
		t.Errorf("what was sealed after a failed rotation does not open: %v", err)
	}
}

func TestRotateWhileInUse(t *testing.T) {
	t.Parallel()
	box, err := New()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			if err := box.Rotate(); err != nil {
				t.Error(err)
			}
		}
	}()
	for range 200 {
		sealed, err := box.Seal([]byte("secret"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := box.Open(sealed, nil); err != nil {
			t.Fatal(err)
		}
	}
	<-done
}
