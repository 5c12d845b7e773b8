package sts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
)

// Kind tells what sort of session a Session is.
type Kind string

// The kinds of session.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
const (
	// RoleSession is one of AssumeRole, AssumeRoleWithWebIdentity or AssumeRoleWithSAML: its rights are those
	// of the role.
	RoleSession Kind = "role"
	// UserSession is an IAM user's of GetSessionToken, or of a sign-in: it is the user.
	UserSession Kind = "user"
	// RootUserSession is the root user's of GetSessionToken, or of a sign-in: it is the root user.
	RootUserSession Kind = "root"
	// FederatedUser is one of GetFederationToken: its rights are those of the user that called, or of the
	// root user, as far as session policies allow them too.
	FederatedUser Kind = "federated"
	// AssumedRoot is one of AssumeRoot: it is the root user of a member account, limited by a task policy.
	AssumedRoot Kind = "assumed-root"
)

// Tag is a session tag.
type Tag struct {
	Key   string `json:"k"`
	Value string `json:"v"`
}

// ProviderKey is a condition key that an identity provider has told at the beginning of a session and that
// stays with it, such as "saml:sub" or "example.com:aud".
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
type ProviderKey struct {
	Name   string
	Values []string
	// Multi says that the key is multivalued; otherwise it has one value.
	Multi bool `json:",omitempty"`
}

// Session is what a session token holds. It has a secret: it must not be logged, and it prints
// without the secret.
type Session struct {
	Kind        Kind
	AccessKeyID ids.AccessKeyID
	Secret      string
	// Account is the account that the session belongs to: the role's, the user's, or that of the root user.
	Account ids.AccountID
	// EntityName and EntityID are of the role or user behind the session, EntityName as it was when the
	// session began: users are renamed, and EntityID is what counts. Both are empty where the root user is
	// behind it.
	EntityName string       `json:",omitempty"`
	EntityID   ids.UniqueID `json:",omitempty"`
	// SessionName is the name of a role session, or of a federated user; empty for other kinds.
	SessionName string `json:",omitempty"`
	// Policies are the documents of the session policies that were passed inline, PolicyARNs the
	// managed policies that were passed, or the task policy of AssumeRoot. If both are empty, no session
	// policy limits the session; but a federated user then has nothing from its user.
	Policies   []string `json:",omitempty"`
	PolicyARNs []string `json:",omitempty"`
	// Tags are the session tags, those that were inherited included; no two keys are equal ignoring case.
	// TransitiveKeys are the keys of those that further sessions inherit.
	Tags           []Tag    `json:",omitempty"`
	TransitiveKeys []string `json:",omitempty"`
	// SourceIdentity is what was set at the beginning of the session, or of the first in its chain; empty if
	// nothing was.
	SourceIdentity string `json:",omitempty"`
	// MFA is when the caller of GetSessionToken, or whoever signed in, showed to have an MFA device; zero if it did not, and for
	// other kinds, to which it does not pass.
	MFA time.Time `json:",omitzero"`
	// Console says that the session began with a password, as those of the console do, and not with an access key:
	// what credentials of GetSessionToken are not good for it is good for. Only sessions of users and of root users are.
	//
	// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
	// (sessionCredentialFromConsole)
	Console bool `json:",omitempty"`
	// Provider is the identity provider of a session that began with AssumeRoleWithWebIdentity or
	// AssumeRoleWithSAML: the value of aws:FederatedProvider. ProviderKeys are what stays of what it said.
	Provider     string        `json:",omitempty"`
	ProviderKeys []ProviderKey `json:",omitempty"`
	// IssuedTo is the ARN of the caller that the session was issued to; empty if the request was not signed.
	IssuedTo string `json:",omitempty"`
	// Issued and Expires are whole seconds, UTC. The session is over at Expires.
	Issued, Expires time.Time
}

// String describes the session without its secret.
func (s Session) String() string {
	return fmt.Sprintf("%s session %q of %q (%s) in account %s", s.Kind, s.SessionName, s.EntityName, s.AccessKeyID, s.Account)
}

// GoString is String, so that %#v does not print the secret either.
func (s Session) GoString() string { return s.String() }

// UserID returns the value of aws:userid, which is also AssumedRoleId and FederatedUserId.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func (s *Session) UserID() string {
	switch s.Kind {
	case RoleSession:
		return string(s.EntityID) + ":" + s.SessionName
	case UserSession:
		return string(s.EntityID)
	case FederatedUser:
		return string(s.Account) + ":" + s.SessionName
	default:
		return string(s.Account)
	}
}

// ARN returns the ARN of a role session or a federated user: those that have one of their own. It is that
// of the account's root user for a session of the root user, and empty for a user's, whose path a session
// does not know.
func (s *Session) ARN() string {
	switch s.Kind {
	case RoleSession:
		return arn.AssumedRole(s.Account, s.EntityName, s.SessionName).String()
	case FederatedUser:
		return arn.FederatedUser(s.Account, s.SessionName).String()
	case RootUserSession, AssumedRoot:
		return arn.Root(s.Account).String()
	default:
		return ""
	}
}

// Inherited returns the tags that a session inherits which this one begins by AssumeRole; none for nil.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func (s *Session) Inherited() []Tag {
	if s == nil {
		return nil
	}
	var tags []Tag
	for _, tag := range s.Tags {
		if hasKey(s.TransitiveKeys, tag.Key) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// check refuses a session that contradicts itself. A token that holds one is of a program that knows more of
// sessions than this one, or of one that is wrong: what is not understood is not let in.
func (s *Session) check() error {
	entity := s.EntityName != "" && s.EntityID != ""
	none := s.EntityName == "" && s.EntityID == ""
	ok := false
	switch s.Kind {
	case RoleSession:
		ok = entity && s.SessionName != "" && s.MFA.IsZero()
	case UserSession:
		ok = entity && s.SessionName == "" && !s.limited()
	case RootUserSession:
		ok = none && s.SessionName == "" && !s.limited()
	case FederatedUser:
		ok = (entity || none) && s.SessionName != "" && s.MFA.IsZero() && len(s.TransitiveKeys) == 0
	case AssumedRoot:
		// Without a task policy it would be the root user with all of its rights.
		ok = none && s.SessionName == "" && s.limited() && s.MFA.IsZero()
	}
	if s.Console && s.Kind != UserSession && s.Kind != RootUserSession {
		ok = false
	}
	if _, err := ids.ParseAccountID(string(s.Account)); err != nil {
		ok = false
	}
	if !ok || s.Issued.IsZero() || !s.Expires.After(s.Issued) || slices.ContainsFunc(s.ProviderKeys, ProviderKey.wrong) {
		return fmt.Errorf("sts: contradictory %v", *s)
	}
	return nil
}

// wrong reports whether a key has not the number of values that it should have, or is one of AWS's own, which
// no identity provider may set.
func (k ProviderKey) wrong() bool {
	prefix, _, _ := strings.Cut(strings.ToLower(k.Name), ":")
	switch prefix {
	case "", "aws", "s3", "sts", "iam", "kms", "organizations":
		return true
	}
	return !k.Multi && len(k.Values) != 1
}

// limited reports whether session policies limit the session.
func (s *Session) limited() bool { return len(s.Policies)+len(s.PolicyARNs) > 0 }
