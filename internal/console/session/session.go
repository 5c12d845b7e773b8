// Package session keeps who is signed in to the console. A session lives in the memory of the server, sealed under a key
// that only the visitor's cookie has: whoever reads the memory, or a dump of it, without the cookie learns no
// credentials. A server that starts anew has none, and everybody signs in again. Servers that share a store keep sessions there
// (package shelf), sealed as well, so that it does not matter which of them a request reaches.
package session

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Identity is somebody with credentials.
type Identity struct {
	AccountID string
	// AccountName and Alias may be empty: not everybody may ask for them.
	AccountName, Alias string
	ARN                string
	// Name is that of the user, or of the role session; "root" for the root user.
	Name string
	MFA  bool

	AccessKeyID, SecretAccessKey, SessionToken string
	// Expires is zero for access keys that do not expire.
	Expires time.Time
}

// Retrieve returns the credentials: an Identity is an aws.CredentialsProvider.
func (i *Identity) Retrieve(context.Context) (aws.Credentials, error) {
	if i.AccessKeyID == "" {
		return aws.Credentials{}, errors.New("session: no credentials")
	}
	return aws.Credentials{
		AccessKeyID: i.AccessKeyID, SecretAccessKey: i.SecretAccessKey, SessionToken: i.SessionToken,
		Source: "crossgrant-console", CanExpire: !i.Expires.IsZero(), Expires: i.Expires,
	}, nil
}

// Expired reports whether the credentials do not hold any more.
func (i *Identity) Expired(now time.Time) bool { return !i.Expires.IsZero() && !now.Before(i.Expires) }

// Link names a role that can be switched to, as AWS's links do.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
type Link struct {
	Account string // its ID, or alias
	Role    string // its name, with its path if it has one
	Display string // what the console shows; empty: role @ account
	Color   string // red, orange, yellow, green, blue or none
}

// Role is a role that somebody has switched to.
type Role struct {
	Link
	Identity
}

// Note is told on the next page.
type Note struct {
	Text string
	// Commands are those that did what the note tells.
	Commands []string
}

// Session is who is signed in. It has secrets: it is never logged.
type Session struct {
	// Base is who signed in, and Role the role that was switched to; nil: none.
	Base Identity
	Role *Role
	// CSRF is what forms have to bring.
	CSRF string
	// Notes are told on the next page.
	Notes   []Note
	Started time.Time
}

// Current is whose credentials requests are signed with.
func (s *Session) Current() *Identity {
	if s.Role != nil {
		return &s.Role.Identity
	}
	return &s.Base
}
