package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"crossgrant/internal/admin"
	"crossgrant/internal/backup"
	"crossgrant/internal/durable"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
	"crossgrant/internal/objects"
)

// Names in a data folder that only backups know.
const (
	backupIDFile  = "backup-id"  // tells the folder from others
	checkpointDir = "checkpoint" // is there while a backup runs
)

// backupCommand has the commands that make backups and look at them.
type backupCommand struct {
	Create backupCreateCommand `cmd:"" default:"withargs" help:"Make a backup: a snapshot of metadata and large objects, while the server runs or not. What an earlier snapshot in the same target has is not copied again."`
	List   backupListCommand   `cmd:"" help:"List the snapshots of a target."`
	Verify backupVerifyCommand `cmd:"" help:"Read everything in a target and tell what is not what was written."`
}

type backupCreateCommand struct {
	dataFlag
	outputFlag
	To            string  `help:"Folder for the backups of this data folder, and of no other." required:"" placeholder:"DIR"`
	Keep          int     `help:"Number of snapshots to keep; older ones are removed. 0 keeps all." default:"0" placeholder:"N"`
	Rate          float64 `help:"Most that is copied, in MiB per second. 0 sets no bound." default:"0" placeholder:"MIB"`
	WithMasterKey bool    `help:"Include master.json: who can read the backup can then read all that is in it."`
	Adopt         bool    `help:"Go on in a target that has the backups of another data folder, such as the one that this was restored from."`
	Blobs         string  `help:"Engine of large objects if no server runs: files:, files:DIR or s3://BUCKET?endpoint=URL." default:"files:" placeholder:"URL"`
}

type backupListCommand struct {
	outputFlag
	To string `help:"Folder with the backups." required:"" placeholder:"DIR"`
}

type backupVerifyCommand struct {
	outputFlag
	To string `help:"Folder with the backups." required:"" placeholder:"DIR"`
}

// Notes about the master key, which are printed with each backup.
const (
	noteWithoutKey = "master.json is not in this backup, and without it nothing of the backup can be read: keep a copy of it elsewhere, or add --with-master-key"
	noteWithKey    = "master.json is in this backup: who can read the backup can read all that is in it"
)

// Run makes a backup.
func (c *backupCreateCommand) Run(ctx context.Context, s streams) error {
	if c.Keep < 0 {
		return usagef("--keep: %d is not a number of snapshots", c.Keep)
	}
	if c.Rate != 0 && !(c.Rate >= minRate && c.Rate <= maxRate) { // nor is NaN
		return usagef("--rate: %v is not 0, or within %v and %d MiB per second", c.Rate, minRate, maxRate)
	}
	to, err := filepath.Abs(c.To)
	if err != nil {
		return fmt.Errorf("name target: %w", err)
	}
	order := backup.Order{To: to, Keep: c.Keep, Rate: int64(c.Rate * (1 << 20)), WithMasterKey: c.WithMasterKey, Adopt: c.Adopt}
	do := func(o admin.Operator) error {
		made, err := o.Backup(ctx, order, func(p backup.Progress) { tellProgress(s.err, "backup", p) })
		if err != nil {
			return err
		}
		note := noteWithoutKey
		if made.MasterKey {
			note = noteWithKey
		}
		fmt.Fprintln(s.err, "crossgrant: note: "+note)
		if made.Damaged > 0 {
			fmt.Fprintf(s.err, "crossgrant: note: %d large objects or parts of them that were found damaged are not in this backup\n", made.Damaged)
		}
		return c.print(s.out, made, append(snapshotLines(made.Info), [][2]string{
			{"CopiedBlobs", fmt.Sprint(made.CopiedBlobs)}, {"CopiedFiles", fmt.Sprint(made.CopiedFiles)},
			{"CopiedBytes", fmt.Sprint(made.CopiedBytes)}, {"Removed", strings.Trim(fmt.Sprint(made.Removed), "[]")},
		}...))
	}
	// Blobs that were written last can only be read after the folder is recovered.
	alone := func(o *offline) error {
		if err := o.objects.Recover(ctx); err != nil {
			return err
		}
		return do(o.operator)
	}
	return c.without(ctx, c.Blobs, false, func(e engines) engines { return e }, alone, do)
}

// tellProgress prints a line about what is under way.
func tellProgress(w io.Writer, what string, p backup.Progress) {
	fmt.Fprintf(w, "crossgrant: %s: %d of %d blobs, %d of %d MiB, %d MiB copied\n", what, p.Blobs, p.AllBlobs, p.Bytes>>20, p.AllBytes>>20, p.Copied>>20)
}

// snapshotLines returns a snapshot as text.
func snapshotLines(i backup.Info) [][2]string {
	return [][2]string{
		{"Snapshot", fmt.Sprint(i.ID)}, {"Created", i.Created.Format(time.RFC3339)}, {"Blobs", fmt.Sprint(i.Blobs)},
		{"BlobBytes", fmt.Sprint(i.BlobBytes)}, {"MetadataBytes", fmt.Sprint(i.MetadataBytes)}, {"MasterKey", included(i)},
	}
}

func included(i backup.Info) string {
	if i.MasterKey {
		return "included"
	}
	return "not included"
}

// Run lists the snapshots.
func (c *backupListCommand) Run(s streams) error {
	infos, err := backup.List(c.To)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.out, struct{ Snapshots []backup.Info }{infos})
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "Snapshot\tCreated\tBlobs\tBlobBytes\tMetadataBytes\tMasterKey")
	for _, i := range infos {
		fmt.Fprintf(table, "%d\t%s\t%d\t%d\t%d\t%s\n", i.ID, i.Created.Format(time.RFC3339), i.Blobs, i.BlobBytes, i.MetadataBytes, included(i))
	}
	return table.Flush()
}

// Run verifies the snapshots. Problems are printed where the result is.
func (c *backupVerifyCommand) Run(ctx context.Context, s streams) error {
	problems := []backup.Problem{}
	found, err := backup.Verify(ctx, c.To, func(p backup.Problem) {
		problems = append(problems, p)
	}, func(v backup.Verified) {
		fmt.Fprintf(s.err, "crossgrant: verify: %d files, %d blobs, %d MiB\n", v.Files, v.Blobs, v.Bytes>>20)
	})
	if err != nil {
		return err
	}
	text := [][2]string{
		{"Snapshots", fmt.Sprint(found.Snapshots)}, {"Files", fmt.Sprint(found.Files)}, {"Blobs", fmt.Sprint(found.Blobs)},
		{"Bytes", fmt.Sprint(found.Bytes)}, {"Problems", fmt.Sprint(len(problems))},
	}
	for _, p := range problems {
		text = append(text, [2]string{"Problem", fmt.Sprintf("%s: %s; needed by snapshots %s", p.Path, p.Problem, strings.Trim(fmt.Sprint(p.Snapshots), "[]"))})
	}
	if err := c.print(s.out, struct {
		backup.Verified
		Problems []backup.Problem
	}{found, problems}, text); err != nil {
		return err
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d files of %s are missing or damaged", len(problems), c.To)
	}
	return nil
}

// backups returns the service that makes backups of an open folder.
func (d *dataFolder) backups(service *objects.Service) *backup.Service {
	return backup.New(backup.Source{
		Checkpoint: func(ctx context.Context, dir string) error {
			err := d.store.Checkpoint(ctx, dir)
			if errors.Is(err, meta.ErrNoCheckpoint) {
				return errors.New("metadata that is not in the data folder is not backed up by this command: back up the database, and then the bucket of the blobs, by their own means (docs/OPERATIONS.md)")
			}
			return err
		},
		OpenState: openState,
		Blobs:     d.blobs, Pin: service.Pin, ID: d.backupID, Seal: d.box.Seal,
		MasterKey: func() ([]byte, error) { return os.ReadFile(d.master) },
		Scratch:   filepath.Join(d.dir, checkpointDir),
	})
}

// openState opens metadata for reading.
func openState(dir string) (backup.State, error) {
	s, err := pebble.OpenSnapshot(dir, pebble.Options{})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// backupID returns what tells the folder from others, which is drawn when it is first asked for.
func (d *dataFolder) backupID() (string, error) {
	path := filepath.Join(d.dir, backupIDFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		var id [16]byte
		if _, err := rand.Read(id[:]); err != nil {
			return "", fmt.Errorf("draw id of data folder: %w", err)
		}
		text = append([]byte(hex.EncodeToString(id[:])), '\n')
		err = durable.WriteFile(path, text)
	}
	if err != nil {
		return "", fmt.Errorf("read id of data folder: %w", err)
	}
	id := strings.TrimSpace(string(text))
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != 16 {
		return "", fmt.Errorf("%s is damaged: remove it, and add --adopt to the next backup", path)
	}
	return id, nil
}
