package bootstrap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/accounts"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/objects"
	"crossgrant/internal/orgs"
	"crossgrant/internal/seal"
	"crossgrant/internal/sse"
)

// setting is a file with one of everything.
const setting = `
accounts:
  - name: owner
    id: "111122223333"
    root: {access-key-id: AKIAROOTROOTROOTROOT, secret-access-key: root-secret, password: Walnut-1, profile: owner-root}
    keys: [{id: 01234567-89ab-4def-8123-456789abcdef, alias: app}, {alias: alias/other}]
    policies:
      - {name: ReadLogs, path: /logs/, document: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::logs/*"}}}
    groups:
      - {name: readers, attach: ["arn:aws:iam::111122223333:policy/logs/ReadLogs"]}
    users:
      - name: reader
        groups: [readers]
        profile: reader
        inline:
          - {name: List, document: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "s3:ListBucket", Resource: "arn:aws:s3:::logs"}}}
      - name: fixed
        profile: fixed
        password: Almond-2
        access-keys: [{access-key-id: AKIAFIXEDFIXEDFIXED0, secret-access-key: fixed-secret}]
    roles:
      - name: auditor
        max-session-duration: 7200
        trust: {document: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::444455556666:user/other"}, Action: "sts:AssumeRole"}}}
        attach: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    buckets:
      - name: logs
        ownership: BucketOwnerPreferred
        acl: log-delivery-write
        objects:
          - {key: today.log, text: "a line\n", content-type: text/plain}
          - {key: untyped}
  - name: second
    id: "444455556666"
    users: [{name: other}]
`

// fixture is a store with its services.
type fixture struct {
	Services
	box *seal.Box
}

func newFixture(t *testing.T) *fixture { return newFixtureOver(t, memory.New()) }

func newFixtureOver(t *testing.T, engine meta.Engine) *fixture {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	store := meta.New(engine)
	blobs := blobmemory.New()
	t.Cleanup(func() { blobs.Close(); store.Close() })
	keyring := kms.New(store, box, kms.Options{Region: "us-east-1"})
	service, identity := accounts.New(store, box, accounts.Options{}), iam.New(store, box, iam.Options{})
	return &fixture{box: box, Services: Services{
		KMS:   keyring,
		Store: store, Accounts: service, IAM: identity,
		Organizations: orgs.New(store, orgs.Options{Accounts: service, Roles: identity, Principals: identity}),
		Objects:       objects.New(store, blobs, objects.Options{Keys: &sse.Keyring{Master: box, KMS: keyring}}), Region: "us-east-1", Ownership: "ObjectWriter", Now: time.Now,
	}}
}

func (f *fixture) apply(t *testing.T, text string) (progress string, err error) {
	t.Helper()
	file, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = Apply(t.Context(), f.Services, file, &out)
	return out.String(), err
}

// dump returns every key and value of the store.
func (f *fixture) dump(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := f.Store.View(t.Context(), func(r meta.Reader) error {
		it := r.Scan(nil, nil)
		for it.Next() {
			all[string(it.Key())] = string(it.Value())
		}
		return it.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const owner ids.AccountID = "111122223333"

func TestApplyMakesEverything(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.apply(t, setting); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"01234567-89ab-4def-8123-456789abcdef", "alias/app", "alias/other"} {
		if k, err := f.KMS.Resolve(ctx, owner, ref); err != nil || k.Account != owner {
			t.Errorf("key %s = %+v, %v", ref, k, err)
		}
	}
	if groups, err := f.IAM.GroupsForUser(ctx, owner, "reader", iam.Page{}); err != nil || len(groups.Items) != 1 || groups.Items[0].Name != "readers" {
		t.Errorf("groups of reader = %+v, %v", groups, err)
	}
	if attached, err := f.IAM.AttachedPolicies(ctx, owner, keys.GroupKind, "readers", "/", iam.Page{}); err != nil || len(attached.Items) != 1 {
		t.Errorf("policies of readers = %+v, %v", attached, err)
	}
	if inline, err := f.IAM.InlinePolicy(ctx, owner, keys.UserKind, "reader", "List"); err != nil || !strings.Contains(inline, "s3:ListBucket") {
		t.Errorf("inline policy = %s, %v", inline, err)
	}
	if role, err := f.IAM.Role(ctx, owner, "auditor"); err != nil || role.MaxSession != 2*time.Hour {
		t.Errorf("role = %+v, %v", role, err)
	}
	r := &run{Services: f.Services}
	bucket, err := r.find(ctx, "logs")
	if err != nil || bucket.Account != string(owner) || bucket.Ownership != "BucketOwnerPreferred" || len(bucket.Acl) != 3 || bucket.PublicAccessBlock != nil {
		t.Fatalf("bucket = %v, %v", bucket, err)
	}
	object, err := f.Objects.Get(ctx, keys.BucketID(bucket.Id), "today.log", "")
	if err != nil || object.Owner != bucket.CanonicalId || object.OwnerAccount != string(owner) || len(object.Acl) != 1 || object.Metadata.ContentType != "text/plain" {
		t.Fatalf("object = %v, %v", object, err)
	}
	body, err := f.Objects.Open(ctx, objects.Source{Bucket: keys.BucketID(bucket.Id), Key: "today.log", Object: object}, 0, object.Size)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if text, err := io.ReadAll(body); err != nil || string(text) != "a line\n" {
		t.Errorf("content = %q, %v", text, err)
	}
	profiles, err := Profiles(ctx, f.Store, f.box)
	if err != nil || len(profiles) != 3 {
		t.Fatalf("profiles = %v, %v", profiles, err)
	}
	if p := profiles[0]; p != (Profile{"fixed", "AKIAFIXEDFIXEDFIXED0", "fixed-secret"}) {
		t.Errorf("profile of a fixed key = %+v", p)
	}
	if p := profiles[1]; p != (Profile{"owner-root", "AKIAROOTROOTROOTROOT", "root-secret"}) {
		t.Errorf("profile of the root user = %+v", p)
	}
	if p := profiles[2]; p.Name != "reader" || !strings.HasPrefix(string(p.AccessKeyID), "AKIA") || len(p.Secret) != 40 {
		t.Errorf("profile of a drawn key = %+v", p)
	}
}

func TestSecondApplyChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.apply(t, setting); err != nil {
		t.Fatal(err)
	}
	// What an operator takes away or changes stays so, even if the file says more now.
	if err := f.IAM.RemoveUserFromGroup(ctx, owner, "readers", "reader"); err != nil {
		t.Fatal(err)
	}
	before := f.dump(t)
	progress, err := f.apply(t, strings.ReplaceAll(setting, "name: other", "name: more"))
	if err != nil || progress != "" {
		t.Errorf("a second Apply said %q, %v", progress, err)
	}
	after := f.dump(t)
	if len(before) != len(after) {
		t.Errorf("a second Apply left %d keys, before there were %d", len(after), len(before))
	}
	for key, value := range before {
		if after[key] != value {
			t.Errorf("a second Apply changed %q", key)
		}
	}
}

// errPower is the power cut of TestInterruptedApplyGoesOn.
var errPower = errors.New("power cut")

// cutting is an engine whose Update fails after it has run a number of times.
type cutting struct {
	meta.Engine
	left int
}

func (e *cutting) Update(ctx context.Context, fn func(tx meta.Tx) error) error {
	if e.left == 0 {
		return errPower
	}
	e.left--
	return e.Engine.Update(ctx, fn)
}

// kinds counts the keys of each space.
func kinds(all map[string]string) string {
	count := map[string]int{}
	for key := range all {
		count[key[:1]]++
	}
	return fmt.Sprint(count)
}

// TestInterruptedApplyGoesOn interrupts the application after each of its transactions, and compares
// what the next one makes of it with one that was not interrupted.
func TestInterruptedApplyGoesOn(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"setting": setting, "world": world, "organized": organized} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			interrupted(t, text)
		})
	}
}

func interrupted(t *testing.T, text string) {
	whole := newFixture(t)
	if _, err := whole.apply(t, text); err != nil {
		t.Fatal(err)
	}
	want := kinds(whole.dump(t))
	for cut := 0; ; cut++ {
		engine := &cutting{Engine: memory.New(), left: cut}
		f := newFixtureOver(t, engine)
		_, err := f.apply(t, text)
		if err == nil {
			if cut < 10 {
				t.Errorf("the file was applied in %d transactions", cut)
			}
			return
		}
		if !errors.Is(err, errPower) {
			t.Fatalf("cut after %d: %v", cut, err)
		}
		engine.left = 1 << 30
		if _, err := f.apply(t, text); err != nil {
			t.Fatalf("after a cut after %d transactions: %v", cut, err)
		}
		if got := kinds(f.dump(t)); got != want {
			t.Errorf("after a cut after %d transactions there are %s, want %s", cut, got, want)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"unknown group", "accounts:\n- name: a\n  users: [{name: u, groups: [none]}]\n", "account a: user u: "},
		{"unknown managed policy", "accounts:\n- name: a\n  users: [{name: u, attach: [\"arn:aws:iam::aws:policy/Nothing\"]}]\n", "attach arn:aws:iam::aws:policy/Nothing"},
		{"policy that is none", "accounts:\n- name: a\n  policies: [{name: p, document: {Version: x}}]\n", "account a: policy p: "},
		{"unknown ownership", "accounts:\n- name: a\n  buckets: [{name: bbb, ownership: Mine}]\n", "is not an object ownership"},
		{"unknown acl", "accounts:\n- name: a\n  buckets: [{name: bbb, acl: open}]\n", "bucket bbb: "},
		{"acl without acls", "accounts:\n- name: a\n  buckets: [{name: bbb, acl: public-read, ownership: BucketOwnerEnforced}]\n", "needs an ownership"},
		{"bucket name too short", "accounts:\n- name: a\n  buckets: [{name: bb}]\n", "bucket bb: "},
		{"missing file", "accounts:\n- name: a\n  buckets: [{name: bbb, objects: [{key: k, file: none}]}]\n", "object k: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if _, err := f.apply(t, test.text); err == nil || !strings.HasPrefix(err.Error(), "bootstrap: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Apply = %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestApplyMindsWhatIsThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, _, err := f.Accounts.Create(t.Context(), accounts.NewAccount{Name: "there", ID: "444455556666"}); err != nil {
		t.Fatal(err)
	}
	_, err := f.apply(t, "accounts:\n- name: there\n  id: \"444455556666\"\n  canonical-id: "+strings.Repeat("0", 64)+"\n")
	if err == nil || !strings.Contains(err.Error(), "but the file says") {
		t.Errorf("Apply with another canonical id = %v", err)
	}
	if _, err := f.apply(t, "accounts:\n- name: there\n  id: \"444455556666\"\n  users: [{name: u}]\n"); err != nil {
		t.Errorf("Apply to an account that is there = %v", err)
	}
	if _, err := f.IAM.User(t.Context(), "444455556666", "u"); err != nil {
		t.Error(err)
	}
}

func TestProfileWithoutKeyIsLeftOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.apply(t, setting); err != nil {
		t.Fatal(err)
	}
	if err := f.IAM.DeleteAccessKey(t.Context(), owner, "fixed", "AKIAFIXEDFIXEDFIXED0"); err != nil {
		t.Fatal(err)
	}
	profiles, err := Profiles(t.Context(), f.Store, f.box)
	if err != nil || len(profiles) != 2 || profiles[0].Name != "owner-root" {
		t.Errorf("profiles = %v, %v", profiles, err)
	}
}
