package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"crossgrant/bench/load"
	"crossgrant/bench/process"
	"crossgrant/bench/report"
)

// scaleCommand compares a server that has many objects in a bucket with one that has few, in one run.
type scaleCommand struct {
	scratchFlag
	Program string  `help:"Program of crossgrant." required:"" placeholder:"FILE"`
	Keys    uint64  `help:"Objects in the bucket of one server." default:"200000" placeholder:"N"`
	Few     uint64  `help:"Objects in the bucket of the other." default:"10000" placeholder:"N"`
	Size    string  `help:"Size of the objects." default:"128B" placeholder:"SIZE"`
	Clients int     `help:"Number of clients." default:"32" placeholder:"N"`
	Seconds float64 `help:"Length of a round." default:"2" placeholder:"S"`
	Rounds  int     `help:"Rounds, alternating between the two; also how often each server is ended and started, in both ways." default:"5" placeholder:"N"`
	Within  float64 `help:"Fail unless the server with many objects is at most this many times slower, in each row; 0 does not judge." default:"0" placeholder:"FACTOR"`
}

// Run fills both servers, measures them in turn, and ends and starts them.
func (c *scaleCommand) Run(ctx context.Context, s streams) (err error) {
	size, err := parseSize("--size", c.Size)
	if err != nil {
		return err
	}
	const fullPages = 4000 // with as many objects, pages of a listing are full
	if c.Keys < fullPages || c.Few < fullPages {
		return usagef("--keys and --few have to be at least %d", fullPages)
	}
	if c.Clients < 1 || c.Rounds < 1 || c.Seconds <= 0 {
		return usagef("--clients, --rounds and --seconds have to be more than nothing")
	}
	own, err := c.newServers()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.close()) }()
	var endpoints []*load.Endpoint
	for _, n := range []uint64{c.Few, c.Keys} {
		server, err := own.start(ctx, fmt.Sprintf("%d keys", n), c.Program, "us-east-1")
		if err != nil {
			return err
		}
		server.endpoint.Objects = n
		endpoints = append(endpoints, server.endpoint)
	}
	lines, err := c.measure(ctx, s, size, endpoints)
	if err != nil {
		return err
	}
	disks(s, endpoints)
	if err := c.restarts(s, own); err != nil {
		return err
	}
	return errors.Join(failures(lines), c.judge(lines))
}

// measure measures and returns the lines, those of the few before those of the many.
func (c *scaleCommand) measure(ctx context.Context, s streams, size int, endpoints []*load.Endpoint) ([]*report.Line, error) {
	plan := &load.Plan{
		Operations: []string{"PUT", "GET", "HEAD", "LIST-OBJECTS", "DELETE"}, Sizes: []int{size}, Clients: []int{c.Clients},
		Seconds: c.Seconds, Rounds: c.Rounds, Options: load.Options{Deletes: 3000}, Fill: true,
	}
	var lines []*report.Line
	table := report.Table{W: s.out}
	err := plan.Run(ctx, endpoints, s.err, func(row []*load.Result) {
		l := report.Lines(row)
		table.Print(l)
		lines = append(lines, l...)
	})
	fmt.Fprint(s.out, report.Legend)
	return lines, err
}

// restarts ends each server several times, in good order and as a crash does, and prints how long it takes until
// it is ready again, and its memory then.
func (c *scaleCommand) restarts(s streams, own *servers) error {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nstart until ready\tafter a clean end\tafter kill -9\tRSS then")
	for _, server := range own.all {
		clean, err := c.restart(server, server.Stop)
		if err != nil {
			return err
		}
		killed, err := c.restart(server, server.Kill)
		if err != nil {
			return err
		}
		u, err := process.Read(server.PID())
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%v\t%v\t%s\n", server.endpoint.Name, clean.Round(time.Millisecond), killed.Round(time.Millisecond), report.Bytes(u.RSS))
	}
	return table.Flush()
}

// restart returns the median time of several starts, each after an end.
func (c *scaleCommand) restart(server *started, end func() error) (time.Duration, error) {
	var times []time.Duration
	for range c.Rounds {
		if err := end(); err != nil {
			return 0, err
		}
		begin := time.Now()
		if err := server.Start(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(begin))
		server.seat()
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// judge compares with --within.
func (c *scaleCommand) judge(lines []*report.Line) error {
	var all []error
	for _, l := range lines {
		if many := fmt.Sprintf("%d keys", c.Keys); c.Within > 0 && l.Endpoint == many && l.Throughput*c.Within < 1 {
			all = append(all, fmt.Errorf("%s with %s is at %.2f of the speed with %d", report.Name(l.Row), many, l.Throughput, c.Few))
		}
	}
	return errors.Join(all...)
}
