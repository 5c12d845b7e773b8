package daemon

import (
	"errors"
	"fmt"
	"net"
)

// Ports returns n TCP ports of 127.0.0.1 that are free: consecutive ones from first on, or any if first is 0. They are free when this
// returns, and nothing keeps another process from taking them.
func Ports(first, n int) ([]int, error) {
	var ports []int
	var listeners []net.Listener
	var all []error
	for i := range n {
		port := 0
		if first != 0 {
			port = first + i
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			all = append(all, fmt.Errorf("a free port: %w", err))
			break
		}
		listeners = append(listeners, l)
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	for _, l := range listeners {
		all = append(all, l.Close())
	}
	return ports, errors.Join(all...)
}
