// Package limits is the mechanics by which a server bounds what it works on: a gate with a fair queue before it,
// rates as token buckets, the progress that a peer has to make, and how often a line is worth logging.
//
// It knows no HTTP, no accounts and no addresses but for Source: what is limited is named by keys that its users
// choose. It reads no clock, except that a gate waits as long as it is told to, and Throughput as long as it takes.
package limits

import "net/netip"

// Source returns what counts as one source of requests: an IPv4 address, or the /64 of an IPv6 address, within which
// one subscriber can have any address. It is the zero Prefix for an address that is not known.
//
// Source: https://www.rfc-editor.org/rfc/rfc6177
func Source(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
