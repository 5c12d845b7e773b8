package managed

import (
	"testing"

	"crossgrant/internal/policy"
)

// TestFullAllowsEverything holds what AWS's policies are for: they allow whatever is asked.
func TestFullAllowsEverything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ policyType, id, arn string }{
		{SCP, FullAWSAccess, "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"},
		{RCP, RCPFullAWSAccess, "arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess"},
	} {
		p := Full(c.policyType)
		if found, ok := Lookup(c.id); !ok || found != p || p.ARN() != c.arn {
			t.Errorf("%s: %v, %v, %s", c.id, found, ok, p.ARN())
		}
		for _, resource := range []string{"*", "arn:aws:s3:::b/k"} {
			q := policy.NewQuery(&policy.Request{
				Action: "s3:GetObject", Resource: resource, Principal: &policy.Principal{Kind: policy.Anonymous}, Context: new(policy.Context),
			})
			if m := p.Document.Evaluate(&q); m.Effect != policy.Allow {
				t.Errorf("%s on %s: %v", c.id, resource, m)
			}
		}
	}
	if _, ok := Lookup("p-other"); ok {
		t.Error("found a policy that AWS does not have")
	}
}

// TestService holds which services have delegated administrators, by AWS's list and the pages that it leads to.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
func TestService(t *testing.T) {
	t.Parallel()
	for principal, delegates := range map[string]int{
		"ec2.amazonaws.com": 0, "billing-cost-management.amazonaws.com": 0, "license-management.marketplace.amazonaws.com": 0,
		"q.amazonaws.com": 0, "ram.amazonaws.com": 0, "wellarchitected.amazonaws.com": 0,
		"dashboard.eks.amazonaws.com": 1, "iam.amazonaws.com": 1, "notifications.amazonaws.com": 1,
		"private-marketplace.marketplace.amazonaws.com": 1, "security-ir.amazonaws.com": 1,
		"cloudtrail.amazonaws.com": 3, "stacksets.cloudformation.amazonaws.com": 5, "storage-lens.s3.amazonaws.com": 5,
		"networkmanager.amazonaws.com": 10, "servicecatalog.amazonaws.com": 50,
	} {
		if s, ok := Service(principal); !ok || s.Delegates != delegates || s.Principal != principal {
			t.Errorf("%s: %v, %+v, want %d delegated administrators", principal, ok, s, delegates)
		}
	}
	for _, other := range []string{"", "events.amazonaws.com", "RAM.amazonaws.com", "ram"} {
		if _, ok := Service(other); ok {
			t.Errorf("%q works with organizations", other)
		}
	}
}
