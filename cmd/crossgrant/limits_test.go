package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crossgrant/internal/quotas"
)

func TestLimitFlags(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		"--max-connections=-1":            "--max-connections: -1 is not within 0 and 1000000",
		"--max-connections-per-source=-1": "--max-connections-per-source: -1 is not",
		"--max-requests=2000000":          "--max-requests: 2000000 is not",
		"--max-uploads=-5":                "--max-uploads: -5 is not",
		"--rate-per-source=-5":            "--rate-per-source: -5 is not",
		"--queue-timeout=2m":              "--queue-timeout: 2m0s is not within 0 and a minute",
		"--stall-timeout=1ms":             "--stall-timeout: 1ms is not within 100ms and an hour",
		"--min-transfer-rate=2GiB":        "--min-transfer-rate: 2147483648 is more than 1GiB",
		"--memory=1MiB":                   "--memory: 1048576 is less than 64MiB",
		"--scrub-interval=1ms":            "--scrub-interval: 1ms is not 0, or at least a second",
		"--scrub-rate=-1":                 "--scrub-rate: -1 is not within 0 and 1048576 MiB per second",
		"--scrub-rate=8796093022208":      "--scrub-rate: 8796093022208 is not within",
		"--memory=lots":                   `"lots" is not a number of bytes, such as 512MiB`,
	} {
		status, _, stderr := crossgrant(t, "serve", "--data", t.TempDir(), flag)
		if status != exitUsage || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: status %d, %s", flag, status, stderr)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags  limitFlags
		memory int64
		files  uint64
		want   string
	}{
		"a large machine":      {limitFlags{}, 24 << 30, 20_000, "10000 4096 1024 64"},
		"a container":          {limitFlags{}, 512 << 20, 1 << 20, "1024 512 128 16"},
		"few open files":       {limitFlags{}, 24 << 30, 256, "128 64 64 64"},
		"very little":          {limitFlags{}, 64 << 20, 128, "64 32 16 8"},
		"nothing is known":     {limitFlags{}, 0, 0, "4096 2048 512 64"},
		"memory is given":      {limitFlags{Memory: 1 << 30}, 24 << 30, 20_000, "2048 1024 256 32"},
		"all is given":         {limitFlags{MaxConnections: 7, MaxRequests: 6, MaxUploads: 5}, 24 << 30, 20_000, "7 6 5 64"},
		"uploads are requests": {limitFlags{MaxRequests: 6, MaxUploads: 50}, 24 << 30, 20_000, "10000 6 6 64"},
	} {
		f := c.flags.choose(c.memory, c.files)
		if got := fmt.Sprint(f.MaxConnections, f.MaxRequests, f.MaxUploads, f.documents); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestAvailableMemory(t *testing.T) {
	t.Parallel()
	const machine = "MemTotal:       1048576 kB\nMemFree:  1 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing is known": {nil, 0},
		"a machine":        {map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "max\n"}, 1 << 30},
		"a container":      {map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "67108864\n"}, 64 << 20},
		"a service": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/system.slice/crossgrant.service\n", "sys/fs/cgroup/system.slice/memory.max": "33554432\n",
			"sys/fs/cgroup/system.slice/crossgrant.service/memory.max": "max\n",
		}, 32 << 20},
		"the old control groups": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "5:memory:/docker/a\n2:cpu:/docker/b\n", "sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes": "16777216\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 16 << 20},
	} {
		root := t.TempDir()
		for path, text := range c.files {
			path = filepath.Join(root, path)
			check(t, os.MkdirAll(filepath.Dir(path), 0o700))
			check(t, os.WriteFile(path, []byte(text), 0o600))
		}
		if got := availableMemory(root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// TestRequestRateOfAccount sets the rate of an account while the server serves: it is in force for the next request, of
// every one of its principals, and for none of another account.
func TestRequestRateOfAccount(t *testing.T) {
	t.Parallel()
	s, _ := newCountingServer(t)
	s.addUsers(t, 2)
	whoami := func(c *caller) { s.query(t, c, "sts", "Action=GetCallerIdentity&Version=2011-06-15") }
	for i := range 30 {
		whoami(&s.users[i%2])
	}
	check(t, s.wired.accounts.SetQuotas(t.Context(), scaleAccount, map[string]int{quotas.RequestRate: 1, quotas.RequestBurst: 20}, nil))
	served := 0
	for i := range 60 {
		switch status, text := s.try(t, &s.users[i%2]); {
		case status == http.StatusOK:
			served++
		case status != http.StatusServiceUnavailable || !strings.Contains(text, "<Code>SlowDown</Code>"):
			t.Errorf("the answer is %d %s", status, text)
		}
	}
	if served < 20 || served == 60 {
		t.Errorf("%d of 60 were served", served)
	}
	check(t, s.wired.accounts.SetQuotas(t.Context(), scaleAccount, nil, []string{quotas.RequestRate, quotas.RequestBurst}))
	for range 30 {
		whoami(&s.users[0])
	}
}

// try asks S3 for the buckets of a caller, and returns what it says.
func (s *scaleServer) try(t *testing.T, c *caller) (status int, text string) {
	t.Helper()
	answer, err := s.Client().Do(s.signed(t, c, "s3", "GET", "/", nil, ""))
	check(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(t, err)
	return answer.StatusCode, string(body)
}
