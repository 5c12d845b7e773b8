package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"crossgrant/internal/migrate"
)

// migrateCommand moves everything from one pair of engines to another one.
type migrateCommand struct {
	outputFlag
	Data       string  `help:"Data folder of the source: where its master key is, and everything else unless --meta and --blobs name other places." default:"./crossgrant-data" placeholder:"DIR"`
	Meta       string  `help:"Engine of the source's metadata, as for serve." default:"pebble:" placeholder:"URL"`
	Blobs      string  `help:"Engine of the source's large objects, as for serve." default:"files:" placeholder:"URL"`
	MasterKey  string  `help:"Master key of the source. Default: master.json in its data folder." placeholder:"FILE"`
	ToData     string  `help:"Data folder of the target, which is made; the master key is copied to it." placeholder:"DIR"`
	ToMeta     string  `help:"Engine of the target's metadata, in which nothing may be stored." default:"pebble:" placeholder:"URL"`
	ToBlobs    string  `help:"Engine of the target's large objects, of which there may be none." default:"files:" placeholder:"URL"`
	KeepSource bool    `help:"Let the source be used again at the end. Otherwise servers refuse to start on it, so that nothing is written to the wrong one."`
	Parallel   int     `help:"Number of large objects, or parts of them, that are copied at a time." default:"16" placeholder:"N"`
	Rate       float64 `help:"Most that is copied, in MiB per second. 0 sets no bound." default:"0" placeholder:"MIB"`
	Quiet      bool    `help:"Do not show progress."`

	VerifyOnly bool `help:"Copy nothing: compare the two ends, byte for byte, while no server runs on either." xor:"what"`
	GiveUp     bool `help:"End a migration that is not finished: let the source be used again, and empty the target. After one that is finished: let the source be used again. Without --to-data: only that." xor:"what"`
}

// mostParallel bounds --parallel.
const mostParallel = 1024

// Run does what the flags say.
func (c *migrateCommand) Run(ctx context.Context, s streams) error {
	if err := c.validate(); err != nil {
		return err
	}
	o := migrate.Options{Keep: c.KeepSource, Parallel: c.Parallel, Rate: int64(c.Rate * (1 << 20))}
	printer := newMigratePrinter(s.err, c.Quiet)
	o.Tell = printer.progress
	differences := []migrate.Difference{}
	o.Differs = func(d migrate.Difference) {
		printer.clear()
		if len(differences) < mostDifferences {
			differences = append(differences, d)
		}
		if c.Output != "json" {
			fmt.Fprintf(s.out, "%s: %s\n", d.At, d.What)
		}
	}
	err := c.withEnds(ctx, &o, func() error {
		switch {
		case c.GiveUp:
			return c.giveUp(ctx, s, o)
		case c.VerifyOnly:
			report, err := migrate.Compare(ctx, o)
			printer.clear()
			return c.tell(s, "compared", report, differences, err)
		}
		report, err := migrate.Run(ctx, o)
		printer.clear()
		return c.tell(s, "moved", report, differences, err)
	})
	printer.clear()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("interrupted: run the same command again to go on: %w", err)
	}
	return err
}

// mostDifferences is how many differences are told at the end; each is printed when it is found.
const mostDifferences = 1000

func (c *migrateCommand) validate() error {
	if c.Rate != 0 && !(c.Rate >= minRate && c.Rate <= maxRate) { // nor is NaN
		return usagef("--rate: %v is not 0, or within %v and %d MiB per second", c.Rate, minRate, maxRate)
	}
	if c.Parallel < 1 || c.Parallel > mostParallel {
		return usagef("--parallel: %d is not within 1 and %d", c.Parallel, mostParallel)
	}
	if c.ToData == "" && !c.GiveUp {
		return usagef("--to-data: name the data folder of the target")
	}
	for _, url := range []string{c.Meta, c.Blobs, c.ToMeta, c.ToBlobs} {
		if strings.HasPrefix(url, "memory:") {
			return usagef("memory: keeps nothing that could be moved")
		}
	}
	return nil
}

// tell prints a report.
func (c *migrateCommand) tell(s streams, what string, r migrate.Report, differences []migrate.Difference, err error) error {
	if err != nil && !errors.Is(err, migrate.ErrDiffer) {
		return err
	}
	result := "equal"
	if err != nil {
		result = "different"
		if !c.VerifyOnly {
			err = fmt.Errorf("%w: the target is not used; give the migration up (--give-up), look for what writes to the source, and begin again", err)
		}
	}
	n := humanize.Comma
	printed := c.print(s.out, struct {
		Result string
		migrate.Report
		Details []migrate.Difference
	}{result, r, differences}, [][2]string{
		{"Result", what + ", and " + result}, {"Accounts", n(r.Accounts)}, {"Identities", n(r.Identities)}, {"Buckets", n(r.Buckets)},
		{"Objects", n(r.Objects)}, {"OtherVersions", n(r.Versions)}, {"Uploads", n(r.Uploads)}, {"Keys", n(r.Keys)},
		{"MetadataBytes", n(r.MetadataBytes)}, {"Blobs", n(r.Blobs)}, {"BlobBytes", n(r.BlobBytes)},
		{"DamagedBefore", n(r.Damaged)}, {"Differences", n(r.Differences)},
	})
	return errors.Join(err, printed)
}

// giveUp gives a migration up, and says what has become of the two ends.
func (c *migrateCommand) giveUp(ctx context.Context, s streams, o migrate.Options) error {
	done, err := migrate.GiveUp(ctx, o)
	if err != nil {
		return err
	}
	source, target := "unchanged", "unchanged"
	if done.Released {
		source = "can be used again"
	}
	switch {
	case done.Emptied:
		target = "is empty"
	case done.Kept:
		target = "has everything, and can be used: let servers use one of the two only"
	}
	return c.print(s.out, done, [][2]string{{"Source", source}, {"Target", target}})
}
