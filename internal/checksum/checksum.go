// Package checksum computes and combines the additional checksums of S3 objects.
//
// An object has at most one, of one Algorithm. Its wire form is the base64 of the digest, big-endian
// for the CRCs. The checksum of an object that was uploaded in parts is of one of two types: either
// that of the whole content (FULL_OBJECT, which CRCs can be combined to without the content), or the
// checksum of the digests of the parts, followed by their number, as "base64-N" (COMPOSITE).
//
// The package is pure: it knows no request, object or error code. It does not do Content-MD5.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
package checksum

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/minio/crc64nvme"
)

// Algorithm is a checksum algorithm, spelt as in x-amz-checksum-algorithm. A value that came from
// this package is one of the constants; the zero value means "none" and has no methods but String.
type Algorithm string

// The algorithms.
const (
	CRC32     Algorithm = "CRC32"     // ISO-HDLC, of Ethernet and zlib; 4 bytes
	CRC32C    Algorithm = "CRC32C"    // Castagnoli; 4 bytes
	CRC64NVME Algorithm = "CRC64NVME" // 8 bytes
	SHA1      Algorithm = "SHA1"      // 20 bytes
	SHA256    Algorithm = "SHA256"    // 32 bytes
)

// Type tells what a checksum of an object with parts is made over, spelt as in x-amz-checksum-type.
type Type string

// The types.
const (
	Composite  Type = "COMPOSITE"   // over the digests of the parts
	FullObject Type = "FULL_OBJECT" // over the content
)

// properties of an algorithm.
type properties struct {
	header string
	size   int // bytes of a digest
	types  []Type
	new    func() hash.Hash
	crc    *polynomial // nil unless it is a CRC
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// known has the algorithms; the first type of each is its default in a multipart upload.
var known = map[Algorithm]properties{
	CRC32:     {"x-amz-checksum-crc32", 4, []Type{Composite, FullObject}, func() hash.Hash { return crc32.NewIEEE() }, &polyCRC32},
	CRC32C:    {"x-amz-checksum-crc32c", 4, []Type{Composite, FullObject}, func() hash.Hash { return crc32.New(castagnoli) }, &polyCRC32C},
	CRC64NVME: {"x-amz-checksum-crc64nvme", 8, []Type{FullObject}, func() hash.Hash { return crc64nvme.New() }, &polyCRC64NVME},
	SHA1:      {"x-amz-checksum-sha1", 20, []Type{Composite}, sha1.New, nil},
	SHA256:    {"x-amz-checksum-sha256", 32, []Type{Composite}, sha256.New, nil},
}

// Algorithms returns all algorithms, in the order in which S3 lists them.
func Algorithms() []Algorithm { return []Algorithm{CRC32, CRC32C, CRC64NVME, SHA1, SHA256} }

// Parse returns the algorithm that a value of x-amz-checksum-algorithm or
// x-amz-sdk-checksum-algorithm names. Names are matched without case, because SDKs send both.
func Parse(name string) (Algorithm, error) {
	a := Algorithm(strings.ToUpper(name))
	if _, ok := known[a]; !ok {
		return "", fmt.Errorf("unknown checksum algorithm %q", name)
	}
	return a, nil
}

// ParseHeader returns the algorithm whose value travels in the header with this name, of any case,
// and whether there is one. Other x-amz-checksum-* headers, such as x-amz-checksum-type, have none.
func ParseHeader(name string) (Algorithm, bool) {
	for a, p := range known {
		if strings.EqualFold(name, p.header) {
			return a, true
		}
	}
	return "", false
}

// Header returns the name of the header or trailer that carries a value, in lower case, such as
// "x-amz-checksum-crc32".
func (a Algorithm) Header() string { return known[a].header }

// Size returns the length of a digest in bytes.
func (a Algorithm) Size() int { return known[a].size }

// New returns a hash whose Sum is the digest in wire order.
func (a Algorithm) New() hash.Hash { return known[a].new() }

// DefaultType returns the type of a multipart upload that names none: FULL_OBJECT for CRC64NVME,
// COMPOSITE for the others.
func (a Algorithm) DefaultType() Type { return known[a].types[0] }

// Supports reports whether a multipart upload may be of this type: the SHAs are COMPOSITE only, as
// they cannot be combined, and CRC64NVME is FULL_OBJECT only.
func (a Algorithm) Supports(t Type) bool {
	return slices.Contains(known[a].types, t)
}

// ParseType returns the type that a value of x-amz-checksum-type names, in upper case.
func ParseType(name string) (Type, error) {
	if t := Type(name); t == Composite || t == FullObject {
		return t, nil
	}
	return "", fmt.Errorf("unknown checksum type %q", name)
}

// Encode returns the wire form of a digest.
func Encode(digest []byte) string { return base64.StdEncoding.EncodeToString(digest) }

// Decode returns the digest that a value of a's header stands for, or an error if it is not the
// padded standard base64 of a.Size bytes, or not the only spelling of them.
func (a Algorithm) Decode(value string) ([]byte, error) {
	digest, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil || strings.ContainsAny(value, "\r\n") {
		return nil, fmt.Errorf("%s value %q is not base64", a, value)
	}
	if len(digest) != a.Size() {
		return nil, fmt.Errorf("%s value %q has %d bytes, not %d", a, value, len(digest), a.Size())
	}
	return digest, nil
}
