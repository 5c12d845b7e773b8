package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/sigv4"
	"crossgrant/internal/wire/formdata"
)

// maxForm is the largest body of a query or JSON request, in bytes: two documents of the longest that
// IAM takes (131,072 characters), percent-encoded, with room for the rest.
const maxForm = 1 << 20

// maxHeaders is the largest header section of a request, in bytes.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
const maxHeaders = 8 << 10

// maxParameters is how many parameters the query of a request to S3 may have, whose operations have some twenty. Those
// of other services may be lists. Package url reads none at all of a query with ten thousand.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (InvalidURI)
const maxParameters = 1000

// formType is the media type of query-protocol requests.
const formType = "application/x-www-form-urlencoded"

// jsonType is the media type of JSON requests.
const jsonType = "application/x-amz-json-1.1"

// verifier judges signatures for every service behind the port.
type verifier struct {
	endpoints map[string]*sigv4.Endpoint
}

func newVerifier(region string) *verifier {
	cache := sigv4.NewKeyCache(4096)
	return &verifier{map[string]*sigv4.Endpoint{
		"s3": {Dialect: sigv4.S3, Service: "s3", Region: region, Keys: cache},
		// Clients sign requests to S3 Control for the service s3.
		s3Control: {Dialect: sigv4.S3, Service: "s3", Region: region, Keys: cache},
		// IAM has one region for the world and STS any: a client signs for the region that it was
		// configured with, and the signature holds or not.
		"iam": {Dialect: sigv4.Query, Service: "iam", Keys: cache},
		"sts": {Dialect: sigv4.Query, Service: "sts", Keys: cache},
		// Organizations is one for the world, too.
		"organizations": {Dialect: sigv4.JSON, Service: "organizations", Keys: cache},
		crossgrant:      {Dialect: sigv4.JSON, Service: crossgrant, Region: region, Keys: cache},
		accessAnalyzer:  {Dialect: sigv4.JSON, Service: accessAnalyzer, Region: region, Keys: cache},
		cloudTrail:      {Dialect: sigv4.JSON, Service: cloudTrail, Region: region, Keys: cache},
	}}
}

// authenticate finds the service that is asked and who asks, and puts both into c. The service is
// returned also with an error, so that it can word it; and the context for all that follows, in which what the request will
// most likely read is read.
//
// The order of AWS is kept: syntax, time and scope, key and session, signature. An expired session is
// therefore reported before a signature that does not match, and credentials that do not hold never
// fall back to an anonymous request.
func (p *Pipeline) authenticate(ctx context.Context, c *Call) (context.Context, Service, error) {
	r := signedRequest(c.HTTP)
	service := p.serviceOf(c.HTTP, r)
	c.Record.Service = service.Name()
	if isS3(c.Record.Service) {
		// Those of other services may be parameters of any kind.
		c.Record.Query = redact(c.HTTP.URL.RawQuery)
	}
	if c.Record.Service == "s3" || c.Record.Service == s3Control {
		// To a website they mean nothing.
		c.RecordHeaders()
	}
	if err := p.admission.arrive(c); err != nil {
		return ctx, service, err
	}
	if headerSize(c.HTTP) > maxHeaders {
		return ctx, service, apierr.New(http.StatusBadRequest, "RequestHeaderSectionTooLarge", "Your request header section exceeds the maximum allowed size.").
			With("MaxSizeAllowed", strconv.Itoa(maxHeaders))
	}
	if strings.HasPrefix(service.Name(), "s3") && strings.Count(c.HTTP.URL.RawQuery, "&") >= maxParameters {
		return ctx, service, apierr.New(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.").With("URI", c.HTTP.URL.Path)
	}
	if unsigned(service, c.HTTP) {
		ctx, err := p.ahead(ctx, c, service, nil)
		return ctx, service, err
	}
	endpoint := p.signatures.endpoints[service.Name()]
	if endpoint == nil {
		return ctx, service, fmt.Errorf("service %s has no endpoint", service.Name())
	}
	if err := c.readWhole(endpoint.Dialect, r); err != nil {
		return ctx, service, err
	}
	if err := c.readUpload(service, r); err != nil {
		return ctx, service, err
	}
	signed, err := endpoint.Parse(r)
	if err != nil {
		return ctx, service, err
	}
	if ctx, err = p.ahead(ctx, c, service, signed); err != nil {
		return ctx, service, err
	}
	var verified *sigv4.Verified
	if signed != nil {
		if verified, err = p.verify(ctx, c, endpoint, signed, r); err != nil {
			return ctx, service, err
		}
	}
	if endpoint.Dialect == sigv4.S3 && c.Upload == nil {
		body, err := sigv4.NewBody(r, verified, c.HTTP.Body)
		if err != nil {
			return ctx, service, err
		}
		c.Body, c.Length = body, body.Size()
		c.Trailer = func() http.Header { return trailer(body.Trailer()) }
	}
	return ctx, service, nil
}

// ahead reads what a request of a service will most likely need. signed is nil for one that is not signed.
func (p *Pipeline) ahead(ctx context.Context, c *Call, service Service, signed *sigv4.Signed) (context.Context, error) {
	return p.authorizer.Ahead(ctx, func() access.Subject {
		subject := access.Subject{Operation: service.Name()}
		if signed != nil {
			subject.AccessKeyID = ids.AccessKeyID(signed.AccessKeyID)
		}
		if f, ok := service.(Foreseer); ok {
			f.Foresee(c, &subject)
		}
		return subject
	})
}

// verify proves the signature and puts the caller into c.
func (p *Pipeline) verify(ctx context.Context, c *Call, endpoint *sigv4.Endpoint, signed *sigv4.Signed, r *sigv4.Request) (*sigv4.Verified, error) {
	if err := endpoint.Check(signed, r, c.Time); err != nil {
		return nil, err
	}
	caller, err := p.authorizer.Caller(ctx, ids.AccessKeyID(signed.AccessKeyID), signed.SecurityToken, c.Time)
	if err != nil {
		return nil, credentialError(endpoint.Dialect, signed, err)
	}
	verified, err := endpoint.Verify(signed, r, caller.Secret, c.Time)
	if err != nil {
		return nil, err
	}
	if signed.SecurityToken != "" && !caller.Temporary() {
		// S3 judges a session token that was sent with a long-term key after the signature.
		return nil, credentialError(endpoint.Dialect, signed, access.ErrInvalidToken)
	}
	c.Signed = signed
	c.Record.Authentication = authentications[signed.Form]
	c.identify(caller)
	c.Record.Region = scopeRegion(signed, c.Region)
	return verified, nil
}

// maxRegion is the longest name of a region, in bytes, that records keep.
const maxRegion = 32

// scopeRegion returns the region that a request was signed for. The services without regions take any text for
// one: what cannot be the name of a region stands for that of the server.
func scopeRegion(signed *sigv4.Signed, own string) string {
	region := signed.Scope.Region
	if region == "" || len(region) > maxRegion || strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return own
	}
	return region
}

// authentications are what records call the forms of a signature.
var authentications = map[sigv4.Form]string{sigv4.FormHeader: "AuthHeader", sigv4.FormQuery: "QueryString", sigv4.FormPost: "POST"}

// credentialError words a failure to find the caller as the service would.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
func credentialError(d sigv4.Dialect, signed *sigv4.Signed, err error) error {
	s3 := d == sigv4.S3
	switch {
	case errors.Is(err, access.ErrExpiredToken) && d == sigv4.JSON:
		return apierr.New(http.StatusBadRequest, "ExpiredTokenException", "The security token included in the request is expired")
	case (errors.Is(err, access.ErrUnknownKey) || errors.Is(err, access.ErrInvalidToken)) && d == sigv4.JSON:
		return apierr.New(http.StatusBadRequest, "UnrecognizedClientException", "The security token included in the request is invalid.")
	case errors.Is(err, access.ErrUnknownKey) && s3:
		return apierr.New(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.").
			With("AWSAccessKeyId", signed.AccessKeyID)
	case errors.Is(err, access.ErrInvalidToken) && s3:
		return apierr.New(http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.")
	case errors.Is(err, access.ErrExpiredToken) && s3:
		return apierr.New(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")
	case errors.Is(err, access.ErrUnknownKey), errors.Is(err, access.ErrInvalidToken):
		return apierr.New(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	case errors.Is(err, access.ErrExpiredToken):
		return apierr.New(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	default:
		return err
	}
}

// serviceOf returns the service that the host belongs to or, for hosts that belong to none, the one that the
// credential scope names. A request without a readable scope, or with that of a service that is not here, is
// S3's, which refuses a foreign scope; but a form that is posted to the root without a signature, or a query
// string with the version of its API, can only be meant for STS, and JSON for Organizations, unless its header
// names an operation by which people sign in. S3 Control has no scope of its own.
func (p *Pipeline) serviceOf(h *http.Request, r *sigv4.Request) Service {
	if s := p.hostOf(h.Host); s != nil {
		return s
	}
	name := sigv4.ScopeService(r)
	if s := p.services[s3Control]; s != nil && (name == "" || name == "s3") && isS3Control(h) {
		return s
	}
	if s := p.services[name]; s != nil && p.signatures.scoped(name) {
		return s
	}
	if sts := p.services["sts"]; sts != nil && name == "" && h.URL.Path == "/" && (h.Method == http.MethodPost && isForm(h) || p.asksSTS(h)) {
		return sts
	}
	if signin := p.services[signIn]; signin != nil && name == "" && p.asksSignIn(h) {
		return signin
	}
	if orgs := p.services["organizations"]; orgs != nil && name == "" && h.Method == http.MethodPost && h.URL.Path == "/" && mediaType(h) == jsonType {
		return orgs
	}
	return p.services["s3"]
}

// asksSTS reports whether the query string of an unsigned request to the root is one to STS, as AWS's examples
// of AssumeRoleWithSAML and AssumeRoleWithWebIdentity are. No request to S3 has these parameters.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func (p *Pipeline) asksSTS(h *http.Request) bool {
	if h.Method != http.MethodGet || p.namesBucket(h.Host) || !strings.Contains(h.URL.RawQuery, "Action=") {
		return false
	}
	q := h.URL.Query()
	return q.Has("Action") && q.Get("Version") == "2011-06-15"
}

// asksSignIn reports whether an unsigned request is one to sign in.
func (p *Pipeline) asksSignIn(h *http.Request) bool {
	return h.Method == http.MethodPost && h.URL.Path == "/" && mediaType(h) == jsonType && !p.namesBucket(h.Host) &&
		strings.HasPrefix(h.Header.Get("X-Amz-Target"), signInTarget)
}

// scoped reports whether a service has a credential scope of its own.
func (v *verifier) scoped(name string) bool { return name != s3Control && v.endpoints[name] != nil }

// s3Control is the name of S3 Control among the services.
const s3Control = "s3-control"

// s3Website is the name of the website endpoint among the services.
const s3Website = "s3-website"

// crossgrant is the name of the API that explains, among the services.
const crossgrant = "crossgrant"

// signIn is the name of the API by which people sign in, among the services; signInTarget begins the header that names
// its operations. Its requests are not signed.
const (
	signIn       = "signin"
	signInTarget = "Signin_"
)

// accessAnalyzer is the name of Access Analyzer among the services, which has analyzers in each region.
const accessAnalyzer = "access-analyzer"

// cloudTrail is the name of CloudTrail among the services, whose trails have their home in a region.
const cloudTrail = "cloudtrail"

// isS3 reports whether a service is S3, or one of those that are parts of it.
func isS3(name string) bool { return name == "s3" || name == s3Control || name == s3Website }

// isS3Control reports whether a request is one to S3 Control: its paths begin with the version of its API,
// and it names an account in a header. A bucket can have the name of the version, but no request to S3
// carries the header. The account's ID, which clients put in front of the host, is not looked at.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
func isS3Control(h *http.Request) bool {
	return len(h.Header.Values("x-amz-account-id")) > 0 && strings.HasPrefix(h.URL.Path, "/v20180820/")
}

// readWhole reads the body of a request of a query or JSON service, which its signature covers whole.
// Those of S3 are read as they are worked on.
func (c *Call) readWhole(d sigv4.Dialect, r *sigv4.Request) error {
	if d == sigv4.S3 {
		return nil
	}
	tooLarge := apierr.New(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is larger than %d bytes.", maxForm)
	body, err := c.ReadBody(maxForm, tooLarge)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	r.BodySHA256 = hex.EncodeToString(sum[:])
	c.Body, c.Length, c.whole = bytes.NewReader(body), int64(len(body)), body
	if d == sigv4.Query {
		return c.readForm(body)
	}
	return nil
}

// readUpload reads a browser form up to its file, if the request is one: its signature is in the fields, and
// its file becomes the payload. Nothing else in the body is covered by a hash.
func (c *Call) readUpload(service Service, r *sigv4.Request) error {
	poster, ok := service.(FormPoster)
	if !ok || !poster.PostsForm(c.HTTP) {
		return nil
	}
	if c.HTTP.ContentLength < 0 {
		return apierr.New(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	body, err := sigv4.NewBody(&sigv4.Request{ContentLength: c.HTTP.ContentLength}, nil, c.HTTP.Body)
	if err != nil {
		return err
	}
	if c.Upload, err = formdata.Read(c.HTTP.Header.Get("Content-Type"), body); err != nil {
		return err
	}
	r.Fields = c.Upload.ByName()
	c.Body, c.Length = c.Upload.File, -1
	return nil
}

// readForm reads the parameters of a query-protocol request.
func (c *Call) readForm(body []byte) (err error) {
	malformed := apierr.New(http.StatusNotFound, "MalformedQueryString", "The query string contains a syntax error")
	c.form, err = url.ParseQuery(c.HTTP.URL.RawQuery)
	if err != nil {
		return malformed
	}
	if len(body) == 0 {
		return nil
	}
	if !isForm(c.HTTP) {
		return apierr.New(http.StatusBadRequest, "ValidationError", "The body of a request must be of type %s", formType)
	}
	posted, err := url.ParseQuery(string(body))
	if err != nil {
		return malformed
	}
	for name, values := range posted {
		c.form[name] = append(c.form[name], values...)
	}
	return nil
}

// signedRequest returns what a signature is made over.
func signedRequest(h *http.Request) *sigv4.Request {
	return &sigv4.Request{
		Method:        h.Method,
		RawPath:       rawPath(h),
		RawQuery:      h.URL.RawQuery,
		Host:          h.Host,
		Header:        h.Header,
		ContentLength: h.ContentLength,
	}
}

// rawPath returns the path as it was sent. URL.EscapedPath would write an escape that it finds odd in
// another way, and the signature would no longer match.
func rawPath(h *http.Request) string {
	path, _, _ := strings.Cut(h.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		return h.URL.EscapedPath()
	}
	return path
}

// headerSize returns the size of the header section as it was sent, in bytes.
func headerSize(h *http.Request) int {
	size := len("host: ") + len(h.Host) + len("\r\n")
	for name, values := range h.Header {
		for _, value := range values {
			size += len(name) + len(": ") + len(value) + len("\r\n")
		}
	}
	return size
}

func isForm(h *http.Request) bool { return mediaType(h) == formType }

// mediaType returns the media type of a request's body, without parameters; empty if it has none that
// can be read.
func mediaType(h *http.Request) string {
	t, _, err := mime.ParseMediaType(h.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// trailer returns trailing headers under their canonical names.
func trailer(m map[string]string) http.Header {
	h := make(http.Header, len(m))
	for name, value := range m {
		h[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
	}
	return h
}
