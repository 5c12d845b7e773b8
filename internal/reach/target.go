package reach

import (
	"reflect"

	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// target is a bucket or a role made ready to be reached.
type target struct {
	Target
	resource *authz.Source
	trust    bool // resource is a trust policy
	s3       *authz.S3
	rcps     []authz.Layer
	keys     *policy.Context
	// head is the text that the ARNs of all that is reached begin with, up to the fifth colon.
	head string
	// areas are what of the target is looked at, each with its actions.
	areas []area
	// elsewhere is as in Bucket.
	elsewhere bool
	// bare has the resource policy reduced to one statement, see policy.Document.Bare.
	bare map[int]*authz.Source
}

// area is a part of a target of which all resources are alike but for their names.
type area struct {
	actions set
	state   state
	// object is the object that a request addresses; nil: none.
	object *authz.Object
	// objects are all that are like object, for a state of storedObject.
	objects []Object
	// domain are the resources, less the target's head; those of except are not among them.
	domain []policy.Glob
	except []policy.Glob
}

// state tells which resources of a target an area has.
type state uint8

const (
	noObject       state = iota // the bucket, or a role
	newObject                   // keys that no object has
	ordinaryObject              // objects of the bucket's owner with a private ACL
	storedObject                // objects that are alike, with an owner or ACL of their own
)

const bucketHead = "arn:aws:s3:::"

// bucketTarget returns a bucket of which the question is about some keys.
func bucketTarget(b *Bucket, q *Question) *target {
	t := &target{
		Target:   Target{ARN: arn.Bucket(b.Name).String(), Kind: BucketTarget, Account: b.Owner, Name: b.Name},
		resource: b.Policy, s3: &b.S3, rcps: b.RCPs, keys: &b.Keys, head: bucketHead, elsewhere: b.Elsewhere,
		bare: map[int]*authz.Source{},
	}
	asked := actionsLike(q.Action)
	keys := policy.ParseGlob("?*")
	switch {
	case q.Key != "":
		keys = policy.LiteralGlob(q.Key)
	case q.Prefix != "":
		keys = policy.LiteralGlob(q.Prefix).Then(policy.AnyText())
	}
	bucket := policy.LiteralGlob(b.Name)
	if q.Key == "" && q.Prefix == "" {
		t.areas = append(t.areas, area{actions: asked.and(bucketActions), domain: []policy.Glob{bucket}})
	}
	inBucket := policy.LiteralGlob(b.Name + "/")
	objects := []policy.Glob{inBucket.Then(keys)}
	var stored []policy.Glob
	classes := classesOf(b, keys)
	for i := range classes {
		classes[i].actions = asked.and(objectActions)
		if classes[i].objects[0].VersionID != "" {
			classes[i].actions = classes[i].actions.and(versionActions)
		} else {
			stored = append(stored, classes[i].domain...)
		}
	}
	private := ordinary(b)
	t.areas = append(t.areas,
		area{actions: asked.and(objectActions), state: newObject, domain: objects, except: stored},
		area{actions: asked.and(objectActions), state: ordinaryObject, object: private, domain: objects, except: stored})
	t.areas = append(t.areas, classes...)
	return t
}

// ordinary is an object of the bucket's owner with a private ACL.
func ordinary(b *Bucket) *authz.Object {
	owner := b.S3.OwnerCanonicalID
	return &authz.Object{Owner: owner, ACL: private(owner)}
}

// classesOf returns the stored objects whose keys match, those that are alike together.
func classesOf(b *Bucket, keys policy.Glob) []area {
	var out []area
	for i := range b.Objects {
		o := &b.Objects[i]
		if !keys.Match(o.Key) {
			continue
		}
		n := 0
		for n < len(out) && !(reflect.DeepEqual(*out[n].object, o.Object) && (out[n].objects[0].VersionID == "") == (o.VersionID == "")) {
			n++
		}
		if n == len(out) {
			out = append(out, area{state: storedObject, object: &o.Object})
		}
		out[n].objects = append(out[n].objects, Object{Key: o.Key, VersionID: o.VersionID, Owner: o.Owner})
		out[n].domain = append(out[n].domain, policy.LiteralGlob(b.Name+"/"+o.Key))
	}
	return out
}

// roleTarget returns a role.
func roleTarget(r *AssumedRole) *target {
	head := "arn:aws:iam::" + string(r.Owner) + ":"
	return &target{
		Target:   Target{ARN: r.ARN, Kind: RoleTarget, Account: r.Owner, Name: r.Name},
		resource: r.Trust, trust: true, rcps: r.RCPs, keys: &r.Keys, head: head, elsewhere: r.Elsewhere,
		bare:  map[int]*authz.Source{},
		areas: []area{{actions: roleActions, domain: []policy.Glob{policy.LiteralGlob(r.ARN[len(head):])}}},
	}
}

// input returns everything that a decision about a caller depends on, of which the policies are still to be set.
func (t *target) input(c *Caller, a *area, action, resource string, keys *policy.Context) authz.Input {
	in := authz.Input{
		Request:   policy.Request{Action: action, Resource: resource, Principal: &c.As, Context: keys, HasBoundary: c.Boundary != nil},
		Owner:     t.owner(),
		MustTrust: t.trust,
	}
	if t.s3 != nil {
		s3 := *t.s3
		s3.Object = a.object
		in.S3 = &s3
	}
	return in
}

func (t *target) owner() ids.AccountID { return t.Account }

// fill sets the policies of an input to those that there are.
func (t *target) fill(in *authz.Input, c *Caller) {
	in.Identity, in.Boundary, in.Session, in.Resource = c.Identity, c.Boundary, c.Session, t.resource
	if !c.Exempt {
		in.SCPs, in.RCPs = c.SCPs, t.rcps
	}
}
