package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// Marks of what belongs to whom: every name, ID, Sid, text and value of one side of a random world has its mark,
// apart from what the request itself says.
const (
	markCaller = "clrmark"
	markOwner  = "ownmark"
	markSCP    = "scptext"
	markRCP    = "rcptext"
	markObject = "c0ffee"
)

// marked is what nobody may see who is not of the side.
var marked = map[string]func(View) bool{
	markCaller:                     func(v View) bool { return v.Caller },
	"CLRMARK":                      func(v View) bool { return v.Caller },
	markOwner:                      func(v View) bool { return v.Owner },
	accountA:                       func(v View) bool { return v.Owner },
	string(canonicals[accountA]):   func(v View) bool { return v.Owner },
	"444455556666":                 func(v View) bool { return v.Owner },
	markSCP:                        func(View) bool { return false },
	markRCP:                        func(View) bool { return false },
	"nosidemark":                   func(v View) bool { return v.Caller && v.Owner },
	"service_control_policy/p-s":   func(v View) bool { return v.Caller },
	"resource_control_policy/p-r":  func(v View) bool { return v.Owner },
	strings.Repeat(markObject, 10): func(v View) bool { return v.ObjectOwner || v.Owner },
	strings.Repeat("0b1ec7", 10):   func(v View) bool { return v.ObjectOwner },
}

type dice struct{ *rand.Rand }

func (d dice) one(n int) bool { return d.IntN(n) == 0 }

func (d dice) pick(words ...string) string { return words[d.IntN(len(words))] }

// statement makes a statement whose Sid and condition values are marked. principals tells whether it has them.
func (d dice) statement(mark string, deny, principals bool) string {
	effect := "Allow"
	if deny {
		effect = "Deny"
	}
	s := fmt.Sprintf(`{"Sid":"%sSid%d","Effect":%q,"Action":%s,"Resource":%s`, mark, d.IntN(1<<20), effect,
		d.pick(`"s3:GetObject"`, `"s3:PutObject"`, `["s3:GetObject","s3:PutObject"]`, `"s3:*"`),
		d.pick(`"arn:aws:s3:::bucket/*"`, `["arn:aws:s3:::bucket/*","arn:aws:s3:::bucket"]`, `"arn:aws:s3:::bucket/key"`, `["arn:aws:s3:::bucket/`+mark+`","arn:aws:s3:::bucket/key"]`))
	switch {
	case principals && mark == markRCP:
		s += `,"Principal":"*"`
	case principals:
		s += `,"Principal":{"AWS":` + d.pick(`"*"`, `"`+accountB+`"`, `["arn:aws:iam::`+accountB+`:user/testuser","arn:aws:iam::444455556666:user/`+mark+`"]`, `"AIDATESTUSEREXAMPLE0"`) + `}`
	}
	if d.one(2) {
		key := d.pick("aws:PrincipalTag/team", "aws:ResourceTag/team", "s3:ExistingObjectTag/class", "aws:username", "aws:userid", "s3:x-amz-acl", "aws:SourceIp", "aws:ResourceAccount", "example:key", "aws:MultiFactorAuthPresent")
		operator, value := d.pick("StringEquals", "StringNotEquals"), mark+"-value"
		switch key {
		case "aws:SourceIp":
			operator, value = d.pick("IpAddress", "NotIpAddress"), d.pick("203.0.113.0/24", "198.51.100.0/24")
		case "s3:x-amz-acl":
			value = "public-read"
		case "aws:MultiFactorAuthPresent":
			operator, value = "Bool", d.pick("true", "false")
		case "example:key":
			if principals {
				key = "aws:PrincipalOrgID"
			}
		}
		if strings.Contains(key, "s3:") && strings.Contains(s, `"s3:*"`) {
			return s + "}"
		}
		if strings.Contains(key, "ExistingObjectTag") && strings.Contains(s, "PutObject") || strings.Contains(key, "x-amz-acl") && strings.Contains(s, "GetObject") {
			return s + "}"
		}
		s += fmt.Sprintf(`,"Condition":{%q:{%q:%q}}`, operator, key, value)
	}
	return s + "}"
}

func (d dice) document(t *testing.T, typ policy.Type, mark, name string, always ...string) authz.Source {
	statements := always
	for range d.IntN(3) {
		statements = append(statements, d.statement(mark, d.one(3) || typ == policy.RCP, typ == policy.Bucket || typ == policy.RCP))
	}
	if statements == nil {
		statements = []string{d.statement(mark, typ == policy.RCP, typ == policy.Bucket || typ == policy.RCP)}
	}
	if d.one(40) {
		return authz.Source{Name: name}
	}
	return source(t, typ, name, strings.Join(statements, ","))
}

const everything = `{"Sid":"%sAll","Effect":"Allow","Action":"*","Resource":"*"}`

// world makes a question across accounts: a user of B, or nobody, asks for an object in A's bucket.
func (d dice) world(t *testing.T) *authz.Input {
	s := newSetting()
	for i := range d.IntN(3) {
		s.identity = append(s.identity, d.document(t, policy.Identity, markCaller, fmt.Sprintf("user/testuser/%s-%d", markCaller, i)))
	}
	if d.one(3) {
		s.boundary = &authz.Layer{d.document(t, policy.Identity, markCaller, "arn:aws:iam::"+accountB+":policy/"+markCaller, fmt.Sprintf(everything, markCaller))}
	}
	if d.one(4) {
		s.session = &authz.Layer{d.document(t, policy.Session, markCaller, "session/"+markCaller)}
	}
	if d.one(3) {
		full := source(t, policy.SCP, "arn:aws:organizations::1:policy/o-x/service_control_policy/p-sfull", "TRUE")
		s.scps = []authz.Layer{{full}, {full, d.document(t, policy.SCP, markSCP, "arn:aws:organizations::1:policy/o-x/service_control_policy/p-s1")}}
	}
	if d.one(3) {
		full := source(t, policy.RCP, "arn:aws:organizations::1:policy/o-x/resource_control_policy/p-rfull", "TRUE")
		s.rcps = []authz.Layer{{full, d.document(t, policy.RCP, markRCP, "arn:aws:organizations::1:policy/o-x/resource_control_policy/p-r1")}}
	}
	if !d.one(4) {
		p := d.document(t, policy.Bucket, markOwner, "bucket policy of bucket")
		s.resource = &p
	}
	foreign := ids.CanonicalUserID(strings.Repeat(markObject, 10) + "beef")
	grantee := ids.CanonicalUserID(strings.Repeat("0b1ec7", 10) + "beef")
	if d.one(2) {
		s.s3.BucketACL.Grants = append(s.s3.BucketACL.Grants, acl.Grant{Grantee: acl.Grantee{ID: canonicals[accountB]}, Permission: acl.Write})
	}
	if d.one(2) {
		object := acl.Private(foreign)
		object.Grants = append(object.Grants, acl.Grant{Grantee: acl.Grantee{ID: grantee}, Permission: acl.Read})
		if d.one(2) {
			object.Grants = append(object.Grants, acl.Grant{Grantee: acl.Grantee{ID: canonicals[accountB]}, Permission: acl.Read})
		}
		s.s3.Object = &authz.Object{Owner: foreign, ACL: object}
	}
	s.s3.RequesterPays, s.s3.Block.RestrictPublicBuckets = d.one(6), d.one(6)
	p := principalOfTest(d.pick("user", "user", "user", "role", "root", "anonymous"), accountB)
	var context policy.Context
	p.EntityID = ids.UniqueID(strings.Replace(string(p.EntityID), "EXAMPLE", "CLRMARK", 1))
	for _, k := range [][2]string{
		{"aws:PrincipalTag/team", markCaller + "-tag"}, {"aws:userid", string(p.EntityID)}, {"aws:ResourceTag/team", markOwner + "-tag"},
		{"s3:ExistingObjectTag/class", markOwner + "-class"}, {"aws:ResourceAccount", accountA}, {"aws:SourceIp", "203.0.113.7"},
		{"example:key", "nosidemark"}, {"aws:PrincipalArn", p.EntityARN}, {"aws:username", markCaller + "-name"}, {"aws:PrincipalOrgID", markCaller + "-org"},
	} {
		if d.one(2) {
			context.Set(k[0], k[1])
		}
	}
	return s.input(&p, d.pick("s3:GetObject", "s3:PutObject", "s3:GetObjectAcl"), "arn:aws:s3:::bucket/key", &context)
}

// renderings are all forms in which an explanation leaves the server.
func renderings(t *testing.T, e Explanation) string {
	t.Helper()
	var out bytes.Buffer
	if err := e.Text(&out); err != nil {
		t.Fatal(err)
	}
	encode := json.NewEncoder(&out)
	if err := encode.Encode(e); err != nil {
		t.Fatal(err)
	}
	if err := NewReport([]Explanation{e, e}).Text(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// worlds is how many random worlds are looked at.
const worlds = 600

// No rendering of a view has anything of a side that it does not show.
func TestViewsDoNotLeak(t *testing.T) {
	t.Parallel()
	views := []View{{}, {Caller: true}, {Owner: true}, {Caller: true, Owner: true}, {ObjectOwner: true}, {Caller: true, ObjectOwner: true}}
	denied, shown := 0, map[string]int{}
	for seed := range uint64(worlds) {
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		e := Of(authz.Explain(d.world(t)), Facts{Supposed: true})
		if e.Effect != Allowed {
			denied++
		}
		for _, v := range views {
			text := renderings(t, e.For(v))
			for mark, may := range marked {
				if !strings.Contains(text, mark) {
					continue
				}
				shown[mark]++
				if !may(v) {
					t.Fatalf("seed %d: the view %+v shows %q:\n%s\n\nof\n%s", seed, v, mark, text, renderings(t, e))
				}
			}
		}
	}
	t.Logf("%d of %d denied; shown where they may be: %v", denied, worlds, shown)
	for _, mark := range []string{markCaller, "CLRMARK", markOwner, accountA, "444455556666", "nosidemark", "service_control_policy/p-s", "resource_control_policy/p-r"} {
		if shown[mark] == 0 {
			t.Errorf("%q is never shown, so that the test of it means nothing", mark)
		}
	}
}

// What an account sees of a request depends on the other half by nothing but whether that allows it, and, where
// both do not, whether that decided.
func TestViewsDoNotInterfere(t *testing.T) {
	t.Parallel()
	same := 0
	for seed := range uint64(150) {
		seen := map[string]string{}
		for other := range uint64(12) {
			d := dice{rand.New(rand.NewPCG(seed, 7))}
			in, also := d.world(t), dice{rand.New(rand.NewPCG(other, 9))}.world(t)
			if in.Request.Principal.Kind != policy.User {
				continue
			}
			// The caller's half of one world, and the owner's of another.
			in.Resource, in.RCPs, in.S3 = also.Resource, also.RCPs, also.S3
			e := Of(authz.Explain(in), Facts{}).For(View{Caller: true})
			key := fmt.Sprint(e.Effect, e.DecidedBy, waits(&e))
			text := renderings(t, e)
			if before, ok := seen[key]; ok && before != text {
				t.Fatalf("seed %d, other half %d: the caller's view tells of the other half:\n%s\nand\n%s", seed, other, before, text)
			} else if ok {
				same++
			}
			seen[key] = text
		}
	}
	t.Logf("%d views are the same as another", same)
}

// waits reports whether the other half has to allow it as well.
func waits(e *Explanation) bool {
	for _, r := range e.Remedies {
		for _, edit := range r.Edits {
			if edit.Kind == "" {
				return true
			}
		}
	}
	return e.Effect == Denied
}
