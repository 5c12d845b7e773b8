package iam

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// DeletionStatus is what has become of the deletion of a service-linked role.
type DeletionStatus string

// What can have become of it. On AWS it may also not have been started, or be in progress, while the service looks
// for what needs the role; here that is known at once.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLinkedRoleDeletionStatus.html
const (
	DeletionSucceeded DeletionStatus = "SUCCEEDED"
	DeletionFailed    DeletionStatus = "FAILED"
)

// Deletion is the task of deleting a service-linked role.
type Deletion struct {
	Status DeletionStatus
	// Reason says why it failed, Resources what still needs the role; empty for one that succeeded.
	Reason    string
	Resources []string // ARNs
}

// keepDeletions is how long it is remembered what became of a deletion. AWS does not say how long it is there.
const keepDeletions = 90 * 24 * time.Hour

// maxDeletions is how many deletions of an account are remembered: all are looked at for each further one.
const maxDeletions = 100

// DeleteServiceLinkedRole deletes a service-linked role that its service needs no more, and returns the ID of
// the task under which it is told what became of it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html
func (s *Service) DeleteServiceLinkedRole(ctx context.Context, account ids.AccountID, name string) (task string, err error) {
	unique, err := newTaskID(s.rand)
	if err != nil {
		return "", err
	}
	err = s.write(ctx, account, func(c change) error {
		r := new(records.Role)
		if err := c.get(keys.RoleKind, name, r); err != nil {
			return err
		}
		if !isServiceLinked(r) {
			return noSuchEntity("The service-linked role with name %s cannot be found.", name)
		}
		task = "task" + r.Path + r.Name + "/" + unique
		deletion := &records.RoleDeletion{Created: s.timestamp(), Status: string(DeletionSucceeded)}
		users, err := c.needing(r)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			deletion.Status, deletion.Reason, deletion.Resources = string(DeletionFailed), "The role is in use by "+serviceOf(r)+".", users
		} else if err := c.removeServiceLinked(r); err != nil {
			return err
		}
		if err := c.forgetDeletions(s.now().Add(-keepDeletions)); err != nil {
			return err
		}
		return records.Put(c.tx, keys.RoleDeletion(account, task), deletion)
	})
	return task, err
}

// serviceOf returns the principal of the service that a service-linked role belongs to.
func serviceOf(r *records.Role) string {
	return strings.TrimSuffix(strings.TrimPrefix(r.Path, serviceLinkedPath), "/")
}

// needing returns the ARNs of what a service still needs its role for. That of Organizations is needed by accounts
// that are in an organization; what the other services would do with theirs is not done here.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html#orgs_integrate_services-using_slrs
func (v view) needing(r *records.Role) ([]string, error) {
	if serviceOf(r) != "organizations.amazonaws.com" {
		return nil, nil
	}
	member, org := new(records.Membership), new(records.Organization)
	err := records.Get(v, keys.Membership(v.account), member)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		err = records.Get(v, keys.Organization(ids.OrganizationID(member.Organization)), org)
	}
	if err != nil {
		return nil, fmt.Errorf("read organization of account %s: %w", v.account, err)
	}
	return []string{arn.Organization(ids.AccountID(org.ManagementAccount), ids.OrganizationID(org.Id)).String()}, nil
}

// removeServiceLinked deletes a service-linked role with its policy.
func (c change) removeServiceLinked(r *records.Role) error {
	for _, policyARN := range r.Attached {
		if err := c.countManaged(policyARN, -1, 0); err != nil {
			return err
		}
		if err := c.tx.Delete(keys.Attachment(c.account, policyARN, keys.RoleKind, r.Name)); err != nil {
			return err
		}
	}
	return c.remove(keys.RoleKind, r)
}

// forgetDeletions removes what is remembered of deletions before a time, and of the oldest ones so that there is room
// for one more.
func (c change) forgetDeletions(before time.Time) error {
	type task struct {
		key     []byte
		created int64
	}
	var all []task
	it := c.Scan(keys.RoleDeletions(c.account))
	var err error
	for err == nil && it.Next() {
		r := new(records.RoleDeletion)
		err = records.Unmarshal(it.Value(), r)
		all = append(all, task{slices.Clone(it.Key()), r.Created})
	}
	if err := errors.Join(err, it.Close()); err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b task) int { return cmp.Compare(a.created, b.created) })
	for i, old := range all {
		if len(all)-i < maxDeletions && !instant(old.created).Before(before) {
			break
		}
		if err := c.tx.Delete(old.key); err != nil {
			return err
		}
	}
	return nil
}

// newTaskID draws a random UUID.
func newTaskID(random io.Reader) (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("draw the ID of a task: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// DeletionRole returns the ARN of the role that a task is to delete, or InvalidInput for what is not the ID of
// such a task. It does not say whether there is the task.
func DeletionRole(account ids.AccountID, task string) (arn.ARN, error) {
	rest, ok := strings.CutPrefix(task, "task"+serviceLinkedPath)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 || len(parts[2]) != 36 || !nameRegexp.MatchString(parts[0]) || !nameRegexp.MatchString(parts[1]) {
		return arn.ARN{}, invalidInput("The task ID %s is not valid.", task)
	}
	return arn.Role(account, serviceLinkedPath+parts[0]+"/", parts[1]), nil
}

// ServiceLinkedRoleDeletion returns what became of a deletion, or NoSuchEntity.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLinkedRoleDeletionStatus.html
func (s *Service) ServiceLinkedRoleDeletion(ctx context.Context, account ids.AccountID, task string) (d Deletion, err error) {
	err = s.read(ctx, account, func(v view) error {
		r := new(records.RoleDeletion)
		err := records.Get(v, keys.RoleDeletion(account, task), r)
		if errors.Is(err, meta.ErrNotFound) {
			return noSuchEntity("The deletion task with ID %s cannot be found.", task)
		}
		d = Deletion{Status: DeletionStatus(r.Status), Reason: r.Reason, Resources: r.Resources}
		return err
	})
	return d, err
}
