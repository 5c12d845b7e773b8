package load

import "strconv"

// names gives keys to numbers. Keys have letters, digits, "-" and "/" only, so that they need no encoding in
// a path.
type names func(dst []byte, n uint64) []byte

// spread names keys below a prefix in an order that has nothing to do with their numbers.
func spread(prefix string) names {
	return func(dst []byte, n uint64) []byte { return appendHex(append(dst, prefix...), mix(n)) }
}

// sequential names keys below a prefix in the order of their numbers.
func sequential(prefix string) names {
	return func(dst []byte, n uint64) []byte { return appendDecimal(append(dst, prefix...), n, 12) }
}

// The tree that deep listings are asked of: leaves of 100 keys, ten to a branch, ten branches to a limb.
const (
	perLeaf = 100
	fork    = 10
)

// tree is how many keys one has, whole leaves: t<tree>/d<limb>/e<branch>/f<leaf>/k<number>. Trees of different
// sizes, which a bucket may have from former runs, lie beside each other.
type tree uint64

// name names keys.
func (t tree) name(dst []byte, n uint64) []byte {
	dst = append(t.appendLeaf(dst, n/perLeaf), 'k')
	return appendDecimal(dst, n%perLeaf, 2)
}

// appendLeaf appends the prefix of a leaf.
func (t tree) appendLeaf(dst []byte, leaf uint64) []byte {
	dst = append(t.appendLimb(dst, leaf/fork/fork), 'e')
	dst = append(appendDecimal(dst, leaf/fork%fork, 1), "/f"...)
	return append(appendDecimal(dst, leaf%fork, 1), '/')
}

// appendLimb appends the prefix of a limb.
func (t tree) appendLimb(dst []byte, limb uint64) []byte {
	dst = append(appendDecimal(append(dst, 't'), uint64(t), 1), "/d"...)
	return append(appendDecimal(dst, limb, 6), '/')
}

// The keys of a branch and of a limb that are full.
const (
	perBranch = perLeaf * fork
	perLimb   = perBranch * fork
)

// limbs returns how many there are.
func (t tree) limbs() uint64 { return (uint64(t) + perLimb - 1) / perLimb }

// branches returns how many branches a limb has.
func (t tree) branches(limb uint64) uint64 {
	return min(fork, (uint64(t)-limb*perLimb+perBranch-1)/perBranch)
}

func appendHex(dst []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&15])
	}
	return dst
}

// appendDecimal appends n with at least width digits.
func appendDecimal(dst []byte, n uint64, width int) []byte {
	var array [20]byte
	text := strconv.AppendUint(array[:0], n, 10)
	for range width - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

// appendEscaped appends a value of a query, encoded as Signature Version 4 asks: of what keys have, that is
// the slash.
func appendEscaped(dst, value []byte) []byte {
	for _, c := range value {
		if c == '/' {
			dst = append(dst, "%2F"...)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}
