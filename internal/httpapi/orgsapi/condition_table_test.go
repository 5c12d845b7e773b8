package orgsapi_test

import (
	"maps"
	"slices"
	"strings"

	"crossgrant/internal/httpapi/keytest"
)

const (
	classTag   = `{"Key":"class","Value":"open"}`
	newSCP     = `{"Type":"SERVICE_CONTROL_POLICY","Name":"new","Description":"","Content":"{}"`
	newAccount = `{"Email":"new@example.com","AccountName":"new"`
	byAddress  = `{"Target":{"Id":"new@example.com","Type":"EMAIL"}`
	byAccount  = `{"Target":{"Id":"444444444444","Type":"ACCOUNT"}`
	withTags   = `,"Tags":[` + classTag + `]}`
)

var (
	unmade           = map[string]string{"aws:ResourceTag/class": "what is being made has no tags yet"}
	noPolicy         = map[string]string{"organizations:PolicyType": "only what is a policy has a type"}
	policyType       = []string{"organizations:PolicyType"}
	servicePrincipal = []string{"organizations:ServicePrincipal"}
	transferKeys     = []string{"organizations:TransferType", "organizations:TransferDirection"}
	noDirection      = map[string]string{"organizations:TransferDirection": "there is no transfer that has one", "aws:ResourceTag/class": "the same"}
	tagKeys          = []string{"aws:TagKeys"}
	requested        = []string{"aws:TagKeys", "aws:RequestTag/class"}
)

// operationKeys is the table of all operations. Those of members and of the invited are asked by them.
var operationKeys = slices.Concat(
	plain("{}", "CreateOrganization", "EnableAllFeatures", "DescribeOrganization", "DeleteOrganization", "ListRoots", "LeaveOrganization", "ListAccounts", "ListCreateAccountStatus",
		"ListHandshakesForAccount", "ListHandshakesForOrganization"),
	plain("member {}", "DescribeOrganization", "LeaveOrganization", "ListHandshakesForAccount"),
	plain(`{"CreateAccountRequestId":"car-12345678"}`, "DescribeCreateAccountStatus"),
	[]keytest.Case{
		{Operation: "CreateAccount", Full: []string{newAccount + withTags}, Bare: newAccount + "}", Actions: asked("CreateAccount", "TagResource"), Absent: join(unmade, noPolicy)},
		{
			Operation: "CreateOrganizationalUnit", Full: []string{`{"ParentId":"$ROOT","Name":"new"` + withTags, `{"ParentId":"$FULLUNIT","Name":"new"` + withTags},
			Bare: `{"ParentId":"$BAREUNIT","Name":"new"}`, Actions: asked("CreateOrganizationalUnit", "TagResource"),
			Absent: join(noPolicy, map[string]string{"TagResource aws:ResourceTag/class": "what is being made has no tags yet"}),
		},
		{
			Operation: "CreatePolicy", Full: []string{newSCP + withTags}, Bare: newSCP + "}", Actions: asked("CreatePolicy", "TagResource"),
			Absent: unmade, Needed: policyType,
		},
		{
			Operation: "InviteAccountToOrganization", Full: []string{byAddress + withTags, byAccount + withTags}, Bare: byAddress + "}",
			Actions: asked("InviteAccountToOrganization", "TagResource"), Absent: join(unmade, noPolicy),
		},
	},
	handshakes("AcceptHandshake", "DeclineHandshake", "DescribeHandshake", "CancelHandshake"),

	about(`{"OrganizationalUnitId":"$UNIT"}`, "DescribeOrganizationalUnit", "DeleteOrganizationalUnit"),
	about(`{"OrganizationalUnitId":"$UNIT","Name":"other"}`, "UpdateOrganizationalUnit"),
	about(`{"ParentId":"$UNIT"}`, "ListOrganizationalUnitsForParent", "ListAccountsForParent"),
	about(`{"ParentId":"$UNIT","ChildType":"ACCOUNT"}`, "ListChildren"),
	about(`{"ChildId":"$UNIT"}`, "ListParents"),
	about(`{"ChildId":"$ACCOUNT"}`, "ListParents"),
	about(`{"AccountId":"$ACCOUNT"}`, "DescribeAccount", "RemoveAccountFromOrganization", "CloseAccount"),
	about(`{"AccountId":"$ACCOUNT","SourceParentId":"$UNIT","DestinationParentId":"$UNIT"}`, "MoveAccount"),
	[]keytest.Case{{Operation: "MoveAccount", Full: []string{`{"AccountId":"$MEMBER","SourceParentId":"$ROOT","DestinationParentId":"$FULLUNIT"}`}}},

	needing(policyType, about(`{"PolicyId":"$SCP"}`, "DescribePolicy", "DeletePolicy", "UpdatePolicy", "ListTargetsForPolicy")),
	needing(policyType, about(`{"PolicyId":"p-FullAWSAccess"}`, "DescribePolicy", "DeletePolicy", "UpdatePolicy", "ListTargetsForPolicy")),
	needing(policyType, about(`{"PolicyId":"$SCP","TargetId":"$UNIT"}`, "AttachPolicy", "DetachPolicy")),
	needing(policyType, about(`{"PolicyId":"$SCP","TargetId":"$ACCOUNT"}`, "AttachPolicy", "DetachPolicy")),
	needing(policyType, about(`{"PolicyId":"p-FullAWSAccess","TargetId":"$UNIT"}`, "AttachPolicy", "DetachPolicy")),
	needing(policyType, about(`{"Filter":"SERVICE_CONTROL_POLICY"}`, "ListPolicies")),
	needing(policyType, about(`{"TargetId":"$UNIT","Filter":"SERVICE_CONTROL_POLICY"}`, "ListPoliciesForTarget")),
	[]keytest.Case{
		{Operation: "EnablePolicyType", Full: []string{`{"RootId":"$ROOT","PolicyType":"SERVICE_CONTROL_POLICY"}`}},
		{Operation: "DisablePolicyType", Full: []string{`{"RootId":"$ROOT","PolicyType":"SERVICE_CONTROL_POLICY"}`}},
	},

	needing(servicePrincipal, plain(`{"ServicePrincipal":"iam.amazonaws.com"}`, "EnableAWSServiceAccess", "DisableAWSServiceAccess")),
	plain("{}", "ListAWSServiceAccessForOrganization"),
	[]keytest.Case{{Operation: "ListDelegatedAdministrators", Full: []string{`{"ServicePrincipal":"iam.amazonaws.com"}`}, Bare: "{}"}},
	needing(servicePrincipal, about(`{"AccountId":"$ACCOUNT","ServicePrincipal":"iam.amazonaws.com"}`, "RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator")),
	about(`{"AccountId":"$ACCOUNT"}`, "ListDelegatedServicesForAccount"),

	needing(policyType, about(`{"TargetId":"$ACCOUNT","PolicyType":"S3_POLICY"}`, "DescribeEffectivePolicy")),
	[]keytest.Case{{Operation: "DescribeEffectivePolicy", Full: []string{`member {"PolicyType":"S3_POLICY"}`}}},
	needing(policyType, about(`{"PolicyType":"S3_POLICY"}`, "ListAccountsWithInvalidEffectivePolicy")),
	needing(policyType, about(`{"AccountId":"$ACCOUNT","PolicyType":"S3_POLICY"}`, "ListEffectivePolicyValidationErrors")),
	[]keytest.Case{
		{Operation: "CreateGovCloudAccount", Full: []string{newAccount + withTags}, Bare: newAccount + "}", Actions: asked("CreateGovCloudAccount", "TagResource"), Absent: join(unmade, noPolicy)},
		{
			Operation: "InviteOrganizationToTransferResponsibility", Full: []string{transferOf(byAddress) + withTags, transferOf(byAccount) + withTags}, Bare: transferOf(byAddress) + "}",
			Actions: asked("InviteOrganizationToTransferResponsibility", "TagResource"), Absent: join(unmade, noPolicy), Needed: transferKeys,
		},
	},
	lacking(noDirection, needing(transferKeys, plain(`{"Id":"rt-12345678"}`, "DescribeResponsibilityTransfer", "TerminateResponsibilityTransfer"))),
	lacking(noDirection, needing(transferKeys, plain(`{"Id":"rt-12345678","Name":"n"}`, "UpdateResponsibilityTransfer"))),
	needing(transferKeys, plain(`{"Type":"BILLING"}`, "ListInboundResponsibilityTransfers", "ListOutboundResponsibilityTransfers")),
	plain("{}", "DescribeResourcePolicy", "DeleteResourcePolicy"),
	[]keytest.Case{{
		Operation: "PutResourcePolicy", Full: []string{`{"Content":"{}"` + withTags}, Bare: `{"Content":"{}"}`, Actions: asked("PutResourcePolicy", "TagResource"),
		Absent: join(unmade, map[string]string{"TagResource organizations:PolicyType": "only what is a policy has a type"}),
	}},

	lacking(noPolicy, needing(requested, about(`{"ResourceId":"$UNIT","Tags":[`+classTag+`]}`, "TagResource"))),
	needing(append(policyType[:1:1], requested...), about(`{"ResourceId":"$SCP","Tags":[`+classTag+`]}`, "TagResource")),
	lacking(noPolicy, needing(tagKeys, about(`{"ResourceId":"$UNIT","TagKeys":["class"]}`, "UntagResource"))),
	needing(append(policyType[:1:1], tagKeys...), about(`{"ResourceId":"$SCP","TagKeys":["class"]}`, "UntagResource")),
	lacking(noPolicy, about(`{"ResourceId":"$ACCOUNT"}`, "ListTagsForResource")),
	needing(policyType, about(`{"ResourceId":"$SCP"}`, "ListTagsForResource")),
)

// transferOf makes of an invitation one to transfer responsibilities.
func transferOf(invitation string) string {
	return `{"Type":"BILLING","SourceName":"n","StartTimestamp":1767323045,` + invitation[1:]
}

func asked(names ...string) (actions []string) {
	for _, name := range names {
		actions = append(actions, "organizations:"+name)
	}
	return actions
}

// plain returns the cases of operations that have nothing which could be left out.
func plain(request string, operations ...string) (cases []keytest.Case) {
	for _, operation := range operations {
		cases = append(cases, keytest.Case{Operation: operation, Full: []string{request}, Bare: request})
	}
	return cases
}

// about returns the cases of operations about $UNIT, $ACCOUNT or $SCP: one that has a tag, and one that has
// not.
func about(request string, operations ...string) (cases []keytest.Case) {
	named := func(kind, account string) string {
		return strings.NewReplacer("$UNIT", "$"+kind+"UNIT", "$SCP", "$"+kind+"SCP", "$ACCOUNT", account).Replace(request)
	}
	for _, operation := range operations {
		cases = append(cases, keytest.Case{Operation: operation, Full: []string{named("FULL", "$MEMBER")}, Bare: named("BARE", "$MANAGEMENT")})
	}
	return cases
}

// handshakes returns the cases of operations about an invitation, which both sides may be asking for.
func handshakes(operations ...string) (cases []keytest.Case) {
	request := `{"HandshakeId":"$HANDSHAKE"}`
	for _, operation := range operations {
		cases = append(cases, keytest.Case{Operation: operation, Full: []string{request, "invited " + request}, Bare: "invited " + request})
	}
	return cases
}

func needing(keys []string, cases []keytest.Case) []keytest.Case {
	for i := range cases {
		cases[i].Needed = keys
	}
	return cases
}

func lacking(keys map[string]string, cases []keytest.Case) []keytest.Case {
	for i := range cases {
		cases[i].Absent = keys
	}
	return cases
}

func join(a, b map[string]string) map[string]string {
	joined := maps.Clone(a)
	maps.Copy(joined, b)
	return joined
}
