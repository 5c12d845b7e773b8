//go:build !amd64

package md5lanes

const fast = false

func blocks16(*state, *[lanes]*byte, int) { panic("md5lanes: there are no lanes on this processor") }
