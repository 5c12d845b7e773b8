package authz

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"crossgrant/internal/policy"
)

// dice makes every choice of a random test: roll returns a number from 0 to n-1.
type dice struct{ roll func(n int) int }

func randomDice(seed uint64) dice {
	return dice{rand.New(rand.NewPCG(seed, 1)).IntN}
}

// byteDice makes the choices that data says, one a byte. Its first eight bytes are the seed of those that
// follow, so that short data make whole worlds: the fuzzer takes very long to shorten long ones.
func byteDice(data []byte) dice {
	var seed [8]byte
	data = data[copy(seed[:], data):]
	rest := randomDice(binary.LittleEndian.Uint64(seed[:]))
	return dice{func(n int) int {
		if len(data) == 0 {
			return rest.roll(n)
		}
		b := data[0]
		data = data[1:]
		return int(b) % n
	}}
}

// one reports true once in n times.
func (d dice) one(n int) bool { return d.roll(n) == n-1 }

func (d dice) pick(words string) string {
	list := strings.Fields(words)
	return list[d.roll(len(list))]
}

// some returns one to n words, which may repeat.
func (d dice) some(n int, words string) []string {
	out := []string{d.pick(words)}
	for range d.roll(n) {
		out = append(out, d.pick(words))
	}
	return out
}

// The alphabet.
const (
	randomCallers = "rtA usA bobA roA roA/two fuA rtB usB roB fuB rtC usC anon logging.s3.amazonaws.com"

	bucketActions = "s3:ListBucket s3:GetBucketPolicy s3:PutBucketPolicy"
	objectActions = "s3:GetObject s3:PutObject s3:DeleteObject s3:PutObjectAcl"
	// onBucket, onObject and onBoth are patterns of actions by the resources that they need.
	onBucket = bucketActions + " s3:??tBucketPolicy s3:*Bucket* S3:listbucket"
	onObject = objectActions + " s3:*Object s3:Put?bject S3:getobject s3:PutObject*"
	onBoth   = "s3:* * s3:Get* s3:P*"

	objectKeys      = "arn:aws:s3:::bucket/key arn:aws:s3:::bucket/home/usA arn:aws:s3:::bucket/home/*"
	objectPatterns  = "arn:aws:s3:::bucket/* arn:aws:s3:::bucket/key arn:aws:s3:::bucket/ke? arn:aws:s3:::bucket/home/${aws:username} arn:aws:s3:::bucket/${aws:PrincipalTag/team,'key'} arn:aws:s3:::bucket/home/${*} arn:aws:s3:::bucket/*e*"
	anyPatterns     = "* * arn:aws:s3:::* arn:aws:s3:::bucket* arn:aws:s3:::bucket arn:*:s3:::bucket/key arn:aws:iam::111111111111:role/* arn:aws:iam::*:role/r*"
	roleOfTrust     = "arn:aws:iam::111111111111:role/roA"
	principalsOfAWS = "* 111111111111 222222222222 arn:aws:iam::111111111111:root arn:aws:iam::222222222222:root arn:aws:iam::333333333333:root " +
		"arn:aws:iam::111111111111:user/usA AIDAUSAEXAMPLE00000 AIDABOBAEXAMPLE00000 AIDAUSBEXAMPLE00000 arn:aws:iam::222222222222:user/usB arn:aws:iam::333333333333:user/usC " +
		"arn:aws:iam::111111111111:role/roA AROAROAEXAMPLE00000 AROAROBEXAMPLE00000 " +
		"arn:aws:sts::111111111111:assumed-role/roA/session arn:aws:sts::111111111111:assumed-role/roA/two arn:aws:sts::222222222222:assumed-role/roB/session " +
		"arn:aws:sts::111111111111:federated-user/fuA arn:aws:sts::222222222222:federated-user/fuB"
)

// randomWorld is a set of policies that many requests are made against.
type randomWorld struct {
	identity, session, boundary map[string][]*plainPolicy
	scps                        map[string][][]*plainPolicy
	rcps                        [][]*plainPolicy
	policy                      *plainPolicy
	trust                       bool
	bucket                      plainBucket
}

// newRandomWorld makes a world.
func newRandomWorld(d dice) *randomWorld {
	w := &randomWorld{
		identity: map[string][]*plainPolicy{}, session: map[string][]*plainPolicy{}, boundary: map[string][]*plainPolicy{},
		scps: map[string][][]*plainPolicy{}, trust: d.one(6),
	}
	for _, name := range strings.Fields("usA bobA roA usB roB usC") {
		for range d.roll(3) {
			w.identity[name] = append(w.identity[name], d.policy(policy.Identity))
		}
		if d.one(4) {
			w.boundary[name] = []*plainPolicy{d.policy(policy.Identity)}
		}
	}
	for _, name := range strings.Fields("roA roA/two fuA roB fuB") {
		if d.one(3) {
			w.session[name] = []*plainPolicy{}
			for range d.roll(3) {
				w.session[name] = append(w.session[name], d.policy(policy.Session))
			}
		}
	}
	for _, name := range []string{"A", "B", "C"} {
		if d.one(3) {
			w.scps[name] = d.levels(policy.SCP)
		}
	}
	if d.one(3) {
		w.rcps = d.levels(policy.RCP)
	}
	switch {
	case w.trust && !d.one(8):
		w.policy = d.policy(policy.Trust)
	case !w.trust && !d.one(5):
		w.policy = d.policy(policy.Bucket)
	}
	w.bucket = plainBucket{
		Enforced: d.one(6), IgnorePublicAcls: d.one(6), RestrictPublicBuckets: d.one(5), RequesterPays: d.one(8),
		Grants: d.grants("A"),
	}
	return w
}

// levels makes the levels of an organization above an account; most leave most allowed.
func (d dice) levels(t policy.Type) [][]*plainPolicy {
	levels := [][]*plainPolicy{}
	for range 1 + d.roll(3) {
		level := []*plainPolicy{}
		if !d.one(12) {
			full := plainStatement{Everyone: t == policy.RCP, Actions: []string{"*"}, Resources: []string{"*"}}
			level = append(level, &plainPolicy{Type: t, Version: "2012-10-17", Statements: []plainStatement{full}})
		}
		if d.one(3) {
			level = append(level, d.policy(t))
		}
		levels = append(levels, level)
	}
	return levels
}

// grants makes an ACL, mostly with the owner's own grant.
func (d dice) grants(owner string) []plainGrant {
	grants := []plainGrant{}
	if !d.one(8) {
		grants = append(grants, plainGrant{owner, "FULL_CONTROL"})
	}
	for range d.roll(3) {
		grants = append(grants, plainGrant{
			d.pick("A B C AllUsers AuthenticatedUsers LogDelivery"), d.pick("READ WRITE READ_ACP WRITE_ACP FULL_CONTROL READ WRITE"),
		})
	}
	return grants
}

// policy makes a policy of this type.
func (d dice) policy(t policy.Type) *plainPolicy {
	p := &plainPolicy{Type: t, Version: "2012-10-17", Unreadable: d.one(60)}
	if (t == policy.Bucket || t == policy.Session || t == policy.Trust) && d.one(8) {
		p.Version = "2008-10-17"
	}
	for range 1 + d.roll(3) {
		p.Statements = append(p.Statements, d.statement(t))
	}
	return p
}

func (d dice) statement(t policy.Type) plainStatement {
	s := plainStatement{Deny: d.one(4) || t == policy.RCP, NotAction: t != policy.RCP && d.one(12)}
	switch t {
	case policy.Trust:
		s.Actions, s.NotAction = d.some(2, "sts:AssumeRole sts:* sts:Assume* sts:TagSession"), false
	case policy.RCP:
		s.Actions = d.some(2, onBucket+" "+onObject+" s3:Get* s3:P* sts:AssumeRole sts:*")
	case policy.Bucket:
		s.Actions, s.Resources, s.NotResource = d.bucketStatement()
	default:
		s.Actions = d.some(2, onBucket+" "+onObject+" "+onBoth+" * * s3:* sts:AssumeRole sts:* iam:*")
	}
	if s.Resources == nil && t != policy.Trust {
		s.Resources, s.NotResource = d.some(2, anyPatterns+" "+anyPatterns+" "+objectPatterns), d.one(12)
	}
	switch t {
	case policy.RCP:
		s.Everyone = true
	case policy.Bucket, policy.Trust:
		d.principals(&s, t)
	}
	if d.one(3) {
		s.Conditions = d.conditions()
	}
	return s
}

// bucketStatement chooses actions and resources that fit each other, as S3 demands.
func (d dice) bucketStatement() (actions, resources []string, not bool) {
	bucket, object := false, false
	switch d.roll(3) {
	case 0:
		actions, object = d.some(3, onObject), true
	case 1:
		actions, bucket = d.some(2, onBucket), true
	case 2:
		actions, bucket, object = append(d.some(2, onBoth), d.some(2, onBucket+" "+onObject)...), true, true
	}
	if object {
		resources = d.some(2, objectPatterns+" arn:aws:s3:::bucket/* arn:aws:s3:::bucket/*")
	}
	if bucket || d.one(3) {
		resources = append(resources, "arn:aws:s3:::bucket")
	}
	return actions, resources, d.one(12)
}

// principals sets the principals of a statement of a resource's policy.
func (d dice) principals(s *plainStatement, t policy.Type) {
	if t == policy.Bucket && d.one(6) {
		s.Everyone = true
		return
	}
	for range 1 + d.roll(4) {
		n := plainName{"AWS", d.pick(principalsOfAWS)}
		switch d.roll(10) {
		case 0:
			n = plainName{"Service", d.pick("logging.s3.amazonaws.com cloudtrail.amazonaws.com")}
		case 1:
			n = plainName{"CanonicalUser", strings.Repeat(d.pick("a b c"), 64)}
		case 2:
			n = plainName{"Federated", "accounts.google.com"}
		}
		s.Names = append(s.Names, n)
	}
	if t != policy.Bucket || !s.Deny || !d.one(2) {
		return
	}
	// NotPrincipal spares only who is listed in every form, so that a form more is worth a try; "*" would
	// spare everyone.
	s.NotPrincipal = true
	s.Names = append(s.Names, plainName{"AWS", d.pick("111111111111 222222222222")}, plainName{"AWS", d.pick("AIDAUSAEXAMPLE00000 AROAROAEXAMPLE00000 AROAROBEXAMPLE00000")})
	for i := range s.Names {
		if s.Names[i].Value == "*" {
			s.Names[i].Value = "arn:aws:sts::111111111111:assumed-role/roA/session"
		}
	}
}

// conditions makes one or two conditions, no two of which share operator and key.
func (d dice) conditions() []plainCondition {
	var out []plainCondition
	for range 1 + d.roll(2) {
		c := d.condition()
		if len(out) == 0 || out[0].Operator != c.Operator || !strings.EqualFold(out[0].Key, c.Key) {
			out = append(out, c)
		}
	}
	return out
}

func (d dice) condition() plainCondition {
	var c plainCondition
	switch d.roll(8) {
	case 0:
		return plainCondition{"Null", d.pick("aws:username aws:TagKeys aws:PrincipalOrgID aws:MultiFactorAuthAge"), d.some(2, "true false")}
	case 1:
		c = plainCondition{"Bool", "aws:SecureTransport", d.some(1, "true false TRUE")}
	case 2:
		c = plainCondition{"NumericLessThan", "aws:MultiFactorAuthAge", d.some(2, "10 100.5 -1")}
	case 3:
		c = plainCondition{"IpAddress", d.pick("aws:SourceIp AWS:sourceip"), d.some(2, "10.0.0.0/8 192.0.2.7 192.0.0.0/4 0.0.0.0/0")}
	default:
		c = d.stringCondition()
	}
	if d.one(5) {
		c.Operator += "IfExists"
	}
	return c
}

func (d dice) stringCondition() plainCondition {
	operator := d.pick("StringEquals StringNotEquals StringLike")
	switch d.roll(10) {
	case 0:
		return plainCondition{"ForAllValues:" + operator, d.pick("aws:TagKeys aws:username"), d.some(2, "a b usA *")}
	case 1, 2:
		return plainCondition{d.pick("ForAnyValue: ForAllValues:") + operator, "aws:TagKeys", d.some(2, "a b ? ${aws:PrincipalTag/team,'b'}")}
	case 3:
		return plainCondition{operator, d.pick("aws:TagKeys AWS:principaltag/TEAM aws:PrincipalTag/team"), d.some(2, "a key * ${aws:username}")}
	case 4:
		return plainCondition{operator, "aws:PrincipalOrgID", d.some(2, "o-x o-y o-*")}
	case 5:
		return plainCondition{operator, "aws:PrincipalAccount", d.some(2, "111111111111 222222222222 anonymous *")}
	case 6:
		return plainCondition{operator, "aws:PrincipalArn", d.some(2, "arn:aws:iam::111111111111:user/usA arn:aws:iam::*:role/* arn:aws:iam::222222222222:user/${aws:username}")}
	default:
		return plainCondition{operator, "aws:username", d.some(2, "usA usB us? *B ${aws:username} ${aws:PrincipalTag/team}")}
	}
}

// ask makes a request against the world.
func (w *randomWorld) ask(d dice) *plainCase {
	c := &plainCase{Caller: d.pick(randomCallers), SCPs: nil, RCPs: w.rcps, Policy: w.policy, Trust: w.trust}
	c.Keys = d.keys(c.Caller)
	who := entity(c.Caller)
	c.Identity, c.Boundary, c.Session = w.identity[who], w.boundary[who], w.session[c.Caller]
	if a := naiveCallerOf(c.Caller).account; a != "" {
		c.SCPs = w.scps[a]
	}
	if w.trust {
		c.Action, c.Resource = "sts:AssumeRole", roleOfTrust
		return c
	}
	b := w.bucket
	c.Bucket = &b
	b.Pays = b.RequesterPays && d.one(2)
	if d.one(3) {
		c.Action, c.Resource = d.pick(bucketActions), "arn:aws:s3:::bucket"
		return c
	}
	c.Action, c.Resource = d.pick(objectActions), d.pick(objectKeys)
	switch {
	case c.Action == "s3:PutObjectAcl" && d.one(2):
		b.NewOwner = d.newOwner(c.Caller)
	case !d.one(4):
		owner := d.pick("A A B C anon")
		b.Object = &plainObject{owner, d.grants(owner)}
		if owner != "A" && d.one(2) { // as the canned ACL bucket-owner-full-control does
			b.Object.Grants = append(b.Object.Grants, plainGrant{"A", "FULL_CONTROL"})
		}
	}
	return c
}

// newOwner is the account that will own what the caller writes: the caller's, or the bucket's.
func (d dice) newOwner(caller string) string {
	switch a := naiveCallerOf(caller).account; {
	case d.one(3):
		return "A"
	case a != "":
		return a
	default:
		return "anon"
	}
}

// keys makes the condition keys of a request: those of the caller, and others that may be there.
func (d dice) keys(caller string) map[string]plainValue {
	keys := map[string]plainValue{}
	set := func(key string, values ...string) { keys[key] = plainValue{Values: values} }
	p := principal(caller)
	switch {
	case caller == "anon":
		set("aws:principalaccount", "anonymous")
	case p.Account != "":
		set("aws:principalaccount", string(p.Account))
		set("aws:principalarn", p.EntityARN)
	}
	if p.Kind == policy.User {
		set("aws:username", p.Name)
	}
	set("aws:sourceip", d.pick("10.0.0.1 192.0.2.7"))
	set("aws:securetransport", d.pick("true false"))
	if d.one(2) {
		set("aws:principalorgid", d.pick("o-x o-y"))
	}
	if d.one(3) {
		set("aws:principaltag/team", d.pick("key a usA *"))
	}
	if d.one(4) {
		set("aws:multifactorauthage", d.pick("5 50 500 y"))
	}
	if d.one(2) {
		keys["aws:tagkeys"] = plainValue{Values: strings.Split(d.pick("a a|b b c|a"), "|"), Multi: true}
		if d.one(4) {
			keys["aws:tagkeys"] = plainValue{Values: [][]string{{}, {""}}[d.roll(2)], Multi: true}
		}
	}
	return keys
}
