package orgs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/records"
)

const (
	// closurePeriod is the time in which closures are counted.
	closurePeriod = 30 * 24 * time.Hour
	// postClosure is how long a closed account stays in its organization on AWS.
	//
	// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
	postClosure = 90 * 24 * time.Hour
)

// closureQuota returns how many accounts an organization with so many member accounts may close within
// closurePeriod.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
func closureQuota(members int64) int { return min(max(250, int(members)/5), 1000) }

// CloseAccount closes a member account: from then on none of its credentials works. It stays in the
// organization, with everything in it. The account is closed when CloseAccount returns.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
func (s *Service) CloseAccount(ctx context.Context, account, id ids.AccountID) error {
	err := s.manage(ctx, account, func(c change) error {
		n, err := c.find(string(id), errNoAccount, AccountKind)
		if err != nil {
			return err
		}
		record, err := c.accountRecord(ids.AccountID(n.member.Account))
		switch {
		case err != nil:
			return err
		case c.record.FeatureSet != AllFeatures:
			return errNotAllFeatures
		case id == c.management():
			return errCloseManagement
		case record.Closed != 0:
			return errAlreadyClosed
		}
		return c.countClosure()
	})
	if err != nil {
		return err
	}
	// What was counted counts even if the server ends here: that is on the safe side.
	err = s.accounts.CloseMember(ctx, id)
	var refusal *apierr.Error
	if err != nil && !errors.As(err, &refusal) {
		err = fmt.Errorf("close account %s: %w", id, err)
	}
	return err
}

// countClosure counts one more closure, or refuses it.
func (c change) countClosure() error {
	n, err := c.counts()
	if err != nil {
		return err
	}
	since := c.now.Add(-closurePeriod).UnixNano()
	recent := slices.DeleteFunc(slices.Clone(n.Closures), func(at int64) bool { return at <= since })
	if len(recent) >= closureQuota(n.Accounts-1) {
		return errTooManyClosures
	}
	return c.count(func(n *records.OrganizationCounts) { n.Closures = append(recent, c.now.UnixNano()) })
}

// stays reports whether a closed account cannot be removed from its organization: AWS removes it itself when
// the time is over in which it can be reopened, and not before.
func (a *Account) stays(now time.Time) bool {
	return a.Closed && now.Before(a.ClosedAt.Add(postClosure))
}
