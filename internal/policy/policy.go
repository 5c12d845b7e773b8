package policy

// Type is the kind of policy a document is used as. It decides which elements are allowed, which
// rules hold on save, and in which words a refusal is given.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#access_policy-types
type Type uint8

// The kinds of policy. A permissions boundary is a managed policy and so an Identity document.
const (
	Identity Type = iota // managed and inline policies of users, groups and roles
	Bucket               // an S3 bucket policy
	Trust                // a role's trust policy
	Session              // a policy passed to an STS operation
	SCP                  // a service control policy
	RCP                  // a resource control policy
	Resource             // the policy of a resource of any service, for the policy simulator
)

// resourceBased reports whether documents of this type name principals.
func (t Type) resourceBased() bool { return t == Bucket || t == Trust || t == RCP || t == Resource }

// Error is a refusal of a document. The caller adds the code of its API: MalformedPolicyDocument
// for IAM and STS, MalformedPolicy for S3, MalformedPolicyDocumentException for Organizations.
type Error struct {
	// Message is AWS's text for the document's Type.
	Message string
	// Detail is the offending principal, action, resource or the like, or for SCP and RCP, whose
	// message is always the same, what is wrong; empty if there is none.
	Detail string
	// Line and Column tell where the fault lies, both counted from 1, Column in characters. Both
	// are 0 if it lies nowhere in particular.
	Line, Column int

	cause error
}

// Error returns the message as it is sent to the caller.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the error of the callback that refused a principal, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Effect is what a statement does to the requests that it matches.
type Effect bool

// The effects. The zero value denies.
const (
	Deny  Effect = false
	Allow Effect = true
)

// String returns the effect as it is written in a document.
func (e Effect) String() string {
	if e == Allow {
		return "Allow"
	}
	return "Deny"
}

// Position is a place in the text of a document: Line and Column count from 1, Column in
// characters.
type Position struct{ Line, Column int }

// Document is a policy that was parsed and found valid for its Type. It is immutable and safe for
// concurrent use: callers must not change what its fields hold. Only Parse, ParseBucket and
// MapPrincipals make documents that match anything.
type Document struct {
	// Type is what the document was parsed as.
	Type Type
	// Version is the Version element: "2012-10-17", "2008-10-17", or empty if it is absent, which
	// means the latter.
	Version string
	// ID is the Id element.
	ID string
	// Statements has at least one element, in the order of the text.
	Statements []Statement
	// List is the place of the bracket that opens the list of statements; zero if the Statement element
	// is a single statement.
	List Position

	compiled []compiledStatement // beside Statements
	index    index
	public   bool
}

// Statement is one statement of a Document.
type Statement struct {
	Sid    string
	Effect Effect
	// Principals is the Principal element, or NotPrincipal if NotPrincipal is true; nil if the
	// statement has neither.
	Principals   *Principals
	NotPrincipal bool
	// Actions are the patterns of Action, or of NotAction if NotAction is true.
	Actions   []string
	NotAction bool
	// Resources are the patterns of Resource, or of NotResource if NotResource is true; empty in a
	// trust policy.
	Resources   []string
	NotResource bool
	// Conditions must all hold.
	Conditions []Condition
	// Start and End are the places of the statement's braces in the text.
	Start, End Position
}

// Principals is a Principal or NotPrincipal element.
type Principals struct {
	// Any tells that the element is the bare "*", which names everyone.
	Any bool
	// Names are the principals, kind by kind; empty if Any.
	Names []NamedPrincipal
}

// PrincipalKind is the member of a Principal element that a principal is named under.
type PrincipalKind string

// The kinds of named principal.
const (
	PrincipalAWS           PrincipalKind = "AWS"
	PrincipalFederated     PrincipalKind = "Federated"
	PrincipalService       PrincipalKind = "Service"
	PrincipalCanonicalUser PrincipalKind = "CanonicalUser"
)

// NamedPrincipal is one principal of a Principal element. For kind AWS, Value is "*", an account ID,
// the ARN of an account, user, role or session, or the unique ID of a user or role.
type NamedPrincipal struct {
	Kind  PrincipalKind
	Value string
}

// Condition is one key of one operator of a Condition element.
type Condition struct {
	// Operator is as written, such as "ForAnyValue:StringLikeIfExists".
	Operator string
	// Key is as written; keys compare ignoring case.
	Key string
	// Values are the policy's values, of which numbers and booleans have become their text.
	Values []string
}
