// Package daemon runs other people's servers for tests: as processes of one folder, with a log file each, as an unprivileged user
// where they want that, and ends all of them. Nothing here needs systemd or containers.
package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Group is the processes of one rig. It is for one goroutine, but for what the processes do by themselves.
type Group struct {
	Folder string // temporary; owned by the user that the processes run as
	Env    []string
	User   *syscall.Credential // nil: that of this process

	processes []*Process
}

// NewGroup makes a folder in parent, or in the folder for temporary files if that is empty. env is added to the environment.
func NewGroup(parent, name string, user *syscall.Credential, env ...string) (*Group, error) {
	folder, err := os.MkdirTemp(parent, name+"-")
	if err != nil {
		return nil, err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return nil, err
	}
	g := &Group{Folder: folder, Env: env, User: user}
	if err := g.own(folder); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return g, nil
}

// Path returns the path of what is in the folder.
func (g *Group) Path(elements ...string) string {
	return filepath.Join(append([]string{g.Folder}, elements...)...)
}

// Mkdir makes a folder in the group's.
func (g *Group) Mkdir(name string) error {
	if err := os.Mkdir(g.Path(name), 0o700); err != nil {
		return err
	}
	return g.own(g.Path(name))
}

// Write writes a file in the folder, which only its owner can read.
func (g *Group) Write(name, text string) error {
	if err := os.WriteFile(g.Path(name), []byte(text), 0o600); err != nil {
		return err
	}
	return g.own(g.Path(name))
}

func (g *Group) own(path string) error {
	if g.User == nil {
		return nil
	}
	return os.Chown(path, int(g.User.Uid), int(g.User.Gid))
}

// command prepares a command of the group.
func (g *Group) command(ctx context.Context, args []string) *exec.Cmd {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir = g.Folder
	c.Env = append(os.Environ(), g.Env...)
	// A group of its own gets no Ctrl-C of the terminal: what ends it is End.
	c.SysProcAttr = &syscall.SysProcAttr{Credential: g.User, Setpgid: true}
	return c
}

// Run runs a command to its end and returns what it wrote to stdout. What it wrote to stderr is in the error.
func (g *Group) Run(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	c := g.command(ctx, args)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// Start starts a process. What it writes is appended to the file NAME.log in the folder.
func (g *Group) Start(name string, args ...string) (*Process, error) {
	p := &Process{Name: name, group: g, args: args}
	if err := p.start(); err != nil {
		return nil, err
	}
	g.processes = append(g.processes, p)
	return p, nil
}

// Processes returns those that were started, in that order.
func (g *Group) Processes() []*Process { return slices.Clone(g.processes) }

// End ends all processes, the last that was started first.
func (g *Group) End() {
	for _, p := range slices.Backward(g.processes) {
		p.End()
	}
	g.processes = nil
}

// Remove removes the folder. All processes have to have ended.
func (g *Group) Remove() error { return os.RemoveAll(g.Folder) }
