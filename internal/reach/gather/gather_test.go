package gather

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/reach"
	"crossgrant/internal/records"
)

// world is a store to put records into.
type world struct {
	testing.TB
	store *meta.Store
	gate  *access.Access
}

func newWorld(t testing.TB) *world {
	store := meta.New(memory.New())
	// The gate observes the store, so it is made before anything uses that, several tests at once among others.
	w := &world{t, store, access.New(store, nil, nil)}
	t.Cleanup(func() { w.store.Close() })
	return w
}

func (w *world) update(fn func(meta.Tx) error) {
	w.Helper()
	if err := w.store.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) put(key []byte, m proto.Message) {
	w.Helper()
	w.update(func(tx meta.Tx) error { return records.Put(tx, key, m) })
}

func accountID(n int) ids.AccountID { return ids.AccountID(fmt.Sprintf("%012d", 100_000_000_000+n)) }

func canonicalID(n int) ids.CanonicalUserID { return ids.CanonicalUserID(fmt.Sprintf("%064x", n+1)) }

func (w *world) account(n int) ids.AccountID {
	id := accountID(n)
	w.put(keys.Account(id), &records.Account{Id: string(id), CanonicalId: string(canonicalID(n)), Name: fmt.Sprint("account", n)})
	w.update(func(tx meta.Tx) error { return tx.Put(keys.CanonicalID(canonicalID(n)), []byte(id)) })
	return id
}

// allow is a policy that allows actions, separated by blanks, on resources.
func allow(actions, resources string, principal ...string) string {
	list := func(words string) string { return `["` + strings.Join(strings.Fields(words), `","`) + `"]` }
	who := ""
	if len(principal) > 0 {
		who = `"Principal":` + principal[0] + `,`
	}
	if resources != "" {
		resources = `,"Resource":` + list(resources)
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + who + `"Action":` + list(actions) + resources + `}]}`
}

func (w *world) user(account ids.AccountID, name, policy string) {
	id := "AIDA" + strings.ToUpper(name) + "00000000000"
	u := &records.User{Name: name, Id: id, Path: "/"}
	if policy != "" {
		u.Inline = map[string]string{"p": policy}
	}
	w.put(keys.Entity(account, keys.UserKind, name), u)
	w.update(func(tx meta.Tx) error {
		if err := tx.Put(keys.UniqueID(account, ids.UniqueID(id)), append([]byte{byte(keys.UserKind)}, name...)); err != nil {
			return err
		}
		return tx.Put(keys.EntityAccount(ids.UniqueID(id)), []byte(account))
	})
}

func (w *world) role(account ids.AccountID, name, trust, policy string) {
	w.put(keys.Entity(account, keys.RoleKind, name), &records.Role{
		Name: name, Id: "AROA" + strings.ToUpper(name) + "00000000000", Path: "/", Trust: trust, Inline: map[string]string{"p": policy},
	})
}

func (w *world) bucket(n int, name, policy string) keys.BucketID {
	id := keys.BucketID([]byte(fmt.Sprintf("%08.8s", name)))
	w.put(keys.Bucket(name), &records.Bucket{
		Name: name, Id: id[:], Account: string(accountID(n)), CanonicalId: string(canonicalID(n)), Policy: policy,
		Acl: []*records.Grant{{CanonicalId: string(canonicalID(n)), Permission: "FULL_CONTROL"}},
	})
	w.update(func(tx meta.Tx) error { return tx.Put(keys.BucketOf(accountID(n), name), nil) })
	return id
}

func (w *world) answer(q reach.Question) *reach.Result {
	w.Helper()
	r, err := New(w.store, Default).Answer(w.Context(), q)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func principals(r *reach.Result) []string {
	var out []string
	for i := range r.Principals {
		out = append(out, r.Principals[i].ID)
	}
	return out
}

// small is account 0 with bucket "data0000", which lets user bob of account 1 read, and a role that account 1 may assume;
// account 2 is not let in.
func small(t testing.TB) *world {
	w := newWorld(t)
	a, b, c := w.account(0), w.account(1), w.account(2)
	w.user(a, "ann", allow("s3:*", "*"))
	w.user(b, "bob", allow("s3:GetObject", "arn:aws:s3:::data0000/in/*"))
	w.user(b, "eve", allow("sts:AssumeRole", "*"))
	w.user(c, "cid", allow("*", "*"))
	w.role(a, "writer", allow("sts:AssumeRole", "", `{"AWS":"`+string(b)+`"}`), allow("s3:PutObject", "arn:aws:s3:::data0000/out/*"))
	id := w.bucket(0, "data0000", allow("s3:GetObject", "arn:aws:s3:::data0000/*", `{"AWS":"AIDABOB00000000000"}`))
	w.put(keys.Object(id, "in/mine"), &records.Object{Owner: string(canonicalID(0)), Acl: []*records.Grant{{CanonicalId: string(canonicalID(0)), Permission: "FULL_CONTROL"}}})
	w.put(keys.Object(id, "in/foreign"), &records.Object{Owner: string(canonicalID(2)), Acl: []*records.Grant{{CanonicalId: string(canonicalID(2)), Permission: "FULL_CONTROL"}}})
	return w
}

func TestWhoReachesABucket(t *testing.T) {
	t.Parallel()
	w := small(t)
	r := w.answer(reach.Question{Bucket: "data0000", Action: "s3:*Object"})
	want := []string{
		"arn:aws:iam::100000000000:role/writer", "arn:aws:iam::100000000000:root", "arn:aws:iam::100000000000:user/ann",
		"100000000001", "arn:aws:iam::100000000001:user/bob", "arn:aws:iam::100000000001:user/eve",
		// The owner of the foreign object, and whom its policies let.
		"100000000002", "arn:aws:iam::100000000002:root", "arn:aws:iam::100000000002:user/cid",
	}
	if got := principals(r); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var text []string
	for i := range r.Paths {
		p := &r.Paths[i]
		if !p.Proven {
			t.Errorf("not proven: %s %s", p.Principal, p.Text)
		}
		if strings.HasSuffix(p.Principal, "bob") || strings.HasSuffix(p.Principal, "eve") {
			text = append(text, p.Text)
		}
	}
	wantText := []string{
		"read objects (s3:GetObject) in data0000/in/* but not data0000/in/foreign, by bucket policy of data0000, statement 1 and identity-based policy user/bob/p, statement 1",
		"assume role arn:aws:iam::100000000000:role/writer (sts:AssumeRole), by role trust policy arn:aws:iam::100000000000:role/writer, statement 1 and identity-based policy user/eve/p, statement 1",
	}
	if !slices.Equal(text, wantText) {
		t.Errorf("got %q, want %q", text, wantText)
	}
	if len(r.Cut) > 0 {
		t.Errorf("cut: %q", r.Cut)
	}
	// A key and a prefix narrow the question.
	if got := principals(w.answer(reach.Question{Bucket: "data0000", Key: "else", Action: "s3:GetObject"})); slices.Contains(got, "arn:aws:iam::100000000001:user/bob") {
		t.Errorf("of another key: %q", got)
	}
	if got := principals(w.answer(reach.Question{Bucket: "data0000", Prefix: "in/f", Action: "s3:GetObject"})); !slices.Contains(got, "arn:aws:iam::100000000001:user/bob") {
		t.Errorf("of a prefix: %q", got)
	}
}

func TestWhatAPrincipalReaches(t *testing.T) {
	t.Parallel()
	w := small(t)
	r := w.answer(reach.Question{Principal: "arn:aws:iam::100000000001:user/eve"})
	if got, want := principals(r), []string{"arn:aws:iam::100000000000:role/writer", "arn:aws:iam::100000000001:user/eve"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(r.Paths) != 2 || r.Paths[0].Actions[0] != "s3:PutObject" || r.Paths[0].Resources[0].Patterns[0] != "arn:aws:s3:::data0000/out/*" {
		t.Errorf("got %+v", r.Paths)
	}
	for _, who := range []string{"anonymous", "any-account", "logging.s3.amazonaws.com", "100000000000", "arn:aws:iam::100000000000:root", "arn:aws:sts::100000000000:assumed-role/writer/x"} {
		w.answer(reach.Question{Principal: who})
	}
}

func TestWhatIsReachedFromOutside(t *testing.T) {
	t.Parallel()
	w := small(t)
	r := w.answer(reach.Question{Outside: "100000000000", Action: "s3:*Object"})
	want := []string{
		"arn:aws:iam::100000000000:role/writer", "100000000001", "arn:aws:iam::100000000001:user/bob", "arn:aws:iam::100000000001:user/eve",
		"100000000002", "arn:aws:iam::100000000002:root", "arn:aws:iam::100000000002:user/cid",
	}
	if got := principals(r); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := small(t)
	for _, c := range []struct {
		q    reach.Question
		code string
	}{
		{reach.Question{Bucket: "data0000", Outside: "100000000000"}, "ValidationError"},
		{reach.Question{Principal: "anonymous", Key: "k"}, "ValidationError"},
		{reach.Question{Bucket: "data0000", Action: "s3:Nothing"}, "ValidationError"},
		{reach.Question{Bucket: "none"}, "NoSuchBucket"},
		{reach.Question{Principal: "ann"}, "ValidationError"},
		{reach.Question{Principal: "999999999999"}, "NoSuchEntity"},
		{reach.Question{Principal: "arn:aws:iam::100000000000:user/none"}, "NoSuchEntity"},
		{reach.Question{Principal: "arn:aws:iam::999999999999:user/ann"}, "NoSuchEntity"},
		{reach.Question{Principal: "arn:aws:sts::100000000000:assumed-role/none/x"}, "NoSuchEntity"},
		{reach.Question{Outside: "o-none"}, "NoSuchEntity"},
	} {
		_, err := New(w.store, Default).Answer(t.Context(), c.q)
		if err == nil || apierr.From(err).Code != c.code {
			t.Errorf("%+v: got %v, want %s", c.q, err, c.code)
		}
	}
}

// What limits leave out is told.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := small(t)
	for _, l := range []Limits{
		{Principals: 1, Buckets: 9, Records: 9, Objects: 9}, {Principals: 9, Buckets: 9, Records: 1, Objects: 9}, {Principals: 9, Buckets: 9, Records: 9},
	} {
		r, err := New(w.store, l).Answer(t.Context(), reach.Question{Bucket: "data0000"})
		if err != nil || len(r.Cut) == 0 {
			t.Errorf("%+v: cut %q, %v", l, r.Cut, err)
		}
	}
}

// large is 100 accounts of 100 users and 100 buckets each.
func large(b testing.TB) *world {
	w := newWorld(b)
	for n := range 100 {
		id := w.account(n)
		w.update(func(tx meta.Tx) error {
			for i := range 100 {
				name := fmt.Sprintf("user%02d", i)
				u := &records.User{Name: name, Id: fmt.Sprintf("AIDA%03d%03d00000000000", n, i), Path: "/", Inline: map[string]string{
					"p": allow("s3:GetObject s3:PutObject", fmt.Sprintf("arn:aws:s3:::b%03d*/home/%s/*", n, name)), "q": allow("s3:ListBucket", "*"),
				}}
				if err := records.Put(tx, keys.Entity(id, keys.UserKind, name), u); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range 100 {
			w.bucket(n, fmt.Sprintf("b%03d%04d", n, i), "")
		}
	}
	w.bucket(0, "named000", allow("s3:GetObject", "arn:aws:s3:::named000/*", `{"AWS":"`+string(accountID(1))+`"}`))
	w.bucket(0, "public00", allow("s3:ListBucket", "arn:aws:s3:::public00", `"*"`))
	return w
}

func BenchmarkAnswer(b *testing.B) {
	w := large(b)
	for _, q := range []reach.Question{
		{Bucket: "b0000000"}, {Bucket: "named000"}, {Bucket: "public00"}, {Principal: "arn:aws:iam::100000000001:user/user07"}, {Outside: "100000000000"},
	} {
		b.Run(q.Bucket+q.Principal+q.Outside, func(b *testing.B) {
			for b.Loop() {
				r := w.answer(q)
				b.ReportMetric(float64(len(r.Paths)), "paths")
			}
		})
	}
}

// What an account asks about a bucket that is open to everybody, with as many principals as are looked at.
func BenchmarkHalves(b *testing.B) {
	w := newWorld(b)
	id := w.account(0)
	for i := range 1000 {
		w.user(id, fmt.Sprintf("user%04d", i), allow("s3:Get* s3:List*", "*"))
	}
	for i := range 100 {
		w.bucket(0, fmt.Sprintf("b%07d", i), allow("s3:GetObject", fmt.Sprintf("arn:aws:s3:::b%07d/*", i), `"*"`))
	}
	for _, q := range []reach.Question{{Bucket: "b0000000"}, {Principal: "arn:aws:iam::100000000000:user/user0007"}, {}} {
		b.Run(q.Bucket+q.Principal, func(b *testing.B) {
			for b.Loop() {
				r := w.half(0, q)
				b.ReportMetric(float64(len(r.Paths)), "paths")
			}
		})
	}
	b.Run("preview", func(b *testing.B) {
		w.user(id, "ann", allow("s3:*", "*"))
		none := ""
		for b.Loop() {
			p, err := w.preview(0, Edit{Bucket: "b0000000", Policy: &none})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(p.Loses)), "paths")
			b.ReportMetric(float64(len(p.Cut)), "cut")
		}
	})
}
