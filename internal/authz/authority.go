package authz

import (
	"crossgrant/internal/acl"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// AnonymousCanonicalID is the canonical user ID that owns what an anonymous caller wrote. It has 32
// digits, unlike any account's.
//
// Source: observed on AWS, https://github.com/aws/aws-cli/issues/2967
const AnonymousCanonicalID ids.CanonicalUserID = "65a011a29cdf8ec533ec3d1ccaae921c"

// LogDelivery is the service principal that writes server access logs; it is the one member of the
// LogDelivery group.
const LogDelivery = "logging.s3.amazonaws.com"

// LogDeliveryCanonicalID is the canonical user ID that owns what LogDelivery wrote where ACLs are on.
//
// Source: observed on S3, where log objects are listed with it and the name s3-log-service
const LogDeliveryCanonicalID ids.CanonicalUserID = "3272ee65a908a7677109fedda345db8d9554ba26398b2ca10581de88777e2b61"

// callerIsAuthority reports whether the caller belongs to the account that has authority over what
// the action addresses.
func (e *evaluation) callerIsAuthority() bool {
	if e.in.S3 == nil {
		return e.caller.Account == e.in.Owner
	}
	return e.caller.CanonicalID == e.authority()
}

// authority returns the canonical user ID of the account that has authority over what an S3 action
// addresses: the object's owner for reading an object and for its ACL, else the bucket's owner. The ACL that a
// write implies is not that of the object that is replaced.
func (e *evaluation) authority() ids.CanonicalUserID {
	s := e.in.S3
	if s.Object != nil && !s.Enforced && s.NewOwner == "" && objectAuthority[e.in.Request.Action] {
		return s.Object.Owner
	}
	return s.OwnerCanonicalID
}

// objectAuthority has the actions over which an object's owner has authority. Tags, retention and
// legal hold belong to the bucket's owner (section 1.4 of the S3 reference; retention and legal hold
// by decision, question 6 of its section 11).
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
var objectAuthority = map[string]bool{
	"s3:GetObject":                  true,
	"s3:GetObjectVersion":           true,
	"s3:GetObjectAttributes":        true,
	"s3:GetObjectVersionAttributes": true,
	"s3:GetObjectAcl":               true,
	"s3:GetObjectVersionAcl":        true,
	"s3:PutObjectAcl":               true,
	"s3:PutObjectVersionAcl":        true,
}

// existing tells whose object the request would replace or remove. What an anonymous caller wrote
// belongs to every anonymous caller.
func (e *evaluation) existing() acl.Existing {
	id := e.caller.CanonicalID
	if e.caller.Kind == policy.Anonymous {
		id = AnonymousCanonicalID
	}
	switch {
	case e.in.S3.Object == nil:
		return acl.NoObject
	case e.in.S3.Object.Owner == id:
		return acl.OwnObject
	default:
		return acl.ForeignObject
	}
}
