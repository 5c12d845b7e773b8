package why

import (
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/console/page"
	"crossgrant/internal/explain"
)

// links leads to the pages of what belongs to an account; what belongs to another has none.
type links struct{ account string }

// principal returns the page of the user or role that an ARN is of, or is a session of; empty if there is none.
func (l links) principal(text string) string {
	name, err := arn.Parse(text)
	if err != nil || name.Account != l.account {
		return ""
	}
	switch {
	case name.Service == "iam" && name.Type() == "user":
		return page.Path("users", name.Name())
	case name.Service == "iam" && name.Type() == "role":
		return page.Path("roles", name.Name())
	case name.Service == "iam" && name.Type() == "group":
		return page.Path("groups", name.Name())
	case name.Service == "sts" && name.Type() == "assumed-role":
		role, _, _ := strings.Cut(strings.TrimPrefix(name.Resource, "assumed-role/"), "/")
		return page.Path("roles", role)
	}
	return ""
}

// short names a principal without the parts of its ARN that are clear: "user/ann", or with the account if that is another.
func (l links) short(text string) string {
	name, err := arn.Parse(text)
	if err != nil {
		return text
	}
	if name.Account != "" && name.Account != l.account {
		return name.Resource + " of account " + name.Account
	}
	return name.Resource
}

// resource returns the page of a bucket, or of what else an ARN is of. Whose a bucket is does not stand in its ARN: owned
// says that it is the account's.
func (l links) resource(text string, owned bool) string {
	if bucket := bucketOf(text); bucket != "" {
		if !owned {
			return ""
		}
		return page.Path("buckets", bucket)
	}
	if to := l.principal(text); to != "" {
		return to
	}
	return l.policyARN(text)
}

// bucketOf returns the bucket in the ARN of a bucket or object; empty if it is of something else.
func bucketOf(text string) string {
	path, ok := strings.CutPrefix(text, "arn:aws:s3:::")
	if !ok {
		return ""
	}
	bucket, _, _ := strings.Cut(path, "/")
	if strings.ContainsAny(bucket, "*?") {
		return ""
	}
	return bucket
}

func (l links) policyARN(text string) string {
	name, err := arn.Parse(text)
	switch {
	case err != nil:
		return ""
	case name.Service == "iam" && name.Type() == "policy" && (name.Account == l.account || name.Account == "aws"):
		return page.Query("/policies/view", "arn", text)
	case name.Service == "organizations" && strings.HasPrefix(name.Resource, "policy/") && (name.Account == l.account || name.Account == "aws"):
		return page.Path("organization", "policies", name.Name())
	}
	return ""
}

// policy returns the page on which a policy is edited, by the name that explanations have for it: a managed policy's ARN,
// "user/NAME/POLICY", "bucket policy of NAME". resource is what the request was about.
func (l links) policy(name, layer, resource string) string {
	if to := l.policyARN(name); to != "" {
		return to
	}
	kind, rest, _ := strings.Cut(name, "/")
	owner, _, inline := strings.Cut(rest, "/")
	switch {
	case inline && kind == "user":
		return page.Path("users", owner)
	case inline && kind == "group":
		return page.Path("groups", owner)
	case inline && kind == "role":
		return page.Path("roles", owner)
	case layer == trustPolicy:
		return l.principal(resource)
	case layer == resourcePolicy || layer == bucketACL || layer == objectACL || layer == blockPublicAccess || layer == requesterPays:
		if bucket := bucketOf(resource); bucket != "" {
			return page.Path("buckets", bucket, "permissions")
		}
	}
	return ""
}

// edit returns the page on which an edit is made, if this account can make it. For what the request itself has to say it
// is the question whether it would be allowed then.
func (l links) edit(e *explain.Edit, of *explain.Explanation) string {
	switch e.By {
	case explain.ByRequest:
		pairs := []contextKey{}
		for _, k := range e.Keys {
			if len(k.Values) > 0 {
				pairs = append(pairs, contextKey{k.Name, strings.Join(k.Values, ",")})
			}
		}
		if len(pairs) == 0 || of.Principal.ARN == "" {
			return ""
		}
		return askURL(of.Principal.ARN, of.Action, of.Resource, pairs)
	case explain.ByAccount:
		if e.Account != l.account || e.Layer == sessionPolicy {
			return "" // a session policy is said where the session begins
		}
		if e.On != "" {
			return l.principal(e.On)
		}
		if to := l.policy(e.Policy, e.Layer, of.Resource); to != "" {
			return to
		}
		if e.Half == explain.Identity {
			return l.principal(of.Principal.ARN)
		}
	case explain.ByOrganization:
		return l.policyARN(e.Policy)
	}
	return ""
}
