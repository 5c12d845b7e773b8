// Command rigs brings up other people's servers, on loopback, with their data in a temporary folder, and ends them again.
//
//	rigs [--folder FOLDER] [--first-port N] [--program FILE] RIG... [-- COMMAND ARGUMENT...]
//
// RIG is ceph, postgres, patroni, or store, which is a crossgrant server with embedded engines that keeps the blobs of others. With COMMAND
// it runs it with what the rigs print in its environment, ends, and has its exit status; without, it runs until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// options are what all rigs get.
type options struct {
	folder    string // of temporary files
	firstPort int    // 0 for free ports
	program   string // crossgrant
}

// rig is a server that runs: what to tell the user's command of it, NAME=VALUE, and how it ends.
type rig struct {
	env   []string
	close func() error
}

// portsEach is how many ports a rig gets, where the first is given.
const portsEach = 32

var rigs = map[string]func(context.Context, options) (*rig, error){
	"ceph": startCeph, "postgres": startPostgres, "patroni": startPatroni, "store": startStore,
}

func main() {
	var o options
	flag.StringVar(&o.folder, "folder", "", "where the rigs keep their data, removed at the end; the folder for temporary files if not given")
	flag.IntVar(&o.firstPort, "first-port", 0, "the first of 32 ports for each rig; free ones if not given")
	flag.StringVar(&o.program, "program", "bin/crossgrant", "the program of crossgrant, for store")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "rigs [FLAG...] ceph|postgres|patroni|store ... [-- COMMAND ARGUMENT...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	names, command := flag.Args(), []string(nil)
	if i := slices.Index(names, "--"); i >= 0 {
		names, command = names[:i], names[i+1:]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, o, names, command))
}

// run returns the exit status.
func run(ctx context.Context, o options, names, command []string) int {
	for _, name := range names {
		if rigs[name] == nil {
			return usage("there is no rig " + name)
		}
	}
	if len(names) == 0 {
		return usage("name a rig")
	}
	env, end, err := start(ctx, o, names)
	if err == nil {
		err = use(ctx, env, command)
	}
	err = errors.Join(err, end())
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	}
	fmt.Fprintln(os.Stderr, "rigs:", err)
	return 1
}

func usage(problem string) int {
	fmt.Fprintf(os.Stderr, "rigs: %s\n", problem)
	flag.Usage()
	return 2
}

// start starts rigs. end ends those that were started, also when there is an error.
func start(ctx context.Context, o options, names []string) (env []string, end func() error, err error) {
	var started []*rig
	end = func() error {
		var all []error
		for _, r := range slices.Backward(started) {
			all = append(all, r.close())
		}
		return errors.Join(all...)
	}
	for _, name := range names {
		fmt.Fprintf(os.Stderr, "rigs: starting %s\n", name)
		r, err := rigs[name](ctx, o)
		if err != nil {
			return nil, end, err
		}
		started, env = append(started, r), append(env, r.env...)
		if o.firstPort != 0 {
			o.firstPort += portsEach
		}
	}
	return env, end, nil
}

// use runs the command or, if there is none, prints the environment and waits.
func use(ctx context.Context, env, command []string) error {
	if len(command) == 0 {
		fmt.Println(strings.Join(env, "\n"))
		<-ctx.Done()
		return nil
	}
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.Stdin, c.Stdout, c.Stderr, c.Env = os.Stdin, os.Stdout, os.Stderr, append(os.Environ(), env...)
	return c.Run()
}
