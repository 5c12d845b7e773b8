package sts

import (
	"fmt"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Role is a role as AssumeRole sees it. It may be shared, and must not be changed.
type Role struct {
	Account ids.AccountID
	Name    string
	ID      ids.UniqueID
	ARN     string
	// MaxSession is how long a session may last.
	MaxSession time.Duration
	Tags       []*records.Tag
	// Trust is the role's trust policy.
	Trust *authz.Source
}

// ParseRoleARN returns the account of the role that text names, or a ValidationError if it is not the
// ARN of a role. It does not say whether the role exists.
func ParseRoleARN(text string) (ids.AccountID, error) {
	a, err := arn.Parse(text)
	if err == nil {
		account, idErr := ids.ParseAccountID(a.Account)
		if idErr == nil && a.Partition == arn.Partition && a.Service == "iam" && a.Region == "" && a.Type() == "role" && a.Name() != "" {
			return account, nil
		}
	}
	return "", validationError("%s is invalid", text)
}

// ReadRole reads the role of this ARN, whose account must be open, from one snapshot. The error is a
// ValidationError if roleARN is not the ARN of a role, and wraps meta.ErrNotFound if there is none.
func ReadRole(r meta.Reader, roleARN string) (*Role, error) {
	account, err := ParseRoleARN(roleARN)
	if err != nil {
		return nil, err
	}
	a, err := arn.Parse(roleARN)
	if err != nil {
		return nil, err
	}
	owner, record := new(records.Account), new(records.Role)
	if err := records.Get(r, keys.Account(account), owner); err != nil {
		return nil, fmt.Errorf("read account of role %s: %w", roleARN, err)
	}
	if err := records.Get(r, keys.Entity(account, keys.RoleKind, a.Name()), record); err != nil {
		return nil, fmt.Errorf("read role %s: %w", roleARN, err)
	}
	if owner.Closed != 0 || arn.Role(account, record.Path, record.Name) != a {
		return nil, fmt.Errorf("read role %s: %w", roleARN, meta.ErrNotFound)
	}
	return &Role{
		Account: account, Name: record.Name, ID: ids.UniqueID(record.Id), ARN: roleARN,
		MaxSession: time.Duration(record.MaxSessionSeconds) * time.Second, Tags: record.Tags,
		Trust: trust(roleARN, record.Trust),
	}, nil
}

// Session returns the beginnings of a session of the role, as Request needs it. issuedTo is the ARN of the
// caller; empty if the request is not signed.
func (r *Role) Session(name, issuedTo string) Session {
	return Session{
		Kind: RoleSession, Account: r.Account, EntityName: r.Name, EntityID: r.ID, SessionName: name, IssuedTo: issuedTo,
	}
}

// NoTrust is the trust policy of a role that does not exist: it says nothing, and so grants nothing.
func NoTrust(roleARN string) *authz.Source {
	return &authz.Source{Name: roleARN, Document: new(policy.Document)}
}

// trust parses a stored trust policy. One that cannot be read is a fault, which denies.
func trust(roleARN, text string) *authz.Source {
	document, err := policy.Parse(policy.Trust, []byte(text), policy.Stored())
	if err != nil {
		return &authz.Source{Name: roleARN, Fault: fmt.Errorf("parse trust policy: %w", err)}
	}
	return &authz.Source{Name: roleARN, Document: document}
}

func validationError(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "ValidationError", format, args...)
}
