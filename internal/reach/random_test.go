package reach

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"crossgrant/internal/acl"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// dice makes every choice of a random world.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 7))} }

// one reports true once in n times.
func (d dice) one(n int) bool { return d.IntN(n) == 0 }

func (d dice) pick(words string) string {
	list := strings.Fields(words)
	return list[d.IntN(len(list))]
}

// some returns one to n words.
func (d dice) some(n int, words string) []string {
	out := []string{d.pick(words)}
	for range d.IntN(n) {
		out = append(out, d.pick(words))
	}
	return out
}

// The alphabet.
const (
	idA, idB, idC = "111111111111", "222222222222", "333333333333"

	bucketWords = "s3:ListBucket s3:GetBucketPolicy s3:PutBucketPolicy s3:List* s3:??tBucketPolicy s3:GetBucketAcl s3:*Bucket*"
	objectWords = "s3:GetObject s3:PutObject s3:DeleteObject s3:PutObjectAcl s3:GetObject s3:*Object s3:Put?bject s3:GetObject* s3:PutObject* s3:GetObjectTagging s3:GetObjectVersion"
	bothWords   = "s3:* * s3:Get* s3:P*"

	objectPatterns = "arn:aws:s3:::bucket/* arn:aws:s3:::bucket/key arn:aws:s3:::bucket/ke? arn:aws:s3:::bucket/home/${aws:username} arn:aws:s3:::bucket/home/${aws:username}/* " +
		"arn:aws:s3:::bucket/${aws:PrincipalTag/team,'key'} arn:aws:s3:::bucket/home/* arn:aws:s3:::bucket/*e* arn:aws:s3:::bucket/foreign arn:aws:s3:::bucket/${s3:prefix}*"
	anyPatterns = "* * * arn:aws:s3:::* arn:aws:s3:::bucket* arn:aws:s3:::bucket arn:*:s3:::bucket/key arn:aws:iam::111111111111:role/* arn:aws:iam::*:role/r* arn:aws:s3:::other/*"

	principalsOfAWS = "* 111111111111 222222222222 arn:aws:iam::111111111111:root arn:aws:iam::222222222222:root arn:aws:iam::333333333333:root " +
		"arn:aws:iam::111111111111:user/usA AIDAUSAEXAMPLE00000 AIDABOBAEXAMPLE00000 AIDAUSBEXAMPLE00000 arn:aws:iam::222222222222:user/usB arn:aws:iam::333333333333:user/usC " +
		"arn:aws:iam::111111111111:role/roA AROAROAEXAMPLE00000 AROAROBEXAMPLE00000 " +
		"arn:aws:sts::111111111111:assumed-role/roA/two arn:aws:sts::222222222222:assumed-role/roB/session arn:aws:sts::222222222222:federated-user/fuB"
)

func canonical(account string) ids.CanonicalUserID {
	return ids.CanonicalUserID(strings.Repeat(map[string]string{idA: "a", idB: "b", idC: "c"}[account], 64))
}

type plain = map[string]any

// document makes a policy of a type that is valid.
func (d dice) document(t policy.Type) *policy.Document {
	for {
		version := "2012-10-17"
		if t != policy.SCP && t != policy.RCP && d.one(10) {
			version = "2008-10-17"
		}
		var statements []plain
		for range 1 + d.IntN(3) {
			statements = append(statements, d.statement(t))
		}
		text, err := json.Marshal(plain{"Version": version, "Statement": statements})
		if err != nil {
			panic(err)
		}
		document, err := policy.Parse(t, text)
		if t == policy.Bucket {
			document, err = policy.ParseBucket(text, "bucket")
		}
		if err == nil {
			return document
		}
	}
}

func (d dice) statement(t policy.Type) plain {
	s := plain{"Effect": "Allow"}
	if d.one(4) || t == policy.RCP {
		s["Effect"] = "Deny"
	}
	action, resource := "Action", "Resource"
	if d.one(12) && t != policy.RCP && t != policy.Trust {
		action = "NotAction"
	}
	if d.one(10) {
		resource = "NotResource"
	}
	switch t {
	case policy.Trust:
		s["Action"] = d.some(2, "sts:AssumeRole sts:* sts:Assume* sts:TagSession")
	case policy.RCP:
		s["Action"] = d.some(2, bucketWords+" "+objectWords+" s3:Get* s3:P* sts:AssumeRole sts:*")
	case policy.Bucket:
		switch d.IntN(3) {
		case 0:
			s[action], s[resource] = d.some(3, objectWords), d.some(2, objectPatterns)
		case 1:
			s[action], s[resource] = d.some(2, bucketWords), "arn:aws:s3:::bucket"
		default:
			s[action], s[resource] = d.some(2, bothWords), append(d.some(2, objectPatterns), "arn:aws:s3:::bucket")
		}
	default:
		s[action] = d.some(2, bucketWords+" "+objectWords+" "+bothWords+" * * s3:* sts:AssumeRole sts:* iam:*")
	}
	if s["Resource"] == nil && s["NotResource"] == nil && t != policy.Trust {
		s[resource] = d.some(2, anyPatterns+" "+anyPatterns+" "+objectPatterns)
	}
	if t == policy.Bucket || t == policy.Trust {
		d.principals(s, t)
	}
	if t == policy.RCP {
		s["Principal"] = "*"
	}
	if d.one(2) {
		s["Condition"] = d.conditions()
	}
	return s
}

func (d dice) principals(s plain, t policy.Type) {
	if d.one(5) {
		s["Principal"] = "*"
		return
	}
	names := map[string][]string{}
	for range 1 + d.IntN(3) {
		switch d.IntN(9) {
		case 0:
			names["Service"] = []string{"logging.s3.amazonaws.com"}
		case 1:
			if t == policy.Bucket {
				names["CanonicalUser"] = []string{strings.Repeat(d.pick("a b c"), 64)}
			}
		default:
			names["AWS"] = append(names["AWS"], d.pick(principalsOfAWS))
		}
	}
	if s["Effect"] == "Deny" && t == policy.Bucket && d.one(2) {
		names["AWS"] = append(names["AWS"], idA, d.pick("AIDAUSAEXAMPLE00000 AROAROAEXAMPLE00000"))
		s["NotPrincipal"] = names
		return
	}
	s["Principal"] = names
}

func (d dice) conditions() plain {
	out := plain{}
	for range 1 + d.IntN(2) {
		operator, key, values := d.condition()
		if out[operator] == nil {
			out[operator] = plain{}
		}
		out[operator].(plain)[key] = values
	}
	return out
}

func (d dice) condition() (operator, key string, values []string) {
	exists := ""
	if d.one(5) {
		exists = "IfExists"
	}
	text := d.pick("StringEquals StringNotEquals StringLike StringNotLike") + exists
	switch d.IntN(12) {
	case 0:
		return "Null", d.pick("aws:username aws:TagKeys aws:PrincipalOrgID s3:x-amz-acl"), []string{d.pick("true false")}
	case 1, 2:
		return "Bool" + exists, "aws:SecureTransport", []string{d.pick("true false TRUE")}
	case 3:
		return d.pick("IpAddress NotIpAddress") + exists, d.pick("aws:SourceIp AWS:sourceip"), d.some(2, "10.0.0.0/8 192.0.2.7 192.0.0.0/4 0.0.0.0/0")
	case 4, 5:
		return text, "s3:x-amz-acl", d.some(2, "bucket-owner-full-control private public-read *")
	case 6:
		return d.pick("ForAnyValue: ForAllValues:") + text, "aws:TagKeys", d.some(2, "a b ? ${aws:PrincipalTag/team,'b'}")
	case 7:
		return text, d.pick("aws:PrincipalTag/TEAM aws:PrincipalTag/team"), d.some(2, "a key * ${aws:username}")
	case 8:
		return text, "aws:PrincipalOrgID", d.some(2, "o-x o-y o-*")
	case 9:
		return text, "aws:PrincipalAccount", d.some(2, "111111111111 222222222222 anonymous *")
	case 10:
		return d.pick("ArnLike StringLike ArnNotEquals"), "aws:PrincipalArn", d.some(2, "arn:aws:iam::111111111111:user/usA arn:aws:iam::*:role/* arn:aws:iam::222222222222:user/${aws:username}")
	default:
		return text, d.pick("aws:username s3:prefix"), d.some(2, "usA usB us? *B ${aws:username} ${aws:PrincipalTag/team} home/")
	}
}

// source makes a policy that now and then cannot be read.
func (d dice) source(name string, t policy.Type) authz.Source {
	if d.one(80) {
		return authz.Source{Name: name, Fault: fmt.Errorf("unreadable")}
	}
	return authz.Source{Name: name, Document: d.document(t)}
}

func (d dice) layer(name string, n int, t policy.Type) authz.Layer {
	out := authz.Layer{}
	for i := range n {
		out = append(out, d.source(fmt.Sprintf("%s/%d", name, i), t))
	}
	return out
}

// levels makes the levels of an organization above an account; most leave most allowed.
func (d dice) levels(t policy.Type) []authz.Layer {
	var out []authz.Layer
	for range 1 + d.IntN(3) {
		level := authz.Layer{}
		if !d.one(12) {
			level = append(level, authz.Source{Name: "FullAWSAccess", Document: allowAll})
		}
		if d.one(2) {
			level = append(level, d.source("limits", t))
		}
		out = append(out, level)
	}
	return out
}

func (d dice) acl(owner string) acl.ACL {
	list := acl.ACL{Owner: canonical(owner)}
	if !d.one(8) {
		list = acl.Private(canonical(owner))
	}
	for range d.IntN(3) {
		g := acl.Grant{Permission: acl.Permission(d.pick("READ WRITE READ_ACP WRITE_ACP FULL_CONTROL READ WRITE"))}
		switch who := d.pick("A B C AllUsers AuthenticatedUsers LogDelivery"); who {
		case "AllUsers":
			g.Grantee.Group = acl.AllUsers
		case "AuthenticatedUsers":
			g.Grantee.Group = acl.AuthenticatedUsers
		case "LogDelivery":
			g.Grantee.Group = acl.LogDelivery
		default:
			g.Grantee.ID = canonical(map[string]string{"A": idA, "B": idB, "C": idC}[who])
		}
		list.Grants = append(list.Grants, g)
	}
	return list
}

// world makes a world of three accounts.
func (d dice) world() *World {
	w := &World{}
	scps, orgs := map[string][]authz.Layer{}, map[string]string{}
	for _, id := range []string{idA, idB, idC} {
		if d.one(2) {
			orgs[id] = d.pick("o-x o-y")
			if d.one(2) {
				scps[id] = d.levels(policy.SCP)
			}
		}
		w.Accounts = append(w.Accounts, Account{ID: ids.AccountID(id), Name: id[:1], Organization: ids.OrganizationID(orgs[id])})
		w.Callers = append(w.Callers, d.callers(id)...)
	}
	for _, c := range w.Callers {
		if c.Account != "" {
			c.SCPs = scps[string(c.Account)]
			if org := orgs[string(c.Account)]; org != "" {
				c.Keys.Set("aws:PrincipalOrgID", org)
			}
		}
	}
	w.Callers = append(w.Callers, anonymousCaller(), serviceCaller("logging.s3.amazonaws.com"), strangerCaller())
	b := &Bucket{Name: "bucket", Owner: idA}
	if !d.one(5) {
		s := d.source("bucket policy of bucket", policy.Bucket)
		b.Policy = &s
	}
	if d.one(3) {
		b.RCPs = d.levels(policy.RCP)
	}
	b.S3 = authz.S3{OwnerCanonicalID: canonical(idA), Enforced: d.one(6), RequesterPays: d.one(8), BucketACL: d.acl(idA)}
	b.S3.Block = authz.PublicAccessBlock{IgnorePublicAcls: d.one(6), RestrictPublicBuckets: d.one(5)}
	b.Keys.Set("aws:ResourceAccount", idA)
	for _, key := range []string{"foreign", "home/usB", "public"} {
		owner := map[string]string{"foreign": idB, "home/usB": d.pick(idB + " " + idC), "public": idA}[key]
		list := d.acl(owner)
		if list.OnlyOwner(list.Owner) && owner == idA {
			continue
		}
		b.Objects = append(b.Objects, StoredObject{Key: key, Object: authz.Object{Owner: canonical(owner), ACL: list}})
	}
	w.Buckets = []*Bucket{b}
	trust := d.source("trust", policy.Trust)
	w.Roles = []*AssumedRole{{ARN: "arn:aws:iam::" + idA + ":role/roA", Name: "roA", Owner: idA, Trust: &trust}}
	w.Roles[0].Keys.Set("aws:ResourceAccount", idA)
	return w
}

func anonymousCaller() *Caller {
	c := &Caller{Principal: Principal{ID: "anonymous", Kind: Anonymous}}
	c.Keys.Set("aws:PrincipalAccount", "anonymous")
	return c
}

func strangerCaller() *Caller {
	return &Caller{
		Principal: Principal{ID: "any-account", Kind: AnyAccount},
		As: policy.Principal{
			Kind: policy.User, Account: "999999999999", CanonicalID: ids.CanonicalUserID(strings.Repeat("9", 64)),
			ARN: "arn:aws:iam::999999999999:user/*", EntityARN: "arn:aws:iam::999999999999:user/*",
		},
		Identity: Whatever("its own account"),
	}
}

func serviceCaller(name string) *Caller {
	return &Caller{Principal: Principal{ID: name, Kind: Service}, As: policy.Principal{Kind: policy.Service, ARN: name}}
}

// callers makes the principals of an account.
func (d dice) callers(account string) []*Caller {
	letter := map[string]string{idA: "A", idB: "B", idC: "C"}[account]
	as := func(kind policy.Kind, arn, entity, id, name string) policy.Principal {
		return policy.Principal{
			Kind: kind, Account: ids.AccountID(account), CanonicalID: canonical(account), ARN: arn, EntityARN: entity, EntityID: ids.UniqueID(id), Name: name,
		}
	}
	iam, sts := "arn:aws:iam::"+account+":", "arn:aws:sts::"+account+":"
	var out []*Caller
	add := func(id string, kind Kind, p policy.Principal) *Caller {
		c := &Caller{Principal: Principal{ID: id, Kind: kind, Account: ids.AccountID(account), Name: p.Name}, As: p}
		c.Keys.Set("aws:PrincipalAccount", account)
		if kind != AnyOfAccount {
			c.Keys.Set("aws:PrincipalArn", p.EntityARN)
		}
		out = append(out, c)
		return c
	}
	limits := func(c *Caller) {
		c.Identity = d.layer("user/"+c.Name, d.IntN(3), policy.Identity)
		if d.one(4) {
			l := d.layer("boundary", 1, policy.Identity)
			c.Boundary = &l
		}
	}
	add(iam+"root", Root, as(policy.Root, iam+"root", iam+"root", "", ""))
	for _, name := range []string{"us" + letter, "bob" + letter} {
		c := add(iam+"user/"+name, User, as(policy.User, iam+"user/"+name, iam+"user/"+name, "AIDA"+strings.ToUpper(name)+"EXAMPLE00000", name))
		c.Keys.Set("aws:username", name)
		if d.one(3) {
			c.Keys.Set("aws:PrincipalTag/team", d.pick("key a usA *"))
		}
		limits(c)
	}
	role := "ro" + letter
	roleARN := iam + "role/" + role
	c := add(roleARN, Role, as(policy.RoleSession, sts+"assumed-role/"+role+"/any", roleARN, "AROA"+strings.ToUpper(role)+"EXAMPLE00000", "any"))
	limits(c)
	two := *c
	two.ID, two.Kind, two.As.ARN, two.As.Name = sts+"assumed-role/"+role+"/two", Session, sts+"assumed-role/"+role+"/two", "two"
	two.Keys = policy.Context{}
	copyKeys(&two.Keys, &c.Keys)
	if d.one(3) {
		l := d.layer("session", 1+d.IntN(2), policy.Session)
		two.Session = &l
	}
	out = append(out, &two)
	fu := add(sts+"federated-user/fu"+letter, FederatedUser, as(policy.FederatedUser, sts+"federated-user/fu"+letter, iam+"user/us"+letter, "AIDAUS"+letter+"EXAMPLE00000", "fu"+letter))
	fu.Keys.Set("aws:PrincipalArn", fu.ID)
	limits(fu)
	whole := add(account, AnyOfAccount, as(policy.User, iam+"user/*", iam+"user/*", "", ""))
	whole.Identity = Whatever("account " + account)
	return out
}
