package why

import (
	"slices"
	"strings"

	"crossgrant/internal/explain"
)

// Names of layers, as explanations have them.
const (
	resourceControl   = "resource control policy"
	serviceControl    = "service control policy"
	resourcePolicy    = "resource-based policy"
	trustPolicy       = "role trust policy"
	bucketACL         = "bucket ACL"
	objectACL         = "object ACL"
	identityPolicy    = "identity-based policy"
	boundary          = "permissions boundary"
	sessionPolicy     = "session policy"
	rootUser          = "root user"
	requestItself     = "request"
	requesterPays     = "Requester Pays setting"
	expectedOwner     = "expected bucket owner"
	blockPublicAccess = "Block Public Access setting"
)

// slot is a layer that a request of a kind can have.
type slot struct {
	layer string
	half  explain.Half
	// s3 says that only requests to S3 have it, kinds which callers do; empty: all.
	s3    bool
	kinds []string
	// always says that it is drawn though it was not consulted.
	always bool
	// Title is what it is called on the page, Does what it can do.
	title, does string
}

// slots are in the order of evaluation.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
var slots = []slot{
	{resourceControl, explain.Resource, false, nil, true, "Resource control policies", "Guard rails of the owner's organization around its resources. They allow nothing by themselves."},
	{serviceControl, explain.Identity, false, []string{"Root", "User", "AssumedRole", "FederatedUser"}, true, "Service control policies", "Guard rails of the caller's organization around its accounts. They allow nothing by themselves."},
	{resourcePolicy, explain.Resource, true, nil, true, "Bucket policy", "The owner's word about who may do what with this bucket."},
	{trustPolicy, explain.Resource, false, nil, false, "Trust policy of the role", "Says who may assume the role."},
	{bucketACL, explain.Resource, true, nil, true, "Bucket ACL", "Grants to accounts and groups, older than policies. It can allow and never deny."},
	{objectACL, explain.Resource, true, nil, false, "Object ACL", "Grants on this one object, from the account that owns it. It can allow and never deny."},
	{identityPolicy, explain.Identity, false, []string{"User", "AssumedRole", "FederatedUser"}, true, "Identity-based policies", "What the caller's own account lets the caller do: its own policies, and those of its groups."},
	{boundary, explain.Identity, false, []string{"User", "AssumedRole"}, true, "Permissions boundary", "The most that identity-based policies can give to this user or role."},
	{sessionPolicy, explain.Identity, false, []string{"AssumedRole", "FederatedUser"}, true, "Session policy", "The most that this session can do, said when it began."},
	{rootUser, explain.Identity, false, []string{"Root"}, false, "Root user", "The root user may do everything with what its account owns."},
	{requestItself, explain.Resource, false, nil, false, "The request itself", "A rule that decides whatever policies say."},
	{requesterPays, explain.Resource, true, nil, false, "Requester Pays", "Callers of other accounts have to accept the charge."},
	{expectedOwner, explain.Resource, true, nil, false, "Expected bucket owner", "The header by which the client says whose bucket it means."},
	{blockPublicAccess, explain.Resource, true, nil, false, "Block Public Access", "Settings of the bucket or its account that refuse what would make it public."},
}

// titleOf returns what a layer is called on the page.
func titleOf(layer, resource string) string {
	if layer == resourcePolicy && bucketOf(resource) == "" {
		return "Resource-based policy"
	}
	if i := slices.IndexFunc(slots, func(s slot) bool { return s.layer == layer }); i >= 0 {
		return slots[i].title
	}
	return layer
}

// State is what a layer says, as it is shown.
type State string

// The states of a layer.
const (
	Allows   State = "allows"
	Denies   State = "denies"
	Silent   State = "silent"
	Absent   State = "absent"   // does not apply
	Withheld State = "withheld" // another account's
)

// Words says a state.
func (s State) Words() string {
	switch s {
	case Allows:
		return "allows"
	case Denies:
		return "explicit deny"
	case Silent:
		return "says nothing"
	case Absent:
		return "does not apply"
	default:
		return "not shown"
	}
}

// Badge is the class of its badge.
func (s State) Badge() string {
	switch s {
	case Allows:
		return "good"
	case Denies:
		return "bad"
	case Silent:
		return "warn"
	default:
		return ""
	}
}

func stateOf(effect string) State {
	switch effect {
	case explain.Allowed:
		return Allows
	case explain.ExplicitDeny:
		return Denies
	default:
		return Silent
	}
}

// Step is a layer as it is shown.
type Step struct {
	ID    string // of its part of the page; empty: it has none
	Title string
	Does  string
	Half  explain.Half
	State State
	// Decided says that it decided.
	Decided bool
	// Name is that of the policy, or what else said it; To the page of it.
	Name, To string
	Level    string
	Layer    *explain.Layer // nil: it was not consulted, or is not shown
	// Nearly is the statement or grant of a silent layer that nearly allowed; empty: there is none.
	Nearly string
}

// Under is the second line of the step in the picture.
func (s *Step) Under() string {
	text := s.State.Words()
	if s.Layer == nil {
		return text
	}
	switch {
	case s.Layer.Unreadable:
		text += ": cannot be read"
	case s.Nearly != "":
		text += "; nearly: " + s.Nearly
	case s.State == Silent:
	case s.Layer.Grant != "":
		permission, _, _ := strings.Cut(s.Layer.Grant, " ")
		text += ": " + permission
	case s.Layer.Statement != nil && s.Layer.Statement.Sid != "":
		text += ": " + s.Layer.Statement.Sid
	case s.Name != "":
		text += ": " + shortName(s.Name)
	}
	if s.Level != "" {
		text += " (" + s.Level + ")"
	}
	return text
}

// shortName is the last part of the name of a policy.
func shortName(name string) string {
	if strings.HasPrefix(name, "arn:") || strings.HasPrefix(name, "user/") || strings.HasPrefix(name, "role/") || strings.HasPrefix(name, "group/") {
		return name[strings.LastIndexByte(name, '/')+1:]
	}
	return name
}

// has reports whether a slot is of a request.
func (s *slot) has(e *explain.Explanation) bool {
	if s.s3 && bucketOf(e.Resource) == "" {
		return false
	}
	return s.always && (len(s.kinds) == 0 || slices.Contains(s.kinds, e.Principal.Kind))
}
