package linear_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// network is a bridge of this machine, with a network namespace for each server. To cut a server off, its cable is taken out of
// the bridge: both sides keep their addresses, and what they send is lost.
type network struct {
	prefix string // of the names of all that is made
	host   string // address of this machine on the bridge
	subnet string // its first three numbers
}

// newNetwork makes a network, which goes with the test, or says why it cannot.
func newNetwork(t *testing.T, servers int) (made *network, why string) {
	t.Helper()
	pid := os.Getpid()
	w := &network{prefix: fmt.Sprintf("cg%d", pid%100000), subnet: fmt.Sprintf("10.213.%d", pid%250+1)}
	w.host = w.subnet + ".1"
	t.Cleanup(func() { w.remove(t, servers) })
	commands := []string{
		"link add " + w.bridge() + " type bridge",
		"addr add " + w.host + "/24 dev " + w.bridge(),
		"link set " + w.bridge() + " up",
	}
	for n := range servers {
		commands = append(commands,
			"netns add "+w.namespace(n),
			"link add "+w.cable(n)+" type veth peer name eth0 netns "+w.namespace(n),
			"-n "+w.namespace(n)+" addr add "+w.address(n)+"/24 dev eth0",
			"-n "+w.namespace(n)+" link set eth0 up",
			"-n "+w.namespace(n)+" link set lo up",
			"link set "+w.cable(n)+" master "+w.bridge()+" up",
		)
	}
	for _, c := range commands {
		if err := ip(c); err != nil {
			return nil, fmt.Sprintf("network namespaces cannot be made here: %v", err)
		}
	}
	return w, ""
}

// remove removes what there is of the network.
func (w *network) remove(t *testing.T, servers int) {
	if _, err := exec.LookPath("ip"); err != nil {
		return
	}
	names, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return // none can have been made
	}
	for n := range servers {
		if strings.Contains(string(names), w.namespace(n)) {
			check(t, ip("netns del "+w.namespace(n)))
		}
	}
	if ip("link show "+w.bridge()) == nil {
		check(t, ip("link del "+w.bridge()))
	}
}

func (w *network) bridge() string { return w.prefix + "b" }

func (w *network) cable(n int) string { return fmt.Sprintf("%sv%d", w.prefix, n) }

func (w *network) namespace(n int) string { return fmt.Sprintf("%sn%d", w.prefix, n) }

// address returns that of a server.
func (w *network) address(n int) string { return fmt.Sprintf("%s.%d", w.subnet, n+2) }

// under returns the command that runs a program in the network of a server.
func (w *network) under(n int) []string { return []string{"ip", "netns", "exec", w.namespace(n)} }

// ip runs the command ip.
func ip(args string) error {
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", args, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// noNetwork says why no server can be cut off from all others.
func (w *world) noNetwork() string { return w.isolated }

func (w *world) unplug(t *testing.T, n int) {
	check(t, ip("link set "+w.network.cable(n)+" nomaster"))
}

func (w *world) plug(t *testing.T, n int) {
	check(t, ip("link set "+w.network.cable(n)+" master "+w.network.bridge()))
}
