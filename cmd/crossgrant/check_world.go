package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/accounts"
	"crossgrant/internal/admin"
	"crossgrant/internal/blob"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/bootstrap"
	"crossgrant/internal/expect"
	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/iam"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/orgs"
	"crossgrant/internal/questions"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
	"crossgrant/internal/sts"
)

// withWorld runs do with what is at path or, if that is empty, with the world that a suite names: beside its file, or in
// its archive.
func withWorld(path string, suite *expect.Suite, do func(*bootstrap.File) error) error {
	switch {
	case path == "" && suite.Archive != nil:
		return withArchive(suite, do)
	case path == "" && suite.World == "":
		return errors.New("there is none: name one in the file or with --world, or ask about a data folder with --data")
	case path == "" && filepath.IsAbs(suite.World):
		path = suite.World
	case path == "":
		path = filepath.Join(filepath.Dir(suite.File), suite.World)
	}
	file, err := bootstrap.Read(path)
	if err != nil {
		return err
	}
	return do(file)
}

// withArchive runs do with the world in an archive, which lies in a directory of its own for that time. Nothing outside
// of that is read.
func withArchive(suite *expect.Suite, do func(*bootstrap.File) error) (err error) {
	dir, err := os.MkdirTemp("", "crossgrant-check")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for name, text := range suite.Archive {
		name = filepath.FromSlash(name)
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	file, err := bootstrap.ReadFS(root.FS(), cmp.Or(suite.World, "."))
	if err != nil {
		return err
	}
	return do(file)
}

// world is accounts that are kept in memory to be asked about: what a server would make of a bootstrap file, by the same
// services.
type world struct {
	operator *admin.Local
	store    *meta.Store
	blobs    blob.Store
}

// newWorld makes what a bootstrap file says.
func newWorld(ctx context.Context, file *bootstrap.File, region string, buckets s3api.NewBuckets) (*world, error) {
	box, err := seal.New()
	if err != nil {
		return nil, err
	}
	w := &world{store: meta.New(memory.New()), blobs: blobmemory.New()}
	gate := access.New(w.store, box, sts.New(w.store, box, sts.Options{}))
	identity := iam.New(w.store, box, iam.Options{})
	keys := kms.New(w.store, box, kms.Options{Region: region, Principals: identity})
	storage := objects.New(w.store, w.blobs, objects.Options{
		Log: slog.New(slog.DiscardHandler), Keys: &sse.Keyring{Master: box, KMS: keys},
	})
	service := accounts.New(w.store, box, accounts.Options{})
	services := bootstrap.Services{
		Store: w.store, Accounts: service, IAM: identity, Objects: storage, KMS: keys,
		Organizations: orgs.New(w.store, orgs.Options{Accounts: service, Roles: identity, Principals: identity}),
		Region:        region, Ownership: buckets.Ownership, Block: buckets.Block, NoCustomerKeys: buckets.NoCustomerKeys, Now: time.Now,
	}
	if err := bootstrap.Apply(ctx, services, file, io.Discard); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.operator = &admin.Local{Questions: questions.New(gate, storage, keys, region, nil)}
	return w, nil
}

func (w *world) close() error { return errors.Join(w.blobs.Close(), w.store.Close()) }
