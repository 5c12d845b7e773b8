package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"crossgrant/bench/load"
	"crossgrant/bench/sign"
	"crossgrant/test/servertest"
)

// scratchFlag says where servers that are started keep their data.
type scratchFlag struct {
	Scratch string `help:"Folder in which servers that are started get their data folders, removed at the end. Where it lies matters: a file system in memory syncs for nothing." placeholder:"FOLDER"`
}

// servers are crossgrant servers that this program has started, and will end.
type servers struct {
	folder string
	all    []*started
	echo   *exec.Cmd // nil: none
}

// started is a server and its place as an endpoint.
type started struct {
	*servertest.Server
	endpoint *load.Endpoint
	account  string // its ID
}

// newServers makes the folder.
func (f *scratchFlag) newServers() (*servers, error) {
	folder, err := os.MkdirTemp(f.Scratch, "s3bench-")
	return &servers{folder: folder}, err
}

// start starts a server on a free port of this machine, with an account.
func (s *servers) start(ctx context.Context, name, program, region string, env ...string) (*started, error) {
	folder := filepath.Join(s.folder, fmt.Sprint(len(s.all)))
	server := &started{Server: &servertest.Server{
		Program: program, Data: filepath.Join(folder, "data"), Address: "127.0.0.1:0", Env: env,
		Flags: []string{"--region", region}, Log: filepath.Join(folder, "log"),
	}}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	s.all = append(s.all, server)
	account, err := server.CreateAccount(ctx, "bench")
	if err != nil {
		return nil, err
	}
	server.account = account.ID
	server.endpoint = &load.Endpoint{Name: name, Data: server.Data, Identity: sign.Identity{
		AccessKeyID: account.AccessKeyID, SecretAccessKey: account.SecretAccessKey, Region: region,
	}}
	server.seat()
	return server, nil
}

// startEcho starts a bare HTTP server as a process of its own, on a free port.
func (s *servers) startEcho() (*load.Endpoint, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	echo := exec.Command(self, "echo")
	stdout, err := echo.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := echo.Start(); err != nil {
		return nil, err
	}
	s.echo = echo
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("start echo: %w", err)
	}
	address, found := strings.CutPrefix(strings.TrimSpace(line), echoReady)
	if !found {
		return nil, fmt.Errorf("start echo: it printed %q", line)
	}
	return &load.Endpoint{Name: "echo", Address: address, Identity: sign.Identity{Host: address}, PID: echo.Process.Pid, Bare: true}, nil
}

// seat tells the endpoint where the server is since its last start.
func (s *started) seat() {
	s.endpoint.Address, s.endpoint.Identity.Host, s.endpoint.PID = s.Address, s.Address, s.PID()
}

// close ends the servers and removes what they have kept.
func (s *servers) close() error {
	var all []error
	if s.echo != nil {
		all = append(all, s.echo.Process.Kill())
		s.echo.Wait() // that it was killed is no news
	}
	for _, server := range s.all {
		if server.Running() {
			all = append(all, server.Stop())
		}
	}
	return errors.Join(append(all, os.RemoveAll(s.folder))...)
}

// parseStart takes NAME=PROGRAM or PROGRAM apart, and the variables behind it.
func parseStart(text string) (name, program string, env []string) {
	text, rest, more := strings.Cut(text, ",")
	if more {
		env = strings.Split(rest, ",")
	}
	if name, program, ok := strings.Cut(text, "="); ok {
		return name, program, env
	}
	return strings.TrimSuffix(filepath.Base(text), ".exe"), text, env
}
