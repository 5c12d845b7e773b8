package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// suiteFiles are the files of the suite whose tests are run.
var suiteFiles = []string{"s3tests/functional/test_s3.py", "s3tests/functional/test_headers.py"}

// Which tests are run, and which count apart, by the suite's own marks.
const (
	runMarks = "not fails_on_aws and not auth_aws2"
	oldMarks = "not fails_on_aws and auth_aws2"
)

// Exit statuses of pytest.
//
// Source: https://docs.pytest.org/en/stable/reference/exit-codes.html
const (
	someFailed  = 1
	noneMatched = 5
)

// suite is one run of the suite.
type suite struct {
	options
	dir string // for what is written, and with the configuration of each worker
}

// collect returns the names of the tests that use Signature Version 2.
func (s *suite) collect(ctx context.Context) ([]string, error) {
	var out bytes.Buffer
	if err := s.pytest(ctx, &out, noneMatched, "--collect-only", "-m", oldMarks); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out.Bytes())
	}
	var names []string
	for line := range strings.Lines(out.String()) {
		if _, name, found := strings.Cut(strings.TrimSpace(line), ".py::"); found {
			names = append(names, name)
		}
	}
	return names, nil
}

// run runs the tests, shows what pytest says, and returns what came of them.
func (s *suite) run(ctx context.Context) (*report, error) {
	results := filepath.Join(s.dir, "results.xml")
	err := s.pytest(ctx, os.Stdout, someFailed, "-m", runMarks, "-n", strconv.Itoa(s.workers), "--tb", "short", "-r", "N", "--junit-xml", results)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(results)
	if err != nil {
		return nil, err
	}
	return newReport(text)
}

// pytest runs pytest on the suite, from the root of the repository. It takes the exit statuses 0 and other.
func (s *suite) pytest(ctx context.Context, out io.Writer, other int, args ...string) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	args = append([]string{filepath.Join(here, ".ci/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "s3tests_worker", "-k", s.only}, args...)
	command := exec.CommandContext(ctx, "sh", append(args, suiteFiles...)...)
	command.Dir, command.Stdout, command.Stderr = s.suite, out, os.Stderr
	command.Env = append(os.Environ(),
		"PYTHONPATH="+filepath.Join(here, "test/s3tests"), "S3TESTS_SETTINGS="+s.dir, "PYTHONDONTWRITEBYTECODE=1", "NO_PROXY=127.0.0.1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == other {
		return nil
	}
	if err != nil {
		return fmt.Errorf("pytest: %w", err)
	}
	return nil
}
