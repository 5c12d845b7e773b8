package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// startObjects is the number of objects that BenchmarkStart begins with; CROSSGRANT_BENCH_OBJECTS sets another.
const startObjects = 100_000

// startFolder names, in the environment of the child process of BenchmarkStart, the folder to fill.
const startFolder = "CROSSGRANT_BENCH_FOLDER"

// BenchmarkStart measures how long a server takes from its data folder to the first request: the folder is opened and
// recovered and the services are made. Once it had been killed while it wrote, so that the log has to be read again;
// once it had ended as it should.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestFillAndDie$")
	child.Env = append(os.Environ(), startFolder+"="+dir)
	if out, err := child.CombinedOutput(); child.ProcessState.Exited() {
		b.Fatalf("the process that fills the folder was not killed: %v\n%s", err, out)
	}
	b.Run("killed", func(b *testing.B) { benchmarkStart(b, dir) })
	check(b, openEmbedded(b, dir).close())
	b.Run("ended", func(b *testing.B) { benchmarkStart(b, dir) })
}

// TestFillAndDie is the child process of BenchmarkStart: it fills a folder and kills itself.
func TestFillAndDie(t *testing.T) {
	dir := os.Getenv(startFolder)
	if dir == "" {
		t.Skip("it is for BenchmarkStart")
	}
	count := startObjects
	if text := os.Getenv("CROSSGRANT_BENCH_OBJECTS"); text != "" {
		var err error
		count, err = strconv.Atoi(text)
		check(t, err)
	}
	folder := openEmbedded(t, dir)
	check(t, serveSmall(t, folder).multiply(t, folder.store, int64(count)))
	check(t, syscall.Kill(os.Getpid(), syscall.SIGKILL))
}

// benchmarkStart opens copies of a folder. Its tables are linked, as they never change.
func benchmarkStart(b *testing.B, dir string) {
	var used time.Duration
	for range b.N {
		b.StopTimer()
		again := b.TempDir()
		check(b, linkFolder(again, dir))
		before := cpuTime(b)
		b.StartTimer()
		folder := openEmbedded(b, again)
		command := &serveCommand{Region: "us-east-1"}
		_, err := command.wire(b.Context(), new(config), folder, slog.New(slog.DiscardHandler))
		check(b, err)
		b.StopTimer()
		used += cpuTime(b) - before
		check(b, folder.close())
		b.StartTimer()
	}
	b.ReportMetric(float64(used.Milliseconds())/float64(b.N), "cpu-ms/op")
}

// linkFolder makes to a copy of from, of which tables are links.
func linkFolder(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, path[len(from):])
		switch {
		case entry.IsDir():
			return os.MkdirAll(target, 0o700)
		case filepath.Ext(path) == ".sst":
			return os.Link(path, target)
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
}

// multiply makes the bucket hold so many objects of 1 KiB: one that is put, and its records under other keys and
// places, which is how a folder of a million is filled in a minute.
func (s *smallStore) multiply(b testing.TB, store *meta.Store, count int64) error {
	s.content = s.content[:1<<10]
	if err := s.put(0); err != nil {
		return err
	}
	o, err := s.objects.Get(b.Context(), s.id(), smallKey(0), "")
	if err != nil {
		return err
	}
	content := o.Inline
	o.Inline = nil
	place, err := keys.ParsePlace(o.Content)
	if err != nil {
		return err
	}
	for next := int64(1); next < count; {
		err := store.Update(b.Context(), func(tx meta.Tx) error {
			for range 500 {
				place.Sequence++
				o.Content = place.Bytes()
				if err := tx.Put(keys.Content(place), content); err != nil {
					return err
				}
				if err := records.Put(tx, keys.Object(s.id(), smallKey(next)), o); err != nil {
					return err
				}
				next++
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	return nil
}
