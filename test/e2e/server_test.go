package e2e_test

import (
	"net"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"crossgrant/test/servertest"
)

// serverCommand is the command server.
func serverCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: server start [-bootstrap FILE|none] [FLAG…] | stop | kill9 | restart")
	}
	s := stageOf(ts)
	switch args[0] {
	case "start":
		s.start(ts, args[1:])
	case "stop":
		ts.Check(s.server.Stop())
	case "kill9":
		ts.Check(s.server.Kill())
	case "restart":
		if s.server.Running() {
			ts.Check(s.server.Stop())
		}
		ts.Check(s.server.Start())
	default:
		ts.Fatalf("unknown: server %s", args[0])
	}
}

// start starts the story's server and writes the profiles of its bootstrap users.
func (s *stage) start(ts *testscript.TestScript, flags []string) {
	bootstrap := filepath.Join(testdata, "accounts.yaml")
	if len(flags) >= 2 && flags[0] == "-bootstrap" {
		bootstrap, flags = flags[1], flags[2:]
	}
	if bootstrap != "none" {
		flags = append(flags, "--bootstrap", bootstrap)
	}
	s.server = &servertest.Server{
		Program: filepath.Join(binDir, "crossgrant"), Data: filepath.Join(s.work, "data"), Address: "127.0.0.1:0",
		Flags: flags, Log: filepath.Join(s.work, "server.log"),
	}
	ts.Check(s.server.Start())
	ts.Setenv("ENDPOINT", "http://"+s.server.Address)
	ts.Setenv("HOST", s.server.Address)
	// Clients of S3 Control put an account's ID in front of the host, which has to be a name then. Not every
	// resolver knows names below localhost; a story sends such requests through the server as a proxy.
	_, port, err := net.SplitHostPort(s.server.Address)
	ts.Check(err)
	ts.Setenv("CONTROL", "http://localhost:"+port)
	ts.Check(ts.Exec("crossgrant", "profiles", "--data", s.server.Data, "--dir", filepath.Join(s.work, "aws")))
}

// interludeCommand is the command interlude.
func interludeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: interlude")
	}
	s := stageOf(ts)
	switch s.between {
	case restart:
		ts.Check(s.server.Stop())
		ts.Check(s.server.Start())
	case crash:
		ts.Check(s.crash())
	}
}
