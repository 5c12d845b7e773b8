package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"crossgrant/internal/admin"
	"crossgrant/internal/blob"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/fsck"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
)

// fsckCommand verifies a data folder.
type fsckCommand struct {
	dataFlag
	Blobs  string `help:"Engine of large objects: files:, files:DIR or s3://BUCKET?endpoint=URL." default:"files:" placeholder:"URL"`
	Repair bool   `help:"Repair what can be repaired without inventing anything."`
	JSON   bool   `name:"json" help:"Print findings and summary as lines of JSON."`
	Quiet  bool   `help:"Do not show progress."`
}

// repairedError says that something was found, and all of it repaired.
type repairedError struct{ error }

// Run verifies: the server does it if one runs, on its open folder.
func (c *fsckCommand) Run(ctx context.Context, s streams) error {
	if c.Meta == "memory:" {
		return usagef("--meta memory: keeps nothing that could be verified")
	}
	out := &fsckPrinter{out: s.out, err: s.err, json: c.JSON, quiet: c.Quiet}
	err := c.verify(ctx, out)
	out.clear()
	if err != nil {
		return fmt.Errorf("fsck was not finished, %d findings so far: %w", out.findings, err)
	}
	return out.end()
}

func (c *fsckCommand) verify(ctx context.Context, out *fsckPrinter) error {
	client, err := admin.Dial(c.Data)
	if err == nil {
		return client.Fsck(ctx, c.Repair, out.line)
	}
	if !errors.Is(err, admin.ErrNoServer) {
		return err
	}
	engines, err := parseEngines(c.Meta, c.Blobs)
	if err != nil {
		return err
	}
	engines.master = c.MasterKey
	if engines.shared {
		folder, err := openFolder(c.Data, engines, false)
		if err != nil {
			return locked(err)
		}
		return errors.Join(c.verifyFolder(ctx, out, folder), folder.close())
	}
	if err := c.there(); err != nil {
		return err
	}
	switch without, err := c.withoutBlobs(ctx); {
	case err != nil:
		return err
	case without:
		engines.blobs = func(string, *slog.Logger) (blob.Store, error) { return blobmemory.New(), nil }
	}
	if err := c.tellRenewed(out); err != nil {
		return locked(err)
	}
	folder, err := openFolder(c.Data, engines, false)
	if err != nil {
		return c.tellFiles(ctx, out, locked(err))
	}
	return errors.Join(c.verifyFolder(ctx, out, folder), folder.close())
}

// verifyFolder verifies an open folder, once what a crash left in it is removed, as at each start of a server.
func (c *fsckCommand) verifyFolder(ctx context.Context, out *fsckPrinter, folder *dataFolder) error {
	services := newOffline(folder)
	err := folder.check(ctx)
	if err == nil {
		err = services.objects.Recover(ctx)
	}
	if errors.Is(err, meta.ErrCorrupt) {
		// What is wrong with the metadata will be told. Which blobs are named is not known.
		fmt.Fprintln(out.err, "crossgrant: note: the metadata is damaged, the blobs are not verified:", err)
		services.operator.Verify.Blobs = nil
	} else if err != nil {
		return err
	}
	return services.operator.Fsck(ctx, c.Repair, out.line)
}

// tellRenewed tells which damaged files will have been written anew when the folder is open.
func (c *fsckCommand) tellRenewed(out *fsckPrinter) error {
	lock, err := lockFolder(c.Data)
	if err != nil {
		return err
	}
	defer lock.Close()
	return pebble.VerifyLogs(c.metadata(), pebble.Options{}, func(d meta.Damage, renewed bool) {
		if renewed {
			out.own = append(out.own, fsck.Finding{
				Kind: fsck.File, At: d.File, What: d.What, Repair: "write it anew, as each start does", Repaired: true,
			})
		}
	})
}

// tellFiles tells which files of the metadata are damaged, in a folder that cannot be opened because of cause.
func (c *fsckCommand) tellFiles(ctx context.Context, out *fsckPrinter, cause error) error {
	if !errors.Is(cause, meta.ErrCorrupt) {
		return cause
	}
	lock, err := lockFolder(c.Data)
	if err != nil {
		return errors.Join(cause, err)
	}
	defer lock.Close()
	err = pebble.VerifyFolder(ctx, c.metadata(), pebble.Options{}, func(int) error { return ctx.Err() }, func(d meta.Damage) {
		_ = out.line(admin.FsckLine{Finding: &fsck.Finding{Kind: fsck.File, At: d.File, What: d.What}})
	})
	return errors.Join(cause, err)
}

// fsckPrinter prints what is told of a run.
type fsckPrinter struct {
	out, err    io.Writer
	json, quiet bool
	began       time.Time // the stage
	stage       string
	shown       bool // a line of progress is on the screen
	findings    int64
	summary     fsck.Summary
	own         []fsck.Finding // of the command itself, told at the end
}

// line prints one thing.
func (p *fsckPrinter) line(l admin.FsckLine) error {
	switch {
	case l.Finding != nil:
		p.clear()
		p.findings++
		if p.json {
			return json.NewEncoder(p.out).Encode(l)
		}
		_, err := fmt.Fprintln(p.out, l.Finding)
		return err
	case l.Progress != nil:
		p.progress(*l.Progress)
	case l.Summary != nil:
		p.summary = *l.Summary
	}
	return nil
}

// progress shows how far the run is, once it can tell how fast it is.
func (p *fsckPrinter) progress(at fsck.Progress) {
	now := time.Now()
	if at.Stage != p.stage {
		p.stage, p.began = at.Stage, now
		return
	}
	if p.quiet {
		return
	}
	rate := float64(at.Done) / max(now.Sub(p.began).Seconds(), 0.001)
	text := fmt.Sprintf("%s: %d records, %.0f/s", at.Stage, at.Done, rate)
	if at.Stage != "records" {
		text = fmt.Sprintf("%s: %d MiB, %.1f MiB/s", at.Stage, at.Done>>20, rate/(1<<20))
	}
	if at.Total > at.Done && rate > 0 {
		left := time.Duration(float64(at.Total-at.Done) / rate * float64(time.Second))
		text += fmt.Sprintf(", %d %%, %s left", 100*at.Done/at.Total, left.Round(time.Second))
	}
	fmt.Fprintf(p.err, "\r%-70s", text)
	p.shown = true
}

// clear ends the line of progress.
func (p *fsckPrinter) clear() {
	if p.shown {
		fmt.Fprintf(p.err, "\r%70s\r", "")
		p.shown = false
	}
}

// end prints the summary and returns what tells the exit status.
func (p *fsckPrinter) end() error {
	for i := range p.own {
		if err := p.line(admin.FsckLine{Finding: &p.own[i]}); err != nil {
			return err
		}
		p.summary.Findings++
		p.summary.Repaired++
	}
	s := p.summary
	if p.json {
		if err := json.NewEncoder(p.out).Encode(admin.FsckLine{Summary: &s}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(p.out, "%d records and %d blobs of %d bytes verified: %d findings, %d repaired\n", s.Records, s.Blobs, s.Bytes, s.Findings, s.Repaired)
	}
	switch {
	case s.Left() > 0:
		return fmt.Errorf("%d of %d findings are left", s.Left(), s.Findings)
	case s.Findings > 0:
		return repairedError{errors.New("everything that was found is repaired")}
	}
	return nil
}
