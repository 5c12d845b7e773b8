package arn

import "testing"

// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
func TestOrganizations(t *testing.T) {
	t.Parallel()
	const m, o = "111111111111", "o-exampleorgid"
	for want, got := range map[string]ARN{
		"arn:aws:organizations::111111111111:organization/o-exampleorgid":                      Organization(m, o),
		"arn:aws:organizations::111111111111:root/o-exampleorgid/r-ab12":                       OrganizationRoot(m, o, "r-ab12"),
		"arn:aws:organizations::111111111111:ou/o-exampleorgid/ou-ab12-abcdefgh":               OrganizationalUnit(m, o, "ou-ab12-abcdefgh"),
		"arn:aws:organizations::111111111111:account/o-exampleorgid/222222222222":              OrganizationAccount(m, o, "222222222222"),
		"arn:aws:organizations::111111111111:policy/o-exampleorgid/service_control_policy/p-x": OrganizationPolicy(m, o, "SERVICE_CONTROL_POLICY", "p-x"),
		"arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess":             AWSOrganizationPolicy("SERVICE_CONTROL_POLICY", "p-FullAWSAccess"),
		"arn:aws:organizations::111111111111:resourcepolicy/o-exampleorgid/rp-x":               OrganizationResourcePolicy(m, o, "rp-x"),
		"arn:aws:organizations::111111111111:transfer/o-exampleorgid/billing/inbound/rt-x":     ResponsibilityTransfer(m, o, "BILLING", "INBOUND", "rt-x"),
		"arn:aws:organizations::111111111111:handshake/o-exampleorgid/invite/h-xy":             Handshake(m, o, "INVITE", "h-xy"),
	} {
		if got.String() != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
