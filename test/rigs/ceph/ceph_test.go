package ceph_test

import (
	"flag"
	"testing"

	"crossgrant/test/rigs/ceph"
)

var start = flag.Bool("start", false, "start the cluster, which needs Ceph's packages")

// TestStart starts a cluster, which itself puts and gets an object, and ends it.
func TestStart(t *testing.T) {
	if !*start {
		t.Skip("a cluster is started with -start, as `make test-rigs` does")
	}
	c, err := ceph.Start(t.Context(), ceph.Options{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range c.PIDs() {
		t.Logf("process %d", pid)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
