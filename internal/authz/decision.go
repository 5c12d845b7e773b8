package authz

import "crossgrant/internal/policy"

// Effect is the outcome of a decision.
type Effect uint8

// The outcomes. The zero value denies.
const (
	ImplicitDeny Effect = iota
	ExplicitDeny
	Allow
)

// String returns AWS's word for the effect, as the policy simulator gives it.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	default:
		return "implicitDeny"
	}
}

// LayerKind names a source of permission in AWS's terms.
type LayerKind uint8

// The layers, in the order in which a denial is attributed to them.
//
// Source: s3 and iam denial messages,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
const (
	NoLayer LayerKind = iota
	RCP
	SCP
	ResourcePolicy
	TrustPolicy
	IdentityPolicy
	PermissionsBoundary
	SessionPolicy
	BucketACL
	ObjectACL
	RootUser      // the root user of the account that owns the resource
	RequestItself // an operation that AWS allows or refuses whatever policies say
	RequesterPays // the Requester Pays setting of a bucket
)

// String returns the layer's name as AWS's messages give it.
func (k LayerKind) String() string {
	switch k {
	case RCP:
		return "resource control policy"
	case SCP:
		return "service control policy"
	case ResourcePolicy:
		return "resource-based policy"
	case TrustPolicy:
		return "role trust policy"
	case IdentityPolicy:
		return "identity-based policy"
	case PermissionsBoundary:
		return "permissions boundary"
	case SessionPolicy:
		return "session policy"
	case BucketACL:
		return "bucket ACL"
	case ObjectACL:
		return "object ACL"
	case RootUser:
		return "root user"
	case RequestItself:
		return "request"
	case RequesterPays:
		return "Requester Pays setting"
	default:
		return "none"
	}
}

// Finding is what one layer said.
type Finding struct {
	Layer LayerKind
	// Effect is Allow, ExplicitDeny, or ImplicitDeny if the layer was consulted and is silent.
	Effect Effect
	// Source is the deciding policy's name, the ACL grant, or the setting; empty if silent.
	Source string
	// Statement is the deciding statement's number from 0 and Sid its name; Statement is -1 where
	// no statement decided.
	Statement int
	Sid       string
	// Grant is how strong an Allow of a resource policy or ACL is.
	Grant policy.Grant
}

// Decision is the answer to one check. Its zero value denies.
type Decision struct {
	Effect Effect
	// By is the finding that decided: the deny, the allow that sufficed, or the layer that should
	// have allowed and is silent.
	By Finding
	// Findings is what every layer that was consulted said, in evaluation order.
	Findings []Finding
}

// Allowed reports whether the request is allowed.
func (d *Decision) Allowed() bool { return d.Effect == Allow }
