package identities

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"crossgrant/internal/console/page"
)

// providerRows are the pages of identity providers.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html
func providerRows() []page.Row {
	return []page.Row{{Path: "/providers", Area: "roles", Get: showProviders, Actions: map[string]page.Action{
		"create-oidc": createOIDC, "create-saml": createSAML, "delete": deleteProvider,
	}}}
}

// providers is the identity providers of the account.
type providers struct {
	OIDC, SAML               []provider
	OIDCProblem, SAMLProblem *page.Problem
}

type provider struct {
	ARN, Name string
	// Created is zero if it is not known.
	Created time.Time
}

// providersOf lists the identity providers. Quotas keep the lists short, and they come as a whole.
func providersOf(ctx context.Context, v *page.Visit) *providers {
	p := &providers{}
	v.Together(func() {
		out, err := v.AWS.IAM().ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
		if p.OIDCProblem = v.Problem(err); err == nil {
			for _, each := range out.OpenIDConnectProviderList {
				p.OIDC = append(p.OIDC, provider{ARN: aws.ToString(each.Arn), Name: providerName(each.Arn)})
			}
		}
	}, func() {
		out, err := v.AWS.IAM().ListSAMLProviders(ctx, &iam.ListSAMLProvidersInput{})
		if p.SAMLProblem = v.Problem(err); err == nil {
			for _, each := range out.SAMLProviderList {
				p.SAML = append(p.SAML, provider{aws.ToString(each.Arn), providerName(each.Arn), aws.ToTime(each.CreateDate)})
			}
		}
	})
	return p
}

func providerName(arn *string) string {
	_, name, _ := strings.Cut(aws.ToString(arn), "-provider/")
	return name
}

func showProviders(ctx context.Context, v *page.Visit) (*page.View, error) {
	return &page.View{Title: "Identity providers", Crumbs: []page.Crumb{{Text: "Roles", To: "/roles"}, {Text: "Identity providers"}}, Template: "providers", Data: providersOf(ctx, v)}, nil
}

func createOIDC(ctx context.Context, v *page.Visit) (*page.Done, error) {
	url := v.Text("url")
	if url == "" {
		return nil, page.Invalid("Type the URL of the provider.")
	}
	in := &iam.CreateOpenIDConnectProviderInput{Url: &url, ClientIDList: words(v.Form("audiences")), ThumbprintList: words(v.Form("thumbprints"))}
	if _, err := v.AWS.IAM().CreateOpenIDConnectProvider(ctx, in); err != nil {
		return nil, err
	}
	return &page.Done{To: "/providers", Note: "The provider " + url + " is there. Roles can trust it now."}, nil
}

// words returns what white space separates; nil for none.
func words(text string) []string { return append([]string(nil), strings.Fields(text)...) }

func createSAML(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, metadata := v.Text("name"), v.Form("metadata")
	if name == "" || strings.TrimSpace(metadata) == "" {
		return nil, page.Invalid("Type a name, and paste the metadata document of the provider.")
	}
	if _, err := v.AWS.IAM().CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: &name, SAMLMetadataDocument: &metadata}); err != nil {
		return nil, err
	}
	return &page.Done{To: "/providers", Note: "The provider " + name + " is there. Roles can trust it now."}, nil
}

func deleteProvider(ctx context.Context, v *page.Visit) (*page.Done, error) {
	arn := v.Form("arn")
	if err := v.Confirmed(providerName(&arn)); err != nil {
		return nil, err
	}
	var err error
	if strings.Contains(arn, ":saml-provider/") {
		_, err = v.AWS.IAM().DeleteSAMLProvider(ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: &arn})
	} else {
		_, err = v.AWS.IAM().DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	}
	if err != nil {
		return nil, err
	}
	return &page.Done{To: "/providers", Note: "The provider is deleted. Roles that trust it cannot be assumed by it any more."}, nil
}
