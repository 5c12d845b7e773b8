package event

import (
	"strings"
	"time"

	"crossgrant/internal/audit"
)

// caller is who asked, as userIdentity names it.
type caller struct {
	kind string // the type
	// name is the user's, or the session's; for whoever a provider vouches for, its name there.
	name string
	// id is principalId, provider identityProvider.
	id, provider string
}

// The types of userIdentity.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
const (
	rootUser      = "Root"
	iamUser       = "IAMUser"
	assumedRole   = "AssumedRole"
	federatedUser = "FederatedUser"
	awsAccount    = "AWSAccount"
	awsService    = "AWSService"
	samlUser      = "SAMLUser"
	webUser       = "WebIdentityUser"
	unknown       = "Unknown"
)

// callerOf returns who made r; it is of type AWSAccount only if nobody knows. It allocates nothing.
func callerOf(r *audit.Record) caller {
	c := caller{id: r.CallerID}
	rest, isIAM := strings.CutPrefix(r.CallerARN, "arn:aws:iam::")
	session, isSTS := strings.CutPrefix(r.CallerARN, "arn:aws:sts::")
	_, resource, _ := strings.Cut(rest, ":")
	_, named, _ := strings.Cut(session, ":")
	switch {
	case r.CallerARN == "" && strings.HasPrefix(r.CallerID, "arn:"):
		return vouchedFor(r.CallerID)
	case r.CallerARN == "":
		c.kind, c.id = awsAccount, ""
	case !strings.HasPrefix(r.CallerARN, "arn:"):
		c.kind, c.name = awsService, r.CallerARN
	case isIAM && resource == "root":
		c.kind, c.name = rootUser, "root"
	case isIAM && strings.HasPrefix(resource, "user/"):
		c.kind, c.name = iamUser, resource[strings.LastIndexByte(resource, '/')+1:]
	case isSTS && strings.HasPrefix(named, "assumed-role/"):
		c.kind, c.name = assumedRole, named[strings.LastIndexByte(named, '/')+1:]
	case isSTS && strings.HasPrefix(named, "federated-user/"):
		c.kind, c.name = federatedUser, named[len("federated-user/"):]
	default:
		c.kind = unknown
	}
	return c
}

// vouchedFor returns the caller of a request that a provider's token or assertion came with. id is the provider's ARN,
// then the audience of a token or the name qualifier of an assertion, then the name of the subject, with a colon between
// each of them.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html#STS-API-SAML-WIF
func vouchedFor(id string) caller {
	if _, rest, ok := strings.Cut(id, ":saml-provider/"); ok {
		_, rest, _ = strings.Cut(rest, ":") // the name of the provider has no colon
		qualifier, subject, _ := strings.Cut(rest, ":")
		return caller{kind: samlUser, id: rest, name: subject, provider: qualifier}
	}
	head, rest, _ := strings.Cut(id, ":oidc-provider/")
	issuer, told, _ := strings.Cut(rest, ":")
	if port, more, ok := strings.Cut(told, ":"); ok && strings.Contains(more, ":") && isPort(port) {
		// The issuer is a host with a port, as those of tests are.
		issuer, told = rest[:len(issuer)+1+len(port)], more
	}
	_, subject, _ := strings.Cut(told, ":")
	return caller{kind: webUser, id: id, name: subject, provider: id[:len(head)+len(":oidc-provider/")+len(issuer)]}
}

func isPort(s string) bool { return len(s) > 0 && len(s) <= 5 && strings.Trim(s, "0123456789") == "" }

// identity writes userIdentity. Another account is told of the caller what it needs to ask that account.
func (e *event) identity() {
	r, c := e.record, &e.caller
	e.Open("userIdentity", '{')
	defer e.Close('}')
	switch {
	case isSignIn(r):
		e.claimed(r.SignIn)
	case c.kind == awsService:
		e.String("type", awsService)
		e.String("invokedBy", c.name)
	case c.kind == awsAccount:
		e.String("type", awsAccount)
		e.String("principalId", "")
		e.String("accountId", "anonymous")
	case c.kind == samlUser || c.kind == webUser:
		e.String("type", c.kind)
		e.String("principalId", c.id)
		e.String("userName", c.name)
		e.String("identityProvider", c.provider)
	case e.foreign:
		e.String("type", awsAccount)
		e.String("principalId", c.id)
		e.String("accountId", string(r.CallerAccount))
	default:
		e.String("type", c.kind)
		e.String("principalId", c.id)
		e.String("arn", r.CallerARN)
		e.String("accountId", string(r.CallerAccount))
		e.String0("accessKeyId", string(r.AccessKeyID))
		if c.kind == iamUser {
			e.String("userName", c.name)
		}
		if r.Session != nil {
			e.sessionContext(r.Session)
		}
	}
}

// sessionContext writes what is known of the caller's session. That of a user, or of the root user, has no issuer: it
// is of the user itself.
func (e *event) sessionContext(s *audit.Session) {
	e.Open("sessionContext", '{')
	if e.caller.kind == assumedRole || e.caller.kind == federatedUser {
		e.sessionIssuer(s)
	}
	if e.caller.kind == assumedRole && s.Provider != "" && !strings.Contains(s.Provider, ":saml-provider/") {
		e.Open("webIdFederationData", '{')
		e.String("federatedProvider", s.Provider)
		e.Open("attributes", '{')
		for i, k := range s.ProviderKeys {
			if !told(s.ProviderKeys[:i], k.Name) {
				e.Key(k.Name)
				e.value(k.Value)
			}
		}
		e.Close('}')
		e.Close('}')
	}
	e.Open("attributes", '{')
	e.seconds("creationDate", s.Issued)
	e.String("mfaAuthenticated", map[bool]string{false: "false", true: "true"}[s.MFA])
	e.Close('}')
	e.String0("sourceIdentity", s.SourceIdentity)
	e.Close('}')
}

func (e *event) sessionIssuer(s *audit.Session) {
	e.Open("sessionIssuer", '{')
	e.String("type", s.IssuerType)
	id := string(s.IssuerID)
	if id == "" {
		id = string(e.record.CallerAccount) // of a root user
	}
	e.String("principalId", id)
	e.String("arn", s.IssuerARN)
	e.String("accountId", string(e.record.CallerAccount))
	e.String0("userName", s.IssuerName)
	e.Close('}')
}

// told reports whether there is a header of that name.
func told(all []audit.Header, name string) bool {
	for i := range all {
		if strings.EqualFold(all[i].Name, name) {
			return true
		}
	}
	return false
}

// seconds writes a member that is a time, UTC, in whole seconds.
func (e *event) seconds(name string, at time.Time) {
	e.Name(name)
	year, month, day := at.UTC().Date()
	hour, minute, second := at.UTC().Clock()
	// As time.Time.Format writes it, in a fifth of the time.
	b := append(e.Text, '"')
	b = two(two(b, year/100), year%100)
	b = two(append(two(append(b, '-'), int(month)), '-'), day)
	b = two(append(two(append(two(append(b, 'T'), hour), ':'), minute), ':'), second)
	e.Text = append(b, 'Z', '"')
}

// two appends a number of two digits.
func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }
