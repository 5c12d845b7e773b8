package stsapi_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/keytest"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/httpapi/stsapi"
	"crossgrant/test/oidcissuer"
)

// identities is a world in which account A has a role that trusts an issuer, which is registered there.
type identities struct {
	*roles
	issuer *oidcissuer.Issuer
	// host is the issuer's URL without the scheme, and provider the ARN of the provider.
	host, provider string
}

func newIdentities(t *testing.T, condition string, clientIDs ...string) *identities {
	t.Helper()
	i := &identities{roles: newRoles(t, accountB, "")}
	issuer, err := oidcissuer.Start(oidcissuer.Options{Path: "/realm", Now: func() time.Time { return i.Now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { issuer.Close() })
	i.issuer, i.host = issuer, strings.TrimPrefix(issuer.URL, "http://")
	params := []string{"Url", issuer.URL}
	for n, id := range clientIDs {
		params = append(params, "ClientIDList.member."+string(rune('1'+n)), id)
	}
	i.provider = i.IAMCall(i.rootA, "CreateOpenIDConnectProvider", params...).OK().Get("OpenIDConnectProviderArn")
	i.trusts(i.trust(condition))
	return i
}

// trusts gives the role a trust policy.
func (i *identities) trusts(document string) {
	i.Helper()
	i.IAMCall(i.rootA, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument", document).OK()
}

// trust returns a trust policy for the issuer; HOST in condition stands for it.
func (i *identities) trust(condition string) string {
	return federatedTrust(i.provider, strings.ReplaceAll(condition, "HOST", i.host))
}

func federatedTrust(provider, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":["sts:AssumeRoleWithWebIdentity","sts:AssumeRoleWithSAML","sts:TagSession","sts:SetSourceIdentity"]` + condition + `}]}`
}

// token mints a token of ann for app.
func (i *identities) token(claims map[string]any) string {
	i.Helper()
	all := map[string]any{"sub": "ann-at-idp", "aud": "app"}
	maps.Copy(all, claims)
	token, err := i.issuer.Token(all)
	if err != nil {
		i.Fatal(err)
	}
	return token
}

// present asks for the role with a token, and does not sign.
func (i *identities) present(token string, params ...string) querytest.Answer {
	i.Helper()
	return i.STSCall(querytest.Key{}, "AssumeRoleWithWebIdentity", append([]string{"RoleArn", roleARN, "RoleSessionName", "sess", "WebIdentityToken", token}, params...)...)
}

const notAuthorized = "Not authorized to perform sts:AssumeRoleWithWebIdentity"

// TestWebIdentity: a token of a registered issuer is enough to assume a role that trusts it.
func TestWebIdentity(t *testing.T) {
	t.Parallel()
	i := newIdentities(t, `{"StringEquals":{"HOST:aud":"app","HOST:sub":"ann-at-idp"}}`, "app")
	a := i.present(i.token(nil)).OK()
	if a.Get("Provider") != i.provider || a.Get("Audience") != "app" || a.Get("SubjectFromWebIdentityToken") != "ann-at-idp" || a.Has("PackedPolicySize") || a.Has("SourceIdentity") ||
		a.Get("AssumedRoleUser>Arn") != "arn:aws:sts::111111111111:assumed-role/R/sess" || a.Get("Expiration") != "2026-01-02T04:04:05Z" {
		t.Errorf("answer %s", a.Body)
	}
	record := i.Records[len(i.Records)-1]
	if record.CallerID != i.provider+":app:ann-at-idp" || record.ResourceOwner != accountA || record.CallerARN != "" || len(record.Decisions) != 1 {
		t.Errorf("record %+v", record)
	}
	session := keyOf(a)
	id := i.STSCall(session, "GetCallerIdentity").OK()
	if id.Get("Arn") != a.Get("AssumedRoleUser>Arn") || id.Get("UserId") != a.Get("AssumedRoleId") {
		t.Errorf("identity %s", id.Body)
	}
	i.IAMCall(session, "ListUsers").OK()
	// Who signs the request means nothing to it.
	signed := i.STSCall(i.bob, "AssumeRoleWithWebIdentity", "RoleArn", roleARN, "RoleSessionName", "sess", "WebIdentityToken", i.token(nil)).OK()
	if i.Records[len(i.Records)-1].CallerAccount != "" || signed.Get("Audience") != "app" {
		t.Errorf("record %+v", i.Records[len(i.Records)-1])
	}
	// The role does not trust anybody else of the issuer, nor does another role trust it.
	i.present(i.token(map[string]any{"sub": "bob-at-idp"})).Refused(403, "AccessDenied", notAuthorized)
	for _, role := range []string{"arn:aws:iam::111111111111:role/none", "arn:aws:iam::111111111111:role/R"} {
		i.STSCall(querytest.Key{}, "AssumeRoleWithWebIdentity", "RoleArn", role, "RoleSessionName", "sess", "WebIdentityToken", i.token(nil)).Refused(403, "AccessDenied", notAuthorized)
	}
	// An account that has not registered the issuer, or that is none, does not know it.
	for _, account := range []string{accountB, "999999999999"} {
		i.STSCall(querytest.Key{}, "AssumeRoleWithWebIdentity", "RoleArn", "arn:aws:iam::"+account+":role/R", "RoleSessionName", "sess", "WebIdentityToken", i.token(nil)).
			Refused(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+i.issuer.URL)
	}
	i.IAMCall(i.rootA, "DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn", i.provider).OK()
	i.present(i.token(nil)).Refused(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+i.issuer.URL)
	i.IAMCall(session, "ListUsers").OK() // sessions live on
}

// TestWebIdentityTokens: tokens that are not good are refused before anything is decided.
func TestWebIdentityTokens(t *testing.T) {
	t.Parallel()
	i := newIdentities(t, "", "app")
	i.present("abcdef").Refused(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	i.present(i.token(map[string]any{"aud": "other"})).Refused(400, "InvalidIdentityToken", "Incorrect token audience")
	i.present(i.token(map[string]any{"exp": i.Now.Unix()})).Refused(400, "ExpiredTokenException", "Token expired: current date/time 1767323045 must be before the expiration date/time 1767323045")
	i.present(i.token(map[string]any{"iss": "https://accounts.google.com"})).Refused(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://accounts.google.com")
	i.present(i.token(nil), "ProviderId", "www.amazon.com").Refused(400, "InvalidIdentityToken", "")
	i.present("abc").Refused(400, "ValidationError", "")
	i.STSCall(querytest.Key{}, "AssumeRoleWithWebIdentity", "RoleArn", "arn:aws:iam::111111111111:user/R", "RoleSessionName", "sess", "WebIdentityToken", i.token(nil)).Refused(400, "ValidationError", "arn:aws:iam::111111111111:user/R is invalid")
	i.STSCall(querytest.Key{}, "AssumeRoleWithWebIdentity", "RoleArn", roleARN, "WebIdentityToken", i.token(nil)).Refused(400, "ValidationError", "")
	for _, decided := range i.Records[len(i.Records)-8:] {
		if len(decided.Decisions) != 0 {
			t.Errorf("decided %+v", decided)
		}
	}
	i.issuer.Close()
	i.Now = i.Now.Add(time.Hour)
	i.present(i.token(nil)).Refused(400, "IDPCommunicationError", "")
}

// TestAudiences: a provider takes tokens for the client IDs that it has, and none without any.
func TestAudiences(t *testing.T) {
	t.Parallel()
	i := newIdentities(t, "")
	i.present(i.token(nil)).Refused(400, "InvalidIdentityToken", "Incorrect token audience")
	about := []string{"OpenIDConnectProviderArn", i.provider, "ClientID", "other"}
	i.IAMCall(i.rootA, "AddClientIDToOpenIDConnectProvider", about...).OK()
	i.present(i.token(nil)).Refused(400, "InvalidIdentityToken", "Incorrect token audience")
	i.present(i.token(map[string]any{"aud": "other"})).OK()
	i.IAMCall(i.rootA, "RemoveClientIDFromOpenIDConnectProvider", about...).OK()
	i.present(i.token(nil)).Refused(400, "InvalidIdentityToken", "Incorrect token audience")
	i.present(i.token(map[string]any{"aud": "other"})).Refused(400, "InvalidIdentityToken", "Incorrect token audience")
}

// TestTrustOfProviders: only a trust policy that names the provider lets its users in; and conditions judge
// what it says of them.
func TestTrustOfProviders(t *testing.T) {
	t.Parallel()
	i := newIdentities(t, "", "app", "party")
	for _, document := range []string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + accountA + `"},"Action":"sts:AssumeRoleWithWebIdentity"}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"` + i.provider + `/other"},"Action":"sts:AssumeRoleWithWebIdentity"}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"` + i.provider + `"},"Action":"sts:AssumeRole"}}`,
		strings.Replace(i.trust(""), `"Statement":[`, `"Statement":[{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:*"},`, 1),
	} {
		i.trusts(document)
		i.present(i.token(nil)).Refused(403, "AccessDenied", notAuthorized)
	}
	token := i.token(map[string]any{"azp": "party", "email": "ann@example.com", "amr": []string{"pwd", "otp"}, "groups": []string{"g"}, "other": "o"})
	for condition, ok := range map[string]bool{
		`{"StringEquals":{"HOST:aud":"party","HOST:oaud":"app","HOST:app_id":"app","HOST:azp":"party","HOST:email":"ann@example.com"}}`: true,
		`{"StringEquals":{"HOST:aud":"app"}}`:                                       false,
		`{"ForAnyValue:StringEquals":{"HOST:amr":"otp"}}`:                           true,
		`{"ForAllValues:StringEquals":{"HOST:amr":"otp"}}`:                          false,
		`{"Null":{"HOST:groups":"true","HOST:other":"true","HOST:iss":"true"}}`:     true,
		`{"StringEquals":{"sts:RoleSessionName":"sess"}}`:                           true,
		`{"StringEquals":{"sts:RoleSessionName":"other"}}`:                          false,
		`{"Null":{"aws:PrincipalArn":"true","aws:username":"true"}}`:                true,
		`{"ArnEquals":{"aws:FederatedProvider":"` + i.provider + `"}}`:              true,
		`{"StringEquals":{"aws:ResourceAccount":"111111111111"}}`:                   true,
		`{"StringEquals":{"other.example.com:aud":"party"}}`:                        false,
		`{"StringNotEquals":{"aws:PrincipalAccount":["111111111111","anonymous"]}}`: false,
	} {
		i.trusts(i.trust(condition))
		if a := i.present(token); (a.Status == 200) != ok {
			t.Errorf("%s: %d %s", condition, a.Status, a.Body)
		}
	}
}

// TestWebIdentitySession: session tags, source identity and what the issuer says come with the token and stay
// with the session.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
func TestWebIdentitySession(t *testing.T) {
	t.Parallel()
	i := newIdentities(t, `{"StringEquals":{"aws:RequestTag/Department":"Engineering","sts:SourceIdentity":"ann"},"ForAllValues:StringEquals":{"aws:TagKeys":["Department","Level"],"sts:TransitiveTagKeys":["Department"]}}`, "app")
	claims := map[string]any{
		"https://aws.amazon.com/tags": map[string]any{
			"principal_tags": map[string]any{"Department": []string{"Engineering"}, "Level": []string{"7"}}, "transitive_tag_keys": []string{"Department"},
		},
		"https://aws.amazon.com/source_identity": "ann", "azp": "app", "amr": []string{"pwd"},
	}
	a := i.present(i.token(claims)).OK()
	if a.Get("SourceIdentity") != "ann" || !a.Has("PackedPolicySize") {
		t.Errorf("answer %s", a.Body)
	}
	i.present(i.token(nil)).Refused(403, "AccessDenied", notAuthorized) // its trust policy wants tags
	session := keyOf(a)
	may := func(condition string, want bool) {
		t.Helper()
		document := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*"},{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*","Condition":` + strings.ReplaceAll(condition, "HOST", i.host) + `}]}`
		i.IAMCall(i.rootA, "PutRolePolicy", "RoleName", "R", "PolicyName", "p", "PolicyDocument", document).OK()
		if got := i.IAMCall(session, "ListRoles"); (got.Status == 200) != want {
			t.Errorf("%s: %d %s", condition, got.Status, got.Body)
		}
	}
	i.IAMCall(i.rootA, "DetachRolePolicy", "RoleName", "R", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	may(`{"StringEquals":{"aws:PrincipalTag/Department":"Engineering","aws:PrincipalTag/level":"7","aws:SourceIdentity":"ann"}}`, true)
	may(`{"StringEquals":{"HOST:aud":"app","HOST:sub":"ann-at-idp"},"ForAnyValue:StringEquals":{"HOST:amr":"pwd"},"ArnEquals":{"aws:FederatedProvider":"`+i.provider+`"}}`, true)
	may(`{"Null":{"HOST:azp":"true","HOST:oaud":"true","HOST:app_id":"true"}}`, true)
	may(`{"Null":{"HOST:azp":"false"}}`, false)
	may(`{"StringEquals":{"HOST:sub":"bob"}}`, false)

	// Without permission to tag, or to set the source identity, there is no session.
	trusted := i.trust("")
	i.trusts(strings.Replace(trusted, `,"sts:TagSession"`, "", 1))
	i.present(i.token(claims)).Refused(403, "AccessDenied", "Not authorized to perform sts:TagSession")
	i.trusts(strings.Replace(trusted, `,"sts:SetSourceIdentity"`, "", 1))
	i.present(i.token(claims)).Refused(403, "AccessDenied", "Not authorized to perform sts:SetSourceIdentity")
	i.trusts(trusted)
	for claim, value := range map[string]any{
		"https://aws.amazon.com/source_identity":           "a b",
		"https://aws.amazon.com/tags/principal_tags/k<":    "v",
		"https://aws.amazon.com/tags/principal_tags/Long":  strings.Repeat("v", 257),
		"https://aws.amazon.com/tags/principal_tags/":      "v",
		"https://aws.amazon.com/tags/principal_tags/Twice": []string{"a", "b"},
	} {
		i.present(i.token(map[string]any{claim: value})).Refused(400, "InvalidIdentityToken", "")
	}
	i.present(i.token(map[string]any{"https://aws.amazon.com/tags/principal_tags/aws:k": "v"})).Refused(400, "InvalidParameterValue", "")
	i.present(i.token(map[string]any{"https://aws.amazon.com/tags/transitive_tag_keys": []string{"k"}})).Refused(400, "InvalidParameterValue", "")
}

// TestWebIdentityPolicies: session policies and durations are those of AssumeRole.
func TestWebIdentityPolicies(t *testing.T) {
	t.Parallel()
	i := newIdentities(t, "", "app")
	inline := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}`
	a := i.present(i.token(nil), "Policy", inline, "DurationSeconds", "7200").OK()
	if a.Get("Expiration") != "2026-01-02T05:04:05Z" || !a.Has("PackedPolicySize") {
		t.Errorf("answer %s", a.Body)
	}
	i.IAMCall(keyOf(a), "ListUsers").OK()
	i.IAMCall(keyOf(a), "ListRoles").Refused(403, "AccessDenied", "")
	i.IAMCall(keyOf(i.present(i.token(nil), "PolicyArns.member.1.arn", readOnly).OK()), "CreateGroup", "GroupName", "g").Refused(403, "AccessDenied", "")
	i.present(i.token(nil), "DurationSeconds", "7201").Refused(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	i.present(i.token(nil), "Policy", "{}").Refused(400, "MalformedPolicyDocument", "")
	i.present(i.token(nil), "Tags.member.1.Key", "k", "Tags.member.1.Value", "v").Refused(400, "ValidationError", "")
}

// TestWebIdentityInOrganization: resource control policies of the role's account bind whoever comes from an
// identity provider, service control policies do not.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
func TestWebIdentityInOrganization(t *testing.T) {
	t.Parallel()
	i := newIdentities(t, "", "app")
	i.OrgsCall(i.rootB, "CreateOrganization", `{}`).OK()
	invited := i.OrgsCall(i.rootB, "InviteAccountToOrganization", `{"Target":{"Type":"ACCOUNT","Id":"`+accountA+`"}}`).OK()
	i.OrgsCall(i.rootA, "AcceptHandshake", `{"HandshakeId":"`+invited.Get("Handshake.Id")+`"}`).OK()
	root := i.OrgsCall(i.rootB, "ListRoots", `{}`).OK().Get("Roots.0.Id")
	i.OrgsCall(i.rootB, "EnablePolicyType", `{"RootId":"`+root+`","PolicyType":"RESOURCE_CONTROL_POLICY"}`).OK()
	i.present(i.token(nil)).OK()
	attach := func(policyType, document string) func() {
		t.Helper()
		content, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		id := i.OrgsCall(i.rootB, "CreatePolicy", `{"Name":"p`+policyType+`","Description":"","Type":"`+policyType+`","Content":`+string(content)+`}`).OK().Get("Policy.PolicySummary.Id")
		target := `{"PolicyId":"` + id + `","TargetId":"` + accountA + `"}`
		i.OrgsCall(i.rootB, "AttachPolicy", target).OK()
		return func() { i.OrgsCall(i.rootB, "DetachPolicy", target).OK() }
	}
	attach("SERVICE_CONTROL_POLICY", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sts:*","Resource":"*"}}`)
	i.present(i.token(nil)).OK()
	detach := attach("RESOURCE_CONTROL_POLICY", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity","Resource":"*","Condition":{"StringNotEquals":{"`+i.host+`:sub":"bob-at-idp"}}}}`)
	i.present(i.token(nil)).Refused(403, "AccessDenied", notAuthorized)
	i.present(i.token(map[string]any{"sub": "bob-at-idp"})).OK()
	detach()
	i.present(i.token(nil)).OK()
}

// TestClaimsOfIssuers: the claims that are condition keys are those of AWS's reference, for all issuers that
// it has but those that are trusted without a provider.
func TestClaimsOfIssuers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../policy/gen/sts.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference keytest.Reference
	if err := json.Unmarshal(text, &reference); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, key := range reference.Actions["AssumeRoleWithWebIdentity"].ConditionKeys {
		form, claim, _ := strings.Cut(key, ":")
		switch form {
		case "aws", "sts", "accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com":
			continue
		}
		issuer := form
		for _, variable := range []string{"${Domain}", "${EnterpriseName}", "${OciUniqueIdentifier}", "${OrgId}", "${SubPath}"} {
			issuer = strings.ReplaceAll(issuer, variable, "x1")
		}
		if !hasClaim(issuer, claim) {
			t.Errorf("%s is missing for %s", claim, issuer)
		}
		found++
	}
	if found < 50 || hasClaim("idp.example.com", "actor") || hasClaim("token.actions.githubusercontent.com.example.com", "actor") {
		t.Errorf("%d claims are those of the reference", found)
	}
}

func hasClaim(issuer, claim string) bool { return slices.Contains(stsapi.ClaimsOf(issuer), claim) }
