package s3api

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/checksum"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/records"
)

// defaultAlgorithm is the checksum that S3 computes where the client names none.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
const defaultAlgorithm = checksum.CRC64NVME

// digest is what a request says of its payload's integrity.
type digest struct {
	md5       []byte             // Content-MD5; nil if not sent
	algorithm checksum.Algorithm // of the additional checksum; empty if none was sent
	value     []byte             // its value; nil if it comes in the trailer
	trailer   bool
}

// decodeDigest reads Content-MD5, the x-amz-checksum-* header or trailer, and the declaration that goes
// with it.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func decodeDigest(r *http.Request) (digest, error) {
	var d digest
	var err error
	if d.md5, err = contentMD5(r); err != nil {
		return d, err
	}
	for _, a := range checksum.Algorithms() {
		if !has(r, a.Header()) {
			continue
		}
		if d.algorithm != "" {
			return d, severalChecksums()
		}
		value, err := a.Decode(header(r, a.Header()))
		if err != nil {
			return d, invalidRequest("Value for %s header is invalid.", a.Header())
		}
		d.algorithm, d.value = a, value
	}
	for name := range strings.SplitSeq(header(r, "x-amz-trailer"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		a, ok := checksum.ParseHeader(name)
		if !ok {
			return d, invalidRequest("The value specified in the x-amz-trailer header is not supported")
		}
		if d.algorithm != "" {
			return d, severalChecksums()
		}
		d.algorithm, d.trailer = a, true
	}
	return d, d.checkDeclared(r)
}

// contentMD5 reads Content-MD5; nil if it was not sent.
func contentMD5(r *http.Request) ([]byte, error) {
	if !has(r, "Content-MD5") {
		return nil, nil
	}
	sum, err := base64.StdEncoding.DecodeString(header(r, "Content-MD5"))
	if err != nil || len(sum) != md5.Size {
		return nil, apierr.New(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.").
			With("Content-MD5", header(r, "Content-MD5"))
	}
	return sum, nil
}

// checkMD5 compares a payload that is held in memory with Content-MD5, if it was sent.
func checkMD5(r *http.Request, body []byte) error {
	want, err := contentMD5(r)
	if err != nil || want == nil {
		return err
	}
	if sum := md5.Sum(body); !bytes.Equal(sum[:], want) {
		return apierr.New(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.").
			With("ExpectedDigest", hex.EncodeToString(want)).
			With("CalculatedDigest", base64.StdEncoding.EncodeToString(sum[:]))
	}
	return nil
}

func severalChecksums() error {
	return invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

// checkDeclared compares the algorithm that an SDK declares with the one whose value it sends.
func (d digest) checkDeclared(r *http.Request) error {
	const name = "x-amz-sdk-checksum-algorithm"
	if !has(r, name) {
		return nil
	}
	declared, err := checksum.Parse(header(r, name))
	switch {
	case err != nil:
		return invalidRequest("Value for %s header is invalid.", name)
	case d.algorithm == "":
		return invalidRequest("%s specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.", name)
	case declared != d.algorithm:
		return invalidRequest("Value for %s header is invalid.", name)
	}
	return nil
}

// given reports whether the request carries a digest at all.
func (d digest) given() bool { return d.md5 != nil || d.algorithm != "" }

// expected returns the checksum that the payload must have, nil for none; c.Body must have been read to
// its end.
func (d digest) expected(c *httpapi.Call) ([]byte, error) {
	if !d.trailer {
		return d.value, nil
	}
	value := strings.TrimSpace(c.Trailer().Get(d.algorithm.Header()))
	if value == "" {
		return nil, apierr.New(http.StatusBadRequest, "MalformedTrailerError",
			"The request contained trailing data that was not well-formed or did not conform to our published schema.")
	}
	sum, err := d.algorithm.Decode(value)
	if err != nil {
		return nil, invalidRequest("Value for %s trailing header is invalid.", d.algorithm.Header())
	}
	return sum, nil
}

// verifying returns c.Body so that the checksum that was sent is computed of it on the side, and a function
// that compares the two once it has been read to its end; that one expects nothing else.
func (d digest) verifying(c *httpapi.Call) (body io.Reader, verify func() ([]byte, error)) {
	if d.algorithm == "" {
		return c.Body, nil
	}
	h := d.algorithm.New()
	return io.TeeReader(c.Body, h), func() ([]byte, error) {
		want, err := d.expected(c)
		if err == nil && !bytes.Equal(h.Sum(nil), want) {
			err = badChecksum(d.algorithm)
		}
		return nil, err
	}
}

func badChecksum(a checksum.Algorithm) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", a)
}

// readBody reads a payload that is held in memory, at most limit bytes of it, and verifies it. The record of the request
// has it.
func readBody(c *httpapi.Call, limit int64) ([]byte, digest, error) {
	return readWith(c, limit, c.ReadDocument)
}

// readKeys is readBody for a list of keys, which the record of the request does not have.
func readKeys(c *httpapi.Call, limit int64) ([]byte, digest, error) {
	return readWith(c, limit, c.ReadBody)
}

func readWith(c *httpapi.Call, limit int64, read func(int64, error) ([]byte, error)) ([]byte, digest, error) {
	d, err := decodeDigest(c.HTTP)
	if err != nil {
		return nil, d, err
	}
	body, err := read(limit, apierr.New(http.StatusBadRequest, "MaxMessageLengthExceeded", "Your request was too big."))
	if err != nil {
		return nil, d, err
	}
	if err := checkMD5(c.HTTP, body); err != nil {
		return nil, d, err
	}
	if d.algorithm == "" {
		return body, d, nil
	}
	want, err := d.expected(c)
	if err != nil {
		return nil, d, err
	}
	h := d.algorithm.New()
	h.Write(body)
	if !bytes.Equal(h.Sum(nil), want) {
		return nil, d, badChecksum(d.algorithm)
	}
	return body, d, nil
}

// checksumValue returns a stored checksum in its wire form, with the number of parts if it is composite.
func checksumValue(c *records.Checksum, parts int32) string {
	value := checksum.Encode(c.Value)
	if c.Composite {
		value += "-" + strconv.Itoa(int(parts))
	}
	return value
}

// checksumType returns the value of x-amz-checksum-type.
func checksumType(c *records.Checksum) string {
	if c.Composite {
		return string(checksum.Composite)
	}
	return string(checksum.FullObject)
}

// setChecksum sets the headers that tell an object's checksum, if it has one.
func setChecksum(h http.Header, c *records.Checksum, parts int32) {
	if c == nil {
		return
	}
	setHeader(h, checksum.Algorithm(c.Algorithm).Header(), checksumValue(c, parts))
	setHeader(h, "x-amz-checksum-type", checksumType(c))
}
