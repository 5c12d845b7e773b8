package access

import (
	"context"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
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

// ServiceContext returns the condition keys of something that a service does for a resource of account. The
// time and the region are for the service to add. Services do not use HTTP: aws:SecureTransport is true.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (a *Access) ServiceContext(ctx context.Context, service *Caller, resource arn.ARN, account ids.AccountID) (policy.Context, error) {
	k := service.Context()
	k.Set("aws:SecureTransport", "true")
	k.Set("aws:ViaAWSService", "false")
	k.Set("aws:SourceArn", resource.String())
	k.Set("aws:SourceAccount", string(account))
	m, err := a.member(ctx, account, nil)
	if err != nil {
		return k, err
	}
	m.keys(&k, "aws:Source")
	return k, nil
}
