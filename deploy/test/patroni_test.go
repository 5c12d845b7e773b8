package deploy_test

import (
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestPatroniIsThatOfTheRig holds the example to the cluster whose primaries the tests kill: same times, same rules of replication.
func TestPatroniIsThatOfTheRig(t *testing.T) {
	t.Parallel()
	example := string(read(t, "patroni/patroni.yml"))
	filled := regexp.MustCompile(`<[A-Z0-9-]+>`).ReplaceAllString(example, "example")
	var config struct {
		Bootstrap struct {
			DCS struct {
				TTL          int `json:"ttl"`
				LoopWait     int `json:"loop_wait"`
				RetryTimeout int `json:"retry_timeout"`
			} `json:"dcs"`
		} `json:"bootstrap"`
	}
	if err := yaml.Unmarshal([]byte(filled), &config); err != nil {
		t.Fatal(err)
	}
	if d := config.Bootstrap.DCS; d.TTL == 0 || d.LoopWait+2*d.RetryTimeout > d.TTL {
		t.Errorf("loop_wait + 2 × retry_timeout is more than ttl: %+v", d)
	}
	rig := string(read(t, "../test/rigs/patroni/config.go"))
	for _, setting := range []string{
		"ttl", "loop_wait", "retry_timeout", "maximum_lag_on_failover", "primary_start_timeout", "synchronous_mode", "use_pg_rewind", "use_slots",
		"wal_log_hints", "synchronous_commit", "max_connections", "wal_keep_size", "tcp_user_timeout", "encoding", "locale",
		"remove_data_directory_on_rewind_failure", "remove_data_directory_on_diverged_timelines",
	} {
		pattern := regexp.MustCompile(`(?m)^[ -]*` + setting + `: (.+)$`)
		want, got := pattern.FindStringSubmatch(rig), pattern.FindStringSubmatch(example)
		if want == nil || got == nil || got[1] != want[1] {
			t.Errorf("%s is %q here and %q in the rig", setting, got, want)
		}
	}
	if !strings.Contains(example, "\n    synchronous_mode_strict: true\n") {
		t.Error("what is acknowledged while there is no standby may be lost")
	}
}
