// Package explain puts a decision into words: a verdict, what every layer said and why, what nearly allowed, and
// what would allow. It decides nothing: it tells what package authz decided.
//
// An Explanation is plain data with a stable JSON form, so that it can be kept and told later as it was. All of
// it belongs to one of two halves, and For leaves what one account may see of it: the half of the identity is
// the caller's account's, that of the resource the account's that owns the resource. The text of it is Text.
//
// It is not part of the AWS APIs; names of layers, effects and elements are AWS's.
package explain

import "encoding/json"

// Half is a side of a decision.
type Half string

// The halves. An object that belongs to another account than its bucket has its ACL from that account: Object.
const (
	Identity Half = "identity"
	Resource Half = "resource"
	Object   Half = "object"
)

// Effects of decisions and layers. Denied is the effect of a decision that another half than those shown made.
const (
	Allowed      = "allowed"
	ImplicitDeny = "implicitDeny"
	ExplicitDeny = "explicitDeny"
	Denied       = "denied"
)

// OrganizationPolicy is the kind of the edits of an organization as accounts see them.
const OrganizationPolicy = "OrganizationPolicy"

// Report tells why a request was allowed or denied: it is allowed if all of its checks are.
type Report struct {
	Allowed bool
	// Verdict is that of the check that denied, or of the first one.
	Verdict string
	// Checks are in the order in which they are asked. Of a request that was made, those behind the first that
	// denied were not.
	Checks []Explanation
}

// NewReport returns the report of these checks, of which there is at least one.
func NewReport(checks []Explanation) Report {
	r := Report{Allowed: true, Checks: checks}
	for i := range checks {
		if i == 0 || r.Allowed && checks[i].Effect != Allowed {
			r.Verdict = checks[i].Verdict
		}
		r.Allowed = r.Allowed && checks[i].Effect == Allowed
	}
	return r
}

// Explanation tells why one check was allowed or denied.
type Explanation struct {
	// Verdict is the decision in a sentence.
	Verdict string
	// Effect is one of the effects.
	Effect    string
	Principal Principal
	Action    string
	Resource  string
	// Owner is the account that owns the resource: for S3 the bucket. Empty if there is none, or it is not shown.
	Owner string `json:",omitempty"`
	// ObjectOwner is the canonical user ID of the account that owns the object, where its ACL decides and that is
	// not Owner's.
	ObjectOwner string `json:",omitempty"`
	// DecidedBy is the half that decided.
	DecidedBy Half
	// Layers are what the layers said, in the order in which they are evaluated.
	Layers []Layer
	// Settings are those of the resource that bear on the decision.
	Settings []Setting `json:",omitempty"`
	// Misses are, for a denial by layers that allow nothing, what nearly allowed, the nearest first.
	Misses []Miss `json:",omitempty"`
	// Remedies are, for a denial, what would allow it, the nearest first.
	Remedies []Remedy `json:",omitempty"`
	// Notes tell of what no change of a policy can do.
	Notes []Note `json:",omitempty"`
	// Unknown are the condition keys that matter for a request that nobody made, and of which nobody said what it
	// would have.
	Unknown []UnknownKey `json:",omitempty"`
}

// Principal is who asks.
type Principal struct {
	// Kind is Anonymous, Root, User, AssumedRole, FederatedUser, Service or WebIdentity: who shows the token or the
	// assertion of an identity provider.
	Kind string
	// ARN is the caller's own, a service's name, or a provider's; empty for Anonymous.
	ARN string `json:",omitempty"`
	// Account is the caller's account ID; empty where it has none.
	Account string `json:",omitempty"`
	// Name is the user's name, or a role's.
	Name string `json:",omitempty"`
}

// Layer is what one layer said.
type Layer struct {
	Half Half
	// Layer is AWS's name of it, such as "resource-based policy".
	Layer string
	// Effect is Allowed, ExplicitDeny, or ImplicitDeny if the layer says nothing.
	Effect string
	// Decided says that it decided.
	Decided bool `json:",omitempty"`
	// Level is the level of the organization that a service or resource control policy is of: "root", "unit 1" and
	// so on downwards, "account".
	Level string `json:",omitempty"`
	// Policy is the name of the policy: a managed policy's ARN, "user/NAME/POLICY" for an inline one.
	Policy string `json:",omitempty"`
	// Unreadable says that the policy that is stored cannot be read, which denies.
	Unreadable bool       `json:",omitempty"`
	Statement  *Statement `json:",omitempty"`
	// Grant is the grant of an ACL, such as "WRITE to CanonicalUser 5df5…".
	Grant string `json:",omitempty"`
	// Setting is the setting or rule that decided.
	Setting string `json:",omitempty"`
}

// Statement is a statement of a policy.
type Statement struct {
	// Number is its place, counted from 1.
	Number int
	Sid    string `json:",omitempty"`
	// Text is the statement as JSON, with ARNs in the place of the unique IDs of principals.
	Text json.RawMessage
	// Conditions are its conditions with what the request had for them.
	Conditions []Condition `json:",omitempty"`
}

// Condition is a condition of a statement with what it was compared with.
type Condition struct {
	Operator, Key string
	// Values are the statement's.
	Values []string
	// Present says that the request has the key, Actual with which values. Both are left out where Hidden is
	// set, because they tell of the other half.
	Present bool     `json:",omitempty"`
	Actual  []string `json:",omitempty"`
	Hidden  bool     `json:",omitempty"`
	Holds   bool
}

// Setting is a setting of the resource that is on.
type Setting struct {
	Half Half
	Name string
}

// Miss is a statement or grant that would have allowed if it had matched.
type Miss struct {
	Half      Half
	Layer     string
	Level     string     `json:",omitempty"`
	Policy    string     `json:",omitempty"`
	Statement *Statement `json:",omitempty"`
	Grant     string     `json:",omitempty"`
	// Why are, in words, the elements that did not match; the conditions that do not hold are in the statement.
	Why []string `json:",omitempty"`
}

// Remedy is a list of changes that together would allow a request.
type Remedy struct {
	Edits []Edit
	// Also is what they open beside the request: "other principals", "other actions", "other resources".
	Also []string `json:",omitempty"`
}

// Edit is one change of a remedy.
type Edit struct {
	// Half is the half that the change answers.
	Half Half
	// By is who can make it: "request", "account" or "organization".
	By string
	// Account is the account that can, or whose organization can; empty if By is "request".
	Account string `json:",omitempty"`
	// Text is the change in words.
	Text string
	// Kind is one of the kinds of package authz, such as "AddStatement"; "OrganizationPolicy" where an account is
	// shown no more than that a policy of its organization has to change. Empty for what the other half has to do.
	Kind   string `json:",omitempty"`
	Layer  string `json:",omitempty"`
	Level  string `json:",omitempty"`
	Policy string `json:",omitempty"`
	// On is the ARN of the user or role that a new policy is for.
	On string `json:",omitempty"`
	// Replaces is the number of the statement that is replaced by Statements, counted from 1.
	Replaces   int               `json:",omitempty"`
	Statements []json.RawMessage `json:",omitempty"`
	Grant      *Grant            `json:",omitempty"`
	Setting    string            `json:",omitempty"`
	Keys       []Key             `json:",omitempty"`
	Also       []string          `json:",omitempty"`
}

// Grant is a grant of an ACL.
type Grant struct {
	// ID is the canonical user ID of the grantee, Group the URI of the group that it is.
	ID         string `json:",omitempty"`
	Group      string `json:",omitempty"`
	Permission string
}

// Key is a condition key as a request is to have it. Without Values it is not to have it.
type Key struct {
	Name   string
	Values []string `json:",omitempty"`
}

// Note is something about one half in words.
type Note struct {
	Half Half
	Text string
}

// UnknownKey is a condition key of which nobody said what a request would have.
type UnknownKey struct {
	Half Half
	Key  string
	// Organization says that a policy of an organization asks about it.
	Organization bool `json:",omitempty"`
}
