//go:build !linux

package conns

import "net"

// queued returns how many bytes of what was written to a connection its peer has not acknowledged; ok is false: that is
// not known here.
func queued(net.Conn) (n int64, ok bool) { return 0, false }
