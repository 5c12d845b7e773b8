// Package sts issues and opens temporary credentials: those of role sessions, of users and root users by
// GetSessionToken or a sign-in with a password, of federated users, and of root sessions by AssumeRoot.
//
// A session is remembered by nobody: all of it, its secret included, is in its session token, which is
// sealed under the master key and bound to the session's access key ID. Any server that has the
// master key can open it. What a session may do is not in the token (but for its session policies and
// tags): that follows from the role or user as it is when a request is made, and the session ends with it.
//
// AssumeRole is three steps, because a domain service authorizes nothing: the role is read with its trust
// policy (ReadRole), the pipeline asks whether the caller may assume it, and Issue makes the credentials.
// The other operations lack the first step, and share the last.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
package sts

import (
	"crypto/rand"
	"io"
	"time"

	"crossgrant/internal/meta"
	"crossgrant/internal/seal"
)

// Options are what a Service may be told; the zero value is for production.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where identifiers and secrets come from; nil means crypto/rand. It must be safe for
	// concurrent use.
	Rand io.Reader
}

// Service is STS over a metadata store. It is safe for concurrent use.
type Service struct {
	store *meta.Store
	box   *seal.Box
	now   func() time.Time
	rand  io.Reader
}

// New returns the service over store; box seals session tokens.
func New(store *meta.Store, box *seal.Box, opts Options) *Service {
	s := &Service{store: store, box: box, now: opts.Now, rand: opts.Rand}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	return s
}
