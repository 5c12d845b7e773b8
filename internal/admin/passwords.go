package admin

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/password"
)

// PasswordOperator gives root users passwords. who and errors are those of Operator, and PasswordPolicyViolation.
type PasswordOperator interface {
	// SetRootPassword sets the password of an account's root user: p's, or one that it draws.
	SetRootPassword(ctx context.Context, who string, p NewRootPassword) (RootPassword, error)
}

// RootPasswords keeps the passwords of root users; package iam does.
type RootPasswords interface {
	SetRootPassword(ctx context.Context, account ids.AccountID, text string) error
}

// NewRootPassword is the password of a root user, or nothing, for one to be drawn.
type NewRootPassword struct {
	Password string `json:",omitempty"`
}

// RootPassword says that the root user of an account has a password, by which address it signs in, and, this once, the
// password, if it was drawn.
type RootPassword struct {
	AccountID string `json:"AccountId"`
	Email     string
	Password  string `json:",omitempty"`
}

// SetRootPassword sets the password of a root user. That of a closed account waits until it is open again.
func (l *Local) SetRootPassword(ctx context.Context, who string, p NewRootPassword) (RootPassword, error) {
	a, err := l.Accounts.Lookup(ctx, who)
	if err != nil {
		return RootPassword{}, err
	}
	set := RootPassword{AccountID: string(a.ID), Email: a.Email}
	text := p.Password
	if text == "" {
		if text, err = password.Generate(rand.Reader); err != nil {
			return RootPassword{}, err
		}
		set.Password = text
	}
	if err := l.Passwords.SetRootPassword(ctx, a.ID, text); err != nil {
		return RootPassword{}, err
	}
	return set, nil
}

// SetRootPassword sets the password of a root user.
func (c *Client) SetRootPassword(ctx context.Context, who string, p NewRootPassword) (set RootPassword, err error) {
	return set, c.do(ctx, http.MethodPost, "/account/password", url.Values{"who": {who}}, p, &set)
}

// handlePasswords serves operator's actions on passwords.
func handlePasswords(mux *http.ServeMux, operator PasswordOperator) {
	mux.HandleFunc("POST /account/password", func(w http.ResponseWriter, r *http.Request) {
		var p NewRootPassword
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &p); err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, accounts.CodeInvalid, "malformed request"))
			return
		}
		set, err := operator.SetRootPassword(r.Context(), r.URL.Query().Get("who"), p)
		answer(w, set, err)
	})
}
