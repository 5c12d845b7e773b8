package reach

import (
	"fmt"
	"strings"
	"testing"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// worlds is how many random worlds are compared.
const worlds = 500

var (
	askedOfBucket = []string{"s3:ListBucket", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketAcl", "s3:DeleteBucket"}
	askedOfObject = []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:GetObjectVersion", "s3:GetObjectTagging"}
	askedKeys     = []string{"key", "home/usA", "home/usB", "home/usA/x", "foreign", "public", "else"}
)

// What Answer computes is what the engine says of every principal, action and resource, under several contexts; and
// every path that is proven has a witness that the engine allows.
func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	n := uint64(worlds)
	if testing.Short() {
		n = worlds / 10
	}
	const parts = 4
	for part := range uint64(parts) {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			compareWorlds(t, part, n, parts)
		})
	}
}

// compareWorlds compares the worlds of the seeds from, from+step, … below to.
func compareWorlds(t *testing.T, from, to, step uint64) {
	var paths, proven, asked, allowed int
	for seed := from; seed < to; seed += step {
		d := newDice(seed)
		w := d.world()
		r := everyPath(w)
		for i := range r.Paths {
			paths++
			if r.Paths[i].Proven {
				proven++
				checkWitness(t, w, r.drafts[i])
			}
		}
		for _, c := range w.Callers {
			w.ask(d, c, func(a *Asked, in *authz.Input) {
				asked++
				want := authz.Decide(in)
				if want.Allowed() {
					allowed++
				}
				if got := r.Allows(a); got != want.Allowed() {
					t.Fatalf("world %d: %s %s %s: got %v, want %v by %v of %s\ncontext %s\nobject %v charge %v", seed, a.Principal, a.Action, a.Resource, got,
						want.Allowed(), want.By.Layer, want.By.Source(), contextText(a.Context), a.Object, a.AcceptsCharge)
				}
			})
		}
	}
	t.Logf("%d paths, %d proven; %d requests, %d allowed", paths, proven, asked, allowed)
	if paths == 0 || proven*10 < paths*8 {
		t.Errorf("only %d of %d paths are proven", proven, paths)
	}
}

// everyPath returns the paths between all callers and targets of a world.
func everyPath(w *World) *Result {
	a := &answer{solver: newSolver(w), q: &Question{}, roles: map[string]*target{}}
	for _, c := range w.Callers {
		for _, b := range w.Buckets {
			if len(a.buckets) < len(w.Buckets) {
				a.buckets = append(a.buckets, bucketTarget(b, a.q))
			}
		}
		for _, b := range a.buckets {
			a.reaches(c, b)
		}
		for _, r := range w.Roles {
			if a.roles[r.ARN] == nil {
				a.roles[r.ARN] = roleTarget(r)
			}
			a.reaches(c, a.roles[r.ARN])
		}
	}
	return a.tell()
}

// checkWitness puts a witness to the engine once more.
func checkWitness(t *testing.T, w *World, d *draft) {
	t.Helper()
	keys := policy.Over(&d.c.Keys)
	copyKeys(&keys, d.t.keys)
	for key, values := range d.witness.Context {
		if info, known := policy.KeyInfo(key); known && info.Multivalued {
			keys.SetMulti(key, values)
		} else {
			keys.Set(key, values[0])
		}
	}
	in := authz.Input{
		Request: policy.Request{
			Action: d.witness.Action, Resource: d.witness.Resource, Principal: &d.c.As, Context: &keys, HasBoundary: d.c.Boundary != nil,
		},
		Identity: d.c.Identity, Boundary: d.c.Boundary, Session: d.c.Session, SCPs: d.c.SCPs, Owner: d.t.Account, MustTrust: d.t.trust,
	}
	if d.t.trust {
		in.Resource, in.RCPs = w.Roles[0].Trust, w.Roles[0].RCPs
	} else {
		b := w.Buckets[0]
		s3 := b.S3
		s3.AcceptsCharge, s3.Object = d.shape.charge, d.area.object
		in.Resource, in.RCPs, in.S3 = b.Policy, b.RCPs, &s3
	}
	if got := authz.Decide(&in); !got.Allowed() {
		t.Errorf("the witness %+v of %s is refused by %v of %s", d.witness, d.c.ID, got.By.Layer, got.By.Source())
	}
}

// ask puts requests of a caller: on every action and resource, under several contexts.
func (w *World) ask(d dice, c *Caller, put func(*Asked, *authz.Input)) {
	b := w.Buckets[0]
	for _, tls := range []string{"true", "false"} {
		for _, ip := range []string{"10.0.0.1", "192.0.2.7"} {
			for _, header := range []string{"", d.pick("bucket-owner-full-control private")} {
				if d.one(2) {
					continue
				}
				for _, action := range append(askedOfBucket[:len(askedOfBucket):len(askedOfBucket)], askedOfObject...) {
					keys := requestKeys(d, c, action, tls, ip, header)
					copyKeys(&keys, &b.Keys)
					resources := []string{"arn:aws:s3:::bucket"}
					if strings.Contains(action, "Object") {
						resources = nil
						for _, key := range askedKeys {
							resources = append(resources, "arn:aws:s3:::bucket/"+key)
						}
					}
					for _, resource := range resources {
						_, key, _ := strings.Cut(resource, "/")
						charge := d.one(2)
						s3 := b.S3
						s3.AcceptsCharge = charge
						in := &authz.Input{
							Request:  policy.Request{Action: action, Resource: resource, Principal: &c.As, Context: &keys, HasBoundary: c.Boundary != nil},
							Identity: c.Identity, Boundary: c.Boundary, Session: c.Session, SCPs: c.SCPs, RCPs: b.RCPs, Owner: b.Owner, Resource: b.Policy, S3: &s3,
						}
						o := b.objectAt(d, key)
						if o != nil {
							s3.Object = &o.Object
						}
						put(&Asked{c.ID, "arn:aws:s3:::bucket", action, resource, &keys, o, charge}, in)
					}
				}
			}
		}
	}
	if c.Kind != Root && c.Kind != Anonymous {
		r := w.Roles[0]
		keys := requestKeys(d, c, assume, d.pick("true false"), "10.0.0.1", "")
		copyKeys(&keys, &r.Keys)
		put(&Asked{c.ID, r.ARN, assume, r.ARN, &keys, nil, false}, &authz.Input{
			Request:  policy.Request{Action: assume, Resource: r.ARN, Principal: &c.As, Context: &keys, HasBoundary: c.Boundary != nil},
			Identity: c.Identity, Boundary: c.Boundary, Session: c.Session, SCPs: c.SCPs, RCPs: r.RCPs, Owner: r.Owner, Resource: r.Trust, MustTrust: true,
		})
	}
}

// objectAt returns the object of a key: one that the world has, an ordinary one or none.
func (b *Bucket) objectAt(d dice, key string) *StoredObject {
	if key == "" {
		return nil
	}
	for i := range b.Objects {
		if b.Objects[i].Key == key {
			return &b.Objects[i]
		}
	}
	if d.one(2) {
		return nil
	}
	return &StoredObject{Key: key, Object: authz.Object{Owner: b.S3.OwnerCanonicalID, ACL: private(b.S3.OwnerCanonicalID)}}
}

// requestKeys makes the condition keys of a request; those that the caller does not settle are random.
func requestKeys(d dice, c *Caller, action, tls, ip, header string) policy.Context {
	keys := policy.Over(&c.Keys)
	keys.Set("aws:SecureTransport", tls)
	keys.Set("aws:SourceIp", ip)
	if header != "" && policy.S3ActionTakes(action, "s3:x-amz-acl") {
		keys.Set("s3:x-amz-acl", header)
	}
	if action == "s3:ListBucket" {
		keys.Set("s3:prefix", d.pick("home/ usA x"))
	}
	if d.one(3) {
		keys.SetMulti("aws:TagKeys", d.some(2, "a b c"))
	}
	if c.open("aws:principaltag/team") && d.one(2) {
		keys.Set("aws:PrincipalTag/team", d.pick("a key usA"))
	}
	if c.Kind == AnyAccount {
		keys.Set("aws:PrincipalAccount", "999999999999")
	}
	if c.open("aws:principalarn") {
		keys.Set("aws:PrincipalArn", fmt.Sprintf("arn:aws:iam::%s:%s", c.As.Account, d.pick("user/usA role/x root")))
	}
	if c.open("aws:username") && d.one(2) {
		keys.Set("aws:username", d.pick("usA usB usC"))
	}
	return keys
}

func contextText(c *policy.Context) string {
	var b strings.Builder
	for _, key := range c.Keys() {
		values, _, _ := c.Lookup(key)
		fmt.Fprintf(&b, "%s=%v ", key, values)
	}
	return b.String()
}
