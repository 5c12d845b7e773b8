package main

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sts"
)

// counting counts the reads that follow each other: each is a round trip on an engine that is far away.
type counting struct {
	meta.Engine
	reads int
}

func (c *counting) View(ctx context.Context, fn func(meta.Reader) error) error {
	return c.Engine.View(ctx, func(r meta.Reader) error { return fn(reader{r, c}) })
}

type reader struct {
	meta.Reader
	counted *counting
}

func (r reader) Get(key []byte) ([]byte, error) {
	r.counted.reads++
	return r.Reader.Get(key)
}

func (r reader) GetMany(keys [][]byte) ([][]byte, error) {
	r.counted.reads++
	return r.Reader.GetMany(keys)
}

func (r reader) Scan(from, to []byte) meta.Iterator {
	r.counted.reads++
	return r.Reader.Scan(from, to)
}

// TestMisses counts how often the store is read for a caller with one managed policy of its account, and for a bucket of
// that account, if nothing is cached. The model takes no fewer round trips, so that it promises too little rather than too
// much.
func TestMisses(t *testing.T) {
	const account, key = ids.AccountID("111111111111"), ids.AccessKeyID("AKIAIOSFODNN7EXAMPLE")
	ctx := context.Background()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal([]byte("secret"), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	engine := &counting{Engine: memory.New()}
	store := meta.New(engine)
	t.Cleanup(func() { store.Close() })
	put := func(at []byte, m proto.Message) {
		t.Helper()
		if err := store.Update(ctx, func(tx meta.Tx) error { return records.Put(tx, at, m) }); err != nil {
			t.Fatal(err)
		}
	}
	put(keys.Account(account), &records.Account{Id: string(account), CanonicalId: "aa", Name: "A"})
	put(keys.AccessKey(key), &records.AccessKey{Id: string(key), Account: string(account), UserName: "ann", UserId: "AIDAANN", SealedSecret: sealed})
	put(keys.Entity(account, keys.UserKind, "ann"), &records.User{
		Name: "ann", Id: "AIDAANN", Path: "/", Attached: []string{"arn:aws:iam::111111111111:policy/p"},
	})
	put(keys.Entity(account, keys.PolicyKind, "p"), &records.ManagedPolicy{
		Name: "p", Path: "/", DefaultVersion: "v1", Versions: []*records.PolicyVersion{{Id: "v1", Document: `{"Version":"2012-10-17","Statement":[]}`}},
	})
	put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(account), CanonicalId: "aa"})

	a := access.New(store, box, sts.New(store, box, sts.Options{}))
	if _, err := a.Caller(ctx, key, "", time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if engine.reads == 0 || engine.reads > callerTrips {
		t.Errorf("a caller takes %d reads, the model has %d", engine.reads, callerTrips)
	}
	a, engine.reads = access.New(store, box, sts.New(store, box, sts.Options{})), 0
	if _, err := a.Bucket(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	if engine.reads == 0 || engine.reads > bucketTrips {
		t.Errorf("a bucket takes %d reads, the model has %d", engine.reads, bucketTrips)
	}
}
