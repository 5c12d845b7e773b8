package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"crossgrant/internal/migrate"
)

// lineEvery is how often a line is written where lines stay, such as in a log.
const lineEvery = 10 * time.Second

// keyWork is how many bytes of large objects take about as long as a key.
const keyWork = 4096

// migratePrinter shows how far a migration is: on a terminal in one line that changes.
type migratePrinter struct {
	out      io.Writer
	quiet    bool
	terminal bool

	mu    sync.Mutex // protects the fields below
	stage string
	began time.Time // the stage, in this run
	start migrate.Counts
	told  time.Time
	shown bool
}

func newMigratePrinter(out io.Writer, quiet bool) *migratePrinter {
	p := &migratePrinter{out: out, quiet: quiet}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// progress shows how far the migration is.
func (p *migratePrinter) progress(at migrate.Progress) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if at.Stage != p.stage {
		p.stage, p.began, p.start, p.told = at.Stage, now, at.Done, time.Time{}
	}
	text := p.text(at, now.Sub(p.began))
	switch {
	case p.terminal:
		fmt.Fprintf(p.out, "\r%-100s", text)
		p.shown = true
	case now.Sub(p.told) >= lineEvery:
		fmt.Fprintln(p.out, "crossgrant: migrate: "+text)
		p.told = now
	}
}

// text says how far a stage is that has taken so long.
func (p *migratePrinter) text(at migrate.Progress, took time.Duration) string {
	if at.Stage == "wait" {
		return "wait: a server was here; is it still there?"
	}
	parts := []string{fmt.Sprintf("%s keys", humanize.Comma(at.Done.Keys))}
	if at.Done.Objects > 0 {
		parts = append(parts, humanize.Comma(at.Done.Objects)+" objects")
	}
	if at.Done.Blobs > 0 {
		parts = append(parts, fmt.Sprintf("%s blobs of %s", humanize.Comma(at.Done.Blobs), humanize.IBytes(uint64(at.Done.BlobBytes))))
	}
	if took >= time.Second {
		seconds := took.Seconds()
		bytes := at.Done.BlobBytes - p.start.BlobBytes + at.Done.MetadataBytes - p.start.MetadataBytes
		parts = append(parts, fmt.Sprintf("%s keys/s, %s/s", humanize.Comma(int64(float64(at.Done.Keys-p.start.Keys)/seconds)), humanize.IBytes(uint64(float64(max(bytes, 0))/seconds))))
	}
	done, all, before := work(at.Done), work(at.Total), work(p.start)
	if all > 0 {
		parts = append(parts, fmt.Sprintf("%d %%", min(100, 100*done/all)))
		if rate := float64(done-before) / took.Seconds(); took >= 2*time.Second && rate > 0 && done < all {
			left := time.Duration(float64(all-done) / rate * float64(time.Second))
			parts = append(parts, "about "+left.Round(time.Second).String()+" left")
		}
	}
	return at.Stage + ": " + strings.Join(parts, ", ")
}

// work is a measure of how long something takes.
func work(c migrate.Counts) int64 { return c.BlobBytes + keyWork*c.Keys }

// clear ends the line that changes.
func (p *migratePrinter) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprintf(p.out, "\r%100s\r", "")
		p.shown = false
	}
}
