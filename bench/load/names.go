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

// tree names keys d<limb>/e<branch>/f<leaf>/k<number>.
func tree(dst []byte, n uint64) []byte {
	dst = append(appendLeaf(dst, n/perLeaf), 'k')
	return appendDecimal(dst, n%perLeaf, 2)
}

// appendLeaf appends the prefix of a leaf.
func appendLeaf(dst []byte, leaf uint64) []byte {
	dst = append(appendLimb(dst, leaf/fork/fork), 'e')
	dst = append(appendDecimal(dst, leaf/fork%fork, 1), "/f"...)
	return append(appendDecimal(dst, leaf%fork, 1), '/')
}

// appendLimb appends the prefix of a limb.
func appendLimb(dst []byte, limb uint64) []byte {
	return append(appendDecimal(append(dst, 'd'), limb, 6), '/')
}

// branches returns how many branches the limb has if there are keys many keys.
func branches(limb, keys uint64) uint64 {
	const perBranch = perLeaf * fork
	first := limb * fork * perBranch
	return min(fork, (keys-first+perBranch-1)/perBranch)
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
