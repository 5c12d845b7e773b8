// Command s3tests runs s3-tests, the suite of the Ceph project for S3, against a real server: its tests
// in test_s3.py and test_headers.py that are not marked fails_on_aws.
//
// The suite is in a folder that the user names, and nothing is written there. The server is one that
// the command builds and starts on a free port of the loopback interface, with a data folder and
// accounts that are gone afterwards. The tests that sign with Signature Version 2 are left out and
// counted apart: the server refuses it, as S3 does for new buckets.
//
// What it prints ends with the names of the tests that failed and the line "N passed, N failed". The
// exit status is 1 if fewer passed than -min says, or if the suite did not run to its end.
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
	least   int    // tests that have to pass
	only    string // pytest's expression of which tests to run; empty: all
}

func main() {
	var o options
	flag.StringVar(&o.suite, "suite", "", "folder with a checkout of s3-tests")
	flag.IntVar(&o.workers, "workers", 4, "tests that run at the same time")
	flag.IntVar(&o.least, "min", 0, "number of tests that have to pass")
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
	if _, err := os.Stat(filepath.Join(o.suite, suiteFiles[0])); err != nil {
		return fmt.Errorf("-suite does not name a checkout of s3-tests: %w", err)
	}
	dir, err := os.MkdirTemp("", "crossgrant-s3tests")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, err := start(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	report, err := test(ctx, o, dir, server)
	if err != nil {
		return err
	}
	report.print(os.Stdout)
	if len(report.names(passed)) < o.least {
		return fmt.Errorf("%d tests have to pass", o.least)
	}
	return nil
}

// start builds the program in dir and starts the server there.
func start(dir string) (*servertest.Server, error) {
	program, err := servertest.Build(dir)
	if err != nil {
		return nil, err
	}
	server := &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Flags: serverFlags,
		Log: filepath.Join(dir, "server.log"),
	}
	return server, server.Start()
}

// test runs the tests against the server.
func test(ctx context.Context, o options, dir string, server *servertest.Server) (*report, error) {
	for i := range o.workers {
		worker := "gw" + strconv.Itoa(i) // as pytest-xdist names it
		setting, err := newSetting(ctx, server, worker)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, worker+".conf"), setting, 0o600); err != nil {
			return nil, err
		}
	}
	suite := &suite{options: o, dir: dir}
	old, err := suite.collect(ctx)
	if err != nil {
		return nil, err
	}
	report, err := suite.run(ctx)
	if err != nil {
		return nil, err
	}
	report.old = old
	return report, nil
}
