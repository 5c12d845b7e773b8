package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/accounts"
	"crossgrant/internal/bootstrap"
	"crossgrant/internal/closure"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/orgs"
	"crossgrant/internal/records"
	"crossgrant/internal/sse"
)

const (
	victim = ids.AccountID("111111111111")
	other  = ids.AccountID("222222222222")

	victimCanonical = "1111111111111111111111111111111111111111111111111111111111111111"
	topicARN        = "arn:aws:sns:us-east-1:111111111111:t"
)

// closureWorld is the services of an open folder in which one account is to come to its end.
type closureWorld struct {
	*testing.T
	folder  *dataFolder
	wired   *wired
	iam     *iam.Service
	orgs    *orgs.Service
	service *closure.Service
}

// newClosureWorld opens the folder data, or makes it.
func newClosureWorld(t *testing.T, data string) *closureWorld {
	t.Helper()
	e, err := parseEngines("pebble:", "files:")
	if err != nil {
		t.Fatal(err)
	}
	e.log = slog.New(slog.DiscardHandler)
	folder, err := openFolder(data, e, true)
	if err != nil {
		t.Fatal(err)
	}
	w := &closureWorld{T: t, folder: folder}
	command := &serveCommand{Region: "us-east-1"}
	if w.wired, err = command.wire(t.Context(), new(config), folder, e.log); err != nil {
		t.Fatal(errors.Join(err, folder.close()))
	}
	w.iam, w.service = w.wired.bootstrap.IAM, w.wired.closure
	w.orgs = orgs.New(folder.store, orgs.Options{Accounts: w.wired.accounts, Roles: w.iam})
	return w
}

func (w *closureWorld) close() {
	w.Helper()
	w.must(w.folder.close())
}

func (w *closureWorld) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// put writes a record into the store.
func (w *closureWorld) put(key []byte, m proto.Message) {
	w.Helper()
	w.must(w.folder.store.Update(w.Context(), func(tx meta.Tx) error { return records.Put(tx, key, m) }))
}

// makeOther makes the account that stays, with an organization of its own.
func (w *closureWorld) makeOther() {
	w.Helper()
	_, _, err := w.wired.accounts.Create(w.Context(), accounts.NewAccount{Name: "other", ID: string(other)})
	w.must(err)
	_, err = w.orgs.CreateOrganization(w.Context(), other, orgs.AllFeatures)
	w.must(err)
	w.must(w.orgs.EnableServiceAccess(w.Context(), other, "access-analyzer.amazonaws.com"))
	_, _, err = w.wired.accounts.Create(w.Context(), accounts.NewAccount{Name: "third", ID: "333333333333"})
	w.must(err)
}

// makeVictim makes an account with something of all that an account can have.
func (w *closureWorld) makeVictim() {
	w.Helper()
	ctx := w.Context()
	_, key, err := w.wired.accounts.Create(ctx, accounts.NewAccount{Name: "victim", ID: string(victim), CanonicalID: victimCanonical, Email: "victim@example.com"})
	w.must(err)
	w.must(w.wired.accounts.SetPublicAccessBlock(ctx, victim, &records.PublicAccessBlock{IgnorePublicAcls: true}))
	w.must(w.folder.store.Update(ctx, func(tx meta.Tx) error { return tx.Put(keys.Meta("profile/victim"), []byte(key.ID)) }))
	w.makeEntities()
	w.makeTrail()
	w.makeBuckets()
	_, err = w.wired.kms.Create(ctx, kms.NewKey{Account: victim, Alias: "app"})
	w.must(err)
	_, err = w.wired.kms.Resolve(ctx, victim, "")
	w.must(err)
}

// makeEntities makes what IAM keeps.
func (w *closureWorld) makeEntities() {
	w.Helper()
	ctx := w.Context()
	const document = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"}}`
	p, err := w.iam.CreatePolicy(ctx, victim, iam.NewPolicy{Name: "p", Document: document})
	w.must(err)
	_, err = w.iam.CreateGroup(ctx, victim, "g", "/x/")
	w.must(err)
	_, err = w.iam.CreateRole(ctx, victim, iam.NewRole{Name: "r", Trust: trust, Boundary: p.ARN})
	w.must(err)
	for i := range 3 {
		name := fmt.Sprintf("u%d", i)
		_, err = w.iam.CreateUser(ctx, victim, iam.NewUser{Name: name, Tags: []iam.Tag{{Key: "k", Value: "v"}}})
		w.must(err)
		_, _, err = w.iam.CreateAccessKey(ctx, victim, name)
		w.must(err)
		w.must(w.iam.AddUserToGroup(ctx, victim, "g", name))
	}
	w.must(w.iam.AttachPolicy(ctx, victim, keys.UserKind, "u0", p.ARN))
	w.must(w.iam.AttachPolicy(ctx, victim, keys.GroupKind, "g", "arn:aws:iam::aws:policy/AmazonS3FullAccess"))
	w.must(w.iam.PutInlinePolicy(ctx, victim, keys.UserKind, "u0", "i", document))
	_, _, err = w.iam.CreateVirtualMFADevice(ctx, victim, iam.NewMFADevice{Name: "m"})
	w.must(err)
	w.must(w.iam.CreateAccountAlias(ctx, victim, "victims-alias"))
	_, err = w.iam.CreateOIDCProvider(ctx, victim, iam.NewOIDCProvider{URL: "https://issuer.example.com", ClientIDs: []string{"c"}})
	w.must(err)
	_, err = w.iam.CreateInstanceProfile(ctx, victim, iam.NewInstanceProfile{Name: "ip"})
	w.must(err)
	users, err := w.iam.Users(ctx, victim, "/", iam.Page{})
	w.must(err)
	w.put(keys.AccountUsage(victim), &records.Usage{Used: time.Now().UnixNano()})
	w.put(keys.PrincipalUsage(victim, string(users.Items[0].ID)), &records.Usage{Used: time.Now().UnixNano()})
	w.put(keys.Analyzer(victim, "main"), &records.Analyzer{Account: string(victim), Name: "main", Type: "ACCOUNT"})
	w.put(keys.ArchiveRule(victim, "main", "ours"), &records.ArchiveRule{Name: "ours"})
	w.put(keys.AnalyzerFinding(victim, "main", "id"), &records.AnalyzerFinding{Id: "id"})
	w.put(keys.CredentialReport(victim, 0), new(records.CredentialReport))
}

// makeTrail makes what is kept of a trail.
func (w *closureWorld) makeTrail() {
	w.Helper()
	w.put(keys.Trail(victim, "main"), &records.Trail{Account: string(victim), Name: "main", Region: "us-east-1", Bucket: "plain", GlobalEvents: true, Logging: true, Created: 1, Started: 1})
	w.put(keys.TrailState(victim, "main"), &records.TrailState{Attempted: 1, Error: "AccessDenied"})
	w.put(keys.TrailFile(victim, "main", keys.Place{Sequence: 1}), &records.TrailFile{Account: string(victim)})
	w.put(keys.TrailDelivered(victim, "main", victim, 1), &records.TrailDelivered{Bucket: "plain"})
	w.put(keys.TrailDigests(victim, "main", victim), &records.TrailDigests{End: 1})
}

// bucket makes a bucket and returns its ID.
func (w *closureWorld) bucket(account ids.AccountID, canonical, name string, lock bool) keys.BucketID {
	w.Helper()
	w.must(w.wired.objects.CreateBucket(w.Context(), objects.NewBucket{
		Name: name, Account: account, Canonical: ids.CanonicalUserID(canonical), Region: "us-east-1", Lock: lock,
	}))
	b := new(records.Bucket)
	w.must(w.folder.store.View(w.Context(), func(r meta.Reader) error { return records.Get(r, keys.Bucket(name), b) }))
	return keys.BucketID(b.Id)
}

func (w *closureWorld) object(id keys.BucketID, bucket, key string, size int, o *records.Object) {
	w.Helper()
	_, err := w.wired.objects.Put(w.Context(), objects.NewObject{
		Bucket: id, BucketName: bucket, Key: key, Object: o, Length: -1, Origin: objects.Origin{Event: "ObjectCreated:Put"},
	}, strings.NewReader(strings.Repeat("x", size)))
	w.must(err)
}

// makeBuckets makes a bucket without versions and one with object lock, with all that lies in them and beside them.
func (w *closureWorld) makeBuckets() {
	w.Helper()
	ctx := w.Context()
	mine := func() *records.Object { return &records.Object{Owner: victimCanonical, OwnerAccount: string(victim)} }
	any := func(*records.Bucket, *records.Account) error { return nil }
	plain := w.bucket(victim, victimCanonical, "plain", false)
	for kind, setting := range map[keys.SettingKind]proto.Message{
		keys.CORS:      &records.CORS{Rules: []*records.CORSRule{{Origins: []string{"*"}, Methods: []string{"GET"}}}},
		keys.Website:   &records.Website{Index: "index.html"},
		keys.Lifecycle: &records.Lifecycle{Rules: []*records.LifecycleRule{{Id: "r", Enabled: true, Expiration: &records.LifecycleExpiration{Days: 1}}}},
		keys.Notification: &records.Notification{Targets: []*records.NotificationTarget{{
			Id: "n", Arn: topicARN, Kind: "Topic", Events: []string{"s3:ObjectCreated:*"},
		}}},
	} {
		w.must(w.wired.objects.PutSetting(ctx, "plain", kind, setting, func(b *records.Bucket, a *records.Account) error {
			b.Notifies = b.Notifies || kind == keys.Notification
			return nil
		}))
	}
	w.object(plain, "plain", "small", 10, mine())
	w.object(plain, "plain", "large", 1<<20, mine())
	locked := w.bucket(victim, victimCanonical, "locked", true)
	for i := range 3 {
		o := mine()
		o.Retention = &records.Retention{Mode: "COMPLIANCE", Until: time.Now().Add(time.Hour).UnixNano()}
		o.LegalHold = true
		w.object(locked, "locked", "k", 100_000+i, o)
	}
	_, err := w.wired.objects.Delete(ctx, objects.Deletion{Bucket: locked, BucketName: "locked", Key: "k", Owner: victimCanonical, OwnerAccount: victim})
	w.must(err)
	w.must(w.wired.objects.UpdateBucket(ctx, "locked", any))
	upload := &records.Upload{Key: "u", Owner: victimCanonical, OwnerAccount: string(victim), Created: time.Now().UnixNano()}
	w.must(w.wired.objects.CreateUpload(ctx, plain, "plain", upload, nil))
	for part := range 2 {
		_, err := w.wired.objects.PutPart(ctx, objects.NewObject{Bucket: plain, BucketName: "plain", Key: "u", Length: -1}, upload.Id, part+1, strings.NewReader(strings.Repeat("p", 200_000)))
		w.must(err)
	}
	logging := &records.Logging{Bucket: "locked", Prefix: "log/"}
	w.put(keys.LogLines(plain, keys.Place{Sequence: 1}), &records.LogLines{Bucket: "plain", Account: string(victim), Logging: logging, Lines: []string{"a", "b"}})
	w.put(keys.LogObject(plain, keys.Place{Sequence: 2}), &records.LogObject{Bucket: "plain", Account: string(victim), Logging: logging, Text: "c\n", Lines: 1, Created: time.Now().UnixNano()})
}

// join makes the victim a member of the other account's organization, with an invitation of a third one that it has
// not answered.
func (w *closureWorld) join() {
	w.Helper()
	invitation, err := w.orgs.Invite(w.Context(), other, orgs.Invitation{Target: string(victim), TargetType: orgs.AccountParty})
	w.must(err)
	_, err = w.orgs.Accept(w.Context(), victim, invitation.ID)
	w.must(err)
	w.must(w.orgs.RegisterDelegate(w.Context(), other, victim, "access-analyzer.amazonaws.com"))
}

// manage makes an organization of the victim, which has invited the other account's.
func (w *closureWorld) manage() {
	w.Helper()
	_, err := w.orgs.CreateOrganization(w.Context(), victim, orgs.AllFeatures)
	w.must(err)
	roots, err := w.orgs.Roots(w.Context(), victim, orgs.Page{})
	w.must(err)
	_, err = w.orgs.CreateUnit(w.Context(), victim, roots.Items[0].ID, "unit", nil)
	w.must(err)
	_, err = w.orgs.Invite(w.Context(), victim, orgs.Invitation{Target: "333333333333", TargetType: orgs.AccountParty})
	w.must(err)
}

// dump returns all that is in the store, but for what deletions leave.
func (w *closureWorld) dump() map[string]string {
	w.Helper()
	all := map[string]string{}
	w.must(w.folder.store.View(w.Context(), func(r meta.Reader) error {
		it := r.Scan([]byte{0}, nil)
		for it.Next() {
			if it.Key()[0] != 'd' {
				all[string(it.Key())] = string(it.Value())
			}
		}
		return it.Close()
	}))
	return all
}

// blobs returns the names of the files of large objects.
func blobFiles(t *testing.T, data string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(filepath.Join(data, blobsDir), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != "LOCK" {
			found = append(found, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// same fails if the store and the blobs are not as they were before the victim was made, or anything names it.
func (w *closureWorld) same(before map[string]string, files []string, data string) {
	w.Helper()
	w.must(w.wired.objects.Recover(w.Context()))
	after := w.dump()
	for key, value := range after {
		if before[key] != value {
			w.Errorf("left or changed: %q", key)
		}
		for _, trace := range []string{string(victim), victimCanonical, "victim@example.com"} {
			if strings.Contains(key+value, trace) {
				w.Errorf("%q names %s", key, trace)
			}
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			w.Errorf("gone: %q", key)
		}
	}
	if left := blobFiles(w.T, data); !slices.Equal(left, files) {
		w.Errorf("blobs %v, want %v", left, files)
	}
}

// tombstone fails if the IDs of the victim could be given out again, or its name and address could not.
func (w *closureWorld) tombstone() {
	w.Helper()
	for _, n := range []accounts.NewAccount{{Name: "n", ID: string(victim)}, {Name: "n", CanonicalID: victimCanonical}} {
		if _, _, err := w.wired.accounts.Create(w.Context(), n); err == nil || !strings.Contains(err.Error(), "never given out again") {
			w.Errorf("%+v: %v", n, err)
		}
	}
	_, _, err := w.wired.accounts.Create(w.Context(), accounts.NewAccount{Name: "victim", Email: "victim@example.com"})
	w.must(err)
}

// TestDeletionLeavesNoTrace deletes an account from the command line: that of a member of an organization, and that of
// a management account; the store and the folder of blobs are afterwards as they were before the account was made.
func TestDeletionLeavesNoTrace(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*closureWorld){"member": (*closureWorld).join, "manager": (*closureWorld).manage, "alone": func(*closureWorld) {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			w := newClosureWorld(t, data)
			w.makeOther()
			w.must(w.wired.objects.Recover(t.Context()))
			before, files := w.dump(), blobFiles(t, data)
			w.makeVictim()
			arrange(w)
			full := w.dump()
			w.close()
			if status, _, stderr := crossgrant(t, "account", "delete", "victim", "--yes", "--data", data); status != exitFailure || !strings.Contains(stderr, "account 111111111111 is not closed") {
				t.Fatalf("an open account: status %d, %s", status, stderr)
			}
			stdout, stderr := must(t, "account", "close", "victim", "--data", data)
			if !strings.Contains(stderr, "Users 3") || !strings.Contains(stderr, "AccessKeys 4") || !strings.Contains(stderr, "Buckets 2") || strings.Contains(stdout, "Users") {
				t.Errorf("closing says %s%s", stdout, stderr)
			}
			status, stdout, stderr := crossgrant(t, "account", "delete", "victim", "--data", data)
			if status != exitUnconfirmed || !strings.Contains(stderr, "nothing was removed: to delete account 111111111111 with all of this, add --yes") {
				t.Errorf("status %d, %s", status, stderr)
			}
			for name, count := range map[string]string{
				"InstanceProfiles": "1", "OpenIDConnectProviders": "1", "UsageRecords": "3", "Analyzers": "1", "Trails": "1",
				"Users": "3", "Groups": "1", "Roles": "1", "Policies": "1", "MFADevices": "1", "AccessKeys": "4", "Profiles": "1", "Buckets": "2",
				"Objects": "2", "NoncurrentVersions": "3", "DeleteMarkers": "1", "Uploads": "1", "Parts": "2", "KMSKeys": "2",
				"Events": "2", "LogLines": "3", "Bytes": fmt.Sprint(10 + 1<<20 + 300_003 + 400_000),
			} {
				if got := row(stdout, name); got != name+" "+count {
					t.Errorf("%s is told as %q, want %s", name, got, count)
				}
			}
			w = newClosureWorld(t, data)
			if now := w.dump(); len(now) != len(full) {
				t.Errorf("telling removed something: %d keys, there were %d", len(now), len(full))
			}
			w.close()
			stdout, stderr = must(t, "account", "delete", "victim", "--yes", "--output", "json", "--data", data)
			if !strings.Contains(stdout, `"State": "DELETED"`) || !strings.Contains(stderr, "records removed") {
				t.Errorf("%s%s", stdout, stderr)
			}
			if len(blobFiles(t, data)) != len(files) {
				t.Error("without a server, blobs are left when the command returns")
			}
			w = newClosureWorld(t, data)
			w.same(before, files, data)
			w.tombstone()
			w.close()
			if status, _, stderr := crossgrant(t, "account", "show", string(victim), "--data", data); status != exitFailure || !strings.Contains(stderr, "there is no account") {
				t.Errorf("status %d, %s", status, stderr)
			}
		})
	}
}

// failing is a part that fails when it has been asked to remove something so many times.
type failing struct {
	closure.Part
	left *int
}

var errPower = errors.New("the power failed")

func (f failing) EraseAccount(ctx context.Context, account ids.AccountID) (int, error) {
	if *f.left--; *f.left < 0 {
		return 0, errPower
	}
	return f.Part.EraseAccount(ctx, account)
}

// TestDeletionGoesOnAfterACrash lets the server end before each transaction of a deletion, and start again: it finishes
// the deletion by itself, and until then nothing of the account can be used.
func TestDeletionGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	w := newClosureWorld(t, data)
	w.makeOther()
	w.must(w.wired.objects.Recover(t.Context()))
	before, files := w.dump(), blobFiles(t, data)
	w.makeVictim()
	w.join()
	_, err := w.wired.accounts.Close(t.Context(), victim)
	w.must(err)
	w.must(w.service.Begin(t.Context(), victim))
	interrupted := 0
	for done := false; !done; {
		left := 1 + interrupted%9 // so that each part is interrupted
		var parts []closure.Part
		for _, p := range []closure.Part{
			bootstrap.Records{Store: w.folder.store}, w.wired.objects, w.wired.events, w.wired.accessLog, w.wired.kms, w.iam, w.orgs, w.wired.usage,
		} {
			parts = append(parts, failing{p, &left})
		}
		p, err := closure.New(w.folder.store, w.wired.accounts, slog.New(slog.DiscardHandler), parts...).Continue(t.Context(), victim)
		done = p.Finished
		if err != nil && !errors.Is(err, errPower) {
			t.Fatal(err)
		}
		if interrupted++; interrupted > 200 {
			t.Fatal("the deletion does not end")
		}
		if !done {
			if _, err := w.wired.accounts.Reopen(t.Context(), victim); err == nil {
				t.Error("an account that is being deleted was opened again")
			}
		}
		w.close()
		w = newClosureWorld(t, data)
		if interrupted == 12 {
			break // the rest is for the server
		}
	}
	w.service.Start()
	deadline := time.Now().Add(time.Minute)
	for {
		finished, err := w.wired.accounts.DeletionState(t.Context(), victim)
		w.must(err)
		if finished {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not finish the deletion")
		}
		time.Sleep(time.Millisecond)
	}
	w.service.Close()
	w.same(before, files, data)
	w.tombstone()
	w.close()
}

// TestNothingIsRemovedOfAnAccountThatIsNotDeleted holds that only what was begun is continued.
func TestNothingIsRemovedOfAnAccountThatIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := newClosureWorld(t, filepath.Join(t.TempDir(), "data"))
	defer w.close()
	w.makeOther()
	w.makeVictim()
	before := w.dump()
	for _, id := range []ids.AccountID{victim, other, "333333333333"} {
		if p, err := w.service.Continue(t.Context(), id); err == nil || p != (closure.Progress{}) {
			t.Errorf("%s: %+v, %v", id, p, err)
		}
	}
	if err := w.service.Begin(t.Context(), victim); err == nil {
		t.Error("the deletion of an open account began")
	}
	if !maps.Equal(before, w.dump()) {
		t.Error("something was removed")
	}
}

// TestManagementAccountsWithMembersStay holds that the accounts of an organization come to their end before its
// management account does.
func TestManagementAccountsWithMembersStay(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	w := newClosureWorld(t, data)
	w.makeOther()
	w.makeVictim()
	w.join()
	w.close()
	refused := func(want string, args ...string) {
		t.Helper()
		if status, _, stderr := crossgrant(t, append(args, "--data", data)...); status != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("%v: status %d, %s", args, status, stderr)
		}
	}
	refused("which has open accounts (1)", "account", "close", "other")
	must(t, "account", "close", "victim", "--data", data)
	must(t, "account", "close", "other", "--data", data)
	refused("which has other accounts (1)", "account", "delete", "other", "--yes")
	must(t, "account", "reopen", "other", "--data", data)
	stdout, _ := must(t, "account", "reopen", "victim", "--data", data)
	if row(stdout, "State") != "State ACTIVE" || strings.Contains(stdout, "Closed") {
		t.Error(stdout)
	}
	refused("account 111111111111 is not closed", "account", "reopen", "victim")
}

// TestObjectsInBucketsOfOthersStay: what a deleted account owns elsewhere stays, owned by nobody, and the owner of the
// bucket can remove it. What is encrypted under its key is not readable any more, and says so.
func TestObjectsInBucketsOfOthersStay(t *testing.T) {
	t.Parallel()
	w := newClosureWorld(t, filepath.Join(t.TempDir(), "data"))
	defer w.close()
	ctx := t.Context()
	w.makeOther()
	w.makeVictim()
	canonical := strings.Repeat("2", 64)
	id := w.bucket(other, canonical, "shared", false)
	w.object(id, "shared", "k", 10, &records.Object{Owner: victimCanonical, OwnerAccount: string(victim)})
	key, err := w.wired.kms.Create(ctx, kms.NewKey{Account: victim})
	w.must(err)
	w.object(id, "shared", "sealed", 10, &records.Object{Owner: canonical, OwnerAccount: string(other), Encryption: &records.Encryption{Algorithm: sse.KMS, KmsKeyId: key.ARN()}})
	_, err = w.wired.accounts.Close(ctx, victim)
	w.must(err)
	open := func(name string) error {
		o, err := w.wired.objects.Get(ctx, id, name, "")
		w.must(err)
		r, err := w.wired.objects.Open(ctx, objects.Source{Bucket: id, Key: name, Object: o}, 0, o.Size)
		if err == nil {
			err = r.Close()
		}
		return err
	}
	if err := open("sealed"); err == nil || !strings.Contains(err.Error(), kms.CodeDisabled) {
		t.Errorf("what the key of a closed account sealed: %v", err)
	}
	w.must(open("k"))
	w.must(w.service.Begin(ctx, victim))
	for finished := false; !finished; {
		p, err := w.service.Continue(ctx, victim)
		w.must(err)
		finished = p.Finished
	}
	if err := open("sealed"); err == nil || !strings.Contains(err.Error(), kms.CodeNotFound) {
		t.Errorf("what the key of a deleted account sealed: %v", err)
	}
	w.must(open("k"))
	_, err = w.wired.objects.Delete(ctx, objects.Deletion{Bucket: id, BucketName: "shared", Key: "k"})
	w.must(err)
}
