// Package cluster_test runs the tests of other packages, unchanged, on three servers over PostgreSQL and a networked blob
// store, behind a proxy that sends each request to one of them at random. Where they start a server, servertest starts these.
//
//	go test ./test/cluster          a few stories
//	go test ./test/cluster -all     everything, but for what is listed, with the reason, in suites_test.go
//
// TestCutOff holds what a server answers that cannot reach PostgreSQL.
package cluster_test

import (
	"cmp"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crossgrant/test/backing"
	"crossgrant/test/servertest"
)

var (
	all  = flag.Bool("all", false, "run everything")
	only = flag.String("only", "", "run only the packages whose path contains this")
	logs = flag.String("logs", filepath.Join(os.TempDir(), "crossgrant-cluster"), "folder that servers log to; it goes if all is well")
	some = flag.String("some", "", "run only the tests of these packages that match, as go test -run")
)

// servers is how many servers are behind each proxy.
const servers = 3

// program is the executable, which TestMain builds.
var program string

func TestMain(m *testing.M) { servertest.Main(m, &program) }

// TestSuites runs the suites.
func TestSuites(t *testing.T) {
	if err := os.MkdirAll(*logs, 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(*logs, "run")
	if err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), backing.Start(t, program).Backend.Environment(servers, dir)...)
	defer func() {
		if t.Failed() {
			t.Log("the servers have logged to", dir)
		} else if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}()
	for _, a := range away {
		if *all {
			t.Logf("NOT RUN on %d servers: %s", servers, strings.TrimSpace(a.path+" "+a.test)+": "+a.reason)
		}
	}
	for _, s := range suites {
		if !*all && s.short == "" || !strings.Contains(s.path, *only) {
			continue
		}
		t.Run(filepath.Base(s.path), func(t *testing.T) {
			args := []string{"test", "-count", "1", "-timeout", "60m", "-skip", cmp.Or(skipped(s.path), "^$")}
			switch {
			case *some != "":
				args = append(args, "-v", "-run", *some)
			case !*all:
				args = append(args, "-run", s.short)
			}
			run := exec.Command("go", append(args, s.path)...)
			run.Dir, run.Env, run.Stdout, run.Stderr = "../..", environment, os.Stdout, os.Stderr
			if err := run.Run(); err != nil {
				t.Errorf("go %s: %v", strings.Join(append(args, s.path), " "), err)
			}
		})
	}
}

// skipped returns the tests of a package that are not run, as a flag of go test.
func skipped(path string) string {
	var tests []string
	for _, a := range away {
		if a.path == path && a.test != "" {
			tests = append(tests, a.test)
		}
	}
	return strings.Join(tests, "|")
}

// TestListed holds that no package below test is forgotten.
func TestListed(t *testing.T) {
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") || entry.IsDir() {
			if entry != nil && entry.IsDir() && entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		}
		dir := "./test/" + filepath.Base(filepath.Dir(path))
		runs := slices.ContainsFunc(suites, func(s suite) bool { return s.path == dir })
		for _, a := range away {
			runs = runs || a.path == dir && a.test == ""
		}
		if !runs {
			t.Errorf("%s is neither run on several servers, nor is there a reason: list it in suites_test.go", dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
