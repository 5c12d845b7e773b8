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
