package access

import (
	"context"
	"strconv"
	"time"

	"crossgrant/internal/acl"
	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Service returns the caller of what a service of AWS does on its own, given by its service principal, such
// as "logging.s3.amazonaws.com". No account stands behind it: only what names it lets it in.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
func Service(principal string) *Caller {
	c := &Caller{Principal: policy.Principal{Kind: policy.Service, ARN: principal}, member: outside}
	// What aws:userid, aws:PrincipalType, aws:PrincipalAccount and aws:PrincipalArn hold for a service is not
	// documented: they are absent.
	c.keys.Set("aws:PrincipalIsAWSService", "true")
	c.keys.Set("aws:PrincipalServiceName", principal)
	c.keys.SetMulti("aws:PrincipalServiceNamesList", []string{principal})
	return c
}

// ServiceContext returns the condition keys of something that a service does now, in a region, for a resource of
// account. Services do not use HTTP: aws:SecureTransport is true.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (a *Access) ServiceContext(ctx context.Context, service *Caller, resource arn.ARN, account ids.AccountID, now time.Time, region string) (policy.Context, error) {
	k := service.Context()
	k.Set("aws:SecureTransport", "true")
	k.Set("aws:ViaAWSService", "false")
	k.Set("aws:SourceArn", resource.String())
	k.Set("aws:SourceAccount", string(account))
	now = now.UTC()
	k.Set("aws:CurrentTime", now.Format(time.RFC3339))
	k.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	k.Set("aws:RequestedRegion", region)
	m, err := a.member(ctx, account, nil)
	if err != nil {
		return k, err
	}
	m.keys(&k, "aws:Source")
	return k, nil
}

// ServiceObject returns the record of an object that a service writes into a bucket: owned by the service's account, with
// FULL_CONTROL for it and for the bucket's owner; or by the bucket's owner where ACLs are off, or where the service gives
// the canned ACL by which ownership passes.
func (b *Bucket) ServiceObject(service ids.CanonicalUserID, canned, contentType string) *records.Object {
	o := &records.Object{Metadata: &records.Metadata{ContentType: contentType}, WrittenUnderEnforced: b.Enforced}
	if b.takesOver(canned) {
		o.Owner, o.OwnerAccount = string(b.Canonical), string(b.Owner)
		o.Acl = Grants(acl.Private(b.Canonical))
		return o
	}
	full := func(id ids.CanonicalUserID) acl.Grant {
		return acl.Grant{Grantee: acl.Grantee{ID: id}, Permission: acl.FullControl}
	}
	o.Owner = string(service)
	o.Acl = Grants(acl.ACL{Owner: service, Grants: []acl.Grant{full(service), full(b.Canonical)}})
	return o
}
