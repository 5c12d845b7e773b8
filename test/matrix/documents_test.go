package matrix_test

import "encoding/json"

// statement is a statement of a policy.
type statement struct {
	Effect    string
	Principal any `json:",omitempty"`
	Action    any
	Resource  any `json:",omitempty"`
	Condition any `json:",omitempty"`
}

// document returns the JSON of a policy.
func document(statements ...statement) *string {
	text, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements})
	if err != nil {
		panic(err) // strings and lists of strings always encode
	}
	return ptr(string(text))
}

func ptr[T any](v T) *T { return &v }

// matrixActions are the actions that the matrix asks about.
var matrixActions = []string{
	"s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket", "s3:PutObjectAcl", "s3:GetBucketPolicy", "sts:AssumeRole",
}

var (
	allowActions = statement{Effect: "Allow", Action: matrixActions, Resource: "*"}
	denyActions  = statement{Effect: "Deny", Action: matrixActions, Resource: "*"}
	allowAll     = statement{Effect: "Allow", Action: "*", Resource: "*"}
	allowOthers  = statement{Effect: "Allow", Action: "iam:*", Resource: "*"}
)

// awsPrincipal is an element Principal that names accounts, users, roles or sessions.
func awsPrincipal(names ...string) any { return map[string][]string{"AWS": names} }

// allowed returns the element Principal of an Allow. Everyone is {"AWS":"*"}, which trust policies take as
// well.
func (w *world) allowed(p principals) any {
	var names []string
	for _, a := range w.accounts() {
		m := w.members[a]
		switch p {
		case everyone:
			return awsPrincipal("*")
		case rootARN:
			names = append(names, m.arn("iam", "root"))
		case accountID:
			names = append(names, m.id)
		case canonicalUser:
			names = append(names, m.canonicalID)
		case users:
			names = append(names, m.arn("iam", "user/"+plainName), m.arn("iam", "user/"+workerName))
		case roles:
			names = append(names, m.arn("iam", "role/"+roleName), m.arn("iam", "role/"+bareName))
		case sessions:
			names = append(names, m.arn("sts", "assumed-role/"+roleName+"/"+narrowedName), m.arn("sts", "assumed-role/"+bareName+"/"+narrowedName))
		}
	}
	if p == canonicalUser {
		return map[string][]string{"CanonicalUser": names}
	}
	return awsPrincipal(names...)
}

// denied returns the element Principal of a Deny.
func (w *world) denied(p principals) any {
	var names []string
	for _, a := range w.accounts() {
		m := w.members[a]
		switch {
		case p == rootARN && a != sibling:
			names = append(names, m.arn("iam", "root"))
		case p == users:
			names = append(names, m.arn("iam", "user/"+workerName))
		case p == roles:
			names = append(names, m.arn("iam", "role/"+roleName))
		}
	}
	if p == everyone || p == sessions {
		return w.allowed(p)
	}
	return awsPrincipal(names...)
}
