package event

import (
	"strings"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
)

// Recipients returns the accounts that get the event of r: the caller's first, then that of the owner of what was
// asked for, if it is another one. Nil if r makes no event, or nobody is known who could get it.
//
// The owner of a bucket gets a copy of every request to it, also of one that was refused; the owner of a role one of
// each session that another account, or whoever a provider vouches for, began. Others get none: what an account does
// in another's organization is the caller's own. An attempt to sign in is told to the account that somebody wanted to
// sign in to, if there is one.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html#cloudtrail-object-level-crossaccount
// and https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html#cloudtrail-integration_signin-tempcreds
func Recipients(r *audit.Record) []ids.AccountID { return AppendRecipients(nil, r) }

// AppendRecipients appends to dst what Recipients returns: two accounts at most.
func AppendRecipients(dst []ids.AccountID, r *audit.Record) []ids.AccountID {
	if operationOf(r) == nil {
		return dst
	}
	if r.CallerAccount != "" {
		dst = append(dst, r.CallerAccount)
	}
	if owner := copyFor(r); owner != "" {
		dst = append(dst, owner)
	}
	return dst
}

// copyFor returns the account of the owner that gets a copy of the event; empty if there is none, or it is the caller's.
func copyFor(r *audit.Record) ids.AccountID {
	owner := r.ResourceOwner
	switch {
	case isSignIn(r):
		return r.SignIn.Account
	case r.Service == "sts" && r.CallerAccount == "":
		// Whoever asks has no account here. What is refused before the role is known is the provider's account's, which
		// has to have it: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
		if owner == "" {
			owner = accountOf(r.CallerID)
		}
	case r.Service == "sts":
		// The owner of a role is told of sessions, not of those who tried.
		if !strings.HasPrefix(r.Operation, "Assume") || r.ErrorCode != "" {
			return ""
		}
	case !isS3(r):
		return ""
	}
	if owner == r.CallerAccount {
		return ""
	}
	return owner
}

// isS3 reports whether r is of one of S3's APIs.
func isS3(r *audit.Record) bool { return strings.HasPrefix(r.Service, "s3") }

// accountOf returns the account that an ARN of IAM or STS, or what begins with one, names; empty for all else.
func accountOf(arn string) ids.AccountID {
	for _, head := range [...]string{"arn:aws:iam::", "arn:aws:sts::"} {
		if rest, ok := strings.CutPrefix(arn, head); ok {
			account, _, _ := strings.Cut(rest, ":")
			if id, err := ids.ParseAccountID(account); err == nil {
				return id
			}
		}
	}
	return ""
}
