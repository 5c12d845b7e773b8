// Package clients_test uses a real server with the clients that people have: the AWS CLI, s3cmd, rclone,
// restic, boto3, the AWS SDK for Go and minio-go. Each test does what a user of that client does, and
// then looks at bytes and listings with another one.
//
// One server process serves all tests of the package, each of which has its own buckets; the test that
// measures the server's memory has one for itself. The programs are Debian's; `make test` installs what is
// missing.
package clients_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"crossgrant/test/servertest"
)

// Set by TestMain.
var (
	program       string // path of the executable
	server        *servertest.Server
	first, second caller // root users of two accounts
)

func TestMain(m *testing.M) {
	code, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		code = 1
	}
	os.Exit(code)
}

// prepare builds the program, starts the server, makes the accounts and runs the tests.
func prepare(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "crossgrant-clients")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if program, err = servertest.Build(dir); err != nil {
		return 0, err
	}
	server = newServer(dir)
	if err := server.Start(); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	for name, who := range map[string]*caller{"first": &first, "second": &second} {
		if *who, err = newCaller(context.Background(), server, name); err != nil {
			return 0, err
		}
	}
	return m.Run(), nil
}

// newServer returns a server, not yet started, whose folder is dir.
func newServer(dir string) *servertest.Server {
	return &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Log: filepath.Join(dir, "server.log"),
	}
}
