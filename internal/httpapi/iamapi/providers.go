package iamapi

import (
	"context"

	"crossgrant/internal/access"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/queryapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
)

// providerInput is the input of operations on one identity provider, of which each uses a part.
type providerInput struct {
	arn     string
	account ids.AccountID // in the ARN
	target  iam.Target    // read before the checks

	clientID    string
	thumbprints []string
	update      iam.SAMLProviderUpdate
}

// providerKind says how the operations on one kind of identity providers differ from those of the other.
type providerKind struct {
	parameter string // that has the ARN
	parse     func(text string) (account ids.AccountID, name string, err error)
	target    func(ctx context.Context, account ids.AccountID, providerARN string) (iam.Target, error)
}

func (a *api) oidcKind() providerKind {
	return providerKind{"OpenIDConnectProviderArn", iam.ParseOIDCProviderARN, a.iam.OIDCProviderTarget}
}

func (a *api) samlKind() providerKind {
	return providerKind{"SAMLProviderArn", iam.ParseSAMLProviderARN, a.iam.SAMLProviderTarget}
}

// providerRow is a row about one identity provider.
type providerRow struct {
	name   string
	kind   providerKind
	decode func(q *query.Reader, in *providerInput) // nil: nothing but the ARN
	run    func(ctx context.Context, account ids.AccountID, in *providerInput) (result any, err error)
}

// provider turns the row into an operation that is authorized as the action of its name on the provider. One of
// another account can be named, and belongs to that account.
func (a *api) provider(r providerRow) httpapi.Operation {
	return queryapi.Row[providerInput]{
		Name: r.name,
		Decode: func(_ *httpapi.Call, q *query.Reader) (in *providerInput, err error) {
			in = &providerInput{arn: q.Required(r.kind.parameter, arnRules...)}
			if r.decode != nil {
				r.decode(q, in)
			}
			in.account, _, err = r.kind.parse(in.arn)
			return in, err
		},
		Load: func(ctx context.Context, c *httpapi.Call, in *providerInput) (err error) {
			in.target, err = r.kind.target(ctx, c.Caller.Account, in.arn)
			return err
		},
		Checks: func(_ *httpapi.Call, in *providerInput) []access.Check {
			return []access.Check{{
				Action: "iam:" + r.name, Resource: in.target.ARN, Owner: in.account,
				Keys: func(k *policy.Context) { resourceTags(k, in.target.Tags, keys.PolicyKind) }, // like those of a policy
			}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *providerInput) (any, error) {
			return r.run(ctx, c.Caller.Account, in)
		},
	}.Operation(protocol)
}

// providerList returns a row that lists all identity providers of a kind, which AWS does not page. The action
// has no resource type; AWS's messages name all providers of the kind, such as
// arn:aws:iam::111122223333:oidc-provider/*.
func (a *api) providerList(name, word string, run func(ctx context.Context, account ids.AccountID) (any, error)) httpapi.Operation {
	return queryapi.Row[struct{}]{
		Name:   name,
		Decode: func(*httpapi.Call, *query.Reader) (*struct{}, error) { return new(struct{}), nil },
		Checks: func(c *httpapi.Call, _ *struct{}) []access.Check {
			return []access.Check{{Action: "iam:" + name, Resource: underType(word)(c.Caller.Account) + "/*"}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, _ *struct{}) (any, error) {
			return run(ctx, c.Caller.Account)
		},
	}.Operation(protocol)
}

// taggedProvider says how the operations on the tags of identity providers work.
func (a *api) taggedProvider(kind iam.TaggedKind, p providerKind) taggedThing {
	return taggedThing{
		kind: kind, like: keys.PolicyKind,
		decode: func(q *query.Reader, in *tagInput) (err error) {
			in.name = q.Required(p.parameter, arnRules...)
			in.owner, _, err = p.parse(in.name)
			return err
		},
		load: func(ctx context.Context, account ids.AccountID, in *tagInput) (iam.Target, error) {
			return p.target(ctx, account, in.name)
		},
	}
}

// providers returns the rows for identity providers.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html
func (a *api) providers() []httpapi.Operation {
	rows := append(a.oidcProviders(), a.samlProviders()...)
	rows = append(rows, a.tagsOf(a.taggedProvider(iam.TaggedOIDCProvider, a.oidcKind()))...)
	return append(rows, a.tagsOf(a.taggedProvider(iam.TaggedSAMLProvider, a.samlKind()))...)
}

type oidcProviderResult struct {
	Url            string
	CreateDate     string
	ClientIDList   query.List[string]
	ThumbprintList query.List[string]
	Tags           *query.List[tagShape] `xml:",omitempty"`
}

type createdOIDCProvider struct {
	OpenIDConnectProviderArn string
	Tags                     *query.List[tagShape] `xml:",omitempty"`
}

type (
	listedOIDCProvider struct{ Arn string }
	oidcProvidersList  struct {
		OpenIDConnectProviderList query.List[listedOIDCProvider]
	}
)

// oidcProviders returns the rows for OpenID Connect providers.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
func (a *api) oidcProviders() []httpapi.Operation {
	kind := a.oidcKind()
	clientID := func(q *query.Reader, in *providerInput) { in.clientID = q.Required("ClientID", clientIDRules...) }
	return []httpapi.Operation{
		a.createOIDCProvider(),
		a.provider(providerRow{
			name: "GetOpenIDConnectProvider", kind: kind,
			run: func(ctx context.Context, account ids.AccountID, in *providerInput) (any, error) {
				p, err := a.iam.OIDCProvider(ctx, account, in.arn)
				return &oidcProviderResult{
					Url: p.URL, CreateDate: query.Time(p.Created), Tags: tagsOf(p.Tags),
					ClientIDList: query.List[string]{Members: p.ClientIDs}, ThumbprintList: query.List[string]{Members: p.Thumbprints},
				}, err
			},
		}),
		a.providerList("ListOpenIDConnectProviders", "oidc-provider", func(ctx context.Context, account ids.AccountID) (any, error) {
			list, err := a.iam.OIDCProviders(ctx, account)
			return &oidcProvidersList{listOf(list, func(p iam.OIDCProvider) listedOIDCProvider { return listedOIDCProvider{p.ARN} })}, err
		}),
		a.provider(providerRow{
			name: "DeleteOpenIDConnectProvider", kind: kind,
			run: func(ctx context.Context, account ids.AccountID, in *providerInput) (any, error) {
				return nil, a.iam.DeleteOIDCProvider(ctx, account, in.arn)
			},
		}),
		a.provider(providerRow{
			name: "UpdateOpenIDConnectProviderThumbprint", kind: kind,
			decode: func(q *query.Reader, in *providerInput) {
				in.thumbprints = q.RequiredStrings("ThumbprintList", maxListed, thumbprintRules...)
			},
			run: func(ctx context.Context, account ids.AccountID, in *providerInput) (any, error) {
				return nil, a.iam.UpdateOIDCProviderThumbprint(ctx, account, in.arn, in.thumbprints)
			},
		}),
		a.provider(providerRow{
			name: "AddClientIDToOpenIDConnectProvider", kind: kind, decode: clientID,
			run: func(ctx context.Context, account ids.AccountID, in *providerInput) (any, error) {
				return nil, a.iam.AddClientID(ctx, account, in.arn, in.clientID)
			},
		}),
		a.provider(providerRow{
			name: "RemoveClientIDFromOpenIDConnectProvider", kind: kind, decode: clientID,
			run: func(ctx context.Context, account ids.AccountID, in *providerInput) (any, error) {
				return nil, a.iam.RemoveClientID(ctx, account, in.arn, in.clientID)
			},
		}),
	}
}

type samlProviderResult struct {
	SAMLProviderUUID        string
	SAMLMetadataDocument    string
	CreateDate              string
	ValidUntil              string
	Tags                    *query.List[tagShape]        `xml:",omitempty"`
	AssertionEncryptionMode string                       `xml:",omitempty"`
	PrivateKeyList          *query.List[privateKeyShape] `xml:",omitempty"`
}

type privateKeyShape struct{ KeyId, Timestamp string }

type createdSAMLProvider struct {
	SAMLProviderArn string
	Tags            *query.List[tagShape] `xml:",omitempty"`
}

type updatedSAMLProvider struct{ SAMLProviderArn string }

type (
	listedSAMLProvider struct{ Arn, ValidUntil, CreateDate string }
	samlProvidersList  struct {
		SAMLProviderList query.List[listedSAMLProvider]
	}
)

// samlProviders returns the rows for SAML providers.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
func (a *api) samlProviders() []httpapi.Operation {
	kind := a.samlKind()
	return []httpapi.Operation{
		a.createSAMLProvider(),
		a.provider(providerRow{
			name: "GetSAMLProvider", kind: kind,
			run: func(ctx context.Context, account ids.AccountID, in *providerInput) (any, error) {
				p, err := a.iam.SAMLProvider(ctx, account, in.arn)
				return samlProviderOf(p), err
			},
		}),
		a.providerList("ListSAMLProviders", "saml-provider", func(ctx context.Context, account ids.AccountID) (any, error) {
			list, err := a.iam.SAMLProviders(ctx, account)
			return &samlProvidersList{listOf(list, func(p iam.SAMLProvider) listedSAMLProvider {
				return listedSAMLProvider{p.ARN, query.Time(p.ValidUntil), query.Time(p.Created)}
			})}, err
		}),
		a.provider(providerRow{
			name: "UpdateSAMLProvider", kind: kind,
			decode: func(q *query.Reader, in *providerInput) {
				in.update = iam.SAMLProviderUpdate{
					Metadata: q.String("SAMLMetadataDocument", metadataRules...), EncryptionMode: q.String("AssertionEncryptionMode", encryptionModeRules...),
					AddPrivateKey: q.String("AddPrivateKey", privateKeyRules...), RemovePrivateKey: q.String("RemovePrivateKey", privateKeyIDRules...),
				}
			},
			run: func(ctx context.Context, account ids.AccountID, in *providerInput) (any, error) {
				return &updatedSAMLProvider{in.arn}, a.iam.UpdateSAMLProvider(ctx, account, in.arn, in.update)
			},
		}),
		a.provider(providerRow{
			name: "DeleteSAMLProvider", kind: kind,
			run: func(ctx context.Context, account ids.AccountID, in *providerInput) (any, error) {
				return nil, a.iam.DeleteSAMLProvider(ctx, account, in.arn)
			},
		}),
	}
}

func samlProviderOf(p iam.SAMLProvider) *samlProviderResult {
	r := &samlProviderResult{
		SAMLProviderUUID: p.ID, SAMLMetadataDocument: p.Metadata, CreateDate: query.Time(p.Created), ValidUntil: query.Time(p.ValidUntil),
		Tags: tagsOf(p.Tags), AssertionEncryptionMode: p.EncryptionMode,
	}
	if len(p.PrivateKeys) > 0 {
		list := listOf(p.PrivateKeys, func(k iam.SAMLPrivateKey) privateKeyShape { return privateKeyShape{k.ID, query.Time(k.Added)} })
		r.PrivateKeyList = &list
	}
	return r
}
