package stsapi

import (
	"context"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/saml"
	"crossgrant/internal/sts"
	"crossgrant/internal/wire/query"
)

// samlInput is AssumeRoleWithSAML's input.
type samlInput struct {
	federatedInput
	providerName string
	response     string
	assertion    *saml.Assertion // read before the checks
	qualifier    string
}

// assumeRoleWithSAML is the row of AssumeRoleWithSAML. The request is not signed: the response of the identity
// provider shows who asks. The provider is one of the role's account.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
func (a *api) assumeRoleWithSAML() httpapi.Operation {
	return queryapi.Row[samlInput]{
		Name:     "AssumeRoleWithSAML",
		Unsigned: true,
		Decode:   decodeSAML,
		Load:     a.loadSAML,
		Checks:   func(_ *httpapi.Call, in *samlInput) []access.Check { return in.checks(samlAction) },
		Run: func(ctx context.Context, _ *httpapi.Call, in *samlInput) (any, error) {
			result, err := a.issueFederated(ctx, &in.federatedInput, samlAction)
			if err != nil {
				return nil, err
			}
			return &samlResult{
				*result, in.assertion.Subject, in.assertion.SubjectType, in.assertion.Issuer, in.assertion.Recipient, in.qualifier,
			}, nil
		},
	}.Operation(protocol)
}

const samlAction = "sts:AssumeRoleWithSAML"

type samlResult struct {
	assumedResult
	Subject, SubjectType, Issuer, Audience, NameQualifier string
}

func decodeSAML(_ *httpapi.Call, q *query.Reader) (in *samlInput, err error) {
	in = &samlInput{federatedInput: decodeFederated(q)}
	in.provider = q.Required("PrincipalArn", arnRules...)
	in.response = q.Required("SAMLAssertion", query.Length(4, 100000))
	if in.account, err = sts.ParseRoleARN(in.roleARN); err != nil {
		return in, err
	}
	account, name, err := parseSAMLProvider(in.provider)
	if err == nil && account != in.account {
		err = errNoSAMLProvider
	}
	in.providerName = name
	return in, err
}

// errNoSAMLProvider is AWS's refusal of a provider that the role's account has not.
var errNoSAMLProvider = invalidToken("Specified provider doesn't exist")

// parseSAMLProvider returns account and name of the SAML provider that an ARN names, or a ValidationError.
func parseSAMLProvider(text string) (account ids.AccountID, name string, err error) {
	a, err := arn.Parse(text)
	if err == nil {
		if account, err = ids.ParseAccountID(a.Account); err == nil && a == arn.SAMLProvider(account, a.Name()) && a.Name() != "" {
			return account, a.Name(), nil
		}
	}
	return "", "", query.Invalid(text + " is invalid")
}

// loadSAML reads the role and the provider, and verifies the response. That there is no role does not save the
// response from being verified, so that nothing tells the two apart.
func (a *api) loadSAML(ctx context.Context, c *httpapi.Call, in *samlInput) (err error) {
	if in.role, err = a.Roles.Role(ctx, in.roleARN); err != nil {
		return err
	}
	provider, err := a.Providers.SAMLProvider(ctx, in.account, in.providerName)
	if err != nil {
		return err
	}
	if provider == nil {
		return errNoSAMLProvider
	}
	if in.assertion, err = saml.Verify(in.response, provider, c.Time); err != nil {
		return err
	}
	in.fromAssertion(c.Time)
	in.tell(c)
	in.actAs(c, in.qualifier, in.assertion.Subject)
	if !in.assertion.Grants(in.roleARN, in.provider) {
		return apierr.AccessDenied("Not authorized to perform " + samlAction)
	}
	return in.checkSession()
}

// fromAssertion puts what the assertion says into the input.
func (in *samlInput) fromAssertion(now time.Time) {
	a := in.assertion
	in.sessionName, in.sourceIdentity, in.tags.Transitive = a.SessionName, a.SourceIdentity, a.TransitiveTagKeys
	for _, tag := range a.Tags {
		in.tags.Passed = append(in.tags.Passed, sts.Tag(tag))
	}
	in.longest = a.SessionDuration
	if left := a.SessionEnd.Sub(now).Truncate(time.Second); !a.SessionEnd.IsZero() && (in.longest == 0 || left < in.longest) {
		in.longest = max(left, time.Second)
	}
	in.qualifier = sts.NameQualifier(a.Issuer, in.account, in.providerName)
	in.told = in.assertionKeys()
	in.kept = keep(in.told, "saml:namequalifier", "saml:sub", "saml:sub_type")
}

// assertionKeys returns the condition keys of what an assertion says.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
func (in *samlInput) assertionKeys() []sts.ProviderKey {
	a := in.assertion
	one := func(name, value string) sts.ProviderKey { return sts.ProviderKey{Name: name, Values: []string{value}} }
	told := []sts.ProviderKey{
		one("saml:aud", a.Recipient), one("saml:iss", a.Issuer), one("saml:sub", a.Subject), one("saml:sub_type", a.SubjectType),
		one("saml:namequalifier", in.qualifier), one("saml:doc", string(in.account)+"/"+in.providerName),
	}
	seen := map[string]bool{}
	for _, m := range samlAttributes {
		values := a.Attributes[m.attribute]
		if len(values) == 0 || seen[m.key] {
			continue // of several attributes that are one key, only one counts
		}
		info, _ := policy.KeyInfo(m.key)
		if !info.Multivalued && len(values) != 1 {
			continue // it has no value that could be compared with one
		}
		seen[m.key] = true
		told = append(told, sts.ProviderKey{Name: m.key, Values: values, Multi: info.Multivalued})
	}
	return told
}

// samlAttributes are the attributes that are condition keys, by name, in AWS's order.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html#saml-attribute-mapping
var samlAttributes = []struct{ attribute, key string }{
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "saml:edupersonaffiliation"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.2", "saml:edupersonnickname"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.3", "saml:edupersonorgdn"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.4", "saml:edupersonorgunitdn"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.5", "saml:edupersonprimaryaffiliation"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "saml:edupersonprincipalname"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.7", "saml:edupersonentitlement"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.8", "saml:edupersonprimaryorgunitdn"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "saml:edupersonscopedaffiliation"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.10", "saml:edupersontargetedid"},
	{"urn:oid:1.3.6.1.4.1.5923.1.1.1.11", "saml:edupersonassurance"},
	{"urn:oid:1.3.6.1.4.1.5923.1.2.1.2", "saml:eduorghomepageuri"},
	{"urn:oid:1.3.6.1.4.1.5923.1.2.1.3", "saml:eduorgidentityauthnpolicyuri"},
	{"urn:oid:1.3.6.1.4.1.5923.1.2.1.4", "saml:eduorglegalname"},
	{"urn:oid:1.3.6.1.4.1.5923.1.2.1.5", "saml:eduorgsuperioruri"},
	{"urn:oid:1.3.6.1.4.1.5923.1.2.1.6", "saml:eduorgwhitepagesuri"},
	{"urn:oid:2.5.4.3", "saml:cn"},
	{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "saml:name"},
	{"http://schemas.xmlsoap.org/claims/CommonName", "saml:commonName"},
	{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "saml:givenName"},
	{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "saml:surname"},
	{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "saml:mail"},
	{"http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid", "saml:uid"},
	{"2.5.4.3", "saml:commonName"},
	{"2.5.4.4", "saml:surname"},
	{"2.4.5.42", "saml:givenName"},
	{"2.5.4.45", "saml:x500UniqueIdentifier"},
	{"0.9.2342.19200300100.1.1", "saml:uid"},
	{"0.9.2342.19200300100.1.3", "saml:mail"},
	{"0.9.2342.19200300.100.1.45", "saml:organizationStatus"},
}
