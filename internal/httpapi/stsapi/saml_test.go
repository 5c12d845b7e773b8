package stsapi_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/saml/samltest"
	"crossgrant/internal/sts"
)

const (
	corpARN    = "arn:aws:iam::111111111111:saml-provider/Corp"
	samlAction = "sts:AssumeRoleWithSAML"
)

// corp is a world in which account A has a role that trusts a SAML provider, which is registered there.
type corp struct {
	*roles
	idp *samltest.Provider
}

func newCorp(t *testing.T, condition string) *corp {
	t.Helper()
	c := &corp{roles: newRoles(t, accountB, "")}
	var err error
	if c.idp, err = samltest.New("https://idp.example.com/saml"); err != nil {
		t.Fatal(err)
	}
	c.IAMCall(c.rootA, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", c.idp.Metadata("")).OK()
	c.IAMCall(c.rootA, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument", federatedTrust(corpARN, condition)).OK()
	return c
}

// says returns a response with the attributes that are needed, and more.
func (c *corp) says(more ...[]string) samltest.Response {
	return samltest.Response{Now: c.Now, Attributes: append([][]string{
		{samltest.AWS + "Role", roleARN + "," + corpARN}, {samltest.AWS + "RoleSessionName", "ann@example.com"},
	}, more...)}
}

// present asks for the role with a response, and does not sign.
func (c *corp) present(r samltest.Response, params ...string) querytest.Answer {
	c.Helper()
	return c.STSCall(querytest.Key{}, "AssumeRoleWithSAML", append([]string{
		"RoleArn", roleARN, "PrincipalArn", corpARN, "SAMLAssertion", samltest.Encode(c.idp.Sign(c.idp.Document(r))),
	}, params...)...)
}

// TestSAML: a signed response is enough to assume a role that trusts the provider.
func TestSAML(t *testing.T) {
	t.Parallel()
	c := newCorp(t, `{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}`)
	a := c.present(c.says()).OK()
	// The example of AWS's documentation, with a hash computed elsewhere.
	if sts.NameQualifier("https://example.com/saml", "123456789012", "MySAMLIdP") != "1uAJanUnBc2XeUkHURMht+xam2c=" {
		t.Errorf("qualifier %s", sts.NameQualifier("https://example.com/saml", "123456789012", "MySAMLIdP"))
	}
	if a.Get("Subject") != "ann" || a.Get("SubjectType") != "persistent" || a.Get("Issuer") != "https://idp.example.com/saml" || a.Get("Audience") != "https://signin.aws.amazon.com/saml" ||
		a.Get("NameQualifier") != sts.NameQualifier("https://idp.example.com/saml", accountA, "Corp") || a.Has("PackedPolicySize") || a.Has("SourceIdentity") ||
		a.Get("AssumedRoleUser>Arn") != "arn:aws:sts::111111111111:assumed-role/R/ann@example.com" || a.Get("Expiration") != "2026-01-02T04:04:05Z" {
		t.Errorf("answer %s", a.Body)
	}
	if record := c.Records[len(c.Records)-1]; record.CallerID != corpARN+":"+a.Get("NameQualifier")+":ann" || record.ResourceOwner != accountA {
		t.Errorf("record %+v", record)
	}
	c.IAMCall(keyOf(a), "ListUsers").OK()

	// A role that the response does not give, or that does not trust the provider.
	other := c.says()
	other.Attributes[0][1] = roleARN + "2," + corpARN
	c.present(other).Refused(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
	c.IAMCall(c.rootA, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument", federatedTrust(corpARN+"2", "")).OK()
	c.present(c.says()).Refused(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
	none := c.says()
	none.Attributes[0][1] = "arn:aws:iam::111111111111:role/none," + corpARN
	encoded := samltest.Encode(c.idp.Sign(c.idp.Document(none)))
	call := func(role, provider string) querytest.Answer {
		return c.STSCall(querytest.Key{}, "AssumeRoleWithSAML", "RoleArn", role, "PrincipalArn", provider, "SAMLAssertion", encoded)
	}
	call("arn:aws:iam::111111111111:role/none", corpARN).Refused(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
	call(roleARN, corpARN+"2").Refused(400, "InvalidIdentityToken", "Specified provider doesn't exist")
	call(roleARN, strings.Replace(corpARN, accountA, accountB, 1)).Refused(400, "InvalidIdentityToken", "Specified provider doesn't exist")
	call(roleARN, roleARN).Refused(400, "ValidationError", roleARN+" is invalid")
	call("arn:aws:iam::111111111111:user/x", corpARN).Refused(400, "ValidationError", "arn:aws:iam::111111111111:user/x is invalid")
	c.IAMCall(c.rootA, "DeleteSAMLProvider", "SAMLProviderArn", corpARN).OK()
	c.present(c.says()).Refused(400, "InvalidIdentityToken", "Specified provider doesn't exist")
}

// TestSAMLResponses: responses that are not good are refused before anything is decided.
func TestSAMLResponses(t *testing.T) {
	t.Parallel()
	c := newCorp(t, "")
	old := c.says()
	old.Issued = -6 * time.Minute
	c.present(old).Refused(400, "ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")
	c.STSCall(querytest.Key{}, "AssumeRoleWithSAML", "RoleArn", roleARN, "PrincipalArn", corpARN, "SAMLAssertion", samltest.Encode(c.idp.Document(c.says()))).
		Refused(400, "InvalidIdentityToken", "Response signature invalid")
	failed := c.says()
	failed.Status = "urn:oasis:names:tc:SAML:2.0:status:Responder"
	c.present(failed).Refused(403, "IDPRejectedClaim", "The identity provider reported that authentication failed.")
	for _, decided := range c.Records[len(c.Records)-3:] {
		if len(decided.Decisions) != 0 {
			t.Errorf("decided %+v", decided)
		}
	}
}

// TestSAMLSession: session tags, source identity, durations and what the provider says come with the response.
func TestSAMLSession(t *testing.T) {
	t.Parallel()
	c := newCorp(t, `{"StringEquals":{"saml:doc":"111111111111/Corp","saml:iss":"https://idp.example.com/saml","saml:edupersonprincipalname":"ann@example.com","saml:mail":"ann@example.com","aws:RequestTag/Project":"Marketing","sts:SourceIdentity":"ann"},"ForAnyValue:StringEquals":{"saml:edupersonaffiliation":"staff","sts:TransitiveTagKeys":"Project"}}`)
	said := c.says(
		[]string{samltest.AWS + "PrincipalTag:Project", "Marketing"}, []string{samltest.AWS + "TransitiveTagKeys", "Project"},
		[]string{samltest.AWS + "SourceIdentity", "ann"}, []string{samltest.AWS + "SessionDuration", "1800"},
		[]string{"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "member", "staff"}, []string{"urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "ann@example.com"},
		[]string{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "ann@example.com"},
	)
	a := c.present(said, "DurationSeconds", "7200").OK()
	if a.Get("Expiration") != "2026-01-02T03:34:05Z" || a.Get("SourceIdentity") != "ann" || !a.Has("PackedPolicySize") {
		t.Errorf("answer %s", a.Body)
	}
	said.SessionEnd = 20 * time.Minute
	if a := c.present(said).OK(); a.Get("Expiration") != "2026-01-02T03:24:05Z" {
		t.Errorf("expires %s", a.Get("Expiration"))
	}
	c.IAMCall(c.rootA, "DetachRolePolicy", "RoleName", "R", "PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess").OK()
	c.IAMCall(c.rootA, "PutRolePolicy", "RoleName", "R", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{"saml:sub":"ann","saml:sub_type":"persistent","saml:namequalifier":"`+a.Get("NameQualifier")+
			`","aws:PrincipalTag/Project":"Marketing","aws:SourceIdentity":"ann"},"Null":{"saml:iss":"true","saml:doc":"true","saml:mail":"true","saml:aud":"true"},"ArnEquals":{"aws:FederatedProvider":"`+corpARN+`"}}}}`).OK()
	c.IAMCall(keyOf(a), "ListUsers").OK()
	c.present(c.says()).Refused(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
	// Several values are none for a key that has one.
	said.Attributes[7] = []string{"urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "ann@example.com", "bob@example.com"}
	c.present(said).Refused(403, "AccessDenied", "")
}

// TestSAMLEncrypted: a provider with a private key takes encrypted assertions, and only them if it says so.
func TestSAMLEncrypted(t *testing.T) {
	t.Parallel()
	c := newCorp(t, "")
	key, file, err := samltest.PrivateKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	encrypted := samltest.Encode(samltest.Encrypt(c.idp.SignAssertion(c.idp.Document(c.says())), &key.PublicKey, false))
	present := func() querytest.Answer {
		return c.STSCall(querytest.Key{}, "AssumeRoleWithSAML", "RoleArn", roleARN, "PrincipalArn", corpARN, "SAMLAssertion", encrypted)
	}
	present().Refused(400, "InvalidIdentityToken", "The SAML assertion could not be decrypted.")
	c.IAMCall(c.rootA, "UpdateSAMLProvider", "SAMLProviderArn", corpARN, "AddPrivateKey", file).OK()
	present().OK()
	c.present(c.says()).OK()
	c.IAMCall(c.rootA, "UpdateSAMLProvider", "SAMLProviderArn", corpARN, "AssertionEncryptionMode", "Required").OK()
	present().OK()
	c.present(c.says()).Refused(400, "InvalidIdentityToken", "The SAML assertion must be encrypted.")
}

// samlRequests returns the requests of AssumeRoleWithSAML that the test of condition keys sends: one with
// everything, and one with as little as can be.
func samlRequests(t *testing.T, r *roles) map[string]string {
	t.Helper()
	idp, err := samltest.New("https://idp.example.com/saml")
	if err != nil {
		t.Fatal(err)
	}
	r.IAMCall(r.rootA, "CreateSAMLProvider", "Name", "Corp", "SAMLMetadataDocument", idp.Metadata("")).OK()
	requests := map[string]string{}
	for name, more := range map[string][][]string{"bare": nil, "full": everyAttribute()} {
		role := "arn:aws:iam::" + accountA + ":role/path/" + name
		r.IAMCall(r.rootA, "UpdateAssumeRolePolicy", "RoleName", name, "PolicyDocument",
			strings.Replace(strings.Replace(federatedTrust(corpARN, ""), `"Principal":{`, `"Principal":{"AWS":"`+accountB+`",`, 1), `"sts:AssumeRoleWithSAML"`, `"sts:AssumeRole","sts:AssumeRoleWithSAML"`, 1)).OK()
		response := samltest.Response{Now: r.Now, Attributes: append([][]string{
			{samltest.AWS + "Role", role + "," + corpARN}, {samltest.AWS + "RoleSessionName", "sess"},
		}, more...)}
		requests[name] = url.Values{"RoleArn": {role}, "PrincipalArn": {corpARN}, "SAMLAssertion": {samltest.Encode(idp.Sign(idp.Document(response)))}}.Encode()
	}
	return requests
}

// everyAttribute returns all attributes that are condition keys, and those of a session.
func everyAttribute() [][]string {
	all := [][]string{
		{samltest.AWS + "PrincipalTag:class", "open"}, {samltest.AWS + "TransitiveTagKeys", "class"}, {samltest.AWS + "SourceIdentity", "ann"},
		{"urn:oid:2.5.4.3", "ann"}, {"2.5.4.45", "x"}, {"0.9.2342.19200300.100.1.45", "x"},
		{"http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid", "x"}, {"http://schemas.xmlsoap.org/claims/CommonName", "Ann"},
	}
	for _, name := range []string{"name", "givenname", "surname", "emailaddress"} {
		all = append(all, []string{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/" + name, "x"})
	}
	for _, oid := range []string{"1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "2.2", "2.3", "2.4", "2.5", "2.6"} {
		branch, leaf, _ := strings.Cut(oid, ".")
		all = append(all, []string{"urn:oid:1.3.6.1.4.1.5923.1." + branch + ".1." + leaf, "x"})
	}
	return all
}

// TestSAMLIsTold: the record tells what the assertion asks for, and not the assertion.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html#cloudtrail-integration_examples-sts-api
func TestSAMLIsTold(t *testing.T) {
	t.Parallel()
	c := newCorp(t, "")
	response := c.says(
		[]string{samltest.AWS + "PrincipalTag:Project", "Unicorn"}, []string{samltest.AWS + "TransitiveTagKeys", "Project"}, []string{samltest.AWS + "SourceIdentity", "ann"},
	)
	a := c.present(response, "DurationSeconds", "1800").OK()
	want := `{"durationSeconds":1800,"principalArn":"` + corpARN + `","principalTags":{"Project":"Unicorn"},"roleArn":"` + roleARN + `",` +
		`"roleSessionName":"ann@example.com","sAMLAssertionID":"_assertion","sourceIdentity":"ann","transitiveTagKeys":["Project"]}`
	if got := string(c.Records[len(c.Records)-1].Parameters); got != want {
		t.Errorf("told is\n%s, want\n%s", got, want)
	}

	// The session hands on its tag and its source identity.
	c.IAMCall(c.rootA, "PutRolePolicy", "RoleName", "R", "PolicyName", "p", "PolicyDocument", allowAll).OK()
	c.IAMCall(c.rootA, "CreateRole", "RoleName", "R2", "Path", "/path/", "AssumeRolePolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+accountA+`"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}`).OK()
	c.STSCall(keyOf(a), "AssumeRole", "RoleArn", roleARN+"2", "RoleSessionName", "next").OK()
	want = `{"incomingTransitiveTags":{"Project":"Unicorn"},"roleArn":"` + roleARN + `2","roleSessionName":"next","sourceIdentity":"ann"}`
	record := c.Records[len(c.Records)-1]
	if got := string(record.Parameters); got != want {
		t.Errorf("told is\n%s, want\n%s", got, want)
	}
	if s := record.Session; s == nil || s.Provider != corpARN || s.IssuerType != "Role" || s.IssuerName != "R" || s.SourceIdentity != "ann" || len(s.ProviderKeys) != 3 {
		t.Errorf("the session is told as %+v", s)
	}
}
