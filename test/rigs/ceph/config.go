package ceph

import (
	"crypto/rand"
	"fmt"
	"strings"

	"crossgrant/test/rigs/daemon"
)

// ports are where the cluster listens. The OSD and the manager choose theirs in a range.
type ports struct{ mon, monV1, gateway, first, last int }

// newUUID returns a random UUID. Source: RFC 9562, section 5.4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func choosePorts(first int) (ports, error) {
	// The range that Ceph uses by itself, if none is given.
	p := ports{first: 6800, last: 7568}
	if first != 0 {
		p.first, p.last = first+3, first+31
	}
	chosen, err := daemon.Ports(first, 3)
	if err == nil {
		p.mon, p.monV1, p.gateway = chosen[0], chosen[1], chosen[2]
	}
	return p, err
}

// configure writes ceph.conf, and makes the folders that it names.
func (c *Cluster) configure(o Options) (fsid string, err error) {
	if c.ports, err = choosePorts(o.FirstPort); err != nil {
		return "", err
	}
	c.Endpoint = fmt.Sprintf("http://127.0.0.1:%d", c.ports.gateway)
	block := o.Block
	if block == 0 {
		block = 64 << 30
	}
	for _, name := range []string{"run", "mgr", "osd", "rgw"} {
		if err := c.group.Mkdir(name); err != nil {
			return "", err
		}
	}
	c.group.Env = append(c.group.Env, "CEPH_CONF="+c.group.Path("ceph.conf"))
	fsid = newUUID()
	return fsid, c.group.Write("ceph.conf", configuration(c.group.Folder, fsid, c.ports, block))
}

// addresses is how the monitor is named to its clients.
func (p ports) addresses() string {
	return fmt.Sprintf("[v2:127.0.0.1:%d,v1:127.0.0.1:%d]", p.mon, p.monV1)
}

// configuration returns the text of ceph.conf. It says where things are, and that one copy is enough. Sockets for administration are
// left out because their paths may be longer than a socket's may.
func configuration(folder, fsid string, p ports, block int64) string {
	lines := []string{
		"[global]",
		"fsid = " + fsid,
		"mon initial members = a",
		"mon host = " + p.addresses(),
		"public addr = 127.0.0.1",
		"cluster addr = 127.0.0.1",
		fmt.Sprintf("ms bind port min = %d", p.first),
		fmt.Sprintf("ms bind port max = %d", p.last),
		"keyring = " + folder + "/keyring",
		"run dir = " + folder + "/run",
		"crash dir = " + folder + "/run",
		"admin socket =",
		"log file = " + folder + "/run/$name.log",
		"mon cluster log file = " + folder + "/run/cluster.log",
		"auth allow insecure global id reclaim = false",
		"mon data avail warn = 2",
		"mon data avail crit = 1",
		// One copy, and placement groups for one OSD.
		"mon allow pool size one = true",
		"mon warn on pool no redundancy = false",
		"osd pool default size = 1",
		"osd pool default min size = 1",
		"osd pool default pg num = 16",
		"osd pool default pgp num = 16",
		"osd pool default pg autoscale mode = off",
		"osd crush chooseleaf type = 0",
		"osd objectstore = bluestore",
		"bluestore block create = true",
		fmt.Sprintf("bluestore block size = %d", block),
		"[mon]",
		"mon data = " + folder + "/mon",
		"[mgr]",
		"mgr data = " + folder + "/mgr",
		"[osd]",
		"osd data = " + folder + "/osd",
		"[client.rgw]",
		fmt.Sprintf("rgw frontends = beast endpoint=127.0.0.1:%d", p.gateway),
		"rgw data = " + folder + "/rgw",
	}
	return strings.Join(lines, "\n") + "\n"
}
