package ceph

import (
	"context"
	"time"

	"crossgrant/test/rigs/s3client"
)

// connect is how long a command may take to reach the monitor.
const connect = "--connect-timeout=30"

// makeKeys makes a key for each part of the cluster.
func (c *Cluster) makeKeys(ctx context.Context) error {
	keyring := c.group.Path("keyring")
	for _, args := range [][]string{
		{"--create-keyring", "--name", "mon.", "--cap", "mon", "allow *"},
		{"--name", "client.admin", "--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"},
		{"--name", "mgr.a", "--cap", "mon", "allow profile mgr", "--cap", "osd", "allow *"},
		{"--name", "osd.0", "--cap", "mon", "allow profile osd", "--cap", "mgr", "allow profile osd", "--cap", "osd", "allow *"},
		{"--name", "client.rgw", "--cap", "mon", "allow rw", "--cap", "mgr", "allow rw", "--cap", "osd", "allow rwx"},
	} {
		if _, err := c.group.Run(ctx, append([]string{"ceph-authtool", keyring, "--gen-key"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}

// startDaemon starts one of Ceph's programs in the foreground.
func (c *Cluster) startDaemon(name, program string, args ...string) error {
	_, err := c.group.Start(name, append([]string{program, "--foreground"}, args...)...)
	return err
}

func (c *Cluster) startMonitor(ctx context.Context, fsid string) error {
	monmap := c.group.Path("monmap")
	if _, err := c.group.Run(ctx, "monmaptool", "--create", "--fsid", fsid, "--addv", "a", c.ports.addresses(), monmap); err != nil {
		return err
	}
	if _, err := c.group.Run(ctx, "ceph-mon", "--mkfs", "--id", "a", "--monmap", monmap, "--keyring", c.group.Path("keyring")); err != nil {
		return err
	}
	if err := c.startDaemon("mon", "ceph-mon", "--id", "a"); err != nil {
		return err
	}
	_, err := c.group.Run(ctx, "ceph", connect, "mon", "stat")
	return err
}

func (c *Cluster) startOSD(ctx context.Context) error {
	id := newUUID()
	if _, err := c.group.Run(ctx, "ceph", connect, "osd", "new", id); err != nil {
		return err
	}
	if _, err := c.group.Run(ctx, "ceph-osd", "--id", "0", "--mkfs", "--osd-uuid", id); err != nil {
		return err
	}
	return c.startDaemon("osd", "ceph-osd", "--id", "0")
}

func (c *Cluster) startGateway(ctx context.Context) error {
	// This makes the gateway's pools as well, so that the gateway finds them.
	if _, err := c.group.Run(ctx, "radosgw-admin", "user", "create", "--uid=crossgrant", "--display-name=crossgrant",
		"--access-key="+c.AccessKeyID, "--secret-key="+c.SecretAccessKey); err != nil {
		return err
	}
	return c.startDaemon("rgw", "radosgw", "--name", "client.rgw")
}

// checkGateway waits until the gateway takes objects.
func (c *Cluster) checkGateway(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	all := c.group.Processes()
	client := s3client.New(c.Endpoint, c.AccessKeyID, c.SecretAccessKey)
	return all[len(all)-1].WaitFor(ctx, func(ctx context.Context) error { return s3client.Try(ctx, client, c.Bucket) })
}
