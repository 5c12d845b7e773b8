package sigv4

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer signs requests as a client does. It serves tests and the server's own tools.
type Signer struct {
	Dialect      Dialect // how paths are canonicalised
	AccessKeyID  string
	Secret       Secret
	SessionToken string // empty for long-term keys
	Region       string
	Service      string
}

// Sign puts an Authorization header on r, and the x-amz-* headers that it needs. It signs Host and
// all headers of r. payloadHash is the value of x-amz-content-sha256 for S3, which becomes a header,
// and the hexadecimal SHA-256 of the body for other services.
func (c *Signer) Sign(r *Request, payloadHash string, at time.Time) *Signed {
	if r.Header == nil {
		r.Header = map[string][]string{}
	}
	delete(r.Header, headerAuthorization)
	r.Header[headerDate] = []string{at.UTC().Format(dateFormat)}
	if c.Dialect == S3 {
		r.Header[headerContentSHA256] = []string{payloadHash}
	}
	if c.SessionToken != "" {
		r.Header[headerSecurityToken] = []string{c.SessionToken}
	}
	s := c.claim(FormHeader, r, payloadHash, at)
	s.Signature = c.signature(r, s)
	r.Header[headerAuthorization] = []string{algorithm + " Credential=" + c.AccessKeyID + "/" + s.Scope.String() +
		", SignedHeaders=" + strings.Join(s.SignedHeaders, ";") + ", Signature=" + s.Signature}
	return s
}

// Presign adds the parameters of a presigned URL to r.RawQuery, good for expires after at. It signs
// Host and all headers of r, which the user of the URL then has to send. payloadHash is as for Sign,
// commonly UNSIGNED-PAYLOAD for S3.
func (c *Signer) Presign(r *Request, payloadHash string, at time.Time, expires time.Duration) *Signed {
	s := c.claim(FormQuery, r, payloadHash, at)
	s.Expires = expires
	q := []string{
		paramAlgorithm, algorithm,
		paramCredential, c.AccessKeyID + "/" + s.Scope.String(),
		paramDate, at.UTC().Format(dateFormat),
		paramExpires, strconv.FormatInt(int64(expires/time.Second), 10),
		paramSignedHeaders, strings.Join(s.SignedHeaders, ";"),
	}
	if c.SessionToken != "" {
		q = append(q, paramToken, c.SessionToken)
	}
	var raw []byte
	if r.RawQuery != "" {
		raw = append([]byte(r.RawQuery), '&')
	}
	for i := 0; i < len(q); i += 2 {
		raw = append(append(raw, q[i]...), '=')
		for j := range len(q[i+1]) {
			raw = appendEncoded(raw, q[i+1][j], false)
		}
		raw = append(raw, '&')
	}
	r.RawQuery = string(raw[:len(raw)-1])
	s.Signature = c.signature(r, s)
	r.RawQuery += "&" + paramSignature + "=" + s.Signature
	return s
}

// SignForm adds the signature of a browser form to its fields, which have the policy, in base64. It overwrites
// the fields x-amz-algorithm, x-amz-credential, x-amz-date, x-amz-security-token and x-amz-signature, all of
// which but the last the policy has to allow.
func (c *Signer) SignForm(fields map[string]string, at time.Time) *Signed {
	s := c.claim(FormPost, &Request{}, "", at)
	fields[fieldAlgorithm], fields[fieldDate] = algorithm, at.UTC().Format(dateFormat)
	fields[fieldCredential] = c.AccessKeyID + "/" + s.Scope.String()
	if c.SessionToken != "" {
		fields[fieldToken] = c.SessionToken
	}
	key := deriveKey(c.Secret, s.Scope)
	sum := hmacSum(key[:], []byte(fields[fieldPolicy]))
	s.Signature = hex.EncodeToString(sum[:])
	fields[fieldSignature] = s.Signature
	return s
}

// claim returns everything about a signature but the signature.
func (c *Signer) claim(form Form, r *Request, payloadHash string, at time.Time) *Signed {
	at = at.UTC().Truncate(time.Second)
	names := []string{"host"}
	for key := range r.Header {
		names = append(names, strings.ToLower(key))
	}
	slices.Sort(names)
	return &Signed{
		Form: form, AccessKeyID: c.AccessKeyID, Date: at, SignedHeaders: slices.Compact(names),
		Scope:         Scope{at.Format("20060102"), c.Region, c.Service, terminator},
		SecurityToken: c.SessionToken, PayloadHash: payloadHash, dateSent: at.Format(dateFormat),
	}
}

func (c *Signer) signature(r *Request, s *Signed) string {
	path := pathStyle(singlePath)
	if c.Dialect != S3 {
		path = doublePath
	}
	canonical := appendCanonical(nil, r, s.Form, path, s.SignedHeaders, s.PayloadHash)
	key := deriveKey(c.Secret, s.Scope)
	sum := hmacSum(key[:], appendStringToSign(nil, s, canonical))
	return hex.EncodeToString(sum[:])
}
