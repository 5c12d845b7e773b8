package policy

// AccessLevel is what an action is for, in the classes of AWS's service references.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html
type AccessLevel uint8

// The access levels. The zero value is that of actions that are in no reference.
const (
	UnknownLevel AccessLevel = iota
	ListLevel
	ReadLevel
	WriteLevel
	PermissionsLevel
	TaggingLevel
)

// String returns the level as AWS writes it; empty for UnknownLevel.
func (l AccessLevel) String() string {
	return [...]string{"", "List", "Read", "Write", "Permissions management", "Tagging"}[l]
}

// ActionLevel returns the access level of an action such as "s3:GetObject", in any letters.
func ActionLevel(action string) AccessLevel {
	place, _ := findAction(action)
	if place == unknownAction {
		return UnknownLevel
	}
	return actionLevels[place]
}
