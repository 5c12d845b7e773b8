package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crossgrant/internal/admin"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

func TestKeysOfAFolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	const id = "01234567-89ab-4def-8123-456789abcdef"
	expect := func(status int, want string, args ...string) string {
		t.Helper()
		got, stdout, stderr := crossgrant(t, append(args, "--data", data)...)
		if got != status || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%v: status %d, %s%s", args, got, stdout, stderr)
		}
		return stdout
	}
	expect(0, "AccountId", "account", "create", "logs", "--id", "111122223333")
	expect(0, "arn:aws:kms:eu-west-1:111122223333:key/"+id, "key", "create", "--account", "logs", "--id", id, "--alias", "app", "--region", "eu-west-1")
	expect(exitFailure, "is taken", "key", "create", "--account", "logs", "--id", id)
	expect(exitUsage, "--account", "key", "create")
	expect(0, "Disabled", "key", "disable", id)
	expect(exitFailure, "is disabled", "key", "rotate", id)
	expect(0, "Enabled", "key", "enable", id)
	expect(0, "alias/app", "key", "rotate", "arn:aws:kms:eu-west-1:111122223333:key/"+id)
	expect(0, "alias/app  Enabled", "key", "list")
	var list admin.KeyList
	if err := json.Unmarshal([]byte(expect(0, "", "key", "list", "--output", "json")), &list); err != nil || len(list.Keys) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	master, err := os.ReadFile(filepath.Join(data, masterFile))
	if err != nil {
		t.Fatal(err)
	}
	expect(0, "is rotated", "key", "rotate-master")
	rotated, err := os.ReadFile(filepath.Join(data, masterFile))
	if err != nil || len(rotated) <= len(master) {
		t.Errorf("%d bytes after %d, %v", len(rotated), len(master), err)
	}
	expect(0, "Enabled", "key", "rotate", id) // what was sealed before opens
	bad := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(bad, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(exitFailure, "is not one", "key", "create", "--account", "logs", "--policy", bad)
}

// TestNothingInTheClearOnDisk holds that neither content nor a key is in the files of a data folder, once
// objects of every kind were written to it.
func TestNothingInTheClearOnDisk(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	e, err := parseEngines("pebble:", "files:")
	if err != nil {
		t.Fatal(err)
	}
	e.log = slog.New(slog.DiscardHandler)
	folder, err := openFolder(data, e, true)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := folder.check(ctx); err != nil {
		t.Fatal(err)
	}
	// What is drawn is known, so that it can be looked for.
	material := []byte("material of a KMS key of 32 bytes ")[:sse.KeySize]
	contentKey := []byte("content keys of the objects here")
	customer, ok := sse.NewCustomerKey([]byte("a key of a customer, of 32 bytes"))
	if !ok {
		t.Fatal("no key")
	}
	ring := &sse.Keyring{Master: folder.box, KMS: kms.New(folder.store, folder.box, kms.Options{Region: "us-east-1", Rand: repeat(material)}), Rand: repeat(contentKey)}
	service := objects.New(folder.store, folder.blobs, objects.Options{Keys: ring})
	id := writeOfEachKind(t, folder.store, service, ring, customer)
	if err := folder.close(); err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"content": []byte(secretContent[:24]), "content key": contentKey[:16], "KMS material": material[:16], "customer's key": []byte("a key of a customer")[:16],
	} {
		if file := findIn(t, data, secret); file != "" {
			t.Errorf("%s is in the clear in %s", name, file)
		}
	}
	if findIn(t, data, []byte("name-of-an-object")) == "" || findIn(t, data, id[:]) == "" {
		t.Error("names are not found either: the search finds nothing")
	}
}

const secretContent = "what nobody may read from the disk "

// writeOfEachKind writes small and large objects with each kind of encryption to a new bucket.
func writeOfEachKind(t *testing.T, store *meta.Store, service *objects.Service, ring *sse.Keyring, customer *sse.CustomerKey) (id keys.BucketID) {
	t.Helper()
	ctx := t.Context()
	if err := store.Update(ctx, func(tx meta.Tx) error {
		return records.Put(tx, keys.Account("111122223333"), &records.Account{Id: "111122223333"})
	}); err != nil {
		t.Fatal(err)
	}
	k, err := ring.KMS.(*kms.Service).Resolve(ctx, "111122223333", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := service.CreateBucket(ctx, objects.NewBucket{Name: "walnut", Account: "111122223333", Region: "us-east-1"}); err != nil {
		t.Fatal(err)
	}
	if err := store.View(ctx, func(r meta.Reader) error {
		var b records.Bucket
		err := records.Get(r, keys.Bucket("walnut"), &b)
		copy(id[:], b.Id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for i, encryption := range []*records.Encryption{
		nil, {Algorithm: sse.KMS, KmsKeyId: k.ARN()}, {Algorithm: sse.DSSE, KmsKeyId: k.ARN()}, {Algorithm: sse.AES256},
	} {
		for _, size := range []int{100, 1 << 20} {
			n := objects.NewObject{
				Bucket: id, BucketName: "walnut", Key: "name-of-an-object" + strings.Repeat("x", i) + string(rune('a'+size%7)), Length: -1,
				Object: &records.Object{Encryption: encryption},
			}
			if i == 3 {
				n.Customer = customer
			}
			if _, err := service.Put(ctx, n, strings.NewReader(strings.Repeat(secretContent, size/len(secretContent)+1)[:size])); err != nil {
				t.Fatal(err)
			}
		}
	}
	return id
}

// findIn returns a file below dir that has secret in it, or "".
func findIn(t *testing.T, dir string, secret []byte) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, secret) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// repeat is a reader that gives the same bytes again and again, in reads of their length.
type repeat []byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r[i%len(r)]
	}
	return len(p), nil
}
