package policy

import "crossgrant/internal/ids"

// Kind tells what sort of caller a Principal is.
type Kind uint8

// The kinds of caller, in the terms of the principal element's documentation.
const (
	Anonymous Kind = iota
	Root
	User
	RoleSession
	FederatedUser
	Service
)

// Principal is the caller of a request, in every form by which a policy may name it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
type Principal struct {
	Kind Kind
	// Account is the account that the caller belongs to; empty for Anonymous and Service.
	Account ids.AccountID
	// CanonicalID is that account's canonical user ID; empty where Account is.
	CanonicalID ids.CanonicalUserID
	// ARN is the caller's own ARN: …:root, …:user/path/name, or the session's
	// arn:aws:sts::…:assumed-role/role/session. Empty for Anonymous; the service's name for Service.
	ARN string
	// EntityARN is the ARN of the IAM entity behind the caller, with its path: the user's, or the
	// role's for a session. It is what aws:PrincipalArn holds, but for a federated user. Empty for Anonymous
	// and Service.
	EntityARN string
	// EntityID is the unique ID of that entity: AIDA… or AROA…; empty for Root, Anonymous, Service, and for a
	// federated user that the root user made.
	EntityID ids.UniqueID
	// Name is the user's name, or the session's name for a role session or a federated user.
	Name string
	// Provider is the identity provider whose token or assertion the caller presents, in
	// AssumeRoleWithWebIdentity and AssumeRoleWithSAML: a provider's ARN, or the host of one that
	// needs none. It is what Federated principals name; empty otherwise.
	Provider string
}

// UserID is the value of aws:userid, and of UserId in GetCallerIdentity.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func (p *Principal) UserID() string {
	switch p.Kind {
	case Root:
		return string(p.Account)
	case User:
		return string(p.EntityID)
	case RoleSession:
		return string(p.EntityID) + ":" + p.Name
	case FederatedUser:
		return string(p.Account) + ":" + p.Name
	case Anonymous:
		return "anonymous"
	default:
		return ""
	}
}

// IsIAM reports whether the caller is an IAM principal: one whose rights come from identity
// policies. The root user, anonymous callers and services are not.
func (p *Principal) IsIAM() bool {
	return p.Kind == User || p.Kind == RoleSession || p.Kind == FederatedUser
}
