// Package sign writes the heads of S3 requests, signed with Signature Version 4, at the least cost.
//
// It differs from internal/sigv4, whose Signer serves any request: a Signer of this package knows the host,
// the key and the shape of the requests beforehand, signs host, x-amz-content-sha256 and x-amz-date only,
// keeps the signing key and the text of the date, and allocates nothing for each request. Two SHA-256 and an
// HMAC remain, of about 350 bytes together. A test holds that both sign alike.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"time"
)

// Identity is who signs, where. Without an AccessKeyID requests are not signed.
type Identity struct {
	AccessKeyID     string
	SecretAccessKey string
	Region          string
	Host            string // of the Host header: host:port
}

// EmptyHash is the payload hash of requests without a body.
const EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// PayloadHash returns the payload hash of body, in lower-case hexadecimal digits.
func PayloadHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// Request is what varies between requests. Path and Query are sent as they are and have to be in their
// canonical form: encoded as Signature Version 4 asks, the parameters sorted.
type Request struct {
	Method      string
	Path        []byte
	Query       []byte // without the question mark; nil for none
	PayloadHash string
	Length      int // of the body; sent for PUT only, as GET, HEAD and DELETE have none
}

// Signer signs for one identity. It is for one goroutine.
type Signer struct {
	id     Identity
	second int64  // Unix time that date is of
	date   []byte // yyyymmddThhmmssZ
	scope  []byte // yyyymmdd/region/s3/aws4_request
	mac    hash.Hash
	digest hash.Hash
	text   []byte // canonical request, then string to sign
	sum    [sha256.Size]byte
	hex    [2 * sha256.Size]byte
}

// New returns a signer for id.
func New(id Identity) *Signer {
	return &Signer{id: id, second: -1, digest: sha256.New()}
}

// Append appends the head of a request, up to and with the empty line, to dst.
func (s *Signer) Append(dst []byte, r *Request, at time.Time) []byte {
	dst = append(append(append(dst, r.Method...), ' '), r.Path...)
	if len(r.Query) > 0 {
		dst = append(append(dst, '?'), r.Query...)
	}
	dst = append(append(dst, " HTTP/1.1\r\nHost: "...), s.id.Host...)
	if s.id.AccessKeyID != "" {
		dst = s.appendSignature(dst, r, at)
	}
	if r.Method == "PUT" {
		dst = strconv.AppendInt(append(dst, "\r\nContent-Length: "...), int64(r.Length), 10)
	}
	return append(dst, "\r\n\r\n"...)
}

const signedHeaders = "host;x-amz-content-sha256;x-amz-date"

// appendSignature appends the headers of a signed request.
func (s *Signer) appendSignature(dst []byte, r *Request, at time.Time) []byte {
	s.setTime(at)
	s.sign(r)
	dst = append(append(dst, "\r\nX-Amz-Content-Sha256: "...), r.PayloadHash...)
	dst = append(append(dst, "\r\nX-Amz-Date: "...), s.date...)
	dst = append(append(dst, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential="...), s.id.AccessKeyID...)
	dst = append(append(dst, '/'), s.scope...)
	dst = append(dst, ", SignedHeaders="+signedHeaders+", Signature="...)
	return append(dst, s.hex[:]...)
}

// sign leaves the signature of r in s.hex.
func (s *Signer) sign(r *Request) {
	s.hash(s.canonical(r))
	t := append(append(s.text[:0], "AWS4-HMAC-SHA256\n"...), s.date...)
	t = append(append(append(t, '\n'), s.scope...), '\n')
	s.text = append(t, s.hex[:]...)
	s.mac.Reset()
	s.mac.Write(s.text)
	hex.Encode(s.hex[:], s.mac.Sum(s.sum[:0]))
}

// canonical returns the canonical request, in s.text.
func (s *Signer) canonical(r *Request) []byte {
	t := append(append(append(s.text[:0], r.Method...), '\n'), r.Path...)
	t = append(append(t, '\n'), r.Query...)
	t = append(append(t, "\nhost:"...), s.id.Host...)
	t = append(append(t, "\nx-amz-content-sha256:"...), r.PayloadHash...)
	t = append(append(t, "\nx-amz-date:"...), s.date...)
	s.text = append(append(t, "\n\n"+signedHeaders+"\n"...), r.PayloadHash...)
	return s.text
}

// hash leaves the SHA-256 of text in s.hex.
func (s *Signer) hash(text []byte) {
	s.digest.Reset()
	s.digest.Write(text)
	hex.Encode(s.hex[:], s.digest.Sum(s.sum[:0]))
}

// setTime sets the date, and on a new day the scope and its key.
func (s *Signer) setTime(at time.Time) {
	if at.Unix() == s.second {
		return
	}
	day := string(s.date[:min(8, len(s.date))])
	s.second = at.Unix()
	s.date = at.UTC().AppendFormat(s.date[:0], "20060102T150405Z")
	if day == string(s.date[:8]) {
		return
	}
	day = string(s.date[:8])
	s.scope = append(s.scope[:0], day+"/"+s.id.Region+"/s3/aws4_request"...)
	key := []byte("AWS4" + s.id.SecretAccessKey)
	for _, part := range []string{day, s.id.Region, "s3", "aws4_request"} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	s.mac = hmac.New(sha256.New, key)
}
