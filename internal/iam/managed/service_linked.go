package managed

// ServiceLinked is what the service-linked role of one of AWS's services is like.
type ServiceLinked struct {
	// Role is the role's name, without a custom suffix.
	Role string
	// Policy is the name of the managed policy that it has, below ServiceRolePath.
	Policy string
	// Suffixes says that there can be several roles, told apart by custom suffixes.
	Suffixes bool
}

// PolicyARN returns the ARN of the policy that the role has.
func (s ServiceLinked) PolicyARN() string { return prefix + ServiceRolePath[1:] + s.Policy }

// ServiceLinkedRole returns the service-linked role of a service, which is given by its service principal, such
// as "organizations.amazonaws.com"; ok is false for a service that is not known to have one.
//
// The services are those that S3, IAM, Organizations and CloudTrail work with and those that are found in
// the set-up of most accounts; AWS has some hundred more. Names, policies and which of them take suffixes are
// as AWS answers; those of Access Analyzer, event context, Macie, Organizations and Storage Lens are as their guides
// tell, which tell of no suffix.
//
// Sources: recorded responses, https://github.com/localstack/localstack/blob/main/tests/aws/services/iam/test_iam.snapshot.json,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-using-service-linked-roles.html,
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/using-service-linked-roles-create-slr-for-context-management.html,
// https://docs.aws.amazon.com/macie/latest/user/service-linked-roles.html,
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html#orgs_integrate_services-using_slrs and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-service-linked-roles.html
func ServiceLinkedRole(principal string) (role ServiceLinked, ok bool) {
	role, ok = serviceLinked[principal]
	return role, ok
}

var serviceLinked = map[string]ServiceLinked{
	"access-analyzer.amazonaws.com":    {Role: "AWSServiceRoleForAccessAnalyzer", Policy: "AccessAnalyzerServiceRolePolicy"},
	"autoscaling.amazonaws.com":        {Role: "AWSServiceRoleForAutoScaling", Policy: "AutoScalingServiceRolePolicy", Suffixes: true},
	"backup.amazonaws.com":             {Role: "AWSServiceRoleForBackup", Policy: "AWSBackupServiceLinkedRolePolicyForBackup"},
	"cks.kms.amazonaws.com":            {Role: "AWSServiceRoleForKeyManagementServiceCustomKeyStores", Policy: "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy"},
	"cloudtrail.amazonaws.com":         {Role: "AWSServiceRoleForCloudTrail", Policy: "CloudTrailServiceRolePolicy"},
	"config.amazonaws.com":             {Role: "AWSServiceRoleForConfig", Policy: "AWSConfigServiceRolePolicy"},
	"context.cloudtrail.amazonaws.com": {Role: "AWSServiceRoleForCloudTrailEventContext", Policy: "CloudTrailEventContext"},
	"elasticbeanstalk.amazonaws.com":   {Role: "AWSServiceRoleForElasticBeanstalk", Policy: "AWSElasticBeanstalkServiceRolePolicy"},
	"macie.amazonaws.com":              {Role: "AWSServiceRoleForAmazonMacie", Policy: "AmazonMacieServiceRolePolicy"},
	"mrk.kms.amazonaws.com":            {Role: "AWSServiceRoleForKeyManagementServiceMultiRegionKeys", Policy: "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy"},
	"organizations.amazonaws.com":      {Role: "AWSServiceRoleForOrganizations", Policy: "AWSOrganizationsServiceTrustPolicy"},
	"ram.amazonaws.com":                {Role: "AWSServiceRoleForResourceAccessManager", Policy: "AWSResourceAccessManagerServiceRolePolicy"},
	"s3-outposts.amazonaws.com":        {Role: "AWSServiceRoleForS3OnOutposts", Policy: "AWSS3OnOutpostsServiceRolePolicy"},
	"sso.amazonaws.com":                {Role: "AWSServiceRoleForSSO", Policy: "AWSSSOServiceRolePolicy"},
	"storage-lens.s3.amazonaws.com":    {Role: "AWSServiceRoleForS3StorageLens", Policy: "S3StorageLensServiceRolePolicy"},
}
