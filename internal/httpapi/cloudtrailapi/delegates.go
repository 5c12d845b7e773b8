package cloudtrailapi

import (
	"context"
	"errors"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/orgs"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/json11"
)

// delegates returns the rows for the delegated administrators of CloudTrail, which are those of Organizations.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
func (a *api) delegates() []row {
	return []row{
		{
			name: "RegisterOrganizationDelegatedAdmin", decode: readMember("MemberAccountId"),
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return nil, a.delegate(ctx, c, in, "RegisterDelegatedAdministrator", a.Organizations.RegisterDelegate)
			},
		},
		{
			name: "DeregisterOrganizationDelegatedAdmin", decode: readMember("DelegatedAdminAccountId"),
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return nil, a.delegate(ctx, c, in, "DeregisterDelegatedAdministrator", a.Organizations.DeregisterDelegate)
			},
		},
	}
}

func readMember(name string) func(r *json11.Reader, in *input) {
	return func(r *json11.Reader, in *input) { in.member = r.Required(name, accountIDs...) }
}

// delegate asks Organizations to make a member account an administrator, or none. CloudTrail does it for the caller,
// who needs the permission of Organizations for it as well.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator-permissions.html
func (a *api) delegate(
	ctx context.Context, c *httpapi.Call, in *input, action string,
	do func(ctx context.Context, account, member ids.AccountID, principal string) error,
) error {
	targets, err := a.Organizations.Targets(ctx, c.Caller.Account, []orgs.Ref{orgs.Existing(in.member)})
	if err != nil {
		return inOurTerms(err)
	}
	for _, t := range targets {
		check := &access.Check{Action: "organizations:" + action, Resource: t.ARN, Keys: func(k *policy.Context) {
			k.Set("organizations:ServicePrincipal", cloudtrail.ServicePrincipal)
			for _, tag := range t.Tags {
				k.Set("aws:ResourceTag/"+tag.Key, tag.Value)
			}
		}}
		err := c.Authorize(ctx, check)
		if apierr.Is(err, "AccessDenied") {
			return cloudtrail.Error("InsufficientDependencyServiceAccessPermission", "%s", apierr.From(err).Message).Because(err)
		}
		if err != nil {
			return err
		}
	}
	return inOurTerms(do(ctx, c.Caller.Account, ids.AccountID(in.member), cloudtrail.ServicePrincipal))
}

// terms are the codes of CloudTrail, without "Exception", for those of Organizations, with the reason behind a colon.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RegisterOrganizationDelegatedAdmin.html
var terms = map[string]string{
	"AWSOrganizationsNotInUseException":                                                         "OrganizationsNotInUse",
	"AccessDeniedException":                                                                     "NotOrganizationManagementAccount",
	"AccountNotFoundException":                                                                  "AccountNotFound",
	"AccountAlreadyRegisteredException":                                                         "AccountRegistered",
	"AccountNotRegisteredException":                                                             "AccountNotRegistered",
	"ConstraintViolationException:ORGANIZATION_NOT_IN_ALL_FEATURES_MODE":                        "OrganizationNotInAllFeaturesMode",
	"ConstraintViolationException:SERVICE_ACCESS_NOT_ENABLED":                                   "CloudTrailAccessNotEnabled",
	"ConstraintViolationException:CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR":            "CannotDelegateManagementAccount",
	"ConstraintViolationException:MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED":      "DelegatedAdminAccountLimitExceeded",
	"ConstraintViolationException:CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR": "InvalidParameter",
}

// inOurTerms returns an error of Organizations as CloudTrail words it.
func inOurTerms(err error) error {
	var failure *apierr.Error
	if !errors.As(err, &failure) {
		return err
	}
	code := failure.Code
	for _, d := range failure.Detail {
		if d.Name == "Reason" {
			code += ":" + d.Value
		}
	}
	if code = terms[code]; code == "" {
		return err
	}
	return cloudtrail.Error(code, "%s", failure.Message).Because(err)
}
