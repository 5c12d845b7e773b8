package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/apierr"
)

// queryRules are the rules of the services that speak the Query protocol, and with other codes those
// that speak JSON. Unlike S3 they always sign the hash of the body itself and need no
// x-amz-content-sha256, and they normalise the path.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html ,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html ; texts that are
// not documented are as recorded from services in public issues and tests.
type queryRules struct{ json bool }

// incomplete is the fault of a signature that cannot be read.
func (d queryRules) incomplete(format string, args ...any) error {
	code := "IncompleteSignature"
	if d.json {
		code = "IncompleteSignatureException"
	}
	return apierr.New(400, code, format, args...)
}

// wrong is the fault of a signature that does not fit the request.
func (d queryRules) wrong(format string, args ...any) error {
	if d.json {
		return apierr.New(400, "InvalidSignatureException", format, args...)
	}
	return apierr.New(403, "SignatureDoesNotMatch", format, args...)
}

func (d queryRules) twoMechanisms(string, bool) error {
	return d.incomplete("Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, " +
		"Signature query string parameter or the Authorization header should be specified")
}

func (d queryRules) unsupported(scheme string) error {
	return d.incomplete("Unsupported AWS 'algorithm': '%s' (only AWS4-HMAC-SHA256 for now). ", scheme)
}

func (d queryRules) unknownScheme(auth string) error {
	scheme, rest, _ := strings.Cut(auth, " ")
	if strings.HasPrefix(scheme, "AWS4-") {
		return d.unsupported(scheme)
	}
	return d.notKeyValue(rest)
}

// notKeyValue names a part of the header by its hash, as AWS does, because it may be another
// service's bearer token.
func (d queryRules) notKeyValue(part string) error {
	sum := sha256.Sum256([]byte(part))
	return d.incomplete("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '%s'.",
		base64.StdEncoding.EncodeToString(sum[:]))
}

func (d queryRules) parseHeader(r *Request, _, rest string) (*Signed, error) {
	s := &Signed{Form: FormHeader, PayloadHash: r.BodySHA256}
	c := parseComponents(rest)
	if c.bad != "" {
		return nil, d.notKeyValue(c.bad)
	}
	var missing []string
	for _, part := range []struct {
		name  string
		value optional
	}{{"Credential", c.credential}, {"Signature", c.signature}, {"SignedHeaders", c.signedHeaders}} {
		if part.value.value == "" {
			missing = append(missing, "Authorization header requires '"+part.name+"' parameter.")
		}
	}
	date, sent, ok := requestDate(r)
	if sent == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if len(missing) > 0 {
		return nil, d.incomplete("%s Authorization=%s", strings.Join(missing, " "), algorithm)
	}
	if !ok {
		return nil, d.badDate(sent)
	}
	s.Date, s.dateSent = date, sent
	s.SecurityToken, _ = r.header(headerSecurityToken)
	return s, d.finish(s, c.credential.value, c.signedHeaders.value, c.signature.value)
}

func (d queryRules) parseQuery(r *Request, q *params) (*Signed, error) {
	s := &Signed{Form: FormQuery, PayloadHash: r.BodySHA256, Expires: MaxSkew}
	if q.algorithm.value != algorithm {
		return nil, d.unsupported(q.algorithm.value)
	}
	var missing []string
	for _, part := range []struct {
		name  string
		value optional
	}{{paramCredential, q.credential}, {paramSignature, q.signature}, {paramSignedHeaders, q.signedHeaders}, {paramDate, q.date}} {
		if part.value.value == "" {
			missing = append(missing, "AWS query-string parameters must include '"+part.name+"'.")
		}
	}
	if len(missing) > 0 || q.repeated {
		return nil, d.incomplete("%s", strings.Join(append(missing, "Re-examine the query-string parameters."), " "))
	}
	var ok bool
	if s.Date, ok = parseDate(q.date.value); !ok {
		return nil, d.badDate(q.date.value)
	}
	s.dateSent = q.date.value
	if q.expires.sent { // these services do not insist on it
		var fault secondsFault
		if s.Expires, fault = parseExpires(q.expires.value); fault != secondsOK {
			return nil, d.incomplete("Invalid value '%s' of 'X-Amz-Expires'. Re-examine the query-string parameters.", q.expires.value)
		}
	}
	if q.token.sent {
		s.SecurityToken = q.token.value
	} else {
		s.SecurityToken, _ = r.header(headerSecurityToken)
	}
	return s, d.finish(s, q.credential.value, q.signedHeaders.value, q.signature.value)
}

// finish reads what both forms have.
func (d queryRules) finish(s *Signed, credential, signedHeaders, signature string) error {
	var ok bool
	if s.AccessKeyID, s.Scope, ok = splitCredential(credential); !ok {
		return d.incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	if s.SignedHeaders, ok = parseSignedHeaders(signedHeaders); !ok {
		return d.incomplete("SignedHeaders must be a list of header names separated by ';', got '%s'", signedHeaders)
	}
	s.Signature = signature
	return nil
}

func (d queryRules) badDate(sent string) error {
	return d.incomplete("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", sent)
}

func (d queryRules) check(e *Endpoint, s *Signed, r *Request, now time.Time) error {
	now = now.UTC()
	if err := d.checkTime(s, now); err != nil {
		return err
	}
	names := unsignedHeaders(s, r)
	if slices.Contains(names, "host") {
		return d.wrong("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	// These services are not known to insist on more. We do: an operation in an unsigned X-Amz-Target
	// could be changed on the way.
	if len(names) > 0 {
		slices.Sort(names)
		return d.wrong("'%s' must be a 'SignedHeader' in the AWS Authorization.", strings.Join(names, "', '"))
	}
	var faults []string
	if s.Scope.Region == "" || e.Region != "" && s.Scope.Region != e.Region {
		faults = append(faults, fmt.Sprintf("Credential should be scoped to a valid region, not '%s'.", s.Scope.Region))
	}
	if s.Scope.Service != e.Service {
		faults = append(faults, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", e.Service))
	}
	if s.Scope.Terminator != terminator {
		faults = append(faults, fmt.Sprintf("Credential should be scoped with a valid terminator: '%s', not '%s'.", terminator, s.Scope.Terminator))
	}
	if day := s.Date.Format("20060102"); s.Scope.Date != day {
		faults = append(faults, fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			s.Scope.Date, day, s.Date.Format(dateFormat)))
	}
	if len(faults) > 0 {
		return d.wrong("%s", strings.Join(faults, " "))
	}
	return nil
}

// checkTime judges the age of a signature: 15 minutes either way, and for a presigned URL its own
// number of seconds back.
func (d queryRules) checkTime(s *Signed, now time.Time) error {
	back := MaxSkew
	if s.Form == FormQuery {
		back = s.Expires
	}
	at, earliest, latest := s.Date.Format(dateFormat), now.Add(-back), now.Add(MaxSkew)
	switch {
	case s.Date.Before(earliest.Truncate(time.Second)) || back == 0:
		return d.wrong("Signature expired: %s is now earlier than %s (%s - %d min.)", at, earliest.Format(dateFormat), now.Format(dateFormat), back/time.Minute)
	case s.Date.After(latest):
		return d.wrong("Signature not yet current: %s is still later than %s (%s + %d min.)", at, latest.Format(dateFormat), now.Format(dateFormat), MaxSkew/time.Minute)
	}
	return nil
}

func (queryRules) paths() []pathStyle { return queryPaths[:] }

var queryPaths = [...]pathStyle{doublePath}

func (d queryRules) mismatch(*Signed, []byte) error {
	return d.wrong("The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
}
