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
	Service: "sts", Operations: stsapi.New(nil, stsapi.Deps{}).Operations(),
	Unasked: map[string]string{"GetCallerIdentity": "it needs no permission", "GetSessionToken": "the same",
		"AssumeRoleWithWebIdentity": "its keys have the names of issuers; its own tests hold them",
	},
	Forms: map[string][]string{"TagSession": {"arn:${Partition}:sts::${Account}:federated-user/${FederatedUserName}"}},
	Missing: map[string]string{
		"accounts.google.com:aud":   "only a session of such a provider has it",
		"accounts.google.com:sub":   "the same",
		"graph.facebook.com:app_id": "the same",
		"graph.facebook.com:id":     "the same",
		"www.amazon.com:app_id":     "the same",
		"www.amazon.com:user_id":    "the same",
		"saml:aud":                  "the same",
		"saml:namequalifier":        "the same",
		"saml:sub":                  "the same",
		"saml:sub_type":             "the same",
		cognito + ":amr":            "the same",
		cognito + ":aud":            "the same",
		cognito + ":sub":            "the same",
	},
	Also:  alsoKeys(),
	Start: startKeys,
	Cases: []keytest.Case{
		{
			Operation: "AssumeRole", Actions: []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"},
			Full: []string{
				inAccount + accountB + ":role/path/full&RoleSessionName=sess&ExternalId=external&DurationSeconds=900&PolicyArns.member.1.arn=" + readOnly + tagged,
				inAccount + accountA + ":role/path/full&RoleSessionName=sess&ExternalId=external" + tagged,
			},
			Bare: inAccount + accountA + ":role/path/bare&RoleSessionName=sess", Needed: []string{"sts:RoleSessionName"},
		},
		{
			Operation: "AssumeRoleWithSAML", Actions: []string{samlAction, "sts:TagSession", "sts:SetSourceIdentity"},
			Full: []string{"full"}, Bare: "bare",
			Needed: []string{"sts:RoleSessionName", "saml:aud", "saml:iss", "saml:sub", "saml:sub_type", "saml:namequalifier", "saml:doc"},
			Absent: map[string]string{"AssumeRoleWithSAML saml:primaryGroupSID": "AWS's documentation tells no attribute that it is made of"},
		},
		// One that does not exist is asked for as one without tags.
		{
			Operation: "AssumeRole", Actions: []string{"sts:AssumeRole"},
			Full: []string{inAccount + accountA + ":role/none&RoleSessionName=sess&ExternalId=external" + tagged}, Absent: map[string]string{
				"aws:ResourceTag/class": "there is no such role", "iam:ResourceTag/class": "the same",
			},
		},
		{
			Operation: "GetFederationToken", Actions: []string{"sts:GetFederationToken", "sts:TagSession"},
			Full: []string{"Name=fay&Tags.member.1.Key=class&Tags.member.1.Value=open"}, Bare: "Name=fay",
			Absent: map[string]string{"TagSession sts:TransitiveTagKeys": "tags of federated users are not transitive"},
		},
		{
			Operation: "AssumeRoot", Full: []string{"TargetPrincipal=" + accountA + "&TaskPolicyArn.arn=arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"},
			Needed: []string{"sts:TaskPolicyArn"},
		},
		{Operation: "GetAccessKeyInfo", Full: []string{"AccessKeyId=ASIAQNZGKIQY56JQ7WML"}},
		{Operation: "DecodeAuthorizationMessage", Full: []string{"EncodedMessage=none"}},
		{
			Operation: "GetWebIdentityToken", Actions: []string{"sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"},
			Full:   []string{"Audience.member.1=none&SigningAlgorithm=ES384&DurationSeconds=60&Tags.member.1.Key=class&Tags.member.1.Value=open"},
			Bare:   "Audience.member.1=none&SigningAlgorithm=RS256",
			Needed: []string{"sts:IdentityTokenAudience", "sts:SigningAlgorithm", "sts:DurationSeconds"},
		},
		{Operation: "GetDelegatedAccessToken", Full: []string{"TradeInToken=none"}},
	},
}

// alsoKeys returns the keys that questions have although the reference lists them for others.
func alsoKeys() map[string]string {
	also := map[string]string{}
	for _, key := range []string{"sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity", "sts:TransitiveTagKeys", "aws:TagKeys", "aws:RequestTag/class"} {
		also[key] = "all questions of AssumeRole have all of its keys"
	}
	for _, key := range strings.Fields(`aud iss sub sub_type namequalifier doc cn commonName eduorghomepageuri eduorgidentityauthnpolicyuri
		eduorglegalname eduorgsuperioruri eduorgwhitepagesuri edupersonaffiliation edupersonassurance edupersonentitlement edupersonnickname
		edupersonorgdn edupersonorgunitdn edupersonprimaryaffiliation edupersonprimaryorgunitdn edupersonprincipalname
		edupersonscopedaffiliation edupersontargetedid givenName mail name organizationStatus surname uid x500UniqueIdentifier`) {
		also["saml:"+key] = "all questions of AssumeRoleWithSAML have all of its keys"
	}
	return also
}

const (
	cognito   = "cognito-identity.amazonaws.com"
	inAccount = "RoleArn=arn:aws:iam::"
	tagged    = "&Tags.member.1.Key=class&Tags.member.1.Value=open&TransitiveTagKeys.member.1=class&SourceIdentity=ann"
)

// startKeys makes a world in which ann of account B may call everything of STS. Requests that name what there
// is none of, "none" in them, are refused after the questions.
func startKeys(t *testing.T) keytest.Ask {
	r := newRoles(t, accountB, "")
	for _, root := range []querytest.Key{r.rootA, r.rootB} {
		for name, tags := range map[string][]string{"bare": nil, "full": {"Tags.member.1.Key", keytest.TagKey, "Tags.member.1.Value", "open"}} {
			r.IAMCall(root, "CreateRole", append([]string{"RoleName", name, "Path", "/path/", "AssumeRolePolicyDocument", strings.Replace(trust(accountB, ""), "sts:AssumeRole", "sts:*", 1)}, tags...)...).OK()
		}
	}
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allowAll).OK()
	response := samlRequests(t, r)
	r.organize(r.rootB, r.rootA, accountA, "EnableOrganizationsRootSessions")
	return func(t *testing.T, operation, request string) []keytest.Question {
		t.Helper()
		key := r.ann
		if operation == "AssumeRoleWithSAML" {
			key, request = querytest.Key{}, response[request]
		}
		form, err := url.ParseQuery(request)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("Action", operation)
		form.Set("Version", querytest.STSVersion)
		r.Asking.Taken()
		answer := r.Do(key, "sts", form)
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
