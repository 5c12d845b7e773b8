package sigv4

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Form tells where a request carries its signature.
type Form int

// The forms. The words in parentheses are the values of the condition key s3:authType.
const (
	FormHeader Form = iota // Authorization header (REST-HEADER)
	FormQuery              // presigned URL (REST-QUERY-STRING)
	FormPost               // policy of a browser form (POST)
)

// Signed is what a request says about its signature. Nothing in it is proven: Verify does that.
type Signed struct {
	Form Form
	// AccessKeyID is as sent, of any shape: whether it names a key is for the look-up to say.
	AccessKeyID   string
	Scope         Scope
	Date          time.Time // UTC, whole seconds
	SignedHeaders []string  // lower case, sorted
	Signature     string    // as sent
	SecurityToken string    // empty if none was sent
	// PayloadHash is the last line of the canonical request: the value of x-amz-content-sha256, or
	// UNSIGNED-PAYLOAD for a presigned URL of S3 without one, or Request.BodySHA256 for endpoints
	// other than S3; empty for a form.
	PayloadHash string
	// Expires is how long a presigned URL is good after Date, in whole seconds from 0 to 7 days.
	Expires time.Duration

	// As sent, for error messages.
	dateSent, credentialSent string
}

// Scope is the credential scope of a signature: <date>/<region>/<service>/aws4_request.
type Scope struct {
	Date       string // yyyymmdd
	Region     string
	Service    string // signing name, such as "s3" or "iam"
	Terminator string // "aws4_request" once checked
}

const terminator = "aws4_request"

func (s Scope) append(dst []byte) []byte {
	dst = append(append(dst, s.Date...), '/')
	dst = append(append(dst, s.Region...), '/')
	dst = append(append(dst, s.Service...), '/')
	return append(dst, s.Terminator...)
}

// String returns the scope as it stands in a string to sign.
func (s Scope) String() string { return string(s.append(nil)) }

// dateFormat is ISO 8601 basic format; the zone is always Z.
const dateFormat = "20060102T150405Z"

// Parameters of a presigned URL.
const (
	paramAlgorithm     = "X-Amz-Algorithm"
	paramCredential    = "X-Amz-Credential"
	paramDate          = "X-Amz-Date"
	paramExpires       = "X-Amz-Expires"
	paramSignedHeaders = "X-Amz-SignedHeaders"
	paramSignature     = "X-Amz-Signature"
	paramToken         = "X-Amz-Security-Token"
	paramContentSHA256 = "X-Amz-Content-Sha256"
)

// optional is a value that may not have been sent.
type optional struct {
	value string
	sent  bool
}

// params are the authentication parameters of a query.
type params struct {
	algorithm, credential, date, expires, signedHeaders, signature, token, contentSHA256 optional

	v2Signature bool // "Signature", of Signature Version 2
	v2Key       bool // "AWSAccessKeyId"
	repeated    bool // one of the first group stands more than once
}

func parseParams(raw string) (p params) {
	if !strings.Contains(raw, "X-Amz-") && !strings.Contains(raw, "Signature") && !strings.Contains(raw, "%") {
		return p
	}
	eachParam(raw, func(name, value string) {
		var field *optional
		switch name {
		case paramAlgorithm:
			field = &p.algorithm
		case paramCredential:
			field = &p.credential
		case paramDate:
			field = &p.date
		case paramExpires:
			field = &p.expires
		case paramSignedHeaders:
			field = &p.signedHeaders
		case paramSignature:
			field = &p.signature
		case paramToken:
			field = &p.token
		case paramContentSHA256:
			field = &p.contentSHA256
		case "Signature":
			p.v2Signature = true
			return
		case "AWSAccessKeyId":
			p.v2Key = true
			return
		default:
			return
		}
		p.repeated = p.repeated || field.sent
		*field = optional{value, true}
	})
	return p
}

// Parse reads how a request is signed. It returns nil and no error for a request that is not signed,
// which is the anonymous caller's. It looks at the syntax only; Check and Verify judge the rest.
//
// The order in which faults are found is AWS's: more than one mechanism, the scheme, then what the
// scheme needs. Note that S3 judges the age of a request before the syntax of its credential, and
// this package after it.
func (e *Endpoint) Parse(r *Request) (*Signed, error) {
	rules := e.rules()
	q := parseParams(r.RawQuery)
	auth, hasAuth := r.header(headerAuthorization)
	v4Query, v2Query, form := q.algorithm.sent, q.v2Signature, r.Fields != nil
	switch {
	case hasAuth && (v4Query || v2Query), v4Query && v2Query, form && (hasAuth || v4Query || v2Query):
		return nil, rules.twoMechanisms(auth, hasAuth)
	case form:
		return parseForm(r.Fields)
	case v4Query:
		return rules.parseQuery(r, &q)
	case v2Query:
		return nil, rules.unsupported(schemeV2)
	case auth == "":
		return nil, nil
	}
	scheme, rest, _ := strings.Cut(auth, " ")
	switch scheme {
	case algorithm:
		return rules.parseHeader(r, auth, rest)
	case schemeV2, algorithmV4A:
		return nil, rules.unsupported(scheme)
	}
	return nil, rules.unknownScheme(auth)
}

// Schemes that are recognised and refused.
const (
	schemeV2     = "AWS"
	algorithmV4A = "AWS4-ECDSA-P256-SHA256"
)

// ScopeService returns the service that the credential of a request is scoped to, or "" if it has no
// readable one. It proves nothing: it helps a server that hosts several services at one address to
// choose the Endpoint that then judges the request.
func ScopeService(r *Request) string {
	credential := ""
	if auth, ok := r.header(headerAuthorization); ok {
		_, rest, _ := strings.Cut(auth, "Credential=")
		credential, _, _ = strings.Cut(rest, ",")
	} else if q := parseParams(r.RawQuery); q.credential.sent {
		credential = q.credential.value
	}
	_, scope, ok := splitCredential(strings.TrimSpace(credential))
	if !ok {
		return ""
	}
	return scope.Service
}

// components are the parts of an Authorization header.
type components struct {
	credential, signedHeaders, signature optional
	bad                                  string // a part that is no known or an earlier component
}

// parseComponents splits "Credential=…, SignedHeaders=…, Signature=…". The separators are commas,
// with any white space; AWS's older clients left the space out.
func parseComponents(rest string) (c components) {
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		part = strings.TrimSpace(part)
		name, value, ok := strings.Cut(part, "=")
		var field *optional
		switch name {
		case "Credential":
			field = &c.credential
		case "SignedHeaders":
			field = &c.signedHeaders
		case "Signature":
			field = &c.signature
		}
		if !ok || field == nil || field.sent {
			c.bad = part
			return c
		}
		*field = optional{value, true}
	}
	return c
}

// splitCredential splits "<key>/<date>/<region>/<service>/<terminator>". No part may have a slash.
func splitCredential(s string) (accessKeyID string, scope Scope, ok bool) {
	var part [5]string
	for i := range part {
		var found bool
		part[i], s, found = strings.Cut(s, "/")
		if found != (i < 4) {
			return "", Scope{}, false
		}
	}
	return part[0], Scope{part[1], part[2], part[3], part[4]}, part[0] != ""
}

// parseSignedHeaders returns the names in lower case and sorted. A name may not repeat, be empty or
// hold what a header name cannot.
func parseSignedHeaders(s string) ([]string, bool) {
	names := strings.Split(strings.ToLower(s), ";")
	slices.Sort(names)
	for i, name := range names {
		if !isToken(name) || i > 0 && name == names[i-1] {
			return nil, false
		}
	}
	return names, true
}

// isToken reports whether s is a token of RFC 9110, the form of a header name.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// parseDate reads a date as ISO 8601 basic format.
func parseDate(s string) (time.Time, bool) {
	if len(s) != len(dateFormat) {
		return time.Time{}, false
	}
	day, ok := parseDay(s[:8])
	if !ok || s[8] != 'T' || s[15] != 'Z' {
		return time.Time{}, false
	}
	hour, minute, second := number(s[9:11]), number(s[11:13]), number(s[13:15])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return time.Time{}, false
	}
	return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second), true
}

// parseDay reads a day as yyyymmdd, and returns its first moment, UTC.
func parseDay(s string) (time.Time, bool) {
	if len(s) != 8 {
		return time.Time{}, false
	}
	year, month, day := number(s[:4]), number(s[4:6]), number(s[6:])
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	// Date takes the 31st of February for one of March.
	return t, year >= 0 && month >= 1 && month <= 12 && day >= 1 && t.Day() == day
}

// number returns the number that digits are, or -1 if they are none.
func number(digits string) int {
	n := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return -1
		}
		n = 10*n + int(digits[i]-'0')
	}
	return n
}

// requestDate reads the date of the header form: X-Amz-Date if it was sent, readable or not, else
// Date, which may also be in a format of HTTP. The string to sign has it as ISO 8601 in either case.
func requestDate(r *Request) (t time.Time, sent string, ok bool) {
	sent, ok = r.header(headerDate)
	if ok {
		t, ok = parseDate(sent)
		return t, sent, ok
	}
	if sent, ok = r.header("Date"); !ok {
		return t, "", false
	}
	if t, ok = parseDate(sent); ok {
		return t, sent, true
	}
	for _, format := range [...]string{time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(format, sent); err == nil {
			return t.UTC(), sent, true
		}
	}
	return t, sent, false
}

// isScopeDate reports whether s is a day as yyyymmdd.
func isScopeDate(s string) bool {
	_, ok := parseDay(s)
	return ok
}

// secondsFault is what is wrong with a number of seconds, if anything.
type secondsFault int

const (
	secondsOK secondsFault = iota
	secondsNotNumber
	secondsNegative
	secondsTooLarge
)

// maxExpires is a week, the longest life of a presigned URL.
const maxExpires = 604800

// parseExpires reads X-Amz-Expires: decimal digits, possibly signed, from 0 to 604800.
func parseExpires(s string) (time.Duration, secondsFault) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil:
		return 0, secondsNotNumber
	case n < 0:
		return 0, secondsNegative
	case n > maxExpires:
		return 0, secondsTooLarge
	}
	return time.Duration(n) * time.Second, secondsOK
}
