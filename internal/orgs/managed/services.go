package managed

import "strings"

// TrustedService is what an organization may do with a service of AWS.
type TrustedService struct {
	// Principal is the service principal that trusted access is enabled for.
	Principal string
	// Delegates is the number of member accounts that may administer the service at once; 0 for a service
	// that has no delegated administrators.
	Delegates int
}

// Service returns the service with this principal; ok is false for one that does not work with
// organizations.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
func Service(principal string) (s TrustedService, ok bool) {
	s, ok = services[principal]
	return s, ok
}

var services = func() map[string]TrustedService {
	all := map[string]TrustedService{}
	for delegates, names := range servicesByDelegates {
		for name := range strings.FieldsSeq(names) {
			principal := name + ".amazonaws.com"
			all[principal] = TrustedService{principal, delegates}
		}
	}
	return all
}()

// servicesByDelegates are the principals, without their domain, by the number of delegated administrators
// that the guide of each service tells. Of services that have them and whose guide tells no number there is
// one: that is the least that can be meant.
//
// Sources: the pages that the list above leads to, such as
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html,
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage_lens_with_organizations.html. That of
// opsdatasync.ssm is https://docs.aws.amazon.com/systems-manager/latest/userguide/explorer-securityhub-integration.html;
// that of AWS User Notifications, which its page misspells, is as IAM has it in the path of the service's role.
var servicesByDelegates = map[int]string{
	0: `artifact aws-artifact-account-sync billing-cost-management controltower ds ec2
		license-management.marketplace license-manager.member-account opsdatasync.ssm q ram servicequotas
		tagpolicies.tag wellarchitected`,
	1: `access-analyzer account agent-registry agentless.inspector2 application-signals.cloudwatch auditmanager
		compute-optimizer cost-optimization-hub.bcm dashboard.eks detective devops-guru ec2.capacitymanager
		guardduty iam inspector2 ipam license-manager license-manager-linux-subscriptions macie
		malware-protection.guardduty mgn networkflowmonitor notifications observabilityadmin
		private-marketplace.marketplace procurement-insights.marketplace reachabilityanalyzer.networkinsights
		resiliencehub resource-explorer-2 security-ir securityhub securitylake
		selfservicereporting.managedservices ssm ssm-quicksetup sso topology.networkflowmonitor`,
	3:  `cloudtrail config config-multiaccountsetup`,
	5:  `backup health member.org.stacksets.cloudformation reporting.trustedadvisor stacksets.cloudformation storage-lens.s3`,
	10: `fms networkmanager`,
	50: `servicecatalog`,
}
