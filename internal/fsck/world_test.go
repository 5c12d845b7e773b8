package fsck

import (
	"bytes"
	"context"
	"encoding/base32"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/accounts"
	"crossgrant/internal/blob"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/orgs"
	"crossgrant/internal/records"
	"crossgrant/internal/saml/samltest"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
	"crossgrant/internal/totp"
)

const (
	accountA ids.AccountID = "111111111111"
	accountB ids.AccountID = "222222222222"
	accountC ids.AccountID = "333333333333"
	allowAll               = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	denyAll                = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}`
	trustB                 = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"}}`
	s3Full                 = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
)

// world is a store with something under each shape of key, made by the services that write it.
type world struct {
	testing.TB
	ctx     context.Context
	store   *meta.Store
	blobs   *blobmemory.Store
	keyring *sse.Keyring
	objects *objects.Service
	kms     *kms.Service
	kmsKey  *kms.Key
	bucket  keys.BucketID
	rand    io.Reader // always the same: what is found first depends on the order of IDs
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// must returns v unless there was an error.
func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// newWorld makes a world in memory.
func newWorld(t testing.TB) *world { return newWorldOver(t, memory.New()) }

func newWorldOver(t testing.TB, engine meta.Engine) *world {
	t.Helper()
	box := must(seal.New())
	w := &world{TB: t, ctx: context.Background(), store: meta.New(engine), blobs: blobmemory.New(), rand: rand.NewChaCha8([32]byte{1})}
	w.kms = kms.New(w.store, box, kms.Options{Region: "us-east-1"})
	w.keyring = &sse.Keyring{Master: box, KMS: w.kms}
	w.objects = objects.New(w.store, w.blobs, objects.Options{Keys: w.keyring, InlineLimit: 1000, MinPart: 2000, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { w.store.Close() })
	w.must(w.objects.Recover(w.ctx))
	known := accounts.New(w.store, box, accounts.Options{Rand: w.rand})
	for _, id := range []ids.AccountID{accountA, accountB, accountC} {
		must2(known.Create(w.ctx, accounts.NewAccount{Name: string(id[:1]), ID: string(id), Email: string(id[:1]) + "@Example.com"}))
	}
	w.kmsKey = must(w.kms.Create(w.ctx, kms.NewKey{Account: accountA, Alias: "app"}))
	identity := iam.New(w.store, box, iam.Options{Rand: w.rand})
	w.makeIAM(identity)
	w.makeOrganization(known, identity)
	w.makeObjects()
	w.makeOthers(box)
	return w
}

// makeIAM makes entities of each kind in account A.
func (w *world) makeIAM(s *iam.Service) {
	ctx, a := w.ctx, accountA
	policy := must(s.CreatePolicy(ctx, a, iam.NewPolicy{Name: "Pol", Path: "/x/", Document: allowAll}))
	must(s.CreateUser(ctx, a, iam.NewUser{Name: "Ann", Path: "/", Boundary: policy.ARN}))
	must(s.CreateGroup(ctx, a, "Devs", "/"))
	w.must(s.AddUserToGroup(ctx, a, "Devs", "Ann"))
	w.must(s.AttachPolicy(ctx, a, keys.UserKind, "Ann", s3Full))
	w.must(s.AttachPolicy(ctx, a, keys.GroupKind, "Devs", policy.ARN))
	must(s.CreateRole(ctx, a, iam.NewRole{Name: "Role", Path: "/", Trust: trustB, MaxSession: time.Hour}))
	must(s.CreateInstanceProfile(ctx, a, iam.NewInstanceProfile{Name: "Prof", Path: "/"}))
	w.must(s.AddRoleToInstanceProfile(ctx, a, "Prof", "Role"))
	must2(s.CreateAccessKey(ctx, a, "Ann"))
	w.must(s.CreateAccountAlias(ctx, a, "walnut"))
	device, seed, err := s.CreateVirtualMFADevice(ctx, a, iam.NewMFADevice{Name: "phone", Path: "/"})
	w.must(err)
	raw := must(base32.StdEncoding.DecodeString(seed))
	step := totp.StepAt(time.Now())
	w.must(s.EnableMFADevice(ctx, a, iam.MFAAssignment{User: "Ann", SerialNumber: device.SerialNumber, Code1: totp.Code(raw, step-1), Code2: totp.Code(raw, step)}))
	must(s.CreateOIDCProvider(ctx, a, iam.NewOIDCProvider{URL: "https://idp.example.com/x", ClientIDs: []string{"app"}}))
	must(s.CreateServiceLinkedRole(ctx, a, iam.NewServiceLinkedRole{Service: "organizations.amazonaws.com"}))
	must(s.CreateSAMLProvider(ctx, a, iam.NewSAMLProvider{Name: "Corp", Metadata: must(samltest.New("https://idp.example.com/saml")).Metadata("")}))
	must(s.DeleteServiceLinkedRole(ctx, a, "AWSServiceRoleForOrganizations"))
}

// makeOrganization makes an organization of A and B with a unit and policies, and an open invitation of C.
func (w *world) makeOrganization(known orgs.Accounts, roles orgs.Roles) {
	ctx, a := w.ctx, accountA
	s := orgs.New(w.store, orgs.Options{Accounts: known, Roles: roles, Rand: w.rand})
	org := must(s.CreateOrganization(ctx, a, orgs.AllFeatures))
	invitation := must(s.Invite(ctx, a, orgs.Invitation{Target: string(accountB), TargetType: orgs.AccountParty}))
	must(s.Accept(ctx, accountB, invitation.ID))
	must(s.Invite(ctx, a, orgs.Invitation{Target: string(accountC), TargetType: orgs.AccountParty}))
	roots := must(s.Roots(ctx, a, orgs.Page{Max: 10}))
	unit := must(s.CreateUnit(ctx, a, roots.Items[0].ID, "Dev", nil))
	p := must(s.CreatePolicy(ctx, a, orgs.NewPolicy{Type: "SERVICE_CONTROL_POLICY", Name: "No", Content: denyAll}))
	w.must(s.AttachPolicy(ctx, a, p.ID, unit.ID))
	w.must(s.EnableServiceAccess(ctx, a, "iam.amazonaws.com"))
	must(s.EnableRootFeature(ctx, a, "RootSessions"))
	w.write(keys.OrganizationResourcePolicy(org.ID), &records.OrganizationResourcePolicy{Id: "rp-x", Content: denyAll})
	w.write(keys.CreateAccountRequest(org.ID, "car-x"), &records.CreateAccountRequest{Id: "car-x", State: orgs.InProgress})
	w.put(keys.UnfinishedRequest(org.ID, "car-x"), nil)
}

// makeObjects makes objects of each kind, and an upload in progress, in a bucket with every setting.
func (w *world) makeObjects() {
	w.must(w.objects.CreateBucket(w.ctx, objects.NewBucket{Name: "walnut", Account: accountA, Canonical: w.canonical(accountA), Region: "us-east-1", Ownership: "ObjectWriter"}))
	b := new(records.Bucket)
	w.read(keys.Bucket("walnut"), b)
	w.bucket = keys.BucketID(b.Id)
	w.object("small", 100, nil)
	w.object("large", 5000, nil)
	w.object("beside", 700, nil)
	w.setting(keys.Lifecycle, &records.Lifecycle{})
	w.setting(keys.CORS, &records.CORS{})
	w.setting(keys.Website, &records.Website{})
	w.must(w.objects.PutSetting(w.ctx, "walnut", keys.Notification, &records.Notification{Targets: []*records.NotificationTarget{{Id: "x"}}},
		func(b *records.Bucket, _ *records.Account) error {
			b.Notifies, b.Versioning = true, "Enabled"
			return nil
		}))
	w.object("large", 6000, nil)
	w.object("small", 101, nil)
	w.object("customer", 3000, &records.Encryption{Algorithm: sse.AES256})
	w.object("kms", 3000, &records.Encryption{Algorithm: sse.KMS, KmsKeyId: w.kmsKey.ARN()})
	w.object("dsse", 3000, &records.Encryption{Algorithm: sse.DSSE, KmsKeyId: w.kmsKey.ARN()})
	must(w.objects.Delete(w.ctx, objects.Deletion{Bucket: w.bucket, BucketName: "walnut", Key: "small"}))
	u := &records.Upload{Key: "upload", Owner: string(w.canonical(accountA)), OwnerAccount: string(accountA)}
	w.must(w.objects.CreateUpload(w.ctx, w.bucket, "walnut", u, nil))
	for n, size := range []int{3000, 100} {
		must(w.objects.PutPart(w.ctx, objects.NewObject{Bucket: w.bucket, BucketName: "walnut", Key: "upload", Length: -1}, u.Id, n+1, body(size)))
	}
}

var customerKey, _ = sse.NewCustomerKey(bytes.Repeat([]byte{7}, sse.KeySize))

func body(size int) io.Reader { return strings.NewReader(strings.Repeat("content ", size/8+1)[:size]) }

// object puts an object; with AES256 given, under the customer's key.
func (w *world) object(key string, size int, e *records.Encryption) {
	w.Helper()
	n := objects.NewObject{Bucket: w.bucket, BucketName: "walnut", Key: key, Length: -1, Object: &records.Object{
		Owner: string(w.canonical(accountA)), OwnerAccount: string(accountA), Encryption: e,
	}}
	if e.GetAlgorithm() == sse.AES256 {
		n.Customer = customerKey
	}
	must(w.objects.Put(w.ctx, n, body(size)))
}

func (w *world) setting(kind keys.SettingKind, m proto.Message) {
	w.must(w.objects.PutSetting(w.ctx, "walnut", kind, m, func(*records.Bucket, *records.Account) error { return nil }))
}

// makeOthers writes what services above this package write.
func (w *world) makeOthers(box *seal.Box) {
	place := keys.Place{Sequence: 1}
	w.write(keys.Event("arn:aws:sns:us-east-1:111111111111:t", place), &records.Event{Bucket: "walnut"})
	w.write(keys.LogLines(w.bucket, place), &records.LogLines{Bucket: "walnut"})
	w.write(keys.LogObject(w.bucket, place), &records.LogObject{Bucket: "walnut"})
	w.write(keys.AccountUsage(accountA), &records.Usage{Used: 1})
	w.write(keys.KeyUsage(accountA, "AKIAX"), &records.Usage{Used: 1})
	w.write(keys.PrincipalUsage(accountA, "AIDAX"), &records.Usage{Used: 1})
	w.write(keys.AccessReport(accountA, "job"), &records.AccessReport{Id: "job"})
	w.write(keys.AccessedEntities(accountA, "job", "s3", 0), &records.AccessedEntities{})
	w.write(keys.CredentialReport(accountA, 0), &records.CredentialReport{})
	w.write(keys.Analyzer(accountA, "main"), &records.Analyzer{Account: string(accountA), Name: "main"})
	w.write(keys.ArchiveRule(accountA, "main", "ours"), &records.ArchiveRule{Name: "ours"})
	w.write(keys.AnalyzerFinding(accountA, "main", "id"), &records.AnalyzerFinding{Id: "id"})
	w.write(keys.AccountDeletion("444444444444"), &records.AccountDeletion{Account: "444444444444", CanonicalId: "d4", Finished: 1})
	w.put(keys.DeletedCanonicalID("d4"), []byte("444444444444"))
	w.put(keys.Garbage(strings.Repeat("0", 32)), nil)
	w.put(keys.Writing(strings.Repeat("1", 32)), nil)
	w.put(keys.Meta("format"), []byte("1"))
	w.put(keys.Meta("master-key-check"), must(box.Seal([]byte("crossgrant"), []byte("master-key-check"))))
	w.write(keys.JournalState(), &records.JournalState{Last: 1, Entries: 1})
	w.write(keys.JournalSegment(1), &records.JournalSegment{Entries: 1})
	w.write(keys.JournalContent(1), &records.JournalContent{Zstd: []byte("x")})
	w.write(keys.JournalReader("reader"), &records.JournalReader{Read: 1})
	w.write(keys.JournalKept("R1"), &records.JournalKept{Time: 1})
	w.write(keys.Trail(accountA, "main"), &records.Trail{Account: string(accountA), Name: "main"})
	w.write(keys.TrailVersion(accountA, "main", 1), &records.TrailVersion{Trail: &records.Trail{Account: string(accountA), Name: "main"}})
	w.write(keys.TrailState(accountA, "main"), &records.TrailState{Delivered: 1})
	w.write(keys.TrailFile(accountA, "main", place), &records.TrailFile{Account: string(accountA)})
	w.write(keys.TrailContent(accountA, "main", place), &records.TrailContent{Gzip: []byte("x")})
	w.write(keys.TrailDelivered(accountA, "main", accountA, 1), &records.TrailDelivered{Bucket: "logs"})
	w.write(keys.TrailDigests(accountA, "main", accountA), &records.TrailDigests{End: 1})
	w.write(keys.TrailKey(1), &records.TrailKey{Fingerprint: "f", SealedPrivate: must(box.Seal([]byte("key"), []byte("f")))})
	w.write(keys.TrailHistory(accountA), &records.TrailHistory{Events: 1})
	w.write(keys.TrailEvents(accountA, 1), &records.TrailEvents{Events: 1})
	w.write(keys.Scrub(keys.BlobScrub), &records.ScrubProgress{Started: 1})
	w.write(keys.Lease("scrub"), &records.Lease{Holder: "a", Epoch: 1})
	w.write(keys.LeaseRenewal("scrub"), &records.LeaseRenewal{Epoch: 1, Count: 1})
	w.write(keys.Server("a"), &records.Server{Version: "1"})
	w.write(keys.ConsoleSession([32]byte{1}), &records.ConsoleSession{Expires: 1})
}

func (w *world) canonical(id ids.AccountID) ids.CanonicalUserID {
	a := new(records.Account)
	w.read(keys.Account(id), a)
	return ids.CanonicalUserID(a.CanonicalId)
}

func (w *world) read(key []byte, m proto.Message) {
	w.Helper()
	w.must(w.store.View(w.ctx, func(r meta.Reader) error { return records.Get(r, key, m) }))
}

func (w *world) get(key []byte) (value []byte) {
	w.Helper()
	w.must(w.store.View(w.ctx, func(r meta.Reader) (err error) { value, err = r.Get(key); return err }))
	return bytes.Clone(value)
}

func (w *world) put(key, value []byte) {
	w.Helper()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error { return tx.Put(key, value) }))
}

func (w *world) write(key []byte, m proto.Message) {
	w.Helper()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error { return records.Put(tx, key, m) }))
}

func (w *world) remove(key []byte) {
	w.Helper()
	w.must(w.store.Update(w.ctx, func(tx meta.Tx) error { return tx.Delete(key) }))
}

// all returns all keys, in order, with their values.
func (w *world) all() (all []write) {
	w.must(w.store.View(w.ctx, func(r meta.Reader) error {
		it := r.Scan(nil, nil)
		for it.Next() {
			all = append(all, write{bytes.Clone(it.Key()), append([]byte{}, it.Value()...)})
		}
		return it.Close()
	}))
	return all
}

// uploads returns all uploads by their IDs.
func (w *world) uploads() map[string]upload {
	r := newRun(Options{})
	w.must(w.store.View(w.ctx, func(reader meta.Reader) error { return r.learn(w.ctx, reader) }))
	return r.uploads
}

// copy returns a world with the same contents.
func (w *world) copy(t *testing.T) *world {
	c := *w
	c.TB, c.store, c.blobs = t, meta.New(memory.New()), blobmemory.New()
	t.Cleanup(func() { c.store.Close() })
	w.must(c.blobs.Recover(w.ctx, func(_ context.Context, ids []blob.ID) ([]bool, error) { return make([]bool, len(ids)), nil }))
	all := w.all()
	c.must(c.store.Update(c.ctx, func(tx meta.Tx) error { return apply(tx, all) }))
	c.must(w.blobs.Walk(c.ctx, func(id blob.ID, size int64) error {
		c.fill(id, must(io.ReadAll(must(w.blobs.Open(c.ctx, id, 0, size)))))
		return nil
	}))
	c.kms = kms.New(c.store, c.keyring.Master, kms.Options{Region: "us-east-1"})
	c.keyring = &sse.Keyring{Master: w.keyring.Master, KMS: c.kms}
	c.objects = objects.New(c.store, c.blobs, objects.Options{Keys: c.keyring, InlineLimit: 1000, MinPart: 2000, Log: slog.New(slog.DiscardHandler)})
	return &c
}

// fill makes a blob of these bytes.
func (w *world) fill(id blob.ID, stored []byte) {
	out := must(w.blobs.Create(w.ctx, id))
	must(out.Write(stored))
	w.must(out.Commit())
	w.blobs.Settle(id)
}

// run verifies the world and returns the findings.
func (w *world) run(repair bool) (found []Finding) {
	w.Helper()
	_, err := Run(w.ctx, Options{Store: w.store, Blobs: w.blobs, Keys: w.keyring, Repair: repair, Found: func(f Finding) { found = append(found, f) }})
	w.must(err)
	return found
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}
