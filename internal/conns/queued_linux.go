package conns

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// queued returns how many bytes of what was written to a connection its peer has not acknowledged; ok is false if that
// is not known.
//
// Source: https://man7.org/linux/man-pages/man7/tcp.7.html (SIOCOUTQ)
func queued(c net.Conn) (n int64, ok bool) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, false
	}
	var size int
	var failure error
	if err := raw.Control(func(fd uintptr) { size, failure = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }); err != nil || failure != nil {
		return 0, false
	}
	return int64(size), true
}
