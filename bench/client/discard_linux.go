package client

import (
	"io"
	"net"
	"syscall"
)

// drain throws bytes of a connection away in the kernel, which saves copying them.
type drain struct {
	raw  syscall.RawConn
	read func(fd uintptr) bool // made once, so that it is not allocated for each call
	want int
	got  int
	err  error
}

// open is told a connection that was opened.
func (d *drain) open(conn net.Conn) {
	d.raw = nil
	if tcp, ok := conn.(*net.TCPConn); ok {
		d.raw, _ = tcp.SyscallConn()
	}
	if d.read == nil {
		d.read = d.recv
	}
}

// discard throws up to n bytes away, n > 0, and returns how many, more than none unless there is an error.
// ok is false if it cannot.
func (d *drain) discard(n int64) (got int, ok bool, err error) {
	if d.raw == nil {
		return 0, false, nil
	}
	d.want, d.got, d.err = int(min(n, 1<<20)), 0, nil
	if err := d.raw.Read(d.read); err != nil {
		return 0, true, err
	}
	if d.got == 0 && d.err == nil {
		return 0, true, io.ErrUnexpectedEOF
	}
	return d.got, true, d.err
}

// recv is called when something is there to be read, and returns false if there was nothing after all. With
// MSG_TRUNC bytes of a TCP stream are discarded.
//
// Source: https://man7.org/linux/man-pages/man7/tcp.7.html
func (d *drain) recv(fd uintptr) bool {
	for {
		n, _, errno := syscall.Syscall6(syscall.SYS_RECVFROM, fd, 0, uintptr(d.want), syscall.MSG_TRUNC|syscall.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			d.got = int(n)
			return true
		case syscall.EAGAIN:
			return false
		case syscall.EINTR:
		default:
			d.err = errno
			return true
		}
	}
}
