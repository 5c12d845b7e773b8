// Package bench has the load generator drive the real server.
package bench

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crossgrant/test/servertest"
)

// programs builds the server and the load generator.
func programs(t *testing.T) (server, generator string) {
	t.Helper()
	dir := t.TempDir()
	server, err := servertest.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	generator = filepath.Join(dir, "s3bench")
	if out, err := exec.Command("go", "build", "-o", generator, "crossgrant/bench/s3bench").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return server, generator
}

// TestLoad measures every operation briefly, in closed and open loop, on two servers, and reads what is written.
// Then it does the same at scale, and soaks.
func TestLoad(t *testing.T) {
	t.Parallel()
	server, generator := programs(t)
	scratch := t.TempDir()
	few := []string{"--scratch", scratch, "--start", "a=" + server, "--start", "b=" + server, "--sizes", "4KiB,128KiB", "--clients", "4", "--seconds", "0.05", "--rounds", "2",
		"--ops", "put,get,head,list,list-objects,list-delimiter,list-deep,mixed,delete", "--keys", "300", "--flat", "50", "--objects", "20", "--deletes", "20", "--verify"}
	for name, more := range map[string][]string{"closed": nil, "open": {"--rate", "500", "--sequential"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out := execute(t, 0, generator, append(append(few, more...), "--json", dir+"/r.json", "--svg", dir+"/r.svg")...)
			checkJSON(t, dir+"/r.json")
			checkXML(t, dir+"/r.svg")
			if !strings.Contains(out, "LIST-DEEP") || !strings.Contains(out, "on disk") {
				t.Errorf("it printed\n%s", out)
			}
		})
	}
	t.Run("scale", func(t *testing.T) {
		t.Parallel()
		out := execute(t, 0, generator, "scale", "--scratch", scratch, "--program", server, "--keys", "4400", "--few", "4000", "--seconds", "0.05", "--rounds", "1")
		if !strings.Contains(out, "after kill -9") {
			t.Errorf("it printed\n%s", out)
		}
	})
	t.Run("soak", func(t *testing.T) {
		t.Parallel()
		execute(t, 0, generator, "soak", "--scratch", scratch, "--program", server, "--minutes", "3", "--minute", "300ms", "--objects", "2", "--clients", "8",
			"--growth", "100") // a server that has just started still fills its caches
	})
}

// TestFailures holds that a request that is refused makes the exit status 1, and a wrong flag 2.
func TestFailures(t *testing.T) {
	t.Parallel()
	_, generator := programs(t)
	echo := exec.Command(generator, "echo")
	stdout, err := echo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := echo.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { echo.Process.Kill(); echo.Wait() }()
	line := make([]byte, 200)
	n, err := stdout.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	_, address, _ := strings.Cut(strings.TrimSpace(string(line[:n])), "http://")
	short := []string{"--seconds", "0.05", "--rounds", "1", "--objects", "5", "--deletes", "5", "--sizes", "4KiB", "--clients", "2"}
	bare := "echo=http://" + address + ",bare"
	execute(t, 0, generator, append(short, "--endpoint", bare, "--ops", "put,get,head,delete")...)
	// An echo server does not keep what it is given, which is seen unless it is said.
	out := execute(t, 1, generator, append(short, "--endpoint", "echo=http://"+address, "--ops", "get")...)
	if !strings.Contains(out, "not what was put") {
		t.Errorf("it printed\n%s", out)
	}
	execute(t, 0, generator, append(short, "--echo", "--ops", "put,get,head,delete")...)
	execute(t, 2, generator, append(short, "--endpoint", "echo")...)
	execute(t, 2, generator, append(short, "--endpoint", bare, "--ops", "push")...)
	execute(t, 2, generator)
}

// execute runs the load generator, checks its exit status and returns what it printed.
func execute(t *testing.T, status int, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if got != status {
		t.Fatalf("%s: exit status %d, want %d\n%s", strings.Join(args, " "), got, status, out)
	}
	return string(out)
}

// checkJSON holds that every row was done by both servers, without an error, with a cost that is known.
func checkJSON(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Lines []struct {
			Operation, Endpoint string
			Operations, Errors  uint64
			RSS                 int64
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Lines) != 2*11 {
		t.Errorf("%d lines, want two for each of eleven rows", len(report.Lines))
	}
	for _, l := range report.Lines {
		if l.Operations == 0 || l.Errors > 0 || l.RSS == 0 {
			t.Errorf("%+v", l)
		}
	}
}

// checkXML holds that a file is well-formed.
func checkXML(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
