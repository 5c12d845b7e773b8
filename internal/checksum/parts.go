package checksum

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Part is what the checksum of an object is made from for one of its parts.
type Part struct {
	Digest []byte // Algorithm.Size bytes
	Size   int64  // bytes of content, not negative
}

// maxParts is the largest number of parts of an upload.
const maxParts = 10000

// CompositeOf returns the COMPOSITE checksum of an object with these parts, in order: the base64 of
// the digest of their digests, "-", and their number. Sizes do not matter.
//
// Errors: no parts, or a digest of another length than a's.
func (a Algorithm) CompositeOf(parts []Part) (string, error) {
	if err := a.validate(parts); err != nil {
		return "", err
	}
	h := a.New()
	for _, p := range parts {
		h.Write(p.Digest)
	}
	return Encode(h.Sum(nil)) + "-" + strconv.Itoa(len(parts)), nil
}

// FullObjectOf returns the digest of the whole content of an object from those of its parts, in
// order. It does not need the content.
//
// Errors: a is no CRC, no parts, a negative size, or a digest of another length than a's.
func (a Algorithm) FullObjectOf(parts []Part) ([]byte, error) {
	poly := known[a].crc
	if poly == nil {
		return nil, fmt.Errorf("checksums of %s cannot be combined", a)
	}
	if err := a.validate(parts); err != nil {
		return nil, err
	}
	crc := loadCRC(parts[0].Digest)
	size, shift := int64(-1), uint64(0) // most parts have the size of the one before
	for _, p := range parts[1:] {
		if p.Size != size {
			size, shift = p.Size, poly.power(uint64(p.Size))
		}
		crc = poly.combine(crc, loadCRC(p.Digest), shift)
	}
	out := binary.BigEndian.AppendUint64(nil, crc)
	return out[8-a.Size():], nil
}

func (a Algorithm) validate(parts []Part) error {
	if len(parts) == 0 {
		return fmt.Errorf("%s of an object without parts", a)
	}
	for i, p := range parts {
		if len(p.Digest) != a.Size() || p.Size < 0 {
			return fmt.Errorf("part %d has a %s of %d bytes and a size of %d", i+1, a, len(p.Digest), p.Size)
		}
	}
	return nil
}

// DecodeComposite splits a COMPOSITE value "base64-N" into its digest and the number of parts, from
// 1 to 10000.
func (a Algorithm) DecodeComposite(value string) (digest []byte, parts int, err error) {
	i := strings.LastIndexByte(value, '-') // not a letter of standard base64
	if i < 0 {
		return nil, 0, fmt.Errorf("%s value %q has no number of parts", a, value)
	}
	if digest, err = a.Decode(value[:i]); err != nil {
		return nil, 0, err
	}
	n := value[i+1:]
	parts, err = strconv.Atoi(n)
	if err != nil || parts < 1 || parts > maxParts || strconv.Itoa(parts) != n {
		return nil, 0, fmt.Errorf("%s value %q is not of 1 to %d parts", a, value, maxParts)
	}
	return digest, parts, nil
}

// loadCRC reads a big-endian number of 4 or 8 bytes.
func loadCRC(digest []byte) uint64 {
	var crc uint64
	for _, b := range digest {
		crc = crc<<8 | uint64(b)
	}
	return crc
}
