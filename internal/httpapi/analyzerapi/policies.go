package analyzerapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"crossgrant/internal/analyzer"
	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/policy/check"
	"crossgrant/internal/policy/lint"
	"crossgrant/internal/wire/json11"
	"crossgrant/internal/wire/restjson"
)

// The types of policy and of the resources of checks.
var (
	checkedPolicies = []json11.Rule{json11.Enum("IDENTITY_POLICY", "RESOURCE_POLICY")}
	policyTypes     = []json11.Rule{json11.Enum(lint.IdentityPolicy, lint.ResourcePolicy, lint.ServiceControlPolicy, lint.ResourceControlPolicy)}
	lintedTypes     = []json11.Rule{json11.Enum(
		"AWS::S3::Bucket", "AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint", "AWS::S3ObjectLambda::AccessPoint", "AWS::IAM::AssumeRolePolicyDocument", "AWS::DynamoDB::Table",
	)}
	publicTypes = []json11.Rule{json11.Enum(
		"AWS::DynamoDB::Table", "AWS::DynamoDB::Stream", "AWS::EFS::FileSystem", "AWS::OpenSearchService::Domain", "AWS::Kinesis::Stream",
		"AWS::Kinesis::StreamConsumer", "AWS::KMS::Key", "AWS::Lambda::Function", bucketType, "AWS::S3::AccessPoint", "AWS::S3Express::DirectoryBucket",
		"AWS::S3::Glacier", "AWS::S3Outposts::Bucket", "AWS::S3Outposts::AccessPoint", "AWS::SecretsManager::Secret", "AWS::SNS::Topic",
		"AWS::SQS::Queue", trustType, "AWS::S3Tables::TableBucket", "AWS::ApiGateway::RestApi", "AWS::CodeArtifact::Domain",
		"AWS::Backup::BackupVault", "AWS::CloudTrail::Dashboard", "AWS::CloudTrail::EventDataStore", "AWS::S3Tables::Table", "AWS::S3Express::AccessPoint",
	)}
	locales     = []json11.Rule{json11.Enum("DE", "EN", "ES", "FR", "IT", "JA", "KO", "PT_BR", "ZH_CN", "ZH_TW")}
	longStrings = []json11.Rule{json11.Length(0, 2048)}
)

// The types of resource whose policies are checked for public access.
const (
	bucketType = "AWS::S3::Bucket"
	trustType  = "AWS::IAM::AssumeRolePolicyDocument"
)

// policies returns the rows for checks of policies.
func (a *api) policies() []row {
	return []row{
		{name: "ValidatePolicy", method: "POST", path: "/policy/validation", decode: readValidation, run: validatePolicy},
		{name: "CheckNoNewAccess", method: "POST", path: "/policy/check-no-new-access", run: checkNoNewAccess, decode: func(in *restjson.Input, to *input) {
			to.document, to.other = in.Required("newPolicyDocument"), in.Required("existingPolicyDocument")
			to.policyType = in.Required("policyType", checkedPolicies...)
		}},
		{name: "CheckAccessNotGranted", method: "POST", path: "/policy/check-access-not-granted", run: checkAccessNotGranted, check: oneAccess, decode: readAccess},
		{name: "CheckNoPublicAccess", method: "POST", path: "/policy/check-no-public-access", run: checkNoPublicAccess, decode: func(in *restjson.Input, to *input) {
			to.document, to.resourceType = in.Required("policyDocument"), in.Required("resourceType", publicTypes...)
		}},
	}
}

// checkShape is the answer of a check.
type checkShape struct {
	Result  string        `json:"result"`
	Message string        `json:"message"`
	Reasons []checkReason `json:"reasons,omitempty"`
}

type checkReason struct {
	Description string `json:"description"`
	Index       int    `json:"statementIndex"`
	ID          string `json:"statementId,omitempty"`
}

// result renders the answer of a check: it fails if there are statements that grant what they should not. what is what
// they grant.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoNewAccess.html; the words are those of
// https://docs.aws.amazon.com/cli/latest/reference/accessanalyzer/check-no-new-access.html and its neighbours
func result(found []check.Statement, what, passed, failed string, err error) (any, error) {
	switch {
	case errors.Is(err, check.ErrTooLarge):
		return nil, apierr.New(http.StatusUnprocessableEntity, "UnprocessableEntityException", "The policy is too complex to be checked.")
	case err != nil:
		return nil, err
	case len(found) == 0:
		return &checkShape{Result: "PASS", Message: passed}, nil
	}
	shape := &checkShape{Result: "FAIL", Message: failed}
	for _, s := range found {
		shape.Reasons = append(shape.Reasons, checkReason{fmt.Sprintf("%s in the statement with index: %d.", what, s.Index), s.Index, s.Sid})
	}
	return shape, nil
}

// parse reads a policy that is checked; member names it.
func parse(t policy.Type, text, member string) (*policy.Document, error) {
	d, err := policy.Parse(t, []byte(text))
	var refused *policy.Error
	if errors.As(err, &refused) {
		return nil, apierr.New(http.StatusBadRequest, "InvalidParameterException", "The policy document %s is not valid: %s", member, refused.Message)
	}
	return d, err
}

// checkedType returns what documents of a type of policy are parsed as.
func checkedType(policyType string) policy.Type {
	if policyType == "IDENTITY_POLICY" {
		return policy.Identity
	}
	return policy.Resource
}

func checkNoNewAccess(_ context.Context, _ ids.AccountID, in *input) (any, error) {
	updated, err := parse(checkedType(in.policyType), in.document, "newPolicyDocument")
	if err != nil {
		return nil, err
	}
	existing, err := parse(checkedType(in.policyType), in.other, "existingPolicyDocument")
	if err != nil {
		return nil, err
	}
	found, err := check.NoNewAccess(updated, existing)
	return result(found, "New access", "The updated policy does not grant new access compared to your existing policy.",
		"The modified permissions grant new access compared to your existing policy.", err)
}

// readAccess reads the members of CheckAccessNotGranted.
func readAccess(in *restjson.Input, to *input) {
	to.document, to.policyType = in.Required("policyDocument"), in.Required("policyType", checkedPolicies...)
	in.Need("access")
	all := in.Objects("access")
	if len(all) > 1 {
		in.Refuse("access", json11.TooLong)
	}
	for _, a := range all {
		to.actions, to.resources = a.Strings("actions"), a.Strings("resources", longStrings...)
	}
	if len(to.actions) > 100 || len(to.resources) > 100 {
		in.Refuse("access", json11.TooLong)
	}
}

// oneAccess refuses a check of nothing.
func oneAccess(in *input) error {
	if len(in.actions)+len(in.resources) == 0 {
		return apierr.New(http.StatusBadRequest, "InvalidParameterException", "The access to check has neither actions nor resources.")
	}
	return nil
}

func checkAccessNotGranted(_ context.Context, _ ids.AccountID, in *input) (any, error) {
	d, err := parse(checkedType(in.policyType), in.document, "policyDocument")
	if err != nil {
		return nil, err
	}
	found, err := check.AccessNotGranted(d, check.Access{Actions: in.actions, Resources: in.resources})
	var refused *policy.Error
	if errors.As(err, &refused) {
		return nil, apierr.New(http.StatusBadRequest, "InvalidParameterException", "The access to check is not valid: %s", refused.Message)
	}
	kind := "actions or resources"
	switch {
	case len(in.resources) == 0:
		kind = "actions"
	case len(in.actions) == 0:
		kind = "resources"
	}
	return result(found, "One or more of the listed "+kind,
		"The policy document does not grant access to perform one or more of the listed "+kind+".",
		"The policy document grants access to perform one or more of the listed "+kind+".", err)
}

func checkNoPublicAccess(_ context.Context, _ ids.AccountID, in *input) (any, error) {
	if !slices.Contains([]string{bucketType, trustType}, in.resourceType) {
		return nil, apierr.New(http.StatusBadRequest, "InvalidParameterException", "The resource type %s is not supported.", in.resourceType)
	}
	t := policy.Bucket
	if in.resourceType == trustType {
		t = policy.Trust
	}
	d, err := parse(t, in.document, "policyDocument")
	if err != nil {
		return nil, err
	}
	return result(check.NoPublicAccess(d), "Public access granted", "The resource policy does not grant public access for the given resource type.",
		"The resource policy grants public access for the given resource type.", nil)
}

// readValidation reads the members of ValidatePolicy.
func readValidation(in *restjson.Input, to *input) {
	to.document, to.policyType = in.Required("policyDocument"), in.Required("policyType", policyTypes...)
	to.resourceType = in.String("validatePolicyResourceType", lintedTypes...)
	in.String("locale", locales...)
	queryPage(in, to)
}

func validatePolicy(_ context.Context, _ ids.AccountID, in *input) (any, error) {
	if in.resourceType != "" && in.policyType != lint.ResourcePolicy {
		return nil, analyzer.Invalid(analyzer.FieldInvalid, "validatePolicyResourceType is for policies of type %s.", lint.ResourcePolicy)
	}
	found := lint.Check(in.document, in.policyType, in.resourceType)
	numbered := make([]numberedFinding, len(found))
	for i, f := range found {
		numbered[i] = numberedFinding{f, i}
	}
	return listed(in.page, "findings", numbered, (*numberedFinding).id, lintOf, nil)
}
