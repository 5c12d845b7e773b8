package policy

import (
	"strings"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
)

// A caller has several facets by which a policy may name it:
//
//	root user of A            account A
//	user U of A               U, account A
//	session S of role R of A  S, R, account A
//	federated user F of U     F, U, account A; without U if the root user made it
//	service                   the service
//	token of provider P       P
//	anonymous                 none
//
// An Allow is worth what the strongest facet named is worth. A Deny applies if any facet is named;
// with NotPrincipal, unless all are.
//
// Sources:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
type facets uint8

const (
	facetAccount  facets = 1 << iota // the account, by ID, root ARN or canonical ID
	facetEntity                      // the user, or the role of a session
	facetSession                     // the role session or federated session
	facetService                     // the service principal
	facetProvider                    // the identity provider
	facetAny                         // "*"
)

// facets returns those that the caller has.
func (p *Principal) facets() facets {
	var f facets
	if p.Provider != "" {
		f |= facetProvider
	}
	switch p.Kind {
	case Root:
		f |= facetAccount
	case User:
		f |= facetAccount | facetEntity
	case RoleSession, FederatedUser:
		f |= facetAccount | facetSession
		if p.Kind == RoleSession || p.EntityID != "" {
			f |= facetEntity
		}
	case Service:
		f |= facetService
	case Anonymous:
	}
	return f
}

// compiledPrincipals is a Principal element made ready for matching. "*" among the names makes all of it
// "*".
type compiledPrincipals struct {
	any   bool
	names []compiledPrincipal
}

// compiledPrincipal is one name and what it is compared with: the forms of an account are one.
type compiledPrincipal struct {
	kind  principalForm
	value string
}

// principalForm is what a principal's name is compared with.
type principalForm uint8

const (
	formAccount   principalForm = iota // account ID
	formCanonical                      // canonical user ID of the account
	formSession                        // ARN of a role session or federated session
	formEntityID                       // unique ID of a user or role
	formEntityARN                      // ARN of a user or role, in documents that have not been resolved
	formService
	formProvider
)

func (ps *Principals) compile() *compiledPrincipals {
	c := &compiledPrincipals{any: ps.everyone()}
	for _, n := range ps.Names {
		c.names = append(c.names, n.compile())
	}
	return c
}

func (n NamedPrincipal) compile() compiledPrincipal {
	switch n.Kind {
	case PrincipalCanonicalUser:
		return compiledPrincipal{formCanonical, n.Value}
	case PrincipalService:
		return compiledPrincipal{formService, n.Value}
	case PrincipalFederated:
		return compiledPrincipal{formProvider, n.Value}
	}
	if _, err := ids.ParseAccountID(n.Value); err == nil {
		return compiledPrincipal{formAccount, n.Value}
	}
	a, err := arn.Parse(n.Value)
	switch {
	case err != nil:
		return compiledPrincipal{formEntityID, n.Value}
	case a.Service == "iam" && a.Resource == "root":
		return compiledPrincipal{formAccount, a.Account}
	case a.Service == "sts":
		return compiledPrincipal{formSession, n.Value}
	default:
		return compiledPrincipal{formEntityARN, n.Value}
	}
}

// matchPrincipal returns how strongly the statement names the caller: Direct for a statement
// without principals and for a Deny, None if it does not apply.
func (s *compiledStatement) matchPrincipal(q *Query) Grant {
	if s.principals == nil {
		return Direct
	}
	named := s.principals.named(q.principal)
	if s.trust && s.effect == Allow && q.principal.Provider != "" {
		// To trust everyone, in a trust policy, is to trust the principals of all accounts. Whether AWS takes
		// that for trust in the account's identity providers is not documented: who they vouch for has to be
		// named by its provider.
		named &^= facetAny
	}
	if s.notPrincipal {
		// Only a Deny can have NotPrincipal.
		own := q.principal.facets()
		spared := named&facetAny != 0 || own != 0 && named&own == own
		if spared && !q.boundary {
			return None
		}
		return Direct
	}
	g := named.grant(q.principal)
	if s.effect == Deny && g != None {
		return Direct
	}
	return g
}

// grant returns what an Allow that names these facets is worth to the caller.
func (f facets) grant(p *Principal) Grant {
	switch {
	case f&(facetAny|facetSession|facetService|facetProvider) != 0:
		return Direct
	case f&facetEntity != 0 && p.Kind == User:
		return Direct
	case f&facetEntity != 0:
		return Role
	case f&facetAccount != 0:
		return Account
	default:
		return None
	}
}

// named returns the caller's facets that the element names, and facetAny for "*".
func (c *compiledPrincipals) named(p *Principal) facets {
	var f facets
	if c.any {
		if f = facetAny; p.Provider == "" {
			return f
		}
	}
	for i := range c.names {
		f |= c.names[i].names(p)
	}
	return f & (p.facets() | facetAny)
}

// names returns the facet of the caller that the name may mean; p may turn out not to have it. An empty
// value of the caller is compared too, but no name is empty.
func (n *compiledPrincipal) names(p *Principal) facets {
	switch n.kind {
	case formAccount:
		return facetAccount.when(n.value == string(p.Account))
	case formCanonical:
		return facetAccount.when(n.value == string(p.CanonicalID))
	case formSession:
		return facetSession.when(n.value == p.ARN)
	case formEntityID:
		return facetEntity.when(n.value == string(p.EntityID))
	case formEntityARN:
		return facetEntity.when(n.value == p.EntityARN)
	case formService:
		return facetService.when(n.value == p.ARN)
	default:
		return facetProvider.when(n.value == p.Provider)
	}
}

func (f facets) when(named bool) facets {
	if named {
		return f
	}
	return 0
}

// MapPrincipals returns a copy of d in which each AWS and CanonicalUser principal other than "*" is
// what f gives for it. Where f turns a CanonicalUser into an ARN, it becomes an AWS principal. An
// error of f becomes an *Error that wraps it, "Invalid principal in policy". Positions stay those of
// d's own text; the size of the result is not limited, and what f returns is not validated.
//
// It serves both ways: on save, to store unique IDs in place of user and role ARNs and root ARNs in
// place of account and canonical IDs; on read, to turn the unique IDs back.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (d *Document) MapPrincipals(f func(kind PrincipalKind, value string) (string, error)) (*Document, error) {
	out := *d
	out.Statements = append([]Statement(nil), d.Statements...)
	for i := range out.Statements {
		s := &out.Statements[i]
		if s.Principals == nil || s.Principals.Any {
			continue
		}
		names := append([]NamedPrincipal(nil), s.Principals.Names...)
		for j := range names {
			n := &names[j]
			if n.Kind != PrincipalAWS && n.Kind != PrincipalCanonicalUser || n.Value == "*" {
				continue
			}
			value, err := f(n.Kind, n.Value)
			if err != nil {
				e := invalidPrincipal(d.Type, *n, s.Start)
				e.cause = err
				return nil, e
			}
			n.Value = value
			if strings.HasPrefix(value, "arn:") {
				n.Kind = PrincipalAWS
			}
		}
		s.Principals = &Principals{Names: names}
	}
	out.compile()
	return &out, nil
}

// invalidPrincipal is the refusal of a principal that does not exist or is ill-formed.
func invalidPrincipal(t Type, n NamedPrincipal, pos Position) *Error {
	e := &Error{Message: "Invalid principal in policy", Detail: n.Value, Line: pos.Line, Column: pos.Column}
	if t != Bucket {
		e.Message += `: "` + string(n.Kind) + `":"` + n.Value + `"`
	}
	return e
}

// validPrincipal reports whether n has one of the forms that name something. Groups and wildcards
// other than "*" have none.
func validPrincipal(n NamedPrincipal) bool {
	switch n.Kind {
	case PrincipalAWS:
		return validAWSPrincipal(n.Value)
	case PrincipalCanonicalUser:
		_, err := ids.ParseCanonicalUserID(n.Value)
		return err == nil
	case PrincipalService:
		name, ok := strings.CutSuffix(strings.TrimSuffix(n.Value, ".cn"), ".amazonaws.com")
		return ok && name != "" && onlyOf(name, "abcdefghijklmnopqrstuvwxyz0123456789-.")
	case PrincipalFederated:
		return validProvider(n.Value)
	default:
		return false
	}
}

func validAWSPrincipal(v string) bool {
	if v == "*" {
		return true
	}
	if _, err := ids.ParseAccountID(v); err == nil {
		return true
	}
	if isUniqueID(v) {
		return true
	}
	a, err := arn.Parse(v)
	if err != nil || a.Partition != arn.Partition || a.Region != "" || hasWildcard(v) {
		return false
	}
	if _, err := ids.ParseAccountID(a.Account); err != nil {
		return false
	}
	parts := strings.Split(a.Resource, "/")
	for _, p := range parts {
		if p == "" {
			return false
		}
	}
	switch a.Service + ":" + parts[0] {
	case "iam:root":
		return len(parts) == 1
	case "iam:user", "iam:role":
		return len(parts) >= 2
	case "sts:assumed-role":
		return len(parts) == 3
	case "sts:federated-user":
		return len(parts) == 2
	default:
		return false
	}
}

// isUniqueID reports whether v has the form of a user's or role's unique ID, which takes the ARN's
// place in stored documents.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func isUniqueID(v string) bool {
	if !strings.HasPrefix(v, string(ids.User)) && !strings.HasPrefix(v, string(ids.Role)) {
		return false
	}
	return len(v) >= 16 && len(v) <= 128 && onlyOf(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
}

// validProvider reports whether v names an identity provider: one of an account, or one of those
// that need none.
func validProvider(v string) bool {
	switch v {
	case "accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com":
		return true
	}
	a, err := arn.Parse(v)
	if err != nil || a.Partition != arn.Partition || a.Service != "iam" || a.Region != "" || hasWildcard(v) {
		return false
	}
	_, err = ids.ParseAccountID(a.Account)
	kind, name, _ := strings.Cut(a.Resource, "/")
	return err == nil && name != "" && (kind == "saml-provider" || kind == "oidc-provider")
}

// onlyOf reports whether every byte of s is in set.
func onlyOf(s, set string) bool {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return false
		}
	}
	return true
}
