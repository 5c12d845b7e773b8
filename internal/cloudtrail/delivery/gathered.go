package delivery

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"time"

	"github.com/klauspost/compress/gzip"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/ids"
)

// maxRaw is how many bytes of the events of one log file wait until they are compressed.
const maxRaw = 256 << 10

// begin and end are what stands around the events of a log file.
const (
	begin = `{"Records":[`
	end   = `]}`
)

// gathered is the events of the segments after one sequence, up to and with another, that are to be committed at once.
type gathered struct {
	from, to uint64
	// all are the log files in the order in which they began, of which open still grow.
	all    []*file
	open   map[fileKey]*file
	zips   *compressors
	passed int // bytes of entries
	held   int // bytes of events, compressed as far as they are
	buffer []byte
}

// fileKey tells events apart that do not go into one log file.
type fileKey struct {
	trail          string // ARN
	bucket, prefix string
	member         ids.AccountID
	validation     bool
}

// file is a log file that grows: events are gathered as they are, compressed when they are many, and hashed as they are.
type file struct {
	key            fileKey
	trail          *cloudtrail.Trail
	raw            []byte
	out            bytes.Buffer
	zip            *gzip.Writer // nil: nothing is compressed yet
	sum            hash.Hash
	size           int // of all events
	events         int64
	oldest, newest time.Time
}

func newGathered(from uint64, zips *compressors) *gathered {
	return &gathered{from: from, to: from, open: map[fileKey]*file{}, zips: zips}
}

// much reports whether there is as much as is to be committed at once.
func (g *gathered) much() bool { return g.held >= maxGathered || g.passed >= maxPassed }

// add adds an event of an account to the log file of a trail.
func (g *gathered) add(t *cloudtrail.Trail, member ids.AccountID, at time.Time, text []byte) {
	key := fileKey{t.ARN, t.Record.Bucket, t.Record.Prefix, member, t.Record.Validation}
	f := g.open[key]
	if f == nil || f.full(len(text)) {
		if f != nil {
			g.finish(f)
		}
		f = &file{key: key, trail: t, sum: sha256.New(), raw: append(make([]byte, 0, 2048), begin...)}
		g.open[key] = f
		g.all = append(g.all, f)
	}
	if f.events > 0 {
		f.raw = append(f.raw, ',')
	}
	f.raw = append(f.raw, text...)
	f.size += len(text)
	g.held += len(text)
	f.events++
	if f.oldest.IsZero() || at.Before(f.oldest) {
		f.oldest = at
	}
	if at.After(f.newest) {
		f.newest = at
	}
	if len(f.raw) >= maxRaw {
		g.compress(f)
	}
}

// full reports whether a file has no room for an event of so many bytes.
func (f *file) full(n int) bool { return f.size+n > maxFile || f.out.Len() > maxPacked }

// compress compresses what waits of a file.
func (g *gathered) compress(f *file) {
	if f.zip == nil {
		f.zip = g.zips.take(&f.out)
	}
	before := f.out.Len()
	f.sum.Write(f.raw)
	f.zip.Write(f.raw) // into memory: it does not fail
	g.held += f.out.Len() - before - len(f.raw)
	f.raw = f.raw[:0]
}

// finish compresses the rest of a file, to which nothing is added any more. It may be called again.
func (g *gathered) finish(f *file) {
	if f.raw == nil {
		return
	}
	f.raw = append(f.raw, end...)
	g.held += len(end)
	g.compress(f)
	before := f.out.Len()
	f.zip.Close()
	g.held += f.out.Len() - before
	g.zips.give(f.zip)
	f.raw, f.zip = nil, nil
}

// compressors are gzip writers that nobody uses at present: one takes more memory than most log files.
type compressors struct{ free []*gzip.Writer }

// maxFree is how many are kept.
const maxFree = 4

func (c *compressors) take(out *bytes.Buffer) *gzip.Writer {
	if n := len(c.free); n > 0 {
		w := c.free[n-1]
		c.free = c.free[:n-1]
		w.Reset(out)
		return w
	}
	w, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}

func (c *compressors) give(w *gzip.Writer) {
	if len(c.free) < maxFree {
		c.free = append(c.free, w)
	}
}
