package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
)

// payloadKind is how the body of a request is sent and covered by its signature.
type payloadKind int

const (
	payloadUnsigned      payloadKind = iota // UNSIGNED-PAYLOAD
	payloadHashed                           // a SHA-256 of the whole body
	payloadChunks                           // aws-chunked, each chunk signed
	payloadChunksTrailer                    // the same with a signed trailer
	payloadTrailer                          // aws-chunked, not signed, with a trailer
)

const unsignedPayload = "UNSIGNED-PAYLOAD"

var payloadKinds = map[string]payloadKind{
	unsignedPayload:                              payloadUnsigned,
	"STREAMING-AWS4-HMAC-SHA256-PAYLOAD":         payloadChunks,
	"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": payloadChunksTrailer,
	"STREAMING-UNSIGNED-PAYLOAD-TRAILER":         payloadTrailer,
}

func (k payloadKind) chunked() bool  { return k >= payloadChunks }
func (k payloadKind) signed() bool   { return k == payloadChunks || k == payloadChunksTrailer }
func (k payloadKind) trailers() bool { return k >= payloadChunksTrailer }

// payloadKindOf reads a value of x-amz-content-sha256.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
func payloadKindOf(value string) (payloadKind, error) {
	if kind, ok := payloadKinds[value]; ok {
		return kind, nil
	}
	if isSHA256(value) {
		return payloadHashed, nil
	}
	switch value {
	case "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER":
		return 0, apierr.NotImplemented(value)
	}
	return 0, invalidArgument("x-amz-content-sha256", value, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "+
		"STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "+
		"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.")
}

// Body is the content of an S3 request: decoded from aws-chunked if it was sent so, and verified
// against the signature while it is read. It is not safe for concurrent use.
type Body struct {
	r       io.Reader
	chunks  *chunkReader // nil unless aws-chunked
	size    int64
	chunked bool
}

// Read reads content. It returns io.EOF only if the whole body was there and everything that the
// signature covers was verified: until then what was read is not to be trusted, and a caller that
// stores it must discard it on any other error. Every error is final.
//
// Errors are of S3: XAmzContentSHA256Mismatch, SignatureDoesNotMatch, IncompleteBody,
// InvalidChunkSizeError, MalformedTrailerError; or wrap the error of the reader below.
func (b *Body) Read(p []byte) (int, error) { return b.r.Read(p) }

// Size returns the length of the content in bytes, as the request declares it, or -1 if it does not.
// A body that was read to io.EOF had this length if it came in aws-chunked.
func (b *Body) Size() int64 { return b.size }

// Chunked reports whether the body was sent in aws-chunked, which is then no part of the object's
// Content-Encoding.
func (b *Body) Chunked() bool { return b.chunked }

// Trailer returns the trailing headers, by lower-case name. They are exactly those that the request
// announced in x-amz-trailer. It is nil until Read has returned io.EOF, and if none were sent.
func (b *Body) Trailer() map[string]string {
	if b.chunks == nil {
		return nil
	}
	return b.chunks.trailer
}

// NewBody returns the content of an S3 request whose body is raw. v is nil for an anonymous request,
// whose body cannot be in signed chunks. The caller still closes what raw reads from.
//
// Errors: MissingContentLength for aws-chunked without x-amz-decoded-content-length,
// MalformedTrailerError for x-amz-trailer with a body that has none, InvalidArgument or
// NotImplemented for an x-amz-content-sha256 that cannot be served.
func NewBody(r *Request, v *Verified, raw io.Reader) (*Body, error) {
	hash, kind, err := payloadOf(r, v)
	if err != nil {
		return nil, err
	}
	announced, hasTrailer := r.header(headerTrailer)
	if hasTrailer && !kind.trailers() {
		return nil, malformedTrailer()
	}
	if kind.chunked() {
		size, err := decodedLength(r)
		if err != nil {
			return nil, err
		}
		chunks := newChunkReader(raw, kind, v, size, announced)
		return &Body{r: chunks, chunks: chunks, size: size, chunked: true}, nil
	}
	b := &Body{r: plainReader{raw}, size: max(r.ContentLength, -1)}
	if kind == payloadHashed {
		b.r = &hashReader{r: b.r, hash: sha256.New(), want: strings.ToLower(hash)}
	}
	return b, nil
}

// payloadOf says how the body of r was sent.
func payloadOf(r *Request, v *Verified) (string, payloadKind, error) {
	if v != nil {
		kind, err := payloadKindOf(v.Signed.PayloadHash)
		return v.Signed.PayloadHash, kind, err
	}
	hash, ok := r.header(headerContentSHA256)
	if !ok {
		// SDKs that send anonymous requests leave the header out and still chunk the body.
		encoding, _ := r.header("Content-Encoding")
		if _, decoded := r.header(headerDecodedLength); decoded && hasCoding(encoding, "aws-chunked") {
			return "", payloadTrailer, nil
		}
		return "", payloadUnsigned, nil
	}
	kind, err := payloadKindOf(hash)
	if err == nil && kind.signed() {
		err = invalidArgument("x-amz-content-sha256", hash, "Signed chunks need a signed request.")
	}
	return hash, kind, err
}

// hasCoding reports whether a Content-Encoding lists coding.
func hasCoding(encoding, coding string) bool {
	for c := range strings.SplitSeq(encoding, ",") {
		if strings.EqualFold(strings.TrimSpace(c), coding) {
			return true
		}
	}
	return false
}

// decodedLength reads x-amz-decoded-content-length: decimal digits.
func decodedLength(r *Request) (int64, error) {
	value, ok := r.header(headerDecodedLength)
	n, err := strconv.ParseUint(value, 10, 63)
	if !ok || err != nil {
		return 0, apierr.New(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	return int64(n), nil
}

// plainReader names the fault of a body that is shorter than its Content-Length.
type plainReader struct{ r io.Reader }

func (p plainReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err == io.ErrUnexpectedEOF {
		err = incompleteBody()
	}
	return n, err
}

// hashReader compares the SHA-256 of what it reads at the end.
type hashReader struct {
	r    io.Reader
	hash hash.Hash
	want string // 64 lower-case hexadecimal digits
	err  error  // final
}

func (h *hashReader) Read(p []byte) (int, error) {
	if h.err != nil {
		return 0, h.err
	}
	n, err := h.r.Read(p)
	h.hash.Write(p[:n])
	if err == io.EOF {
		if got := hex.EncodeToString(h.hash.Sum(nil)); got != h.want {
			err = apierr.New(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.").
				With("ClientComputedContentSHA256", h.want).
				With("S3ComputedContentSHA256", got)
		}
	}
	h.err = err
	return n, err
}

func incompleteBody() error {
	return apierr.New(400, "IncompleteBody", "The request body terminated unexpectedly")
}

func malformedTrailer() error {
	return apierr.New(400, "MalformedTrailerError",
		"The request contained trailing data that was not well-formed or did not conform to our published schema.")
}
