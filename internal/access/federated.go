package access

import (
	"crossgrant/internal/policy"
	"crossgrant/internal/sts"
)

// Federated returns the caller who presents what an identity provider, given by its ARN, says of a user: in
// AssumeRoleWithWebIdentity and AssumeRoleWithSAML. told are the condition keys of what the provider says.
//
// No account stands behind it, so that there are no identity policies and no service control policies: the
// trust policy that names the provider decides, and resource control policies of the role's account.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-federated-web-identity
// and https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
func Federated(provider string, told []sts.ProviderKey) *Caller {
	c := &Caller{Principal: policy.Principal{Kind: policy.Anonymous, Provider: provider}, member: outside}
	c.keys = callerKeys(c, nil)
	c.keys.Set("aws:FederatedProvider", provider)
	providerKeys(&c.keys, told)
	return c
}

// providerKeys adds the condition keys that an identity provider has told.
func providerKeys(k *policy.Context, told []sts.ProviderKey) {
	for _, key := range told {
		if key.Multi {
			k.SetMulti(key.Name, key.Values)
		} else {
			k.Set(key.Name, key.Values[0])
		}
	}
}
