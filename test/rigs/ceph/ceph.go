// Package ceph brings up a cluster of Ceph on this machine, as Debian packages it, for tests and benchmarks: a monitor, a manager, one
// OSD and the gateway that speaks S3, all on loopback. What the gateway acknowledges is on the disk: the OSD is BlueStore on a sparse
// file. Objects have one copy. All other settings are those that Ceph has by itself.
//
// It needs the packages ceph-mon, ceph-mgr, ceph-osd, radosgw and ceph-common, and runs as root or not.
//
// Source: https://docs.ceph.com/en/pacific/install/manual-deployment/
package ceph

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"crossgrant/test/rigs/daemon"
)

// Options say where a cluster runs.
type Options struct {
	Folder    string // in which it makes a folder of its own; empty for that of temporary files. Its file system has to take O_DIRECT.
	FirstPort int    // the first of 32 ports of which the cluster takes some; 0 for free ones
	Block     int64  // size in bytes of the sparse file; 0 for 64 GiB
}

// Cluster is a cluster that runs.
type Cluster struct {
	Endpoint                     string // http://127.0.0.1:PORT
	AccessKeyID, SecretAccessKey string // of a user of the gateway
	Bucket                       string // one that is there, empty

	group *daemon.Group
	ports ports
}

// Start starts a cluster and returns when the gateway has taken an object and given it back.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	group, err := daemon.NewGroup(o.Folder, "ceph", nil)
	if err != nil {
		return nil, err
	}
	c := &Cluster{group: group, AccessKeyID: rand.Text(), SecretAccessKey: rand.Text(), Bucket: "blobs"}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close ends the cluster and removes what it has kept.
func (c *Cluster) Close() error {
	// A monitor or manager that goes before the OSD would have it wait.
	c.group.End()
	return c.group.Remove()
}

// Folder is where the cluster keeps everything, its logs as well.
func (c *Cluster) Folder() string { return c.group.Folder }

// PIDs returns the IDs of its processes.
func (c *Cluster) PIDs() []int {
	var all []int
	for _, p := range c.group.Processes() {
		all = append(all, p.PID())
	}
	return all
}

func (c *Cluster) start(ctx context.Context, o Options) error {
	fsid, err := c.configure(o)
	if err != nil {
		return err
	}
	steps := []struct {
		name string
		run  func(context.Context) error
	}{
		{"make the keys", c.makeKeys},
		{"start the monitor", func(ctx context.Context) error { return c.startMonitor(ctx, fsid) }},
		{"start the manager", func(context.Context) error { return c.startDaemon("mgr", "ceph-mgr", "--id", "a") }},
		{"start the OSD", c.startOSD},
		{"start the gateway", c.startGateway},
		{"ask the gateway", c.checkGateway},
	}
	for _, step := range steps {
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("ceph: %s: %w", step.name, err)
		}
	}
	return nil
}
