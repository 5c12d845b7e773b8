package authz

import (
	"crossgrant/internal/acl"
	"crossgrant/internal/policy"
)

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

// The layers, in the order in which they are consulted.
const (
	NoLayer LayerKind = iota
	RCP
	SCP
	ResourcePolicy
	TrustPolicy
	BucketACL
	ObjectACL
	IdentityPolicy
	PermissionsBoundary
	SessionPolicy
	RootUser      // the root user of the account that owns the resource
	RequestItself // an operation that AWS allows or refuses whatever policies say
	RequesterPays // the Requester Pays setting of a bucket
	ExpectedBucketOwner
	BlockPublicAccess // a setting of S3 Block Public Access that refuses what is written
	layerKinds        // how many there are
)

var layerNames = [layerKinds]string{
	NoLayer: "none", RCP: "resource control policy", SCP: "service control policy", ResourcePolicy: "resource-based policy",
	TrustPolicy: "role trust policy", BucketACL: "bucket ACL", ObjectACL: "object ACL", IdentityPolicy: "identity-based policy",
	PermissionsBoundary: "permissions boundary", SessionPolicy: "session policy", RootUser: "root user",
	RequestItself: "request", RequesterPays: "Requester Pays setting", ExpectedBucketOwner: "expected bucket owner",
	BlockPublicAccess: "Block Public Access setting",
}

// String returns the layer's name as AWS's messages give it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (k LayerKind) String() string {
	if k >= layerKinds {
		k = NoLayer
	}
	return layerNames[k]
}

// Setting is a setting or rule that decides by itself, whatever policies say.
type Setting uint8

// The settings. The first three are of Block Public Access, RequestPayer is that of a Requester Pays bucket.
// WriterOwnsObject is the rule that whoever writes an object without having an account needs nobody's
// permission to give it an ACL, InitiatedUpload that whoever began an upload may end it. ExpectedOwner and
// SourceExpectedOwner are the headers with which a client says whose bucket it means, and AnotherAccount is
// the rule that nobody acts on the settings of another account. BlockedEncryptionTypes is the setting of a
// bucket that takes no keys of customers.
const (
	NoSetting Setting = iota
	RestrictPublicBuckets
	BlockPublicAcls
	BlockPublicPolicy
	RequestPayer
	WriterOwnsObject
	InitiatedUpload
	ExpectedOwner
	SourceExpectedOwner
	AnotherAccount
	BlockedEncryptionTypes
	settings // how many there are
)

var settingNames = [settings]string{
	RestrictPublicBuckets: "RestrictPublicBuckets", BlockPublicAcls: "BlockPublicAcls", BlockPublicPolicy: "BlockPublicPolicy",
	RequestPayer: "RequestPayer", WriterOwnsObject: "the writer owns the object", InitiatedUpload: "the caller initiated the upload",
	ExpectedOwner: "x-amz-expected-bucket-owner", SourceExpectedOwner: "x-amz-source-expected-bucket-owner",
	AnotherAccount: "another account", BlockedEncryptionTypes: "BlockedEncryptionTypes",
}

// String returns the setting's name; empty for NoSetting.
func (s Setting) String() string {
	if s >= settings {
		s = NoSetting
	}
	return settingNames[s]
}

// Finding is what one layer said.
type Finding struct {
	Layer LayerKind
	// Effect is Allow, ExplicitDeny, or ImplicitDeny if the layer was consulted and is silent.
	Effect Effect
	// Grant is how strong an Allow of a resource policy or ACL is.
	Grant policy.Grant
	// Level is the level of the organization that an SCP or RCP was consulted for: 0 is the root, the
	// last one the account.
	Level uint8
	// Setting, Policy or ACL says what decided; all are zero if the layer is silent.
	Setting Setting
	// Statement is the place from 0 of the statement of Policy that decided; -1 where none did.
	Statement int32
	Policy    *Source
	ACL       *acl.Grant // the grant of an ACL
}

// Source returns the name of what decided: the policy's, the ACL grant such as
// "WRITE to CanonicalUser 5df5…", or the setting; empty if the layer is silent.
func (f *Finding) Source() string {
	switch {
	case f.Policy != nil:
		return f.Policy.Name
	case f.ACL != nil:
		return describe(f.ACL)
	default:
		return f.Setting.String()
	}
}

// Sid returns the Sid of the statement that decided; empty if it has none or none did.
func (f *Finding) Sid() string {
	if f.Policy == nil || f.Policy.Document == nil || f.Statement < 0 || int(f.Statement) >= len(f.Policy.Document.Statements) {
		return ""
	}
	return f.Policy.Document.Statements[f.Statement].Sid
}

func describe(g *acl.Grant) string {
	if g.Grantee.Group != "" {
		return string(g.Permission) + " to Group " + string(g.Grantee.Group)
	}
	return string(g.Permission) + " to CanonicalUser " + string(g.Grantee.ID)
}

func silent(kind LayerKind) Finding { return Finding{Layer: kind, Statement: -1} }

// room is how many findings a Decision holds without allocating: seven levels of an organization, which
// has at most five levels of units, for RCPs and as many for SCPs, and one for each other layer.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const room = 7 + 7 + 5

// Decision is the answer to one check. Its zero value denies.
type Decision struct {
	Effect Effect
	// By is the finding that decided: the deny, the allow that sufficed, or the layer that should
	// have allowed and is silent.
	By Finding

	// The first n findings are in first, what does not fit in more.
	first [room]Finding
	n     int
	more  []Finding
}

// Allowed reports whether the request is allowed.
func (d *Decision) Allowed() bool { return d.Effect == Allow }

// Findings returns what every layer that was consulted said, in evaluation order. It must not be changed.
func (d *Decision) Findings() []Finding {
	if d.more == nil {
		return d.first[:d.n]
	}
	return append(d.first[:d.n:d.n], d.more...)
}

// add appends a finding and returns its place.
func (d *Decision) add(f Finding) int {
	if d.n < room {
		d.first[d.n] = f
		d.n++
		return d.n - 1
	}
	d.more = append(d.more, f)
	return room + len(d.more) - 1
}

// at returns the finding at a place; nil for a negative one.
func (d *Decision) at(i int) *Finding {
	switch {
	case i < 0:
		return nil
	case i < room:
		return &d.first[i]
	default:
		return &d.more[i-room]
	}
}

func (d *Decision) len() int { return d.n + len(d.more) }

// Refused returns the decision that a setting makes by itself, whatever policies and ACLs say: layer is
// what refuses, and setting names it.
func Refused(layer LayerKind, setting Setting) Decision {
	d := Decision{Effect: ExplicitDeny, By: Finding{Layer: layer, Effect: ExplicitDeny, Setting: setting, Statement: -1}}
	d.add(d.By)
	return d
}
