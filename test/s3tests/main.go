// Command s3tests runs s3-tests, the suite of the Ceph project for S3, against a real server: its tests
// in test_s3.py, test_headers.py, test_iam.py and test_sts.py that are not marked fails_on_aws.
//
// The suite is in a folder that the user names, and nothing is written there. The server is one that
// the command builds and starts on a free port of the loopback interface, with a data folder and
// accounts that are gone afterwards; so are the issuers of web identities. The tests that sign with
// Signature Version 2 are left out and counted apart: the server refuses it, as S3 does for new buckets.
// One test of test_sts.py waits for the end of a session: a quarter of an hour.
//
// What it prints ends with the names of the tests that failed, a line for each file, and the line
// "N passed, N failed". The exit status is 1 if fewer passed than a -min says, or if the suite did not run
// to its end.
//
// Sources: https://github.com/ceph/s3-tests
// https://docs.aws.amazon.com/AmazonS3/latest/API/specify-signature-version.html
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"crossgrant/test/servertest"
)

// options are what the command line says.
type options struct {
	suite   string // folder of the checkout
	workers int    // tests that run at the same time
	least   minima
	only    string // pytest's expression of which tests to run; empty: all
}

func main() {
	var o options
	flag.StringVar(&o.suite, "suite", "", "folder with a checkout of s3-tests")
	flag.IntVar(&o.workers, "workers", 4, "tests that run at the same time")
	flag.Var(&o.least, "min", "`number` of tests that have to pass, or FILE=NUMBER for those of one file; may be repeated")
	flag.StringVar(&o.only, "only", "", "names of the tests to run, as an expression of pytest's -k")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "s3tests:", err)
		os.Exit(1)
	}
}

// run runs the suite and prints what came of it.
func run(ctx context.Context, o options) (err error) {
	if _, err := os.Stat(filepath.Join(o.suite, suiteFolder)); err != nil {
		return fmt.Errorf("-suite does not name a checkout of s3-tests: %w", err)
	}
	dir, err := os.MkdirTemp("", "crossgrant-s3tests")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program, err := servertest.Build(dir)
	if err != nil {
		return err
	}
	all := &report{outcomes: map[test]outcome{}}
	for i, r := range rounds {
		s := &suite{options: o, round: r, dir: filepath.Join(dir, "round-"+strconv.Itoa(i))}
		if err := s.test(ctx, program, all); err != nil {
			return err
		}
	}
	if len(all.outcomes) == 0 {
		return errors.New("no test was run")
	}
	all.print(os.Stdout)
	return o.least.check(all)
}
