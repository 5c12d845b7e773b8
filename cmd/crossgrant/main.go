// Command crossgrant is S3 storage with AWS's account model: `crossgrant serve` runs the server,
// `crossgrant account` keeps its accounts, `crossgrant profiles` writes what the AWS CLI needs to use it.
//
// It is the only package that knows storage engines: flags become a configuration, the configuration
// becomes services that are wired to each other, and they run.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"crossgrant/internal/apierr"
)

// Exit statuses.
const (
	exitFailure = 1
	exitUsage   = 2
	// exitUnconfirmed: nothing was done, because what is to be done has to be confirmed.
	exitUnconfirmed = 3
	// exitRepaired: fsck has found something and repaired all of it.
	exitRepaired = 4
)

// commandLine is everything that can be typed. Each flag can be given as an environment variable,
// CROSSGRANT_ and its name.
type commandLine struct {
	Serve    serveCommand    `cmd:"" help:"Run the server."`
	Account  accountCommand  `cmd:"" help:"Create, list, show, close and delete accounts, and keep their quotas."`
	Key      keyCommand      `cmd:"" help:"Create, list, rotate, disable and enable KMS keys, and rotate the master key."`
	Backup   backupCommand   `cmd:"" help:"Make backups of a data folder, list and verify them."`
	Restore  restoreCommand  `cmd:"" help:"Make a data folder of a backup."`
	Migrate  migrateCommand  `cmd:"" help:"Move everything to other storage engines and compare it, while no server runs; run again, it goes on where it ended."`
	Explain  explainCommand  `cmd:"" help:"Tell why a request is allowed or denied, and what would allow it."`
	Profiles profilesCommand `cmd:"" help:"Print or write an AWS CLI configuration for the bootstrap users."`
	Fsck     fsckCommand     `cmd:"" help:"Verify everything that is stored, also while a server runs, and repair it."`
	Requests requestsCommand `cmd:"" help:"List recorded requests: who was allowed or denied what."`
	Replay   replayCommand   `cmd:"" help:"Ask recorded requests again with a changed policy, and list those whose outcome would change."`
	Check    checkCommand    `cmd:"" help:"Test who can do what, as files say it must be."`
	APIModel apiModelCommand `cmd:"" name:"api-model" help:"Print the model of an API that AWS has not, for aws configure add-model."`
	Access   accessCommand   `cmd:"" help:"Tell who can reach a bucket, what a principal can reach, and what anyone outside can, by which path."`
	Server   serverCommand   `cmd:"" help:"List the servers that share a store."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// streams are where a command writes.
type streams struct{ out, err io.Writer }

// usageError is an error in what was typed.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	// The first signal ends the command in good order; a second one ends it at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// run does what args say and returns the exit status.
func run(ctx context.Context, args []string, s streams) int {
	exited := false // kong printed help and would have exited
	parser := kong.Must(&commandLine{},
		kong.Name("crossgrant"),
		kong.Description("S3 storage with AWS's account model."),
		kong.DefaultEnvars("CROSSGRANT"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(s.out, s.err),
		kong.Exit(func(int) { exited = true }),
	)
	parsed, err := parser.Parse(args)
	if exited {
		return 0
	}
	if err != nil {
		return report(s, usageError{err})
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return report(s, parsed.Run(s))
}

// report prints err as one line and returns the exit status.
func report(s streams, err error) int {
	if err == nil {
		return 0
	}
	text := err.Error()
	var api *apierr.Error
	if errors.As(err, &api) {
		// The code and the status are for programs; what stands before them says where it happened.
		before, _, _ := strings.Cut(text, api.Code+" (")
		text = before + api.Message
	}
	fmt.Fprintln(s.err, "crossgrant: "+strings.Join(strings.Fields(text), " "))
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	var unconfirmed unconfirmedError
	if errors.As(err, &unconfirmed) {
		return exitUnconfirmed
	}
	var repaired repairedError
	if errors.As(err, &repaired) {
		return exitRepaired
	}
	return exitFailure
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "crossgrant", version())
	return err
}

// version returns the version that the Go toolchain recorded in the program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
