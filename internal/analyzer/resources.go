package analyzer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/analyzer/external"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs/managed"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// resource names a resource of the zone.
type resource struct {
	ARN, Type string
	Owner     ids.AccountID
}

// resourcesOf returns the buckets and roles of the accounts of a zone, account by account.
func resourcesOf(r meta.Reader, z *zone) (all []resource, err error) {
	accounts := make([]ids.AccountID, 0, len(z.accounts))
	for id := range z.accounts {
		accounts = append(accounts, id)
	}
	slices.Sort(accounts)
	for _, id := range accounts {
		account := new(records.Account)
		err := records.Get(r, keys.Account(id), account)
		if errors.Is(err, meta.ErrNotFound) || err == nil && account.Closed != 0 {
			continue // nobody reaches what it has
		}
		if err != nil {
			return nil, err
		}
		if all, err = addResources(r, id, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// addResources adds the buckets and roles of an account.
func addResources(r meta.Reader, id ids.AccountID, all []resource) ([]resource, error) {
	from, to := keys.BucketsOf(id)
	err := scan(r, from, to, func(key, _ []byte) error {
		name, err := keys.ParseBucketOf(key)
		all = append(all, resource{arn.Bucket(name).String(), external.Bucket, id})
		return err
	})
	if err != nil {
		return nil, err
	}
	from, to = keys.Entities(id, keys.RoleKind)
	err = scan(r, from, to, func(_, value []byte) error {
		role := new(records.Role)
		if err := records.Unmarshal(value, role); err != nil {
			return err
		}
		all = append(all, resource{arn.Role(id, role.Path, role.Name).String(), external.Role, id})
		return nil
	})
	return all, err
}

// analyze returns the external access to a resource. What is gone has none.
func (s *Service) analyze(ctx context.Context, r resource, z *zone) ([]external.Access, error) {
	full, err := s.gather(ctx, r)
	if err != nil || full == nil {
		return nil, err
	}
	var failed error
	trust := &external.Zone{
		Trusts: func(id ids.AccountID) bool { return z.accounts[id] },
		Canonical: func(id ids.CanonicalUserID) bool {
			record, ok, err := s.World.Account(ctx, id)
			failed = errors.Join(failed, err)
			return ok && z.accounts[ids.AccountID(record.Id)]
		},
		Organization: z.organization,
	}
	found, err := external.Find(full, trust)
	return found, errors.Join(err, failed)
}

// gather returns a resource with all that its side says; nil if it is gone.
func (s *Service) gather(ctx context.Context, r resource) (*external.Resource, error) {
	full := &external.Resource{ARN: r.ARN, Type: r.Type, Owner: r.Owner, Managed: func(p *authz.Source) bool {
		_, own := managed.Lookup(p.Name[strings.LastIndexByte(p.Name, '/')+1:])
		return own
	}}
	var err error
	switch r.Type {
	case external.Bucket:
		var b *access.Bucket
		b, err = s.World.Bucket(ctx, strings.TrimPrefix(r.ARN, "arn:aws:s3:::"))
		if err != nil && apierr.From(err).Status < http.StatusInternalServerError || err == nil && b.Owner != r.Owner {
			return nil, nil
		}
		if err == nil {
			full.Policy, full.S3 = b.Policy, &authz.S3{OwnerCanonicalID: b.Canonical, Enforced: b.Enforced, Block: b.Block, RequesterPays: b.RequesterPays, BucketACL: b.ACL}
		}
	default:
		role, roleErr := s.World.Role(ctx, r.ARN)
		if err = roleErr; err == nil && role == nil {
			return nil, nil
		}
		if err == nil {
			full.Policy = role.Trust
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.ARN, err)
	}
	if full.RCPs, err = s.World.ResourceControls(ctx, r.Owner); err != nil {
		return nil, err
	}
	return full, s.shown(ctx, full)
}

// shown replaces the unique IDs in the policy of a resource by the ARNs of the users and roles that have them.
func (s *Service) shown(ctx context.Context, r *external.Resource) error {
	if r.Policy == nil || r.Policy.Document == nil {
		return nil
	}
	document, err := r.Policy.Document.MapPrincipals(func(_ policy.PrincipalKind, value string) (string, error) {
		return s.Principals.PrincipalARN(ctx, value)
	})
	if err != nil {
		return fmt.Errorf("show the principals of the policy of %s: %w", r.ARN, err)
	}
	r.Policy = &authz.Source{Name: r.Policy.Name, Document: document}
	return nil
}
