package accesslog

import (
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/keys"
	"crossgrant/internal/records"
)

// part is the lines of one segment.
type part struct {
	lines []taken
	// size is the bytes of lines, lost how many found no room, passed the bytes of the entries.
	size, lost, passed int
}

// taken is one line, the bucket that it is about, and the time of the request.
type taken struct {
	bucket *access.Bucket
	at     time.Time
	text   string
}

// add takes a line about a bucket.
func (p *part) add(b *access.Bucket, r *audit.Record, text string) {
	if p.size+len(text) > maxSegment {
		p.lost++
		return
	}
	p.size += len(text)
	p.lines = append(p.lines, taken{b, r.Time, text})
}

// gathered is the lines of the segments after one sequence, up to and with another, that are to be committed at once.
type gathered struct {
	from, to uint64
	// all are the lines by log object, in the order in which these began; open are those that still grow.
	all  []*group
	open map[groupKey]*group
	// size is the bytes of lines, of which most are to be committed at once; passed are those of the entries.
	size, most, passed int
}

// groupKey tells lines apart that do not go into one log object: those of other buckets, and of other days where the
// key tells the day.
type groupKey struct {
	bucket keys.BucketID
	day    int64
}

// group is the lines of one log object.
type group struct {
	bucket keys.BucketID
	size   int
	lines  *records.LogLines
}

func newGathered(from uint64, most int) *gathered {
	return &gathered{from: from, to: from, most: most, open: map[groupKey]*group{}}
}

// much reports whether there is as much as is to be committed at once.
func (g *gathered) much() bool { return g.size >= g.most || g.passed >= maxPassed }

// add takes the lines of a segment, the next one after those that there are.
func (g *gathered) add(sequence uint64, p *part) {
	for i := range p.lines {
		g.line(&p.lines[i])
	}
	g.to = sequence
	g.size += p.size
	g.passed += p.passed
}

// line takes a line.
func (g *gathered) line(t *taken) {
	logging := t.bucket.Record.Logging
	key := groupKey{bucket: t.bucket.ID}
	if logging.Partitioned && logging.DateSource == EventTime {
		key.day = t.at.UTC().Truncate(24 * time.Hour).UnixNano()
	}
	grows := g.open[key]
	if grows == nil || grows.size+len(t.text)+1 > maxText || grows.lines.Logging != logging && !proto.Equal(grows.lines.Logging, logging) {
		grows = newGroup(t.bucket, key.day)
		g.open[key] = grows
		g.all = append(g.all, grows)
	}
	grows.size += len(t.text) + 1
	grows.lines.Lines = append(grows.lines.Lines, t.text)
}

func newGroup(b *access.Bucket, day int64) *group {
	return &group{bucket: b.ID, lines: &records.LogLines{
		Bucket: b.Record.Name, Account: string(b.Owner), CanonicalId: string(b.Canonical), Region: b.Record.Region,
		Logging: b.Record.Logging, Day: day,
	}}
}
