package access

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/records"
	"crossgrant/internal/seal"
	"crossgrant/internal/sts"

	"google.golang.org/protobuf/proto"
)

const (
	accountID ids.AccountID   = "111111111111"
	keyID     ids.AccessKeyID = "AKIAEXAMPLEUSER00000"
)

// counting is an engine that counts reads.
type counting struct {
	meta.Engine
	views atomic.Int64
}

func (c *counting) View(ctx context.Context, fn func(meta.Reader) error) error {
	c.views.Add(1)
	return c.Engine.View(ctx, fn)
}

// fixture is an account with user ann in group devs, and a bucket of the account.
type fixture struct {
	testing.TB
	engine *counting
	store  *meta.Store
	writes *meta.Store // what put writes to: another server's, if the engine is shared
	access *Access
	box    *seal.Box
	sts    *sts.Service
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	engine := &counting{Engine: memory.New()}
	f := &fixture{TB: t, engine: engine, store: meta.New(engine), box: box}
	f.writes = f.store
	return f.fill()
}

// fill makes what a fixture has.
func (f *fixture) fill() *fixture {
	f.Helper()
	box, t := f.box, f.TB
	f.sts = sts.New(f.store, box, sts.Options{})
	f.access = New(f.store, box, f.sts)
	t.Cleanup(func() { f.store.Close() })
	sealed, err := box.Seal([]byte("secret"), []byte(keyID))
	if err != nil {
		t.Fatal(err)
	}
	f.put(keys.Account(accountID), &records.Account{Id: string(accountID), CanonicalId: "aa", Name: "A"})
	f.put(keys.AccessKey(keyID), &records.AccessKey{Id: string(keyID), Account: string(accountID), UserName: "ann", UserId: "AIDAANN", SealedSecret: sealed})
	f.put(keys.Entity(accountID, keys.UserKind, "ann"), &records.User{Name: "ann", Id: "AIDAANN", Path: "/", Groups: []string{"devs"}})
	f.put(keys.Entity(accountID, keys.GroupKind, "devs"), &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/", Attached: []string{"arn:aws:iam::aws:policy/AmazonS3FullAccess"}})
	f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa"})
	return f
}

func (f *fixture) put(key []byte, m proto.Message) {
	f.Helper()
	if err := f.writes.Update(f.Context(), func(tx meta.Tx) error { return records.Put(tx, key, m) }); err != nil {
		f.Fatal(err)
	}
}

// ask is one request of ann: who is it, which bucket is it, may it put an object.
func (f *fixture) ask() (authz.Explanation, error) {
	ctx, err := f.access.Ahead(f.Context(), func() Subject { return Subject{AccessKeyID: keyID, Bucket: "b"} })
	if err != nil {
		return authz.Explanation{}, err
	}
	caller, err := f.access.Caller(ctx, keyID, "", time.Unix(0, 0))
	if err != nil {
		return authz.Explanation{}, err
	}
	bucket, err := f.access.Bucket(ctx, "b")
	if err != nil {
		return authz.Explanation{}, err
	}
	check := &Check{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Bucket: bucket}
	request := caller.Context()
	return f.access.Authorize(ctx, caller, check, &request)
}

func (f *fixture) mustAllow(want bool) {
	f.Helper()
	d, err := f.ask()
	if err != nil {
		f.Fatal(err)
	}
	if d.Allowed() != want {
		f.Fatalf("allowed = %v, want %v; decided by %+v", d.Allowed(), want, d.By)
	}
}

// TestWarmDecisionReadsNoStorage is what the request path is built on: once caller and bucket are
// known, authorization costs no read.
func TestWarmDecisionReadsNoStorage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.mustAllow(true)
	before := f.engine.views.Load()
	for range 100 {
		f.mustAllow(true)
	}
	if reads := f.engine.views.Load() - before; reads != 0 {
		t.Errorf("100 warm decisions read the store %d times", reads)
	}
}

// TestNextRequestSeesAChange takes access away in every way that a record allows, and gives it back.
func TestNextRequestSeesAChange(t *testing.T) {
	t.Parallel()
	testNextRequestSeesAChange(t, newFixture(t))
}

func testNextRequestSeesAChange(t *testing.T, f *fixture) {
	user := &records.User{Name: "ann", Id: "AIDAANN", Path: "/", Groups: []string{"devs"}}
	group := &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/", Attached: []string{"arn:aws:iam::aws:policy/AmazonS3FullAccess"}}
	f.mustAllow(true)

	f.put(keys.Entity(accountID, keys.GroupKind, "devs"), &records.Group{Name: "devs", Id: "AGPADEVS", Path: "/"})
	f.mustAllow(false)
	f.put(keys.Entity(accountID, keys.GroupKind, "devs"), group)
	f.mustAllow(true)

	f.put(keys.Entity(accountID, keys.UserKind, "ann"), &records.User{Name: "ann", Id: "AIDAANN", Path: "/"})
	f.mustAllow(false)
	f.put(keys.Entity(accountID, keys.UserKind, "ann"), user)
	f.mustAllow(true)

	deny := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}}`
	f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa", Policy: deny})
	f.mustAllow(false)
	f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa"})
	f.mustAllow(true)

	f.put(keys.Account(accountID), &records.Account{Id: string(accountID), CanonicalId: "aa", Name: "A", Closed: 1})
	if _, err := f.ask(); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a principal of a closed account: %v, want ErrUnknownKey", err)
	}
	if _, err := f.access.Bucket(t.Context(), "b"); !apierr.Is(err, "AllAccessDisabled") {
		t.Errorf("a bucket of a closed account: %v, want AllAccessDisabled", err)
	}
}

// TestUnreadablePoliciesDeny holds that what cannot be read is not taken for what is not there.
func TestUnreadablePoliciesDeny(t *testing.T) {
	t.Parallel()
	for name, attached := range map[string]string{
		"a policy that is gone":       "arn:aws:iam::111111111111:policy/gone",
		"another account's policy":    "arn:aws:iam::222222222222:policy/p",
		"an AWS policy not shipped":   "arn:aws:iam::aws:policy/Nothing",
		"something that is no policy": "nonsense",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.put(keys.Entity(accountID, keys.UserKind, "ann"), &records.User{
				Name: "ann", Id: "AIDAANN", Path: "/", Attached: []string{"arn:aws:iam::aws:policy/AdministratorAccess", attached},
			})
			f.mustAllow(false)
		})
	}
	t.Run("an inline policy that is no JSON", func(t *testing.T) {
		f := newFixture(t)
		f.put(keys.Entity(accountID, keys.UserKind, "ann"), &records.User{
			Name: "ann", Id: "AIDAANN", Path: "/", Attached: []string{"arn:aws:iam::aws:policy/AdministratorAccess"}, Inline: map[string]string{"p": "{"},
		})
		f.mustAllow(false)
	})
	t.Run("a bucket policy that is no JSON", func(t *testing.T) {
		f := newFixture(t)
		f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa", Policy: "{"})
		f.mustAllow(false)
	})
	t.Run("a bucket whose id is damaged", func(t *testing.T) {
		f := newFixture(t)
		f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: []byte{1}, Account: string(accountID)})
		if _, err := f.ask(); !errors.Is(err, meta.ErrCorrupt) {
			t.Errorf("error %v, want ErrCorrupt", err)
		}
	})
}

// TestRecreatedUserHasNoOldKeys holds that an access key belongs to one creation of a user.
func TestRecreatedUserHasNoOldKeys(t *testing.T) {
	t.Parallel()
	testRecreatedUserHasNoOldKeys(t, newFixture(t))
}

func testRecreatedUserHasNoOldKeys(t *testing.T, f *fixture) {
	f.mustAllow(true)
	f.put(keys.Entity(accountID, keys.UserKind, "ann"), &records.User{Name: "ann", Id: "AIDAOTHER", Path: "/", Groups: []string{"devs"}})
	if _, err := f.ask(); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("error %v, want ErrUnknownKey", err)
	}
}

// TestAccountBlockCounts holds that of the settings of a bucket and those of its account the stricter one
// counts, as soon as it is set.
func TestAccountBlockCounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	own := &records.Bucket{Name: "b", Id: make([]byte, 8), Account: string(accountID), CanonicalId: "aa", PublicAccessBlock: &records.PublicAccessBlock{IgnorePublicAcls: true}}
	f.put(keys.Bucket("b"), own)
	for _, c := range []struct {
		account *records.PublicAccessBlock
		want    authz.PublicAccessBlock
	}{
		{nil, authz.PublicAccessBlock{IgnorePublicAcls: true}},
		{&records.PublicAccessBlock{}, authz.PublicAccessBlock{IgnorePublicAcls: true}},
		{&records.PublicAccessBlock{BlockPublicAcls: true, BlockPublicPolicy: true}, authz.PublicAccessBlock{BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true}},
		{&records.PublicAccessBlock{RestrictPublicBuckets: true}, authz.PublicAccessBlock{IgnorePublicAcls: true, RestrictPublicBuckets: true}},
		{nil, authz.PublicAccessBlock{IgnorePublicAcls: true}},
	} {
		f.put(keys.Account(accountID), &records.Account{Id: string(accountID), CanonicalId: "aa", Name: "A", PublicAccessBlock: c.account})
		b, err := f.access.Bucket(f.Context(), "b")
		if err != nil || b.Block != c.want {
			t.Errorf("account %v: got %+v, %v, want %+v", c.account, b.Block, err, c.want)
		}
	}
}

// TestRequesterPays holds that the bucket's setting and the request's declaration reach the decision.
func TestRequesterPays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	policyText := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}}`
	f.put(keys.Account("222222222222"), &records.Account{Id: "222222222222", CanonicalId: "bb", Name: "B"})
	f.put(keys.Bucket("b"), &records.Bucket{Name: "b", Id: make([]byte, 8), Account: "222222222222", CanonicalId: "bb", Policy: policyText, RequesterPays: true})
	caller, err := f.access.Caller(f.Context(), keyID, "", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := f.access.Bucket(f.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	for _, accepts := range []bool{false, true} {
		check := &Check{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Bucket: bucket, AcceptsCharge: accepts}
		request := caller.Context()
		d, err := f.access.Authorize(f.Context(), caller, check, &request)
		if err != nil || d.Allowed() != accepts {
			t.Errorf("accepts = %v: allowed = %v by %+v, %v", accepts, d.Allowed(), d.By, err)
		}
	}
}
