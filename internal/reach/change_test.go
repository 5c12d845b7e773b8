package reach

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// changed makes a change of a bucket: of its policy most of the time, and now and then of its other settings.
func (d dice) changed(b *Bucket) *Bucket {
	out := *b
	switch d.IntN(8) {
	case 0:
		out.S3.BucketACL = d.acl(idA)
	case 1:
		out.S3.Enforced = !b.S3.Enforced
	case 2:
		out.S3.Block.RestrictPublicBuckets, out.S3.Block.IgnorePublicAcls = d.one(2), d.one(2)
	case 3:
		s := d.source("bucket policy of bucket", policy.Bucket)
		out.Policy = &s
	case 4:
		out.Policy = nil
	default:
		out.Policy = d.edited(b.Policy)
	}
	return &out
}

// edited leaves out a statement of a policy, puts one to it, or changes one.
func (d dice) edited(s *authz.Source) *authz.Source {
	if s == nil || s.Document == nil {
		return &authz.Source{Name: "bucket policy of bucket", Document: d.document(policy.Bucket)}
	}
	for {
		var text struct {
			Version   string
			Statement []map[string]any
		}
		if err := json.Unmarshal([]byte(s.Document.Text()), &text); err != nil {
			panic(err)
		}
		i := d.IntN(len(text.Statement))
		switch d.IntN(4) {
		case 0:
			text.Statement = slices.Delete(text.Statement, i, i+1)
		case 1:
			text.Statement = append(text.Statement, d.statement(policy.Bucket))
		case 2:
			delete(text.Statement[i], "Condition")
		default:
			text.Statement[i]["Condition"] = d.conditions()
		}
		encoded, err := json.Marshal(text)
		if err != nil {
			panic(err)
		}
		if document, err := policy.ParseBucket(encoded, "bucket"); err == nil {
			return &authz.Source{Name: s.Name, Document: document}
		}
	}
}

// Whatever request one side allows and the other does not is on one of the paths that are told, and of each path that is
// proven the witness is such a request.
func TestChangesAgainstBruteForce(t *testing.T) {
	t.Parallel()
	n := uint64(worlds / 5)
	if testing.Short() {
		n = worlds / 10
	}
	const parts = 4
	for part := range uint64(parts) {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			compareChanges(t, part, n, parts)
		})
	}
}

func compareChanges(t *testing.T, from, to, step uint64) {
	var told, proven, asked, differ, kept int
	for seed := from; seed < to; seed += step {
		d := newDice(seed)
		w := d.world()
		before := w.Buckets[0]
		after := d.changed(before)
		c := Compare(w, before, after, "")
		kept += c.Kept
		for _, side := range []struct {
			paths     []Path
			on, other *Bucket
		}{{c.Gains, after, before}, {c.Loses, before, after}} {
			for i := range side.paths {
				told++
				if p := &side.paths[i]; p.Proven {
					proven++
					w.checkDifference(t, seed, p, side.on, side.other)
				}
			}
		}
		gains := &Result{drafts: c.gains}
		loses := &Result{drafts: c.loses}
		for _, caller := range w.Callers {
			w.ask(d, caller, func(a *Asked, in *authz.Input) {
				if in.S3 == nil {
					return
				}
				asked++
				is := authz.Decide(in)
				next := *in
				s3 := after.S3
				s3.AcceptsCharge, s3.Object = in.S3.AcceptsCharge, in.S3.Object
				next.S3, next.Resource = &s3, after.Policy
				will := authz.Decide(&next)
				if is.Allowed() == will.Allowed() {
					return
				}
				differ++
				if side := map[bool]*Result{true: gains, false: loses}[will.Allowed()]; !side.Allows(a) {
					t.Fatalf("world %d: %s %s %s is told nowhere: allowed %v, and then %v by %v of %s\ncontext %s\nobject %v\nbefore %s\nafter %s\n%s", seed, a.Principal, a.Action,
						a.Resource, is.Allowed(), will.Allowed(), will.By.Layer, will.By.Source(), contextText(a.Context), a.Object, policyText(before), policyText(after), texts(c))
				}
			})
		}
	}
	t.Logf("%d paths are told, %d proven, %d kept; %d requests, %d differ", told, proven, kept, asked, differ)
	if told == 0 || proven*10 < told*7 {
		t.Errorf("only %d of %d paths are proven", proven, told)
	}
}

func policyText(b *Bucket) string {
	if b.Policy == nil || b.Policy.Document == nil {
		return "none"
	}
	return b.Policy.Document.Text()
}

func texts(c *Change) string {
	var out strings.Builder
	for _, p := range c.Gains {
		out.WriteString("+ " + p.Principal + " " + p.Text + "\n")
	}
	for _, p := range c.Loses {
		out.WriteString("- " + p.Principal + " " + p.Text + "\n")
	}
	return out.String()
}

// checkDifference puts a witness to the engine, on both sides.
func (w *World) checkDifference(t *testing.T, seed uint64, p *Path, on, other *Bucket) {
	t.Helper()
	i := slices.IndexFunc(w.Callers, func(c *Caller) bool { return c.ID == p.Principal })
	c := w.Callers[i]
	keys := policy.Over(&c.Keys)
	copyKeys(&keys, &on.Keys)
	for key, values := range p.Witness.Context {
		if info, known := policy.KeyInfo(key); known && info.Multivalued {
			keys.SetMulti(key, values)
		} else {
			keys.Set(key, values[0])
		}
	}
	_, key, _ := strings.Cut(p.Witness.Resource, "/")
	// Of new and existing objects either may be what differs.
	objects := []*authz.Object{nil, ordinary(on)}
	for i := range on.Objects {
		if on.Objects[i].Key == key {
			objects = []*authz.Object{&on.Objects[i].Object}
		}
	}
	for _, o := range objects {
		decide := func(b *Bucket) bool {
			s3 := b.S3
			s3.AcceptsCharge, s3.Object = p.RequesterPays, o
			d := authz.Decide(&authz.Input{
				Request:  policy.Request{Action: p.Witness.Action, Resource: p.Witness.Resource, Principal: &c.As, Context: &keys, HasBoundary: c.Boundary != nil},
				Identity: c.Identity, Boundary: c.Boundary, Session: c.Session, SCPs: c.SCPs, RCPs: b.RCPs, Owner: b.Owner, Resource: b.Policy, S3: &s3,
			})
			return d.Allowed()
		}
		if decide(on) && !decide(other) {
			return
		}
	}
	t.Errorf("world %d: the witness %+v of %s is no difference: %s", seed, p.Witness, p.Principal, p.Text)
}

// What is only written in another way changes nothing.
func TestNothingChanges(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		d := newDice(seed)
		w := d.world()
		after := *w.Buckets[0]
		if after.Policy != nil && after.Policy.Document != nil {
			document, err := policy.ParseBucket([]byte(after.Policy.Document.Text()+" "), "bucket")
			if err != nil {
				t.Fatal(err)
			}
			after.Policy = &authz.Source{Name: after.Policy.Name, Document: document}
		}
		if c := Compare(w, w.Buckets[0], &after, ""); len(c.Gains)+len(c.Loses) > 0 || c.Kept != c.After || c.Before != c.After {
			t.Fatalf("world %d: %d of %d kept:\n%s", seed, c.Kept, c.After, texts(c))
		}
	}
}

// Changes as somebody makes them.
func TestChanges(t *testing.T) {
	t.Parallel()
	user := `"Principal":{"AWS":"arn:aws:iam::222222222222:user/usB"}`
	read := `{"Effect":"Allow",` + user + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/a/*"}`
	for _, c := range []struct{ name, before, after, want string }{
		{"a wider resource", read, strings.Replace(read, "/a/*", "/*", 1), "+ s3:GetObject arn:aws:s3:::bucket/* but not arn:aws:s3:::bucket/a/*"},
		{"one more action", read, strings.Replace(read, `"s3:GetObject"`, `["s3:GetObject","s3:PutObject"]`, 1), "+ s3:PutObject arn:aws:s3:::bucket/a/*"},
		{"a condition", read, strings.Replace(read, `}`, `},"Condition":{"Bool":{"aws:SecureTransport":"true"}}`, 1), "- s3:GetObject arn:aws:s3:::bucket/a/*"},
		{"two statements for one", strings.Replace(read, `"arn:aws:s3:::bucket/a/*"`, `["arn:aws:s3:::bucket/a/*","arn:aws:s3:::bucket/b/*"]`, 1),
			read + "," + strings.Replace(read, "/a/", "/b/", 1), ""},
		{"another wording of a condition", strings.Replace(read, `}`, `},"Condition":{"StringEquals":{"aws:UserAgent":["a","b"]}}`, 1),
			strings.Replace(read, `}`, `},"Condition":{"StringEquals":{"aws:UserAgent":"a"}}`, 1) + "," + strings.Replace(read, `}`, `},"Condition":{"StringEquals":{"aws:UserAgent":"b"}}`, 1), ""},
		{"a denial", read, read + `,{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/a/b"}`, "- s3:GetObject arn:aws:s3:::bucket/a/*"},
		{"nothing any more", read, "", "- s3:GetObject arn:aws:s3:::bucket/a/*"},
		{"everybody", "", `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`, "+ s3:GetObject arn:aws:s3:::bucket/*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := &World{Accounts: []Account{{ID: idA, Name: "A"}, {ID: idB, Name: "B"}}}
			w.Callers = []*Caller{{
				Principal: Principal{ID: "arn:aws:iam::222222222222:user/usB", Kind: User, Account: idB, Name: "usB"},
				As: policy.Principal{
					Kind: policy.User, Account: idB, CanonicalID: canonical(idB), ARN: "arn:aws:iam::222222222222:user/usB",
					EntityARN: "arn:aws:iam::222222222222:user/usB", EntityID: "AIDAUSBEXAMPLE00000", Name: "usB",
				},
				Identity: Whatever("account B"),
			}}
			bucket := func(statements string) *Bucket {
				b := &Bucket{Name: "bucket", Owner: idA, S3: authz.S3{OwnerCanonicalID: canonical(idA), BucketACL: acl.Private(canonical(idA))}}
				if statements == "" {
					return b
				}
				document, err := policy.Parse(policy.Bucket, []byte(`{"Version":"2012-10-17","Statement":[`+statements+`]}`))
				if err != nil {
					t.Fatal(err)
				}
				b.Policy = &authz.Source{Name: "bucket policy of bucket", Document: document}
				return b
			}
			change := Compare(w, bucket(c.before), bucket(c.after), "")
			var got []string
			add := func(sign string, paths []Path) {
				for _, p := range paths {
					s := sign + " " + strings.Join(p.Actions, ",") + " " + strings.Join(p.Resources[0].Patterns, ",")
					if len(p.Resources[0].Not) > 0 {
						s += " but not " + strings.Join(p.Resources[0].Not, ",")
					}
					if !p.Proven || p.Witness == nil {
						s += " (not proven)"
					}
					got = append(got, s)
				}
			}
			add("+", change.Gains)
			add("-", change.Loses)
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}
