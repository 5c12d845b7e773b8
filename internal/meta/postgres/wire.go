package postgres

import (
	"encoding/binary"
	"strconv"
	"time"
)

// Types of parameters, as the protocol numbers them.
const (
	oidBytea  = 17
	oidBigint = 20
)

// Formats of parameters and results.
const (
	textForm   int16 = 0
	binaryForm int16 = 1
)

// param is a parameter of a statement in the form that the protocol has for it.
type param struct {
	format int16
	bytes  []byte
}

// blob is a parameter of type bytea; never NULL.
func blob(b []byte) param {
	if b == nil {
		b = []byte{}
	}
	return param{binaryForm, b}
}

// number is a parameter of type bigint.
func number(n int64) param { return param{textForm, strconv.AppendInt(nil, n, 10)} }

// moment is a parameter of type timestamptz.
func moment(t time.Time) param {
	return param{textForm, t.UTC().AppendFormat(nil, "2006-01-02 15:04:05.999999Z07:00")}
}

// blobs is a parameter of type bytea[].
func blobs(items [][]byte) param {
	size := 20
	for _, item := range items {
		size += 4 + len(item)
	}
	b := array(make([]byte, 0, size), oidBytea, len(items))
	for _, item := range items {
		b = binary.BigEndian.AppendUint32(b, uint32(len(item)))
		b = append(b, item...)
	}
	return param{binaryForm, b}
}

// numbers is a parameter of type bigint[].
func numbers(items []int64) param {
	b := array(make([]byte, 0, 20+12*len(items)), oidBigint, len(items))
	for _, item := range items {
		b = binary.BigEndian.AppendUint32(b, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(item))
	}
	return param{binaryForm, b}
}

// array appends the head of an array without NULLs: dimensions, whether there are NULLs, the type, and for each dimension
// its length and its first index. An empty array has no dimension.
func array(b []byte, oid uint32, n int) []byte {
	dimensions := uint32(1)
	if n == 0 {
		dimensions = 0
	}
	for _, word := range []uint32{dimensions, 0, oid} {
		b = binary.BigEndian.AppendUint32(b, word)
	}
	if n == 0 {
		return b
	}
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return binary.BigEndian.AppendUint32(b, 1)
}
