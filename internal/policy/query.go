package policy

import "strings"

// Request is what statements are matched against.
type Request struct {
	// Action is the full name, such as "s3:GetObject"; it compares ignoring case.
	Action string
	// Resource is an ARN, or "*" for an action without a resource type.
	Resource string
	// Principal is the caller; nil counts as anonymous.
	Principal *Principal
	// Context may be nil, which is empty.
	Context *Context
	// HasBoundary tells that the caller has a permissions boundary: a Deny with NotPrincipal then
	// applies whoever is listed.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
	HasBoundary bool
}

// Query is a Request made ready to be matched against any number of documents.
type Query struct {
	known     int    // the action's place in knownActions, or unknownAction
	action    string // in lower case
	resource  string
	principal *Principal
	context   *Context
	boundary  bool
}

var (
	anonymous    Principal
	emptyContext Context
)

// NewQuery returns r made ready. r must not be changed while the query is used.
func NewQuery(r *Request) Query {
	q := Query{resource: r.Resource, principal: r.Principal, context: r.Context, boundary: r.HasBoundary}
	q.known, q.action = findAction(r.Action)
	if q.principal == nil {
		q.principal = &anonymous
	}
	if q.context == nil {
		q.context = &emptyContext
	}
	return q
}

// arnParts are the six parts of an ARN, of which the last takes all further colons.
type arnParts [6]string

// splitARN splits s at its first five colons; ok is false if s is not an ARN.
func splitARN(s string) (parts arnParts, ok bool) {
	if !strings.HasPrefix(s, "arn:") {
		return parts, false
	}
	for i := range 5 {
		var found bool
		if parts[i], s, found = strings.Cut(s, ":"); !found {
			return parts, false
		}
	}
	parts[5] = s
	return parts, true
}
