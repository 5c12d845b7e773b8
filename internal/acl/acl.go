// Package acl holds the access control lists of S3: their terms, the ways to write them in a
// request, and what they grant.
//
// An ACL is a list of grants to accounts and to three predefined groups; it cannot deny. The wire
// forms are the canned names and grant headers of requests, and the document
//
//	<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
//	  <Owner><ID>…</ID><DisplayName>…</DisplayName></Owner>
//	  <AccessControlList>
//	    <Grant>
//	      <Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>…</ID></Grantee>
//	      <Permission>READ</Permission>
//	    </Grant>
//	  </AccessControlList>
//	</AccessControlPolicy>
//
// The package is pure and knows no accounts: whether a canonical user ID belongs to one, who owns
// what, and whether ACLs count at all (Object Ownership, Block Public Access) is the caller's.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
package acl

import "crossgrant/internal/ids"

// Permission is what a grant permits.
type Permission string

// The permissions.
const (
	Read        Permission = "READ"
	Write       Permission = "WRITE"
	ReadACP     Permission = "READ_ACP"
	WriteACP    Permission = "WRITE_ACP"
	FullControl Permission = "FULL_CONTROL"
)

// Group is the URI of one of the predefined groups.
type Group string

// The groups. AllUsers is everyone, AuthenticatedUsers everyone who signs requests with the keys of
// any account, LogDelivery the writer of access logs.
const (
	AllUsers           Group = "http://acs.amazonaws.com/groups/global/AllUsers"
	AuthenticatedUsers Group = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	LogDelivery        Group = "http://acs.amazonaws.com/groups/s3/LogDelivery"
)

// public reports whether grants to the group make an ACL public.
func (g Group) public() bool { return g == AllUsers || g == AuthenticatedUsers }

// MaxGrants is the number of grants that an ACL may have.
const MaxGrants = 100

// Grantee is an account, by its canonical user ID, or a group: exactly one field is set.
type Grantee struct {
	ID    ids.CanonicalUserID
	Group Group
}

// Grant gives one permission to one grantee.
type Grant struct {
	Grantee    Grantee
	Permission Permission
}

// ACL is the access control list of a bucket or object. Grants are in the order in which they were
// given, may repeat and may be empty; that the owner has FULL_CONTROL must be among them to hold.
type ACL struct {
	Owner  ids.CanonicalUserID
	Grants []Grant
}

// Error is a refusal, in the terms of S3. ArgumentName and ArgumentValue are extra elements of the
// response; with an empty ArgumentName neither is rendered.
//
// Code is InvalidArgument, InvalidRequest or MalformedACLError, all of status 400, or
// MethodNotAllowed, of status 405.
type Error struct{ Code, Message, ArgumentName, ArgumentValue string }

// Error describes the refusal.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	if e.ArgumentName != "" {
		s += " (" + e.ArgumentName + " = " + e.ArgumentValue + ")"
	}
	return s
}

// Private returns the ACL that grants the owner FULL_CONTROL and nothing else.
func Private(owner ids.CanonicalUserID) ACL {
	return ACL{Owner: owner, Grants: []Grant{{Grantee{ID: owner}, FullControl}}}
}

// Public reports whether the ACL grants anything to AllUsers or AuthenticatedUsers.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
func (a ACL) Public() bool {
	for _, g := range a.Grants {
		if g.Grantee.Group.public() {
			return true
		}
	}
	return false
}

// IgnorePublic returns the ACL as it is under IgnorePublicAcls: without the grants that make it
// public. The grants of a stay as they are.
func (a ACL) IgnorePublic() ACL {
	kept := make([]Grant, 0, len(a.Grants))
	for _, g := range a.Grants {
		if !g.Grantee.Group.public() {
			kept = append(kept, g)
		}
	}
	return ACL{Owner: a.Owner, Grants: kept}
}

// OnlyOwner reports whether the ACL grants nothing to anyone but this account. A bucket's ACL must
// not, before its Object Ownership may become BucketOwnerEnforced.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html
func (a ACL) OnlyOwner(owner ids.CanonicalUserID) bool {
	for _, g := range a.Grants {
		if g.Grantee != (Grantee{ID: owner}) {
			return false
		}
	}
	return true
}

// IsBucketOwnerFullControl reports whether the ACL says what the canned ACL
// bucket-owner-full-control says: FULL_CONTROL for the bucket's owner, and for nobody else than the
// object's owner. Requests with such an ACL are accepted under BucketOwnerEnforced.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func (a ACL) IsBucketOwnerFullControl(bucketOwner ids.CanonicalUserID) bool {
	found := false
	for _, g := range a.Grants {
		switch {
		case g.Permission != FullControl:
			return false
		case g.Grantee == Grantee{ID: bucketOwner}:
			found = true
		case g.Grantee != Grantee{ID: a.Owner}:
			return false
		}
	}
	return found
}

// Source is where an ACL was given; errors name their argument after it.
type Source uint8

// The places where an ACL may name accounts.
const (
	Header Source = iota // x-amz-grant-* headers
	Body                 // the XML document
)

// Accounts returns the canonical user IDs that the ACL names, owner first, without repetitions. The
// caller checks that they belong to accounts, and answers UnknownAccount if one does not. The fixed
// ID of the canned ACL aws-exec-read is left out: it is no account here but is always accepted.
func (a ACL) Accounts() []ids.CanonicalUserID {
	var out []ids.CanonicalUserID
	seen := map[ids.CanonicalUserID]bool{"": true, awsExec: true}
	add := func(id ids.CanonicalUserID) {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	add(a.Owner)
	for _, g := range a.Grants {
		add(g.Grantee.ID)
	}
	return out
}

// UnknownAccount is the refusal of a canonical user ID that belongs to no account or is none.
func UnknownAccount(id ids.CanonicalUserID, source Source) *Error {
	return invalidID(string(id), source)
}

func invalidID(id string, source Source) *Error {
	name := "id"
	if source == Body {
		name = "CanonicalUser/ID"
	}
	return &Error{"InvalidArgument", "Invalid id", name, id}
}

// accountGrantee returns the grantee of a canonical user ID.
func accountGrantee(id string, source Source) (Grantee, *Error) {
	parsed, err := ids.ParseCanonicalUserID(id)
	if err != nil {
		return Grantee{}, invalidID(id, source)
	}
	return Grantee{ID: parsed}, nil
}

// groupGrantee returns the grantee of a group's URI.
func groupGrantee(uri string, source Source) (Grantee, *Error) {
	switch g := Group(uri); g {
	case AllUsers, AuthenticatedUsers, LogDelivery:
		return Grantee{Group: g}, nil
	}
	name := "uri"
	if source == Body {
		name = "Group/URI"
	}
	return Grantee{}, &Error{"InvalidArgument", "Invalid group uri", name, uri}
}

// emailRefused is what S3 answers since October 2025 to grantees by e-mail address.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Grantee.html
func emailRefused() *Error {
	return &Error{Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource."}
}

// malformed is the refusal of a document that is not an ACL.
func malformed() *Error {
	return &Error{Code: "MalformedACLError", Message: "The XML you provided was not well-formed or did not validate against our published schema"}
}
