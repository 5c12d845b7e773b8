package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"crossgrant/test/oidcissuer"
	"crossgrant/test/servertest"
)

// suiteFolder is where the suite's tests are.
const suiteFolder = "s3tests/functional"

// inOrder is the group of the tests that run one after the other, as s3tests_worker.py names it.
const inOrder = "in-order"

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

// suite is a run of the suite in one round.
type suite struct {
	options
	round
	dir     string // for what is written: data, log, the configuration of each worker, results
	issuers []*oidcissuer.Issuer
}

// test starts a server, runs the tests of the round against it, and adds what came of them.
func (s *suite) test(ctx context.Context, program string, all *report) (err error) {
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return err
	}
	server := &servertest.Server{
		Program: program, Data: filepath.Join(s.dir, "data"), Address: "127.0.0.1:0", Flags: s.flags,
		Log: filepath.Join(s.dir, "server.log"),
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(), s.close()) }()
	for i := range s.workers {
		if err := s.arrange(ctx, server, "gw"+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	if err := s.collect(ctx, all); err != nil {
		return err
	}
	return s.run(ctx, all)
}

// arrange makes what a worker, which is named as pytest-xdist names it, finds: its accounts, its issuer and
// its configuration.
func (s *suite) arrange(ctx context.Context, server *servertest.Server, worker string) error {
	from, err := oidcissuer.Start(oidcissuer.Options{Host: "localhost", Path: realms + worker})
	if err != nil {
		return err
	}
	s.issuers = append(s.issuers, from)
	setting, err := newSetting(ctx, server, from, s.sections, worker)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, worker+".conf"), setting, 0o600)
}

// close ends the issuers.
func (s *suite) close() (err error) {
	for _, one := range s.issuers {
		err = errors.Join(err, one.Close())
	}
	return err
}

// collect adds the tests that use Signature Version 2.
func (s *suite) collect(ctx context.Context, all *report) error {
	var out bytes.Buffer
	if err := s.pytest(ctx, &out, "--collect-only", "-m", oldMarks); err != nil {
		return fmt.Errorf("%w\n%s", err, out.Bytes())
	}
	all.old += strings.Count(out.String(), ".py::")
	return nil
}

// run runs the tests, shows what pytest says, and adds what came of them.
func (s *suite) run(ctx context.Context, all *report) error {
	results := filepath.Join(s.dir, "results.xml")
	err := s.pytest(ctx, os.Stdout, "-m", runMarks, "-n", strconv.Itoa(s.workers), "--dist", "loadgroup", "--tb", "short", "-r", "N", "--junit-xml", results)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	return all.add(text)
}

// keywords is the expression that selects the tests.
func (s *suite) keywords() string {
	if s.only == "" || s.tests == "" {
		return cmp.Or(s.only, s.tests)
	}
	return "(" + s.tests + ") and (" + s.only + ")"
}

// pytest runs pytest on the suite, from the root of the repository. That tests fail is no error.
func (s *suite) pytest(ctx context.Context, out io.Writer, args ...string) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	args = append([]string{filepath.Join(here, ".ci/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "s3tests_worker", "-k", s.keywords()}, args...)
	for _, file := range s.files {
		args = append(args, filepath.Join(suiteFolder, file))
	}
	command := exec.CommandContext(ctx, "sh", args...)
	command.Dir, command.Stdout, command.Stderr = s.suite, out, os.Stderr
	command.Env = append(os.Environ(),
		"PYTHONPATH="+filepath.Join(here, "test/s3tests"), "S3TESTS_SETTINGS="+s.dir, "PYTHONDONTWRITEBYTECODE=1", "NO_PROXY=127.0.0.1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == someFailed || exit.ExitCode() == noneMatched) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("pytest: %w", err)
	}
	return nil
}
