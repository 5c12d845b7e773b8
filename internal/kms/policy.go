package kms

import (
	"errors"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

func isNotFound(err error) bool { return apierr.Is(err, CodeNotFound) }

// Policy returns the key's policy, by which whoever uses the key is judged: nobody may use a key whose policy
// does not say so, its own account neither. The default one leaves that to the policies of the account. That
// of the AWS managed key lets every principal of its account use it through S3, and nobody else.
//
// Sources: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html and
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
func (k *Key) Policy() *authz.Source {
	s := &authz.Source{Name: "key policy of " + k.ID}
	switch {
	case k.policy != "":
		s.Document, s.Fault = policy.Parse(policy.Resource, []byte(k.policy), policy.Stored())
	case k.Managed:
		s.Document, s.Fault = policy.Parse(policy.Resource, []byte(managedPolicy(k)))
	default:
		s.Document, s.Fault = policy.Parse(policy.Resource, []byte(defaultPolicy(k)))
	}
	if s.Fault != nil {
		s.Document, s.Fault = nil, errors.Join(errors.New("read key policy"), s.Fault)
	}
	return s
}

func defaultPolicy(k *Key) string {
	return `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",` +
		`"Principal":{"AWS":"` + arn.Root(k.Account).String() + `"},"Action":"kms:*","Resource":"*"}]}`
}

// managedPolicy is what AWS gives the managed key of S3, as far as it is about using the key.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk and
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func managedPolicy(k *Key) string {
	return `{"Version":"2012-10-17","Id":"auto-s3-2","Statement":[{` +
		`"Sid":"Allow access through S3 for all principals in the account that are authorized to use S3","Effect":"Allow",` +
		`"Principal":{"AWS":"*"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],` +
		`"Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"` + ViaService(k.Region) + `","kms:CallerAccount":"` + string(k.Account) + `"}}}]}`
}

// ViaService is the value of kms:ViaService where S3 in a region uses a key for its caller.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func ViaService(region string) string { return "s3." + region + ".amazonaws.com" }
