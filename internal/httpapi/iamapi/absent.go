package iamapi

import (
	"context"
	"net/http"
	"strconv"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

// absentInput is the input of an operation on something that is not offered, of which each uses a part.
type absentInput struct {
	aboutUser bool   // the operation is about a user
	user      string // its name; empty for the root user
	id        string // what the answer names
	// resource is what the action is asked for on, unless it is the user; owner is whose that is, empty for the
	// caller's account.
	resource string
	owner    ids.AccountID
	target   iam.Target // read before the checks

	tags    []iam.Tag
	tagKeys []string
	keys    map[string]string // other condition keys, with their values
}

// absentRow is a row about something that is not offered: what that is, how the parameters are read, and the answer.
type absentRow struct {
	name, what string
	decode     reads
	answer     answer
}

// reads reads parameters of a request into its input.
type reads func(c *httpapi.Call, q *query.Reader, in *absentInput) error

// absent turns the row into an operation.
func (a *api) absent(r absentRow) httpapi.Operation {
	return queryapi.Row[absentInput]{
		Name: r.name, NotOffered: r.what,
		Decode: func(c *httpapi.Call, q *query.Reader) (*absentInput, error) {
			in := new(absentInput)
			return in, r.decode(c, q, in)
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *absentInput) (err error) {
			switch {
			case in.aboutUser && in.user != "":
				in.target, err = a.iam.Target(ctx, c.Caller.Account, keys.UserKind, in.user)
			case in.aboutUser:
				in.target = iam.Target{ARN: arn.Root(c.Caller.Account).String()}
			default:
				in.target = iam.Target{ARN: in.resource}
			}
			return err
		},
		Checks: func(_ *httpapi.Call, in *absentInput) []access.Check {
			return []access.Check{{Action: "iam:" + r.name, Resource: in.target.ARN, Owner: in.owner, Keys: in.conditions}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *absentInput) (any, error) {
			if in.aboutUser && in.user != "" {
				if _, err := a.iam.User(ctx, c.Caller.Account, in.user); err != nil {
					return nil, err
				}
			}
			return r.answer(in)
		},
	}.Operation(protocol)
}

// conditions adds the condition keys of the check.
func (in *absentInput) conditions(k *policy.Context) {
	resourceTags(k, in.target.Tags, keys.UserKind)
	requestTags(k, in.tags)
	if len(in.tagKeys) > 0 {
		k.SetMulti("aws:TagKeys", in.tagKeys)
	}
	for key, value := range in.keys {
		k.Set(key, value)
	}
}

// reading reads one after another. The first error is told, once all parameters have been read.
func reading(parts ...reads) reads {
	return func(c *httpapi.Call, q *query.Reader, in *absentInput) (err error) {
		for _, part := range parts {
			if partErr := part(c, q, in); err == nil {
				err = partErr
			}
		}
		return err
	}
}

// listing reads the parameters of a list as well. No page of it has been told a marker.
func listing(parts ...reads) reads {
	return reading(append(parts, func(_ *httpapi.Call, q *query.Reader, _ *absentInput) error {
		if page(q); q.Has("Marker") {
			return query.Invalid("Invalid Marker.")
		}
		return nil
	})...)
}

func needs(name string, rules ...query.Rule) reads {
	return func(_ *httpapi.Call, q *query.Reader, _ *absentInput) error {
		q.Required(name, rules...)
		return nil
	}
}

func takes(name string, rules ...query.Rule) reads {
	return func(_ *httpapi.Call, q *query.Reader, _ *absentInput) error {
		q.String(name, rules...)
		return nil
	}
}

func takesBool(name string) reads {
	return func(_ *httpapi.Call, q *query.Reader, _ *absentInput) error {
		q.Bool(name)
		return nil
	}
}

// named reads the parameter that the answer names.
func named(name string, rules []query.Rule) reads {
	return func(_ *httpapi.Call, q *query.Reader, in *absentInput) error {
		in.id = q.Required(name, rules...)
		return nil
	}
}

func ofUser(_ *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.aboutUser, in.user = true, q.Required("UserName", newUserRules...)
	return nil
}

// ofUserOrSelf reads an optional UserName, which stands for the caller if it is not given.
func ofUserOrSelf(rules []query.Rule) reads {
	return func(c *httpapi.Call, q *query.Reader, in *absentInput) (err error) {
		in.aboutUser = true
		in.user, err = userOrSelf(c, q, rules)
		return err
	}
}

// ofUserOrAll reads whose credentials are listed: one user's, or everybody's.
func ofUserOrAll(c *httpapi.Call, q *query.Reader, in *absentInput) error {
	if !q.Bool("AllUsers") {
		return ofUserOrSelf(newUserRules)(c, q, in)
	}
	in.resource = "*"
	if q.String("UserName", newUserRules...); q.Has("UserName") {
		return apierr.New(http.StatusNotFound, "NoSuchEntity", "UserName cannot be given together with AllUsers.")
	}
	return nil
}

func withCredential(_ *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.id = q.Required("ServiceName")
	in.keys = map[string]string{"iam:ServiceSpecificCredentialServiceName": in.id}
	if days := q.Int("CredentialAgeDays", 0, 1, 36600); days > 0 {
		in.keys["iam:ServiceSpecificCredentialAgeDays"] = strconv.Itoa(days)
	}
	return nil
}

func ofEverything(_ *httpapi.Call, _ *query.Reader, in *absentInput) error {
	in.resource = "*"
	return nil
}

// inAccount returns a resource of the caller's account.
func inAccount(c *httpapi.Call, resource string) string {
	return underType(resource)(c.Caller.Account)
}

func ofCertificate(c *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.id = q.Required("ServerCertificateName", profileRules...)
	in.resource = inAccount(c, "server-certificate/"+in.id)
	return nil
}

// ofNewCertificate is ofCertificate for one that is to be made, at a path.
func ofNewCertificate(c *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.id = q.Required("ServerCertificateName", profileRules...)
	in.resource = inAccount(c, "server-certificate"+q.StringOr("Path", "/", pathRules...)+in.id)
	return nil
}

// ofCertificates reads the path of a list of server certificates; the resource is as for other lists.
func ofCertificates(c *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.resource = inAccount(c, "server-certificate"+q.StringOr("PathPrefix", "/", pathPrefixRules...))
	return nil
}

func withTags(_ *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.tags = tags(q)
	return nil
}

func withNewTags(_ *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.tags = requiredTags(q)
	return nil
}

func withTagKeys(_ *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.tagKeys = requiredTagKeys(q)
	return nil
}

func ofDelegation(c *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.id = q.Required("DelegationRequestId", delegationRules...)
	in.resource = inAccount(c, "delegation-request/"+in.id)
	return nil
}

// ofDelegationARN reads the ARN of a delegation request, which is the only kind of thing that has a summary.
func ofDelegationARN(_ *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.resource = q.Required("EntityArn", arnRules...)
	a, err := arn.Parse(in.resource)
	account, idErr := ids.ParseAccountID(a.Account)
	if err != nil || idErr != nil || a.Partition != arn.Partition || a.Service != "iam" || a.Region != "" || a.Type() != "delegation-request" {
		return apierr.New(http.StatusBadRequest, "InvalidInput", "ARN %s is not that of a delegation request.", in.resource)
	}
	in.id, in.owner = a.Name(), account
	return nil
}

func ofDelegations(_ *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.resource = "*"
	if owner := q.String("OwnerId", ownerRules...); q.Has("OwnerId") {
		in.keys = map[string]string{"iam:DelegationRequestOwner": owner}
	}
	return nil
}

// ofNewDelegation reads the parameters of CreateDelegationRequest. The request that it would make has no ID yet.
func ofNewDelegation(c *httpapi.Call, q *query.Reader, in *absentInput) error {
	in.resource = inAccount(c, "delegation-request/*")
	q.String("OwnerAccountId", query.Pattern(`\d{12}`))
	q.Required("Description", roleDescription...)
	q.String("RequestMessage", messageRules...)
	q.Required("RequestorWorkflowId", workflowRules...)
	q.String("RedirectUrl", redirectRules...)
	q.Bool("OnlySendByOwner")
	in.keys = map[string]string{"iam:NotificationChannel": q.Required("NotificationChannel", channelRules...)}
	if template := q.String("Permissions.PolicyTemplateArn", arnRules...); template != "" {
		in.keys["iam:TemplateArn"] = template
	}
	for _, parameter := range q.List("Permissions.Parameters", 50) {
		parameter.String("Name", templateNameRules...)
		parameter.String("Type", query.Enum("string", "stringList"))
		parameter.Strings("Values", 1000, query.Pattern(`[ -~]+`))
	}
	if !q.Has("SessionDuration") {
		q.Required("SessionDuration")
	} else if seconds := q.Int("SessionDuration", 0, 300, 43200); seconds > 0 {
		in.keys["iam:DelegationDuration"] = strconv.Itoa(seconds)
	}
	return nil
}
