package gather

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/acl"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/meta"
	"crossgrant/internal/picture"
	"crossgrant/internal/reach"
	"crossgrant/internal/reachmap"
)

func (w *world) halves() *Halves { return NewHalves(w.store, ForAccounts, nil) }

func (w *world) half(n int, q reach.Question) *reach.Result {
	w.Helper()
	r, err := w.halves().Answer(w.Context(), accountID(n), q)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func told(paths []reach.Path) []string {
	var out []string
	for i := range paths {
		out = append(out, strings.TrimPrefix(paths[i].Principal, "arn:aws:iam::")+": "+paths[i].Text)
	}
	return out
}

// The owner of a bucket is told what its policy and the owners of its objects let in, by the names that it has of them;
// the other account what its own policies say.
func TestHalves(t *testing.T) {
	t.Parallel()
	w := small(t)
	for _, c := range []struct {
		account int
		q       reach.Question
		want    []string
	}{
		{0, reach.Question{Bucket: "data0000", Action: "s3:GetObject"}, []string{
			"100000000000:root: read objects (s3:GetObject) in data0000/* but not data0000/in/foreign, by being the root user",
			"100000000000:user/ann: read objects (s3:GetObject) in data0000/* but not data0000/in/foreign, by identity-based policy user/ann/p, statement 1",
			"100000000001:user/bob: read objects (s3:GetObject) in data0000/* but not data0000/in/foreign, by bucket policy of data0000, statement 1 and whatever account 100000000001 allows",
			string(canonicalID(2)) + ": read objects (s3:GetObject) in data0000/in/foreign (owned by " + string(canonicalID(2)) + ", with the ACL it has), by whatever the account with this canonical user ID allows",
		}},
		{0, reach.Question{Bucket: "data0000", Prefix: "out/", Action: "s3:PutObject"}, []string{
			"100000000000:role/writer: write objects (s3:PutObject) in data0000/out/*, by identity-based policy role/writer/p, statement 1",
			"100000000000:root: write objects (s3:PutObject) in data0000/out/*, by being the root user",
			"100000000000:user/ann: write objects (s3:PutObject) in data0000/out/*, by identity-based policy user/ann/p, statement 1",
			"100000000001: assume role arn:aws:iam::100000000000:role/writer (sts:AssumeRole), by role trust policy arn:aws:iam::100000000000:role/writer, statement 1 and whatever account 100000000001 allows",
			"100000000001:user/bob: assume role arn:aws:iam::100000000000:role/writer (sts:AssumeRole), by role trust policy arn:aws:iam::100000000000:role/writer, statement 1 and whatever account 100000000001 allows",
		}},
		{1, reach.Question{Principal: "arn:aws:iam::100000000001:user/bob"}, []string{
			"100000000001:user/bob: read objects (s3:GetObject) in data0000/in/*, by whatever the account that owns it allows and identity-based policy user/bob/p, statement 1 (possible: the account that owns it has to allow it as well)",
		}},
		{2, reach.Question{}, nil},
	} {
		r := w.half(c.account, c.q)
		if got := told(r.Paths); !slices.Equal(got, c.want) {
			t.Errorf("account %d, %+v:\ngot  %s\nwant %s", c.account, c.q, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
		if r.Question.Bucket != "" && !slices.ContainsFunc(r.Cut, func(s string) bool { return strings.HasPrefix(s, "Some objects belong to other accounts") }) && c.q.Prefix == "" {
			t.Errorf("nothing is said of the object of another account: %q", r.Cut)
		}
		if _, err := picture.SVG(reachmap.Of(r)); err != nil {
			t.Errorf("draw the answer to %+v: %v", c.q, err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			if n != c.account && strings.Contains(string(text), "account"+string(rune('0'+n))+`"`) {
				t.Errorf("account %d is told the name of account %d", c.account, n)
			}
		}
	}
}

// What is another account's, and what there is not, are answered alike.
func TestHalvesRefuse(t *testing.T) {
	t.Parallel()
	w := small(t)
	for _, c := range []struct {
		q, other reach.Question
		code     string
	}{
		{reach.Question{Bucket: "data0000"}, reach.Question{Bucket: "none0000"}, "NoSuchBucket"},
		{reach.Question{Principal: "arn:aws:iam::100000000000:user/ann"}, reach.Question{Principal: "arn:aws:iam::100000000000:user/abc"}, "NoSuchEntity"},
		{reach.Question{Principal: "100000000000"}, reach.Question{Principal: "100000000009"}, "NoSuchEntity"},
		{reach.Question{Principal: "arn:aws:iam::100000000001:user/abc"}, reach.Question{Principal: "anonymous"}, "NoSuchEntity"},
		{reach.Question{Outside: "100000000001"}, reach.Question{Outside: "100000000000"}, "ValidationError"},
		{reach.Question{Bucket: "data0000", Principal: "x"}, reach.Question{Key: "x"}, "ValidationError"},
	} {
		var texts []string
		for _, q := range []reach.Question{c.q, c.other} {
			_, err := w.halves().Answer(t.Context(), accountID(1), q)
			if err == nil || apierr.From(err).Code != c.code {
				t.Errorf("%+v: %v, want %s", q, err, c.code)
				continue
			}
			texts = append(texts, strings.NewReplacer(q.Bucket+q.Principal, "X").Replace(apierr.From(err).Message))
		}
		if len(texts) == 2 && c.code != "ValidationError" && texts[0] != texts[1] {
			t.Errorf("%+v and %+v are told apart: %q", c.q, c.other, texts)
		}
	}
}

// An account's question reads nothing of another account: neither its policies nor its buckets bear on the answer.
func TestHalvesDoNotInterfere(t *testing.T) {
	t.Parallel()
	w := small(t)
	var before []string
	ask := func() (out []string) {
		for _, q := range []reach.Question{{}, {Bucket: "data0000"}, {Principal: "arn:aws:iam::100000000000:user/ann"}} {
			text, err := json.Marshal(w.half(0, q))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(text))
		}
		return out
	}
	before = ask()
	w.user(accountID(1), "bob", "")
	w.user(accountID(1), "new", allow("*", "*"))
	w.role(accountID(2), "other", allow("sts:AssumeRole", "", `{"AWS":"*"}`), allow("*", "*"))
	w.bucket(1, "opened00", allow("s3:*", "arn:aws:s3:::opened00/*", `{"AWS":"`+string(accountID(0))+`"}`))
	w.account(7)
	if after := ask(); !slices.Equal(before, after) {
		t.Errorf("got %s\nand then %s", before, after)
	}
}

// A question that takes too long is answered with what was looked at until then.
func TestHalvesTakeTheirTime(t *testing.T) {
	t.Parallel()
	w := small(t)
	clock := time.Unix(0, 0)
	h := NewHalves(w.store, ForAccounts, func() time.Time { clock = clock.Add(400 * time.Millisecond); return clock })
	r, err := h.Answer(t.Context(), accountID(0), reach.Question{Bucket: "data0000"})
	if err != nil || len(r.Cut) != 2 || !strings.HasPrefix(r.Cut[1], "It would take too long to look at everything: from what ") {
		t.Errorf("%v %v", r, err)
	}
}

func (w *world) preview(n int, e Edit) (*Preview, error) {
	w.Helper()
	caller, err := w.gate.As(w.Context(), "arn:aws:iam::"+string(accountID(n))+":user/ann", time.Time{})
	if err != nil {
		w.Fatal(err)
	}
	request := caller.Context()
	request.Set("aws:SecureTransport", "true")
	return w.halves().Preview(w.Context(), caller, &request, &e)
}

// What a change would do, and what is said of it.
func TestPreview(t *testing.T) {
	t.Parallel()
	w := small(t)
	text := func(s string) *string { return &s }
	bob := `{"AWS":"arn:aws:iam::100000000001:user/bob"}`
	wide := allow("s3:GetObject", "arn:aws:s3:::data0000/*", bob)
	for _, c := range []struct {
		name                   string
		e                      Edit
		gains, loses, warnings []string
		code                   string // of the error
	}{
		{name: "the same", e: Edit{Policy: &wide}},
		{name: "none", e: Edit{Policy: text("")}, loses: []string{"read objects (s3:GetObject)"}},
		{name: "one more action", e: Edit{Policy: text(allow("s3:GetObject s3:PutObject", "arn:aws:s3:::data0000/*", bob))}, gains: []string{"write objects (s3:PutObject)", "write objects (s3:PutObject) in data0000/in/foreign (owned by "}},
		{
			name: "everybody", e: Edit{Policy: text(allow("s3:GetObject", "arn:aws:s3:::data0000/*", `"*"`)), Action: "s3:GetObject"},
			gains:    []string{"role/writer: read", string(canonicalID(2)) + ": read", "anonymous: read", "any-account: read"},
			warnings: []string{"Anyone, without signing in, could read objects", "Anyone with an account of any sort could read objects"},
		},
		{
			name: "everybody, and blocked", e: Edit{
				Policy: text(allow("s3:GetObject", "arn:aws:s3:::data0000/*", `"*"`)), Action: "s3:GetObject",
				Block: &authz.PublicAccessBlock{RestrictPublicBuckets: true, BlockPublicPolicy: true},
			},
			gains:    []string{"role/writer: read"},
			loses:    []string{"user/bob: read objects (s3:GetObject)"},
			warnings: []string{"S3 would refuse this policy: it is public", "S3 would count the bucket policy as public"},
		},
		{
			name: "shut out", e: Edit{Policy: text(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::100000000000:user/ann"},"Action":"s3:PutBucketPolicy","Resource":"arn:aws:s3:::data0000"}}`), Action: "s3:*BucketPolicy"},
			loses:    []string{"change the bucket policy (s3:PutBucketPolicy)"},
			warnings: []string{"You would shut yourself out: arn:aws:iam::100000000000:user/ann may change the bucket policy now"},
		},
		{
			name: "a grant", e: Edit{ACL: &acl.ACL{Owner: canonicalID(0), Grants: []acl.Grant{{Grantee: acl.Grantee{ID: canonicalID(0)}, Permission: acl.FullControl}, {Grantee: acl.Grantee{ID: canonicalID(1)}, Permission: acl.Read}}}, Action: "s3:ListBucket"},
			gains: []string{"list the bucket (s3:ListBucket) in data0000, by bucket ACL (READ to CanonicalUser "},
		},
		{
			name: "a public grant", e: Edit{ACL: &acl.ACL{Owner: canonicalID(0), Grants: []acl.Grant{{Grantee: acl.Grantee{ID: canonicalID(0)}, Permission: acl.FullControl}, {Grantee: acl.Grantee{Group: acl.AllUsers}, Permission: acl.Read}}}, Action: "s3:ListBucket"},
			gains:    []string{"list the bucket", "list the bucket", "list the bucket", "list the bucket", "list the bucket"},
			warnings: []string{"Anyone, without signing in, could list the bucket", "Anyone with an account of any sort could list the bucket"},
		},
		{
			name: "no ACLs", e: Edit{Ownership: access.Enforced, Action: "s3:GetObject"},
			gains: []string{"read objects", "read objects", "read objects"}, loses: []string{"read objects"},
		},
		{name: "no policy", e: Edit{Policy: text("{")}, code: "MalformedPolicy"},
		{name: "nobody", e: Edit{Policy: text(allow("s3:GetObject", "arn:aws:s3:::data0000/*", `{"AWS":"arn:aws:iam::100000000001:user/nobody"}`))}, code: "MalformedPolicy"},
		{name: "another bucket", e: Edit{Bucket: "none0000", Policy: text("{")}, code: "NoSuchBucket"},
		{name: "no account", e: Edit{ACL: &acl.ACL{Owner: canonicalID(0), Grants: []acl.Grant{{Grantee: acl.Grantee{ID: canonicalID(99)}, Permission: acl.Read}}}}, code: "InvalidArgument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.e.Bucket == "" {
				c.e.Bucket = "data0000"
			}
			p, err := w.preview(0, c.e)
			if c.code != "" {
				if err == nil || apierr.From(err).Code != c.code {
					t.Errorf("got %v, want %s", err, c.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			match := func(what string, got, want []string) {
				same := slices.EqualFunc(got, want, func(g, w string) bool { return strings.Contains(g, w) })
				if !same {
					t.Errorf("%s:\ngot  %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
				}
			}
			match("gains", told(p.Gains), c.gains)
			match("loses", told(p.Loses), c.loses)
			match("warnings", p.Warnings, c.warnings)
			if p.Bucket != "data0000" || len(p.Cut) > 1 || p.Before == 0 || p.Kept > p.After {
				t.Errorf("got %+v", p)
			}
		})
	}
}

// Nothing is stored by looking at what a change would do.
func TestPreviewChangesNothing(t *testing.T) {
	t.Parallel()
	w := small(t)
	var before, after []byte
	read := func(to *[]byte) {
		w.Helper()
		if err := w.store.View(t.Context(), func(r meta.Reader) error {
			it := r.Scan([]byte{0}, []byte{255})
			for it.Next() {
				*to = append(append(*to, it.Key()...), it.Value()...)
			}
			return it.Close()
		}); err != nil {
			t.Fatal(err)
		}
	}
	read(&before)
	empty := ""
	if _, err := w.preview(0, Edit{Bucket: "data0000", Policy: &empty, Ownership: access.Enforced}); err != nil {
		t.Fatal(err)
	}
	if read(&after); string(before) != string(after) {
		t.Error("the store has changed")
	}
}
