package access

import (
	"context"
	"fmt"
	"slices"

	"crossgrant/internal/arn"
	"crossgrant/internal/iam/managed"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs"
	"crossgrant/internal/sts"
)

// checkAssumedRoot returns ErrUnknownKey for a session of AssumeRoot that could not be begun any more: because the
// feature that its task belongs to was disabled, because the organization does not trust IAM any more, or because
// one of the two accounts has left it, or has lost its part in it. Nor does one count that has no task: task
// policies are what takes the rights of the root user from it. Sessions of other kinds are not its concern.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DisableOrganizationsRootSessions.html
func (a *Access) checkAssumedRoot(ctx context.Context, s *sts.Session, l *load) error {
	if s.Kind != sts.AssumedRoot {
		return nil
	}
	issuedTo, err := arn.Parse(s.IssuedTo)
	if err != nil {
		return ErrUnknownKey
	}
	var enabled []string
	err = l.view(ctx, func(r meta.Reader) (err error) {
		enabled, err = orgs.RootAccess(r, ids.AccountID(issuedTo.Account), s.Account)
		return err
	})
	if err != nil {
		return fmt.Errorf("read root features for a session in account %s: %w", s.Account, err)
	}
	if len(s.PolicyARNs) == 0 || slices.ContainsFunc(s.PolicyARNs, func(policyARN string) bool {
		task, ok := managed.Lookup(policyARN)
		return !ok || task.Path != managed.RootTaskPath || !orgs.AllowsRootTask(enabled, task.Name)
	}) {
		return ErrUnknownKey
	}
	return nil
}
