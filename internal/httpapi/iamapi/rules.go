package iamapi

import (
	"crossgrant/internal/iam"
	"crossgrant/internal/keys"
	"crossgrant/internal/wire/query"
)

// Rules of parameters, from the API's model.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/iam
var (
	existingUserRules   = []query.Rule{query.Length(1, 128), query.Pattern(iam.NamePattern)}
	newUserRules        = []query.Rule{query.Length(1, iam.MaxUserName), query.Pattern(iam.NamePattern)}
	groupRules          = []query.Rule{query.Length(1, iam.MaxGroupName), query.Pattern(iam.NamePattern)}
	roleRules           = []query.Rule{query.Length(1, iam.MaxRoleName), query.Pattern(iam.NamePattern)}
	profileRules        = []query.Rule{query.Length(1, iam.MaxInstanceProfileName), query.Pattern(iam.NamePattern)}
	policyNameRules     = []query.Rule{query.Length(1, iam.MaxPolicyName), query.Pattern(iam.NamePattern)}
	pathRules           = []query.Rule{query.Length(1, iam.MaxPath), query.Pattern(iam.PathPattern)}
	policyPathRules     = []query.Rule{query.Length(1, iam.MaxPath), query.Pattern(iam.PolicyPathPattern)}
	pathPrefixRules     = []query.Rule{query.Length(1, iam.MaxPath), query.Pattern(`\u002F[\u0021-\u007F]*`)}
	arnRules            = []query.Rule{query.Length(20, 2048)}
	documentRules       = []query.Rule{query.Length(1, 131072), query.Pattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)}
	versionRules        = []query.Rule{query.Pattern(`v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)}
	policyDescription   = []query.Rule{query.Length(0, 1000)}
	roleDescription     = []query.Rule{query.Length(0, 1000), query.Pattern(`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`)}
	accessKeyRules      = []query.Rule{query.Length(16, 128), query.Pattern(`[\w]+`)}
	passwordRules       = []query.Rule{query.Length(1, iam.MaxPasswordLength), query.Pattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)}
	aliasRules          = []query.Rule{query.Length(3, 63), aliasPattern}
	tokenVersionRules   = []query.Rule{query.Enum("v1Token", "v2Token")}
	accessKeyStateRules = []query.Rule{query.Enum("Active", "Inactive")}
	deviceNameRules     = []query.Rule{query.Length(1, iam.MaxSerialNumber), query.Pattern(iam.NamePattern)}
	serialNumberRules   = []query.Rule{query.Length(9, iam.MaxSerialNumber), query.Pattern(iam.SerialNumberPattern)}
	codeRules           = []query.Rule{query.Length(6, 6), query.Pattern(`[\d]+`)}
	assignmentRules     = []query.Rule{query.Enum(string(iam.Assigned), string(iam.Unassigned), string(iam.Any))}
	customSuffixRules   = []query.Rule{query.Length(1, 64), query.Pattern(iam.NamePattern)}
	markerRules         = []query.Rule{query.Length(1, 320), query.Pattern(`[\u0020-\u00FF]+`)}
	usageRules          = []query.Rule{query.Enum("PermissionsPolicy", "PermissionsBoundary")}
	actionNameRules     = []query.Rule{query.Length(3, 128)}
	resourceNameRules   = []query.Rule{query.Length(1, 2048)}
	contextKeyRules     = []query.Rule{query.Length(5, 256)}
	handlingRules       = []query.Rule{query.Length(1, 64)}
	tagKeyRules         = []query.Rule{query.Length(1, iam.MaxTagKey), query.Pattern(iam.TagKeyPattern)}
	tagValueRules       = []query.Rule{query.Length(0, iam.MaxTagValue), query.Pattern(iam.TagValuePattern)}
)

const maxTags = 50

// aliasPattern constrains an alias of an account.
func aliasPattern(value string) string {
	if !iam.ValidAccountAlias(value) {
		return "Member must satisfy regular expression pattern: " + iam.AccountAliasPattern
	}
	return ""
}

// kindWord is the word for a kind of entity in names of operations and parameters, such as "User".
func kindWord(k keys.Kind) string {
	switch k {
	case keys.UserKind:
		return "User"
	case keys.GroupKind:
		return "Group"
	default:
		return "Role"
	}
}

// entityName reads the parameter that names an entity of a kind.
func entityName(q *query.Reader, k keys.Kind) string {
	switch k {
	case keys.UserKind:
		return q.Required("UserName", existingUserRules...)
	case keys.GroupKind:
		return q.Required("GroupName", groupRules...)
	case keys.InstanceProfileKind:
		return q.Required("InstanceProfileName", profileRules...)
	default:
		return q.Required("RoleName", roleRules...)
	}
}

// page reads the parameters of a list.
func page(q *query.Reader) iam.Page {
	return iam.Page{Max: q.Int("MaxItems", 0, 1, 1000), Marker: q.String("Marker", markerRules...)}
}

// tags reads the tags of a new entity.
func tags(q *query.Reader) []iam.Tag {
	var out []iam.Tag
	for _, item := range q.List("Tags", maxTags) {
		out = append(out, iam.Tag{Key: item.Required("Key", tagKeyRules...), Value: item.Required("Value", tagValueRules...)})
	}
	return out
}
