// Command s3bench puts load on S3 endpoints and measures them beside each other, alternating in one run.
// docs/PERFORMANCE.md tells how to use it and what it found.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit statuses.
const (
	exitFailure = 1
	exitUsage   = 2
)

// commandLine is everything that can be typed.
type commandLine struct {
	Run   runCommand   `cmd:"" default:"withargs" help:"Measure endpoints (the default command)."`
	Scale scaleCommand `cmd:"" help:"Compare a server that has many objects in a bucket with one that has few."`
	Soak  soakCommand  `cmd:"" help:"Put mixed load on a server for long, and fail if it makes an error or grows."`
	Echo  echoCommand  `cmd:"" help:"Serve as a bare HTTP server does, to compare with: it answers GET with 4 KiB and reads what is PUT."`
}

// streams are where a command writes, and what was typed.
type streams struct {
	out, err io.Writer
	args     []string
}

// usageError is an error in what was typed.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, streams{os.Stdout, os.Stderr, os.Args[1:]}))
}

// run does what s.args say and returns the exit status.
func run(ctx context.Context, s streams) int {
	exited := false // kong printed help and would have exited
	parser := kong.Must(&commandLine{}, kong.Name("s3bench"), kong.Description("A load generator for S3 endpoints."),
		kong.Writers(s.out, s.err), kong.Exit(func(int) { exited = true }), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(s))
	command, err := parser.Parse(s.args)
	if exited {
		return 0
	}
	if err != nil {
		fmt.Fprintf(s.err, "s3bench: %v\n", err)
		return exitUsage
	}
	err = command.Run()
	if err == nil {
		return 0
	}
	fmt.Fprintf(s.err, "s3bench: %v\n", err)
	if errors.As(err, &usageError{}) {
		return exitUsage
	}
	return exitFailure
}
