package iam

import (
	"errors"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/policy"
)

// The texts in this file are AWS's where they are known, else those that are reported most often.

func noSuchEntity(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func alreadyExists(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusConflict, "EntityAlreadyExists", format, args...)
}

func limitExceeded(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusConflict, "LimitExceeded", format, args...)
}

func deleteConflict(message string) *apierr.Error {
	return apierr.New(http.StatusConflict, "DeleteConflict", "%s", message)
}

func passwordPolicyViolation(message string) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "PasswordPolicyViolation", "%s", message)
}

func temporarilyUnmodifiable(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusConflict, "EntityTemporarilyUnmodifiable", format, args...)
}

func invalidInput(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "InvalidInput", format, args...)
}

func validationError(format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "ValidationError", format, args...)
}

// malformed turns the refusal of a document into MalformedPolicyDocument. An error that is not one,
// such as a failure of storage while a principal was looked up, stays what it is.
func malformed(err error) error {
	var refusal *policy.Error
	if !errors.As(err, &refusal) {
		return err
	}
	if cause := refusal.Unwrap(); cause != nil && !errors.Is(cause, ErrNoPrincipal) {
		return cause
	}
	return apierr.New(http.StatusBadRequest, "MalformedPolicyDocument", "%s", refusal.Message)
}

// parseIdentity parses a document that a client wants to store as an identity policy.
func parseIdentity(text string) error {
	if _, err := policy.Parse(policy.Identity, []byte(text)); err != nil {
		return malformed(err)
	}
	return nil
}
