package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"crossgrant/test/servertest"
)

// TestReadme types what the README of an example says, in a copy of its directory, and holds that it prints what is shown.
//
// Commands are the lines that are indented. What is shown of what they print is behind "# ", line by line; there, … stands for
// any text. A command fails if, and only if, that begins with "An error occurred" or says that a file is INVALID. What is not
// there yet is waited for: the commands between two blank lines are typed again.
func TestReadme(t *testing.T) {
	if !cli.endpointInConfig() {
		t.Skip("the AWS CLI does not read endpoint_url, and cannot assume roles by itself here")
	}
	t.Parallel()
	d := t.TempDir()
	dir := filepath.Join(d, "example")
	if err := os.CopyFS(dir, os.DirFS(archived)); err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, dir: dir, server: startExample(t, dir, d, "--trail-interval", "1s", "--digest-interval", "3s")}
	r.env = append(os.Environ(), "PATH="+binDir+":"+os.Getenv("PATH"), "HOME="+d, "AWS_CONFIG_FILE="+filepath.Join(d, "aws", "config"),
		"AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(d, "aws", "credentials"), "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true",
		"NO_PROXY=127.0.0.1,localhost")
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks(string(text)) {
		r.typed(b)
	}
	if r.commands < 30 {
		t.Errorf("only %d commands were found", r.commands)
	}
}

// startExample starts a server with the accounts of the example in dir, and writes the profiles below d.
func startExample(t *testing.T, dir, d string, flags ...string) *servertest.Server {
	t.Helper()
	s := &servertest.Server{
		Program: filepath.Join(binDir, "crossgrant"), Data: filepath.Join(d, "data"), Address: "127.0.0.1:0", Log: filepath.Join(d, "server.log"),
		Flags: append(flags, "--bootstrap", filepath.Join(dir, "accounts.yaml")),
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if out, err := exec.Command(s.Program, "profiles", "--data", s.Data, "--dir", filepath.Join(d, "aws")).CombinedOutput(); err != nil {
		t.Fatalf("profiles: %v\n%s", err, out)
	}
	return s
}

// command is a line to type, and what is shown below it.
type command struct {
	text  string
	shown []string
}

// blocks returns the commands of a README, those without a line between them together. The picture is no command.
func blocks(readme string) (all [][]command) {
	var block []command
	for line := range strings.Lines(readme + "\n") {
		text, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		shown, comment := strings.CutPrefix(text, "# ")
		switch {
		case indented && comment && len(block) > 0:
			last := &block[len(block)-1]
			last.shown = append(last.shown, shown)
		case indented && commandPattern.MatchString(text):
			block = append(block, command{text: text})
		case len(block) > 0:
			all, block = append(all, block), nil
		}
	}
	return all
}

var (
	commandPattern    = regexp.MustCompile(`^(aws|find|[A-Z]+=\$\(aws) `)
	assignmentPattern = regexp.MustCompile(`^([A-Z]+)=`)
)

// reader types what it reads.
type reader struct {
	t        *testing.T
	dir      string
	server   *servertest.Server
	env      []string
	commands int
}

// typed types the commands of a block, again until each prints what is shown. One that fails, or does not, against what is
// said is not typed again.
func (r *reader) typed(block []command) {
	r.t.Helper()
	r.commands += len(block)
	for late := time.Now().Add(patience); ; time.Sleep(again) {
		err := r.once(block)
		if err == nil {
			return
		}
		if !errors.As(err, new(notYet)) || time.Now().After(late) {
			r.t.Fatal(err)
		}
	}
}

// notYet says that a command printed something else than what is shown.
type notYet struct{ error }

func (r *reader) once(block []command) error {
	for _, c := range block {
		text := strings.ReplaceAll(c.text, "127.0.0.1:9000", r.server.Address)
		variable := assignmentPattern.FindStringSubmatch(text)
		if variable != nil {
			text += "; printf %s \"$" + variable[1] + "\""
		}
		shell := exec.Command("sh", "-c", text)
		shell.Dir, shell.Env = r.dir, r.env
		printed, err := shell.CombinedOutput()
		if variable != nil && err == nil {
			if value := string(printed); value == "" || value == "None" {
				return notYet{fmt.Errorf("%s is %q", c.text, value)}
			}
			r.env = append(r.env, variable[1]+"="+string(printed))
		}
		fails := strings.HasPrefix(strings.Join(c.shown, ""), "An error occurred") || strings.Contains(strings.Join(c.shown, ""), "INVALID")
		matches := c.matches(string(printed))
		switch {
		case (err != nil) != fails && (matches || err != nil):
			return fmt.Errorf("%s: %v\n%s", c.text, err, printed)
		case !matches:
			return notYet{fmt.Errorf("%s printed\n%s\nwant\n%s", c.text, printed, strings.Join(c.shown, "\n"))}
		}
	}
	return nil
}

// matches reports whether what a command printed has all that is shown, in order.
func (c *command) matches(printed string) bool {
	for _, line := range c.shown {
		pattern := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
		at := pattern.FindStringIndex(printed)
		if at == nil {
			return false
		}
		printed = printed[at[1]:]
	}
	return true
}
