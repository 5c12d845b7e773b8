package saml

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"crossgrant/internal/apierr"
)

// Assertion is what a response says of a user, once it has been found to be the provider's and to be meant
// for this service, now.
type Assertion struct {
	// ID is what the provider calls the assertion.
	ID     string
	Issuer string
	// Subject is the user, and SubjectType what sort of name that is: "persistent", "transient", or the URI
	// of its format.
	Subject, SubjectType string
	// Recipient is the endpoint that the assertion was meant for: the value of saml:aud, and of Audience in
	// the answer of AssumeRoleWithSAML.
	Recipient string
	// Roles are the pairs of a role and a provider that the user may have.
	Roles []RolePair
	// SessionName names the session. SourceIdentity is empty if none is asserted.
	SessionName, SourceIdentity string
	// SessionDuration limits the session, and SessionEnd ends it; zero if they are not asserted.
	SessionDuration time.Duration
	SessionEnd      time.Time
	// Tags are the session tags, in the order of the document, and TransitiveTagKeys those of them that are
	// passed on.
	Tags              []Tag
	TransitiveTagKeys []string
	// Attributes are the values of all attributes, by name.
	Attributes map[string][]string
}

// RolePair is a role and the provider whose assertions it is for, both by ARN.
type RolePair struct{ Role, Provider string }

// Tag is a session tag.
type Tag struct{ Key, Value string }

// Limits of time.
const (
	// maxAge is how old an assertion may be.
	maxAge = 5 * time.Minute
	// skew is how far the clock of the provider may be ahead.
	skew = time.Minute
)

// read reads an assertion whose signature has been verified.
func read(e *etree.Element, p *Provider, now time.Time) (*Assertion, error) {
	if !is(e, assertionSpace, "Assertion") || e.SelectAttrValue("Version", "") != "2.0" {
		return nil, malformed(errors.New("there is no assertion of version 2.0"))
	}
	issuer, err := required(e, assertionSpace, "Issuer")
	if err != nil {
		return nil, malformed(err)
	}
	if err := checkIssuer(issuer, p); err != nil {
		return nil, err
	}
	a := &Assertion{ID: e.SelectAttrValue("ID", ""), Issuer: p.Metadata.EntityID, Attributes: map[string][]string{}}
	if err := checkAge(e, now); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { return a.readSubject(e, p, now) },
		func() error { return checkConditions(e, now) },
		func() error { return a.readStatements(e, now) },
		a.readAttributes,
	} {
		if err := step(); err != nil {
			return nil, asRefusal(err)
		}
	}
	return a, nil
}

// asRefusal makes of what is wrong with a document's form an error for the caller.
func asRefusal(err error) error {
	var refusal *apierr.Error
	if errors.As(err, &refusal) {
		return err
	}
	return malformed(err)
}

// checkAge refuses an assertion that was not issued just now.
func checkAge(e *etree.Element, now time.Time) error {
	issued, err := parseTime(e.SelectAttrValue("IssueInstant", ""))
	if err != nil {
		return malformed(err)
	}
	if issued.After(now.Add(skew)) {
		return invalid("The SAML assertion was issued in the future.")
	}
	if now.After(issued.Add(maxAge)) {
		return expired("Token must be redeemed within 5 minutes of issuance")
	}
	return nil
}

// checkPeriod refuses an element that is not valid yet, or no more.
func checkPeriod(e *etree.Element, now time.Time) error {
	if text := e.SelectAttrValue("NotBefore", ""); text != "" {
		from, err := parseTime(text)
		if err != nil {
			return err
		}
		if from.After(now.Add(skew)) {
			return invalid("The SAML assertion is not valid yet.")
		}
	}
	if text := e.SelectAttrValue("NotOnOrAfter", ""); text != "" {
		to, err := parseTime(text)
		if err != nil {
			return err
		}
		if !now.Before(to) {
			return expired("The SAML assertion has expired.")
		}
	}
	return nil
}

// readSubject reads who the user is and confirms that whoever brings the assertion may stand for it: there is
// one confirmation, for the bearer, with a recipient and an end.
func (a *Assertion) readSubject(e *etree.Element, p *Provider, now time.Time) error {
	subject, err := required(e, assertionSpace, "Subject")
	if err != nil {
		return err
	}
	name, err := required(subject, assertionSpace, "NameID")
	if err != nil {
		return err
	}
	if a.Subject, err = text(name); err != nil {
		return err
	}
	if a.Subject == "" {
		return errors.New("the NameID is empty")
	}
	a.SubjectType = subjectType(name.SelectAttrValue("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"))
	confirmation, err := required(subject, assertionSpace, "SubjectConfirmation")
	if err != nil {
		return err
	}
	if confirmation.SelectAttrValue("Method", "") != "urn:oasis:names:tc:SAML:2.0:cm:bearer" {
		return errors.New("the assertion is not for its bearer")
	}
	data, err := required(confirmation, assertionSpace, "SubjectConfirmationData")
	if err != nil {
		return err
	}
	a.Recipient = data.SelectAttrValue("Recipient", "")
	if !isRecipient(a.Recipient, p) {
		return invalid("Response does not contain the required recipient.")
	}
	if data.SelectAttrValue("NotOnOrAfter", "") == "" {
		return errors.New("the confirmation of the subject has no end")
	}
	return checkPeriod(data, now)
}

// subjectType returns the value of saml:sub_type for a format.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
func subjectType(format string) string {
	const prefix = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
	if short := strings.TrimPrefix(format, prefix); short == "persistent" || short == "transient" {
		return short
	}
	return format
}

// endpoint is where AWS takes responses, worldwide or in a region. What follows it names the provider, which
// is how AWS knows the key that decrypts.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
var endpoint = regexp.MustCompile(`^https://(?:[a-z]{2}(?:-[a-z]+)+-[0-9]\.)?signin\.aws\.amazon\.com/saml(?:/acs/([A-Z0-9]+))?$`)

// isRecipient reports whether a recipient is this service. Those are the names of AWS, which the templates of
// identity providers have: a response is posted by the client itself, so that no endpoint of this server has
// to be named.
func isRecipient(recipient string, p *Provider) bool {
	m := endpoint.FindStringSubmatch(recipient)
	return m != nil && (m[1] == "" || m[1] == p.ID)
}

// isAudience reports whether an audience is this service.
func isAudience(audience string) bool {
	m := endpoint.FindStringSubmatch(audience)
	return audience == "urn:amazon:webservices" || m != nil && m[1] == ""
}

// checkConditions refuses an assertion that is not for now, or not for this service. A condition that is not
// known makes the assertion invalid, as the standard demands.
func checkConditions(e *etree.Element, now time.Time) error {
	conditions, err := required(e, assertionSpace, "Conditions")
	if err != nil {
		return err
	}
	if err := checkPeriod(conditions, now); err != nil {
		return err
	}
	restricted := false
	for _, c := range conditions.ChildElements() {
		switch {
		case is(c, assertionSpace, "AudienceRestriction"):
			restricted = true
			if err := checkAudience(c); err != nil {
				return err
			}
		case is(c, assertionSpace, "OneTimeUse"), is(c, assertionSpace, "ProxyRestriction"):
			// Nothing is kept of an assertion, and none is issued in turn.
		default:
			return errors.New("the assertion has an unknown condition")
		}
	}
	if !restricted {
		return errAudience
	}
	return nil
}

var errAudience = invalid("Response does not contain the required audience.")

func checkAudience(restriction *etree.Element) error {
	for _, e := range children(restriction, assertionSpace, "Audience") {
		audience, err := text(e)
		if err != nil {
			return err
		}
		if isAudience(audience) {
			return nil
		}
	}
	return errAudience
}

// readStatements reads the end of the session at the provider, and the attributes.
func (a *Assertion) readStatements(e *etree.Element, now time.Time) error {
	for _, s := range children(e, assertionSpace, "AuthnStatement") {
		text := s.SelectAttrValue("SessionNotOnOrAfter", "")
		if text == "" {
			continue
		}
		end, err := parseTime(text)
		if err != nil {
			return err
		}
		if !now.Before(end) {
			return expired("The session at the identity provider has ended.")
		}
		if a.SessionEnd.IsZero() || end.Before(a.SessionEnd) {
			a.SessionEnd = end
		}
	}
	for _, s := range children(e, assertionSpace, "AttributeStatement") {
		for _, attribute := range children(s, assertionSpace, "Attribute") {
			if err := a.readAttribute(attribute); err != nil {
				return err
			}
		}
	}
	return nil
}

// readAttribute adds the values of an attribute. One that is there twice has the values of both.
func (a *Assertion) readAttribute(e *etree.Element) error {
	name := e.SelectAttrValue("Name", "")
	for _, v := range children(e, assertionSpace, "AttributeValue") {
		value, err := text(v)
		if err != nil && strings.HasPrefix(name, attributePrefix) {
			return err
		}
		if err != nil {
			continue // one with elements in it, such as eduPersonTargetedID, is no condition key
		}
		a.Attributes[name] = append(a.Attributes[name], value)
		if key, ok := strings.CutPrefix(name, attributePrefix+"PrincipalTag:"); ok {
			if len(a.Attributes[name]) > 1 {
				return invalid("Session tag %s has more than one value.", key)
			}
			a.Tags = append(a.Tags, Tag{key, value})
		}
	}
	return nil
}

// attributePrefix begins the names of the attributes that are meant for AWS.
const attributePrefix = "https://aws.amazon.com/SAML/Attributes/"

var nameRegexp = regexp.MustCompile(`^[a-zA-Z_0-9+=,.@-]{2,64}$`)

// readAttributes reads the attributes that are meant for AWS.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
func (a *Assertion) readAttributes() error {
	for _, value := range a.Attributes[attributePrefix+"Role"] {
		one, other, _ := strings.Cut(value, ",")
		a.Roles = append(a.Roles, rolePair(strings.TrimSpace(one), strings.TrimSpace(other)))
	}
	names := a.Attributes[attributePrefix+"RoleSessionName"]
	if len(names) != 1 {
		return invalid("RoleSessionName is required in AuthnResponse")
	}
	if a.SessionName = names[0]; !nameRegexp.MatchString(a.SessionName) {
		return invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
	}
	a.TransitiveTagKeys = a.Attributes[attributePrefix+"TransitiveTagKeys"]
	if err := a.readSourceIdentity(a.Attributes[attributePrefix+"SourceIdentity"]); err != nil {
		return err
	}
	return a.readDuration(a.Attributes[attributePrefix+"SessionDuration"])
}

// rolePair returns the pair of two ARNs, whichever comes first.
func rolePair(one, other string) RolePair {
	if strings.Contains(one, ":saml-provider/") {
		one, other = other, one
	}
	return RolePair{Role: one, Provider: other}
}

func (a *Assertion) readSourceIdentity(values []string) error {
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 || !nameRegexp.MatchString(values[0]) || strings.HasPrefix(values[0], "aws:") {
		return invalid(`Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"`)
	}
	a.SourceIdentity = values[0]
	return nil
}

func (a *Assertion) readDuration(values []string) error {
	if len(values) == 0 {
		return nil
	}
	seconds, err := strconv.Atoi(values[0])
	if len(values) > 1 || err != nil || seconds < 900 || seconds > 43200 {
		return invalid("SessionDuration in AuthnResponse must be a number of seconds from 900 to 43200")
	}
	a.SessionDuration = time.Duration(seconds) * time.Second
	return nil
}

// Grants reports whether the assertion gives the user a role by a provider.
func (a *Assertion) Grants(role, provider string) bool {
	return slices.Contains(a.Roles, RolePair{Role: role, Provider: provider})
}
