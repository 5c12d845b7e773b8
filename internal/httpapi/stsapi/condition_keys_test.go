package stsapi_test

import (
	"net/url"
	"strings"
	"testing"

	"crossgrant/internal/httpapi/keytest"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/httpapi/stsapi"
)

// keysTable holds the operations of STS against its reference.
var keysTable = keytest.Table{
	Service: "sts", Operations: stsapi.New(nil, nil).Operations(),
	Unasked: map[string]string{"GetCallerIdentity": "it needs no permission"},
	Missing: map[string]string{
		"aws:RequestTag/class": "session tags are refused", "aws:TagKeys": "the same", "sts:TransitiveTagKeys": "the same",
		"sts:SourceIdentity":        "the parameter is refused",
		"accounts.google.com:aud":   "there are no identity providers",
		"accounts.google.com:sub":   "the same",
		"graph.facebook.com:app_id": "the same",
		"graph.facebook.com:id":     "the same",
		"www.amazon.com:app_id":     "the same",
		"www.amazon.com:user_id":    "the same",
		"saml:namequalifier":        "the same",
		"saml:sub":                  "the same",
		"saml:sub_type":             "the same",
		cognito + ":amr":            "the same",
		cognito + ":aud":            "the same",
		cognito + ":sub":            "the same",
	},
	Start: startKeys,
	Cases: []keytest.Case{
		{
			Operation: "AssumeRole",
			Full: []string{
				inAccount + accountB + ":role/path/full&RoleSessionName=sess&ExternalId=external&DurationSeconds=900&PolicyArns.member.1.arn=" + readOnly,
				inAccount + accountA + ":role/path/full&RoleSessionName=sess&ExternalId=external",
			},
			Bare: inAccount + accountA + ":role/path/bare&RoleSessionName=sess", Needed: []string{"sts:RoleSessionName"},
		},
		// One that does not exist is asked for as one without tags.
		{Operation: "AssumeRole", Full: []string{inAccount + accountA + ":role/none&RoleSessionName=sess&ExternalId=external"}, Absent: map[string]string{
			"aws:ResourceTag/class": "there is no such role", "iam:ResourceTag/class": "the same",
		}},
	},
}

const (
	cognito   = "cognito-identity.amazonaws.com"
	inAccount = "RoleArn=arn:aws:iam::"
)

// startKeys makes a world in which ann of account B may assume roles of both accounts.
func startKeys(t *testing.T) keytest.Ask {
	r := newRoles(t, accountB, "")
	for _, root := range []querytest.Key{r.rootA, r.rootB} {
		for name, tags := range map[string][]string{"bare": nil, "full": {"Tags.member.1.Key", keytest.TagKey, "Tags.member.1.Value", "open"}} {
			r.IAMCall(root, "CreateRole", append([]string{"RoleName", name, "Path", "/path/", "AssumeRolePolicyDocument", trust(accountB, "")}, tags...)...).OK()
		}
	}
	return func(t *testing.T, operation, request string) []keytest.Question {
		t.Helper()
		form, err := url.ParseQuery(request)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("Action", operation)
		form.Set("Version", querytest.STSVersion)
		r.Asking.Taken()
		answer := r.Do(r.ann, "sts", form)
		asked := r.Asking.Taken()
		if len(asked) == 0 || answer.Status != 200 && !strings.Contains(request, "none") {
			t.Errorf("%s: asked %d questions: %s", request, len(asked), answer.Body)
		}
		return asked
	}
}

// TestKeysOfOperations holds action, resource and condition keys of every operation against AWS's service
// reference.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func TestKeysOfOperations(t *testing.T) {
	t.Parallel()
	keysTable.Full(t)
}

// TestKeysOfBareRequests holds that a key which a request does not fill is absent.
func TestKeysOfBareRequests(t *testing.T) {
	t.Parallel()
	keysTable.Bare(t)
}
