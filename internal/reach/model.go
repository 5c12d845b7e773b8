package reach

import (
	"crossgrant/internal/ids"
)

// Result is the answer to a Question: every path by which it can be answered with yes. Its JSON form is what
// `crossgrant access --json` prints.
type Result struct {
	Question Question
	// Accounts are those of the principals and targets below, by ID.
	Accounts []Account
	// Principals are those that a path begins at, by account and ID.
	Principals []Principal
	// Targets are the buckets and roles that a path leads to, by ARN.
	Targets []Target
	// Paths are in the order of Principals, then of Targets, those that were proven first.
	Paths []Path
	// Cut has a sentence for each limit because of which something was not looked at; empty if the answer is
	// complete.
	Cut []string `json:",omitempty"`

	drafts []*draft // what Paths tell, in their order
}

// Question is what was asked. At most one of Bucket, Principal and Outside is set; if none is, it is who can reach
// what, of all that there is.
type Question struct {
	// Bucket asks who can reach a bucket. Key narrows that to an object, Prefix to the keys that begin with it.
	Bucket string `json:",omitempty"`
	Prefix string `json:",omitempty"`
	Key    string `json:",omitempty"`
	// Principal asks what a principal can reach. It is an ARN, or what the ID of a Principal may be.
	Principal string `json:",omitempty"`
	// Outside asks what anyone outside an account or an organization can reach in it. It is an ID of either.
	Outside string `json:",omitempty"`
	// Action is a pattern of actions, as in policies; empty: all of S3, and sts:AssumeRole.
	Action string `json:",omitempty"`
	// For is the account that asks, of which the answer is the half that it may know; empty for an operator.
	For ids.AccountID `json:"AccountId,omitempty"`
}

// Account is an account that a principal or a target belongs to.
type Account struct {
	ID           ids.AccountID       `json:"AccountId"`
	CanonicalID  ids.CanonicalUserID `json:"CanonicalId,omitempty"`
	Name         string
	Organization ids.OrganizationID `json:"OrganizationId,omitempty"`
}

// Kind is what sort of principal a Principal is.
type Kind string

// The kinds of principal. The last six are symbolic: they stand for whoever may come.
const (
	Root          Kind = "root"
	User          Kind = "user"
	Role          Kind = "role"           // any session of the role
	Session       Kind = "session"        // one session of a role that a policy names
	FederatedUser Kind = "federated-user" // one that a policy names
	Service       Kind = "service"        // a service that a policy or ACL names
	Provider      Kind = "provider"       // whom an identity provider vouches for that a trust policy names
	Anonymous     Kind = "anonymous"      // who does not sign
	AnyOfAccount  Kind = "any-of-account" // any principal of an account that its own policies let
	AnyAccount    Kind = "any-account"    // any principal of any account that is not served here; in an account's half, of any other one
)

// Principal is whom a path begins at.
type Principal struct {
	// ID is its ARN; the service principal of a service; the ARN or host of a provider; "anonymous"; the account ID
	// of an AnyOfAccount, or its canonical user ID where only that is known; or "any-account".
	ID      string `json:"Id"`
	Kind    Kind
	Account ids.AccountID `json:"AccountId,omitempty"` // empty for Service, Provider, Anonymous and AnyAccount
	Name    string        `json:",omitempty"`          // of a user, role or session
}

// TargetKind is what sort of thing a Target is.
type TargetKind string

// The kinds of target. A role is reached by assuming it; it is a principal, too.
const (
	BucketTarget TargetKind = "bucket"
	RoleTarget   TargetKind = "role"
)

// Target is what a path leads to.
type Target struct {
	ARN     string `json:"Arn"`
	Kind    TargetKind
	Account ids.AccountID `json:"AccountId"` // the owner; empty where that is another account than the one that asks
	Name    string
}

// Path is one way in which a principal can reach a target: it is allowed the Actions on the Resources when all
// Parts and Limits match, which they do under the Conditions, and no Exception does.
type Path struct {
	Principal string // Principal.ID
	Target    string // Target.ARN
	// Actions are in the order of their names.
	Actions []string
	// Resources are what all Parts are about: one of them has to match. What a Limit leaves out is not in them.
	Resources []Resource
	// Keys says which objects it holds for, if not for all: NewKeys or ExistingKeys.
	Keys KeyState `json:",omitempty"`
	// Objects are those that the path leads to, where they have an owner or an ACL of their own, which they share.
	Objects []Object `json:",omitempty"`
	// RequesterPays says that the request has to accept the charge of a Requester Pays bucket.
	RequesterPays bool `json:",omitempty"`
	// Parts are the statements, grants and rules that let it through, the target's side first.
	Parts []Part
	// Limits are the policies that limit the principal or the target by more than one statement: of each, some
	// statement has to match. What limits by one statement is among Parts, and what lets everything through is
	// not told.
	Limits []Limit `json:",omitempty"`
	// Conditions remain: all have to hold. What a principal always fulfils is not among them.
	Conditions []Condition `json:",omitempty"`
	// Exceptions are the Deny statements that take a part of the path away.
	Exceptions []Exception `json:",omitempty"`
	// Needs are the actions that a request under these conditions needs as well, such as s3:PutObjectAcl for
	// an upload with an ACL.
	Needs []string `json:",omitempty"`
	// OneSided says that only one side is known, in the answer to an account: another account, that of the principal
	// or the owner of the target, has to allow it as well.
	OneSided bool `json:",omitempty"`
	// Proven says that Witness was put to the engine, and was allowed. A path that is not proven may exist: it
	// could not be excluded.
	Proven  bool
	Witness *Witness `json:",omitempty"`
	// Text tells the path in plain words, in one line.
	Text string
}

// KeyState narrows a path to some objects.
type KeyState string

// The states of a key. Empty: any.
const (
	NewKeys      KeyState = "new"      // that no object has
	ExistingKeys KeyState = "existing" // of an object of the bucket's owner
)

// Object is an object that has an owner or ACL of its own.
type Object struct {
	Key       string
	VersionID string              `json:"VersionId,omitempty"` // of an older version
	Owner     ids.CanonicalUserID // canonical user ID
	Account   ids.AccountID       `json:"OwnerAccountId,omitempty"` // that it belongs to; empty if it is not known
}

// Resource is a set of resources: those that all Patterns match, and none of Not.
type Resource struct {
	// Patterns are ARNs with the wildcards '*' and '?'. ${*}, ${?} and ${$} are the characters themselves; any
	// other ${variable} depends on the request.
	Patterns []string
	Not      []string `json:",omitempty"`
}

// Part names what lets a path through, or denies a part of it.
type Part struct {
	// Layer is the name that authz.LayerKind has for it, such as "resource-based policy". Of the policies of its
	// organization an account is told no more but the ARN of one that denies.
	Layer string
	// Level is the level of the organization: 0 is its root.
	Level int `json:",omitempty"`
	// Policy is the name of the policy, Statement the place of the statement in it, counted from 1, and Sid its Sid.
	Policy    string `json:",omitempty"`
	Statement *int   `json:",omitempty"`
	Sid       string `json:",omitempty"`
	// Grant is the grant of an ACL, such as "READ to Group …".
	Grant string `json:",omitempty"`
	// Setting is a setting or rule that lets it through by itself.
	Setting string `json:",omitempty"`
}

// Limit is a policy, or a level of policies, of which one of several statements has to match. Any is empty for the
// policies of an organization in the answer to an account.
type Limit struct {
	Layer string
	Level int `json:",omitempty"`
	Any   []Alternative
}

// Alternative is a statement of a Limit.
type Alternative struct {
	Part
	Resources  []Resource
	Conditions []Condition `json:",omitempty"`
}

// Exception is a Deny statement that takes a part of a path away; in the answer to an account also a policy of its
// organization that does, of which Resources and Conditions are not told.
type Exception struct {
	Part
	Resources  []Resource
	Conditions []Condition `json:",omitempty"`
}

// Condition is a condition of a statement, as written there.
type Condition struct {
	Operator string
	Key      string
	Values   []string
	// Text is when it holds, in plain words, such as "over TLS".
	Text string
}

// Witness is a request that takes a path.
type Witness struct {
	Action   string
	Resource string
	// Context are the condition keys that the request has beside those of the principal, by name in lower case.
	// A key that is absent on purpose is not listed.
	Context map[string][]string `json:"ContextKeys,omitempty"`
}
