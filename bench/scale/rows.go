package main

import (
	"fmt"

	"crossgrant/bench/scale/capacity"
	"crossgrant/bench/scale/chart"
	"crossgrant/bench/scale/hotrows"
	"crossgrant/bench/scale/zipf"
)

// What is computed of rows that servers have in common. Intervals and sizes are those of the program, times are assumed.
const (
	usageInterval = 10      // seconds, as package usage writes
	staleUse      = 900     // seconds after which a use would be written again, if that were done
	flush         = 0.5     // seconds, as package journal writes
	segment       = 1 << 20 // bytes of entries, as package journal has them
	entryBytes    = 1400    // of a record with its explanation, as docs/PERFORMANCE.md tells
	tripTime      = 0.001   // seconds of a read
	commitTime    = 0.005   // seconds of a commit on several replicas
	servers       = 100
)

// rowFigures is what the document tells of single rows.
type rowFigures struct {
	HottestAccount  float64 // share of all requests
	StampReads      float64 // a second, of its stamp, each request for itself
	SharedReads     float64 // likewise, requests of a server together, over all servers
	SharedFew       float64 // likewise, over 8 servers
	UsageRows       float64 // written a second, by as many servers
	UsageRowsFew    float64 // likewise, where the requests of an account go to 8 servers
	UsageRowsMinute float64 // likewise, where uses are written once a minute
	UsageRowsOld    float64 // likewise, where no server writes what is stored and younger than staleUse
	UsageNodes      float64 // of the database, for UsageRows
	Segments        float64 // a second that one row can count
	SegmentServers  float64 // servers that write no more than that, with little to record
	SegmentRecords  float64 // records a second that fit
}

func computeRows() (f rowFigures) {
	accounts, callers := zipf.New(world.Accounts, world.Skew), zipf.New(world.Callers, world.Skew)
	f.HottestAccount = accounts.P(0)
	f.StampReads = rate * accounts.P(0)
	f.SharedReads = hotrows.SharedReads(f.StampReads, tripTime, servers)
	f.SharedFew = hotrows.SharedReads(f.StampReads, tripTime, 8)
	f.UsageRows = hotrows.Usage(accounts, callers, rate, servers, usageInterval)
	f.UsageRowsFew = hotrows.Usage(accounts, callers, rate, 8, usageInterval)
	f.UsageRowsMinute = hotrows.Usage(accounts, callers, rate, servers, 60)
	f.UsageRowsOld = hotrows.Usage(accounts, callers, rate, 1, staleUse)
	a := capacity.Assumed
	f.UsageNodes = f.UsageRows * a.WriteCPU / (a.NodeCores * a.NodeUse)
	f.Segments = 1 / commitTime
	f.SegmentServers = f.Segments * flush
	f.SegmentRecords = f.Segments * segment / entryBytes
	return f
}

// rates are the requests a second that curves have.
var rates = []float64{1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6}

// serversFor is how many servers serve so many requests a second, as many as the document's 100 for 10⁶, but not fewer than 3.
func serversFor(rate float64) int { return int(max(3, servers*rate/1e6)) }

// drawStamps draws how often the stamp of the hottest account is read.
func drawStamps() string {
	share := zipf.New(world.Accounts, world.Skew).P(0)
	l := &chart.Lines{
		Title: "Reads a second of one row: the stamp of the hottest account",
		Caption: fmt.Sprintf("%s accounts, Zipf %g: the hottest has %s of all requests. One server for 10⁴ requests a second. Shared: a server's\n"+
			"requests wait for one read that begins after they came, one at a time, %g ms each.",
			chart.Short(float64(world.Accounts)), world.Skew, chart.Percent(share), 1000*tripTime),
		X:     chart.Axis{Label: "requests a second, all accounts", Log: true, Min: 1e3, Max: 1e6},
		Y:     chart.Axis{Label: "reads a second", Log: true, Min: 10, Max: 1e5},
		Marks: []chart.Mark{{Value: splitLoad, Name: "where a range would be split: one row cannot be"}},
	}
	each := chart.Series{Name: "each request its own", Colour: 1}
	shared := chart.Series{Name: "shared, at random", Colour: 0, Dashed: true}
	few := chart.Series{Name: "shared, over 8", Colour: 2}
	for _, r := range rates {
		over := serversFor(r)
		each.X, each.Y = append(each.X, r), append(each.Y, r*share)
		shared.X, shared.Y = append(shared.X, r), append(shared.Y, hotrows.SharedReads(r*share, tripTime, over))
		few.X, few.Y = append(few.X, r), append(few.Y, hotrows.SharedReads(r*share, tripTime, min(8, over)))
	}
	l.Series = []chart.Series{each, shared, few}
	return l.SVG()
}

// drawUsage draws the rows of real use that servers write.
func drawUsage() string {
	accounts, callers := zipf.New(world.Accounts, world.Skew), zipf.New(world.Callers, world.Skew)
	l := &chart.Lines{
		Title: "Rows a second that tell of real use, beside those of objects",
		Caption: "Every server writes a row for each access key, principal and account that it has seen, once an interval.\n" +
			"One server for 10⁴ requests a second. Once in 15 minutes: if no server writes what is stored and younger than that.",
		X: chart.Axis{Label: "requests a second", Log: true, Min: 1e3, Max: 1e6},
		Y: chart.Axis{Label: "rows written a second", Log: true, Min: 100, Max: 2e6},
	}
	objects := chart.Series{Name: "objects (18 %)", Colour: 4, Dashed: true}
	ten := chart.Series{Name: "every 10 s, as now", Colour: 1}
	few := chart.Series{Name: "10 s, account over 8", Colour: 2}
	minute := chart.Series{Name: "every minute", Colour: 0}
	old := chart.Series{Name: "once in 15 minutes", Colour: 3}
	for _, r := range rates {
		over := serversFor(r)
		objects.X, objects.Y = append(objects.X, r), append(objects.Y, 0.18*r)
		ten.X, ten.Y = append(ten.X, r), append(ten.Y, hotrows.Usage(accounts, callers, r, over, usageInterval))
		few.X, few.Y = append(few.X, r), append(few.Y, hotrows.Usage(accounts, callers, r, min(8, over), usageInterval))
		minute.X, minute.Y = append(minute.X, r), append(minute.Y, hotrows.Usage(accounts, callers, r, over, 60))
		old.X, old.Y = append(old.X, r), append(old.Y, hotrows.Usage(accounts, callers, r, 1, staleUse))
	}
	l.Series = []chart.Series{objects, ten, few, minute, old}
	return l.SVG()
}
