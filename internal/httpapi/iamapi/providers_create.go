package iamapi

import (
	"context"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/wire/query"
)

// Rules of the parameters of identity providers, from the API's model.
var (
	providerURLRules    = []query.Rule{query.Length(1, 255)}
	clientIDRules       = []query.Rule{query.Length(1, iam.MaxClientID)}
	thumbprintRules     = []query.Rule{query.Length(40, 40)}
	samlNameRules       = []query.Rule{query.Length(1, iam.MaxSAMLProviderName), query.Pattern(iam.SAMLProviderNamePattern)}
	metadataRules       = []query.Rule{query.Length(1000, 10000000)}
	encryptionModeRules = []query.Rule{query.Enum(iam.EncryptionRequired, iam.EncryptionAllowed)}
	privateKeyRules     = []query.Rule{query.Length(1, 16384), query.Pattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)}
	privateKeyIDRules   = []query.Rule{query.Length(22, 64), query.Pattern(`[A-Z0-9]+`)}
)

// maxListed bounds the lists of a provider that the model does not bound; the quotas are lower.
const maxListed = 1000

// createOIDCProvider is the row of CreateOpenIDConnectProvider.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
func (a *api) createOIDCProvider() httpapi.Operation {
	return queryapi.Row[iam.NewOIDCProvider]{
		Name: "CreateOpenIDConnectProvider",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*iam.NewOIDCProvider, error) {
			return &iam.NewOIDCProvider{
				URL: q.Required("Url", providerURLRules...), ClientIDs: q.Strings("ClientIDList", maxListed, clientIDRules...),
				Thumbprints: q.Strings("ThumbprintList", maxListed, thumbprintRules...), Tags: tags(q),
			}, nil
		},
		Checks: func(c *httpapi.Call, in *iam.NewOIDCProvider) []access.Check {
			_, issuer, _ := strings.Cut(in.URL, "://")
			resource := arn.OIDCProvider(c.Caller.Account, issuer).String()
			return creation("iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", resource, "", in.Tags)
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *iam.NewOIDCProvider) (any, error) {
			p, err := a.iam.CreateOIDCProvider(ctx, c.Caller.Account, *in)
			return &createdOIDCProvider{p.ARN, tagsOf(p.Tags)}, err
		},
	}.Operation(protocol)
}

// createSAMLProvider is the row of CreateSAMLProvider.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
func (a *api) createSAMLProvider() httpapi.Operation {
	return queryapi.Row[iam.NewSAMLProvider]{
		Name: "CreateSAMLProvider",
		Decode: func(_ *httpapi.Call, q *query.Reader) (*iam.NewSAMLProvider, error) {
			return &iam.NewSAMLProvider{
				Name: q.Required("Name", samlNameRules...), Metadata: q.Required("SAMLMetadataDocument", metadataRules...), Tags: tags(q),
				EncryptionMode: q.String("AssertionEncryptionMode", encryptionModeRules...), PrivateKey: q.String("AddPrivateKey", privateKeyRules...),
			}, nil
		},
		Checks: func(c *httpapi.Call, in *iam.NewSAMLProvider) []access.Check {
			resource := arn.SAMLProvider(c.Caller.Account, in.Name).String()
			return creation("iam:CreateSAMLProvider", "iam:TagSAMLProvider", resource, "", in.Tags)
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *iam.NewSAMLProvider) (any, error) {
			p, err := a.iam.CreateSAMLProvider(ctx, c.Caller.Account, *in)
			return &createdSAMLProvider{p.ARN, tagsOf(p.Tags)}, err
		},
	}.Operation(protocol)
}
