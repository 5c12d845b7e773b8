package reach

import (
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// World is what an answer is computed from: a snapshot of principals, buckets and roles, as far as they bear on
// the question. It must not be changed while it is used.
type World struct {
	Accounts []Account
	// Callers are the principals, symbolic ones included.
	Callers []*Caller
	Buckets []*Bucket
	Roles   []*AssumedRole
	// For is the account whose half the answer is: of others it has what their names in policies tell, and what the
	// policies of its organization say is not told. Empty: the answer is an operator's, who is told everything.
	For ids.AccountID
	// Cut is as in Result.
	Cut []string
	// Most is how many paths are told, or a few more; 0: all.
	Most int
	// Enough is asked now and then whether so much was looked at that the rest has to be left out; nil: never.
	Enough func() bool
}

// Caller is a principal with everything on its side of a decision.
type Caller struct {
	Principal
	// As is what policies take it for.
	As policy.Principal
	// Identity, Boundary, Session and SCPs are as in authz.Input.
	Identity          authz.Layer
	Boundary, Session *authz.Layer
	SCPs              []authz.Layer
	// Exempt says that no policy of an organization binds it: neither SCPs nor RCPs.
	Exempt bool
	// Keys are the condition keys that all of its requests have because of who it is.
	Keys policy.Context
	// Elsewhere says that it is of another account than World.For: Identity is Whatever that account allows, and of
	// the condition keys only those are known that its name tells.
	Elsewhere bool
}

// Bucket is a bucket with everything on its side of a decision.
type Bucket struct {
	Name  string
	Owner ids.AccountID
	// Policy is the bucket policy; nil: none.
	Policy *authz.Source
	// S3 has the facts of the bucket; what depends on a request is zero.
	S3   authz.S3
	RCPs []authz.Layer
	// Keys are the condition keys that requests have because of the bucket.
	Keys policy.Context
	// Objects are those that are not the owner's alone: that another account owns, or whose ACL is not private.
	Objects []StoredObject
	// Elsewhere says that it is of another account than World.For, of which nothing is known: Policy is WhateverOwner
	// allows, and Owner empty.
	Elsewhere bool
}

// StoredObject is an object that has an owner or an ACL of its own.
type StoredObject struct {
	Key       string
	VersionID string // of an older version; empty for the current one
	authz.Object
}

// AssumedRole is a role as what can be assumed.
type AssumedRole struct {
	ARN, Name string
	Owner     ids.AccountID
	Trust     *authz.Source
	RCPs      []authz.Layer
	// Keys are the condition keys that requests have because of the role.
	Keys policy.Context
	// Elsewhere is as in Bucket, but that its ARN tells the Owner; Trust is WhateverOwner allows.
	Elsewhere bool
}

// Whatever is the one identity policy of a principal whose own policies are not known and taken to allow
// everything, such as an AnyOfAccount.
// whose tells whose policies they are, such as "account 111111111111".
func Whatever(whose string) authz.Layer {
	return authz.Layer{{Name: "whatever " + whose + " allows", Document: allowAll}}
}

// WhateverOwner is the resource policy of a bucket or role of another account, which is not known and taken to allow
// everything.
func WhateverOwner() *authz.Source {
	return &authz.Source{Name: "whatever the account that owns it allows", Document: letAll}
}

var (
	allowAll = constant(policy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	denyAll  = constant(policy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	letAll   = constant(policy.Resource, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`)
)

func constant(kind policy.Type, text string) *policy.Document {
	d, err := policy.Parse(kind, []byte(text))
	if err != nil {
		panic(err)
	}
	return d
}

// callerKeys are the condition keys that tell who the caller is, in lower case. One that ends in '/' stands for
// all that begin so.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
var callerKeys = []string{
	"aws:userid", "aws:username", "aws:principaltype", "aws:principalaccount", "aws:principalarn", "aws:principalorgid",
	"aws:principalorgpaths", "aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist",
	"aws:principaltag/", "aws:viaawsservice",
}

// openKeys are those of callerKeys that who the principal is does not settle.
//
// A session of a role has a name and may have tags of its own. Of a principal of an account that is not named, only
// what all principals of the account share is settled.
var openKeys = map[Kind][]string{
	Role:          {"aws:userid", "aws:principaltag/"},
	Session:       {"aws:principaltag/"},
	FederatedUser: {"aws:principaltag/"},
	AnyOfAccount:  {"aws:userid", "aws:username", "aws:principaltype", "aws:principalarn", "aws:principaltag/"},
	AnyAccount: {
		"aws:userid", "aws:username", "aws:principaltype", "aws:principalaccount", "aws:principalarn", "aws:principalorgid",
		"aws:principalorgpaths", "aws:principaltag/",
	},
}

// elsewhereKeys are those of callerKeys that the name of a principal of another account does not tell.
var elsewhereKeys = []string{"aws:userid", "aws:principalorgid", "aws:principalorgpaths", "aws:principaltag/"}

// unsignedKeys are the condition keys that requests lack that are not signed.
var unsignedKeys = []string{
	"s3:authtype", "s3:signatureversion", "s3:signatureage", "aws:tokenissuetime", "aws:multifactorauthpresent",
	"aws:multifactorauthage", "aws:federatedprovider", "aws:sourceidentity",
}

// targetKeys are the condition keys that tell what a request is about.
var targetKeys = []string{
	"aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "aws:resourcetag/", "iam:resourcetag/", "s3:resourceaccount",
	"s3:buckettag/",
}

// settles reports whether who the caller is settles a condition key, in lower case: it is what Keys has, or absent.
func (c *Caller) settles(key string) bool {
	if c.Kind == Anonymous && listed(unsignedKeys, key) {
		return true
	}
	if c.Elsewhere && !c.tells(key) {
		return false
	}
	return listed(callerKeys, key) && !listed(openKeys[c.Kind], key)
}

// tells reports whether the name of a principal of another account tells a condition key. That of a session lacks the
// path of its role; a canonical user ID does not tell the account ID.
func (c *Caller) tells(key string) bool {
	switch {
	case key == "aws:principalarn" && c.Kind == Session, key == "aws:principalaccount" && c.Account == "":
		return false
	default:
		return !listed(elsewhereKeys, key)
	}
}

// open reports whether neither the caller nor what a request is about settles a condition key, in lower case.
func (c *Caller) open(key string) bool { return !c.settles(key) && !listed(targetKeys, key) }

func listed(keys []string, key string) bool {
	return slices.ContainsFunc(keys, func(k string) bool {
		return k == key || strings.HasSuffix(k, "/") && strings.HasPrefix(key, k)
	})
}
