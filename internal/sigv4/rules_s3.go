package sigv4

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/apierr"
)

// s3Rules are the rules of S3.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html ,
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html ; texts that are not
// documented, and the order of the checks, are as recorded from S3 in public issues and tests.
type s3Rules struct{}

// The codes that this package shares among several faults.
const (
	codeHeader = "AuthorizationHeaderMalformed"
	codeQuery  = "AuthorizationQueryParametersError"
)

func (s3Rules) twoMechanisms(auth string, hasAuth bool) error {
	err := apierr.New(400, "InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "+
		"Signature query string parameter or the Authorization header should be specified").With("ArgumentName", "Authorization")
	if hasAuth {
		err = err.With("ArgumentValue", auth)
	}
	return err
}

func (s3Rules) unsupported(scheme string) error {
	if scheme == algorithmV4A {
		return apierr.NotImplemented(scheme)
	}
	return apierr.New(400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
}

func (s3Rules) unknownScheme(auth string) error {
	if !strings.Contains(auth, " ") {
		return invalidArgument("Authorization", auth, "Authorization header is invalid -- one and only one ' ' (space) required")
	}
	return invalidArgument("Authorization", auth, "Unsupported Authorization Type")
}

func (s3Rules) parseHeader(r *Request, _, rest string) (*Signed, error) {
	s := &Signed{Form: FormHeader}
	var ok bool
	if s.PayloadHash, ok = r.header(headerContentSHA256); !ok {
		return nil, apierr.New(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
	}
	if _, err := payloadKindOf(s.PayloadHash); err != nil {
		return nil, err
	}
	if s.Date, s.dateSent, ok = requestDate(r); !ok {
		return nil, apierr.AccessDenied("AWS authentication requires a valid Date or x-amz-date header")
	}
	c := parseComponents(rest)
	if c.bad != "" {
		return nil, malformedHeader("the authorization component %q is malformed.", c.bad)
	}
	if !c.credential.sent || !c.signedHeaders.sent || !c.signature.sent {
		return nil, malformedHeader("the authorization header requires three components: Credential, SignedHeaders, and Signature.")
	}
	if err := s.parseS3Credential(c.credential.value); err != nil {
		return nil, err
	}
	if s.SignedHeaders, ok = parseSignedHeaders(c.signedHeaders.value); !ok {
		return nil, malformedHeader("the authorization component %q is malformed.", "SignedHeaders="+c.signedHeaders.value)
	}
	s.Signature = c.signature.value
	s.SecurityToken, _ = r.header(headerSecurityToken)
	return s, nil
}

func (s3Rules) parseQuery(r *Request, q *params) (*Signed, error) {
	s := &Signed{Form: FormQuery, PayloadHash: unsignedPayload}
	switch {
	case q.algorithm.value == algorithmV4A:
		return nil, apierr.NotImplemented(algorithmV4A)
	case q.algorithm.value != algorithm:
		return nil, queryFault(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`)
	case !q.credential.sent || !q.signature.sent || !q.date.sent || !q.signedHeaders.sent || !q.expires.sent || q.repeated:
		return nil, queryFault("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, " +
			"X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	}
	var ok bool
	if s.Date, ok = parseDate(q.date.value); !ok {
		return nil, queryFault(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	s.dateSent = q.date.value
	var fault secondsFault
	switch s.Expires, fault = parseExpires(q.expires.value); fault {
	case secondsNotNumber:
		return nil, queryFault("X-Amz-Expires should be a number")
	case secondsNegative:
		return nil, queryFault("X-Amz-Expires must be non-negative")
	case secondsTooLarge:
		return nil, queryFault("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	if err := s.parseS3Credential(q.credential.value); err != nil {
		return nil, err
	}
	if s.SignedHeaders, ok = parseSignedHeaders(q.signedHeaders.value); !ok {
		return nil, queryFault("Error parsing the X-Amz-SignedHeaders parameter; the value is malformed.")
	}
	s.Signature = q.signature.value
	if q.token.sent {
		s.SecurityToken = q.token.value
	} else {
		s.SecurityToken, _ = r.header(headerSecurityToken)
	}
	if q.contentSHA256.sent {
		s.PayloadHash = q.contentSHA256.value
	}
	if hash, ok := r.header(headerContentSHA256); ok {
		s.PayloadHash = hash
	}
	// S3 takes any value here and does not look at the body then. We refuse what is malformed, so that
	// no body is stored unverified by mistake.
	_, err := payloadKindOf(s.PayloadHash)
	return s, err
}

// parseS3Credential reads the credential as far as its syntax goes.
func (s *Signed) parseS3Credential(credential string) error {
	s.credentialSent = credential
	if strings.HasPrefix(credential, "/") {
		return s.credentialFault("a non-empty Access Key (AKID) must be provided in the credential.")
	}
	var ok bool
	if s.AccessKeyID, s.Scope, ok = splitCredential(credential); !ok {
		return s.credentialFault(`the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	}
	if !isScopeDate(s.Scope.Date) {
		return s.credentialFault(`incorrect date format %q. This date in the credential must be in the format "yyyyMMdd".`, s.Scope.Date)
	}
	return nil
}

func (s3Rules) check(e *Endpoint, s *Signed, r *Request, now time.Time) error {
	now = now.UTC()
	if err := checkS3Time(s, now); err != nil {
		return err
	}
	switch {
	case s.Scope.Region == "":
		return s.credentialFault("a non-empty region must be provided in the credential.")
	case e.Region != "" && s.Scope.Region != e.Region:
		return s.credentialFault("the region '%s' is wrong; expecting '%s'", s.Scope.Region, e.Region).With("Region", e.Region)
	case s.Scope.Service != e.Service:
		return s.credentialFault("incorrect service %q. This endpoint belongs to %q.", s.Scope.Service, e.Service)
	case s.Scope.Terminator != terminator:
		return s.credentialFault("incorrect terminal %q. This endpoint uses %q.", s.Scope.Terminator, terminator)
	}
	if day := s.Date.Format("20060102"); s.Scope.Date != day {
		switch s.Form {
		case FormPost:
			return s.credentialFault("Invalid credential date %q. This date is not the same as X-Amz-Date: %q.", s.Scope.Date, day)
		case FormQuery:
			return queryFault("Invalid credential date %q. This date is not the same as X-Amz-Date: %q.", s.Scope.Date, day)
		}
		return malformedHeader("Invalid credential date. Date is not the same as X-Amz-Date.")
	}
	if names := unsignedHeaders(s, r); s.Form != FormPost && len(names) > 0 {
		slices.Sort(names)
		return apierr.AccessDenied("There were headers present in the request which were not signed").
			With("HeadersNotSigned", strings.Join(names, ", "))
	}
	return nil
}

// serverTime is how S3 writes times in errors.
const serverTime = "2006-01-02T15:04:05Z"

// checkS3Time judges the clock skew of the header form and the life of a presigned URL.
func checkS3Time(s *Signed, now time.Time) error {
	ahead := s.Date.Sub(now)
	switch s.Form {
	case FormPost:
		return checkFormTime(s, now)
	case FormHeader:
		if ahead.Abs() > MaxSkew {
			return apierr.New(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.").
				With("RequestTime", s.dateSent).
				With("ServerTime", now.Format(serverTime)).
				With("MaxAllowedSkewMilliseconds", strconv.FormatInt(MaxSkew.Milliseconds(), 10))
		}
		return nil
	}
	end := s.Date.Add(s.Expires)
	switch {
	case ahead > MaxSkew:
		return apierr.AccessDenied("Request is not yet valid").
			With("X-Amz-Date", strconv.FormatInt(s.Date.UnixMilli(), 10)).
			With("Expires", end.Format(serverTime)).
			With("ServerTime", now.Format(serverTime))
	case now.After(end) || s.Expires == 0:
		return apierr.AccessDenied("Request has expired").
			With("X-Amz-Expires", strconv.FormatInt(int64(s.Expires/time.Second), 10)).
			With("Expires", end.Format(serverTime)).
			With("ServerTime", now.Format(serverTime))
	}
	return nil
}

// paths: S3 signs the decoded path encoded once; clients that escape fewer letters sign what they
// send, which binds the request at least as tightly.
func (s3Rules) paths() []pathStyle { return s3Paths[:] }

var s3Paths = [...]pathStyle{singlePath, verbatimPath}

func (s3Rules) mismatch(s *Signed, canonical []byte) error {
	return s3Mismatch(s, appendStringToSign(nil, s, canonical), s.Signature, canonical)
}

// s3Mismatch tells the caller what the server signed: of a request, a chunk or a trailer.
func s3Mismatch(s *Signed, toSign []byte, provided string, canonical []byte) error {
	return mismatch(s, toSign, provided).
		With("CanonicalRequest", string(canonical)).
		With("CanonicalRequestBytes", fmt.Sprintf("% x", canonical))
}

// credentialFault is what is wrong with a credential, in the words of its form.
func (s *Signed) credentialFault(format string, args ...any) *apierr.Error {
	switch s.Form {
	case FormPost:
		return invalidArgument("X-Amz-Credential", s.credentialSent, fmt.Sprintf(format, args...))
	case FormQuery:
		return queryFault("Error parsing the X-Amz-Credential parameter; "+format, args...)
	default:
		return malformedHeader(format, args...)
	}
}

func malformedHeader(format string, args ...any) *apierr.Error {
	return apierr.New(400, codeHeader, "The authorization header is malformed; "+format, args...)
}

func queryFault(format string, args ...any) *apierr.Error {
	return apierr.New(400, codeQuery, format, args...)
}

func invalidArgument(name, value, message string) *apierr.Error {
	return apierr.New(400, "InvalidArgument", "%s", message).With("ArgumentName", name).With("ArgumentValue", value)
}
