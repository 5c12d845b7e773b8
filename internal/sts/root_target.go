package sts

import (
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
)

// MaxAssumedRoot is how long a session of AssumeRoot lasts at most, and if nobody says. A duration of 0, which
// AWS's model allows, is taken to say nothing.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
const MaxAssumedRoot = 15 * time.Minute

// ParseRootTarget returns the account whose root user text names: by account ID, or by the ARN of the root
// user. The error is a ValidationError. It does not say whether there is the account.
func ParseRootTarget(text string) (ids.AccountID, error) {
	if account, err := ids.ParseAccountID(text); err == nil {
		return account, nil
	}
	if a, err := arn.Parse(text); err == nil {
		if account, err := ids.ParseAccountID(a.Account); err == nil && a == arn.Root(account) {
			return account, nil
		}
	}
	return "", validationError("%s is invalid", text)
}
