package acl

import (
	"strings"

	"crossgrant/internal/ids"
)

// CannedHeader is the header that names a canned ACL.
const CannedHeader = "x-amz-acl"

// awsExec is the canonical user ID of Amazon EC2, which aws-exec-read grants to.
const awsExec ids.CanonicalUserID = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"

// Canned returns the canned ACL of this name for a resource of owner. bucketOwner is the owner of
// the bucket that an object lies in; for a bucket the two bucket-owner-* ACLs say nothing, and
// neither do they for an object of the bucket's owner. The error for an unknown name is an *Error.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
func Canned(name string, forBucket bool, owner, bucketOwner ids.CanonicalUserID) (ACL, error) {
	a := Private(owner)
	grant := func(g Grantee, permissions ...Permission) {
		for _, p := range permissions {
			a.Grants = append(a.Grants, Grant{g, p})
		}
	}
	toBucketOwner := func(p Permission) {
		if !forBucket && bucketOwner != owner {
			grant(Grantee{ID: bucketOwner}, p)
		}
	}
	switch name {
	case "private":
	case "public-read":
		grant(Grantee{Group: AllUsers}, Read)
	case "public-read-write":
		grant(Grantee{Group: AllUsers}, Read, Write)
	case "authenticated-read":
		grant(Grantee{Group: AuthenticatedUsers}, Read)
	case "aws-exec-read":
		grant(Grantee{ID: awsExec}, Read)
	case "bucket-owner-read":
		toBucketOwner(Read)
	case "bucket-owner-full-control":
		toBucketOwner(FullControl)
	case "log-delivery-write":
		grant(Grantee{Group: LogDelivery}, Write, ReadACP)
	default:
		// AWS sends no message with this one.
		return ACL{}, &Error{Code: "InvalidArgument", ArgumentName: CannedHeader, ArgumentValue: name}
	}
	return a, nil
}

// GrantHeaders are the headers that grant, in the order in which their grants are listed.
var GrantHeaders = [...]string{
	"x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-read-acp", "x-amz-grant-write-acp",
	"x-amz-grant-full-control",
}

var grantPermissions = [len(GrantHeaders)]Permission{Read, Write, ReadACP, WriteACP, FullControl}

// FromHeaders returns the ACL that the x-amz-acl and x-amz-grant-* headers of a request ask for; ok
// is false if it has none of them, and the error an *Error. get returns a header's value and whether
// it was sent. Grant headers give just their grants: the owner's FULL_CONTROL is not added.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func FromHeaders(get func(name string) (string, bool), forBucket bool, owner, bucketOwner ids.CanonicalUserID) (a ACL, ok bool, err error) {
	canned, ok := get(CannedHeader)
	for _, name := range GrantHeaders {
		if _, sent := get(name); sent && ok {
			return ACL{}, true, &Error{Code: "InvalidRequest", Message: "Specifying both Canned ACLs and Header Grants is not allowed"}
		}
	}
	if ok {
		a, err := Canned(canned, forBucket, owner, bucketOwner)
		return a, true, err
	}
	a.Owner = owner
	for _, name := range GrantHeaders {
		value, sent := get(name)
		if !sent {
			continue
		}
		ok = true
		grants, err := ParseGrantHeader(name, value)
		if err != nil {
			return ACL{}, true, err
		}
		a.Grants = append(a.Grants, grants...)
	}
	if len(a.Grants) > MaxGrants {
		return ACL{}, true, malformed()
	}
	return a, ok, nil
}

// ParseGrantHeader parses the value of one of GrantHeaders:
//
//	type=value[, type=value]…    type = id | uri | emailAddress; value may be in double quotes
//
// The error is an *Error.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
func ParseGrantHeader(header, value string) ([]Grant, error) {
	var permission Permission
	for i, name := range GrantHeaders {
		if strings.EqualFold(name, header) {
			permission = grantPermissions[i]
		}
	}
	unrecognized := &Error{"InvalidArgument", "Argument format not recognized", header, value}
	if permission == "" {
		return nil, unrecognized
	}
	var grants []Grant
	for rest, more := value, true; more; {
		var kind, text string
		var ok bool
		if kind, text, rest, more, ok = cutGrantee(rest); !ok {
			return nil, unrecognized
		}
		var g Grantee
		var err *Error
		switch kind {
		case "id":
			g, err = accountGrantee(text, Header)
		case "uri":
			g, err = groupGrantee(text, Header)
		case "emailAddress":
			err = emailRefused()
		default:
			err = unrecognized
		}
		if err != nil {
			return nil, err
		}
		grants = append(grants, Grant{g, permission})
	}
	return grants, nil
}

// cutGrantee cuts the first type=value off s. more is true if a comma follows, behind which rest
// begins.
func cutGrantee(s string) (kind, value, rest string, more, ok bool) {
	kind, s, ok = strings.Cut(s, "=")
	if !ok {
		return "", "", "", false, false
	}
	kind, s = strings.Trim(kind, " \t"), strings.TrimLeft(s, " \t")
	if quoted, found := strings.CutPrefix(s, `"`); found {
		if value, s, ok = strings.Cut(quoted, `"`); !ok {
			return "", "", "", false, false
		}
		before, rest, more := strings.Cut(s, ",")
		return kind, value, rest, more, strings.Trim(before, " \t") == ""
	}
	value, rest, more = strings.Cut(s, ",")
	return kind, strings.Trim(value, " \t"), rest, more, true
}
