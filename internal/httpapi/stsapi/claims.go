package stsapi

import (
	"regexp"
	"strings"

	"crossgrant/internal/sts"
	"crossgrant/internal/webidentity"
)

// issuerName returns the URL of a provider without its scheme: what its ARN and its condition keys have.
func issuerName(p *webidentity.Provider) string {
	_, name, _ := strings.Cut(p.URL, "://")
	return name
}

// claimKeys returns the condition keys of what a token says: the claims that every issuer's tokens may have,
// and those of issuers of which AWS knows more. Other claims are no condition keys.
//
// The key app_id, beside those of AWS, has the audience of the token for any issuer, as it has for two of AWS's:
// policies that were written for Ceph's gateway name it so.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif,
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html and
// https://docs.ceph.com/en/latest/radosgw/STS/
func claimKeys(issuer string, c *webidentity.Claims) []sts.ProviderKey {
	told := []sts.ProviderKey{
		{Name: issuer + ":aud", Values: []string{c.Audience}},
		{Name: issuer + ":sub", Values: []string{c.Subject}},
	}
	add := func(key string, values []string) {
		// A claim of several values has none that could be compared with one.
		if len(values) == 1 {
			told = append(told, sts.ProviderKey{Name: issuer + ":" + key, Values: values})
		}
	}
	add("oaud", c.OriginalAudience)
	add("app_id", c.OriginalAudience)
	for _, claim := range append([]string{"azp", "email"}, claimsOf(issuer)...) {
		add(claim, c.Values(claim))
	}
	if amr := c.Values("amr"); len(amr) > 0 {
		told = append(told, sts.ProviderKey{Name: issuer + ":amr", Values: amr, Multi: true})
	}
	return told
}

// issuerClaims are the claims that AWS makes condition keys for certain issuers, by what their URLs are.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
var issuerClaims = []struct {
	issuer *regexp.Regexp
	claims []string
}{
	{
		regexp.MustCompile(`^(?:token\.actions\.githubusercontent\.com(?:/[^/]+)?|token\.actions\.[^./]+\.ghe\.com|github\.com/enterprises/[^/]+)$`),
		[]string{
			"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository", "repository_id",
			"repository_owner_id", "workflow",
		},
	},
	{
		regexp.MustCompile(`^gitlab\.com$`),
		[]string{
			"namespace_id", "pipeline_source", "project_id", "ref_protected", "runner_environment", "user_access_level", "user_email",
			"user_id", "user_login",
		},
	},
	{
		regexp.MustCompile(`^agent\.(?:buildkite\.com|[^./]+\.buildkite\.(?:dev|site))$`),
		[]string{"build_branch", "cluster_id", "cluster_name", "organization_id", "organization_slug", "pipeline_id", "pipeline_slug"},
	},
	{regexp.MustCompile(`^oidc\.circleci\.com/org/[^/]+$`), []string{"oidc.circleci.com/project-id"}},
	{regexp.MustCompile(`^idcs-[^./]+\.identity\.oraclecloud\.com$`), []string{"rpst_id"}},
}

// claimsOf returns the claims of an issuer that are condition keys beside those of all issuers.
func claimsOf(issuer string) []string {
	for _, known := range issuerClaims {
		if known.issuer.MatchString(issuer) {
			return known.claims
		}
	}
	return nil
}
