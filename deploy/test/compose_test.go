package deploy_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// project loads compose.yaml, with every profile, as `docker compose` does: against the schema of the specification, with variables put in.
func project(env map[string]string) (*types.Project, error) {
	dir, err := filepath.Abs("../compose")
	if err != nil {
		return nil, err
	}
	return loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir: dir, ConfigFiles: types.ToConfigFiles([]string{filepath.Join(dir, "compose.yaml")}), Environment: env,
	}, loader.WithProfiles([]string{"*"}))
}

func TestCompose(t *testing.T) {
	t.Parallel()
	if _, err := project(nil); err == nil || !strings.Contains(err.Error(), "write POSTGRES_PASSWORD") {
		t.Errorf("without a password: %v", err)
	}
	p, err := project(map[string]string{"POSTGRES_PASSWORD": "secret"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a", "b", "balancer", "blobs", "c", "credentials", "postgres", "prometheus"}
	if got := slices.Sorted(maps.Keys(p.Services)); !slices.Equal(got, want) {
		t.Errorf("the services are %q, want %q", got, want)
	}
	for name, s := range p.Services {
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s is published beyond this machine, at %v", name, port)
			}
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				if _, err := os.Stat(v.Source); err != nil {
					t.Errorf("%s mounts what is not there: %v", name, err)
				}
			}
		}
	}
}

// TestComposeServersAreAlike: they differ in their data folders, and in who writes the master key.
func TestComposeServersAreAlike(t *testing.T) {
	t.Parallel()
	p, err := project(map[string]string{"POSTGRES_PASSWORD": "secret"})
	if err != nil {
		t.Fatal(err)
	}
	first := p.Services["a"]
	for _, name := range []string{"a", "b", "c"} {
		s := p.Services[name]
		for variable, value := range first.Environment {
			if got := s.Environment[variable]; got == nil || *got != *value {
				t.Errorf("%s has another %s", name, variable)
			}
		}
		if len(s.Environment) != len(first.Environment) {
			t.Errorf("%s has other variables", name)
		}
		for _, v := range s.Volumes {
			if own := v.Source == "data-"+name; own && v.Target != "/data" || !own && v.Source != "keys" || v.Source == "keys" && v.ReadOnly == (name == "a") {
				t.Errorf("%s mounts %v", name, v)
			}
		}
		delay, err := time.ParseDuration(*s.Environment["CROSSGRANT_DRAIN_DELAY"])
		if err != nil || s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) < delay+45*time.Second {
			t.Errorf("%s has %v for its end, with a drain delay of %v: %v", name, s.StopGracePeriod, delay, err)
		}
	}
}
