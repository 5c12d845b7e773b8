package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"crossgrant/bench/load"
	"crossgrant/bench/process"
	"crossgrant/bench/report"
)

// planFlags say what is measured.
type planFlags struct {
	Region     string   `help:"Region that requests are signed for." default:"us-east-1" placeholder:"REGION"`
	Ops        []string `help:"Operations: put, get, head, list, list-objects, list-delimiter, list-deep, mixed, delete." default:"put,get,head,list,list-delimiter,list-deep,mixed,delete" placeholder:"NAME,…"`
	Sizes      []string `help:"Sizes of objects for put and get; other operations use the smallest." default:"4KiB,128KiB,16MiB" placeholder:"SIZE,…"`
	Clients    []int    `help:"Numbers of clients, each with a connection and one request at a time." default:"32" placeholder:"N,…"`
	Seconds    float64  `help:"Length of a round." default:"2" placeholder:"S"`
	Rounds     int      `help:"Rounds of each row, alternating between the endpoints." default:"3" placeholder:"N"`
	Rate       float64  `help:"Operations per second over all clients (open loop: latencies begin when an operation was to start); 0 for a closed loop." default:"0" placeholder:"R"`
	Keys       uint64   `help:"Keys in the tree for list-delimiter and list-deep." default:"100000" placeholder:"N"`
	Flat       uint64   `help:"Keys in the bucket for list." default:"10000" placeholder:"N"`
	Objects    uint64   `help:"Objects that get and head choose from, at most 256 MiB of each size." default:"2000" placeholder:"N"`
	Deletes    uint64   `help:"Objects that a round of delete deletes at most." default:"3000" placeholder:"N"`
	Sequential bool     `help:"Put keys in ascending order instead of spread ones."`
	Verify     bool     `help:"Compare bodies of answers whole, not only their length and edges."`
}

// runCommand measures endpoints.
type runCommand struct {
	planFlags
	scratchFlag
	Start    []string `help:"Program of crossgrant: start a server, on a free port and with a data folder of its own, and measure it before other endpoints; may be repeated, to compare builds, or ways to run one: what follows a comma is set in its environment." sep:"none" placeholder:"[NAME=]PROGRAM[,VARIABLE=VALUE...]"`
	Trail    []string `help:"Name of a server that is started: log all of its events, those of objects as well, by a trail into a bucket of another account; may be repeated." placeholder:"NAME"`
	Echo     bool     `help:"Measure a bare HTTP server as well, which answers with 4 KiB and keeps nothing."`
	Endpoint []string `help:"Endpoint to measure; may be repeated. Without KEY and SECRET requests are not signed; bare says that it keeps nothing. The buckets s3bench-objects, s3bench-flat and s3bench-tree are made there, and stay." sep:"none" placeholder:"NAME=URL,KEY,SECRET[,pid=PID][,data=FOLDER][,bare]"`
	JSON     string   `name:"json" help:"Write everything that was measured to this file." placeholder:"FILE"`
	SVG      string   `name:"svg" help:"Draw a plot into this file." placeholder:"FILE"`
	Title    string   `help:"Title of the plot." default:"S3 servers under the same load" placeholder:"TEXT"`
}

// Run measures and prints.
func (c *runCommand) Run(ctx context.Context, s streams) (err error) {
	plan, err := c.plan()
	if err != nil {
		return err
	}
	given, err := c.given()
	if err != nil {
		return err
	}
	own, err := c.newServers()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.close()) }()
	var endpoints []*load.Endpoint
	for _, text := range c.Start {
		name, program, env := parseStart(text)
		server, err := own.start(ctx, name, program, c.Region, env...)
		if err != nil {
			return err
		}
		if slices.Contains(c.Trail, name) {
			if err := server.logRequests(ctx); err != nil {
				return err
			}
		}
		endpoints = append(endpoints, server.endpoint)
	}
	endpoints = append(endpoints, given...)
	if c.Echo {
		echo, err := own.startEcho()
		if err != nil {
			return err
		}
		endpoints = append(endpoints, echo)
	}
	return c.measure(ctx, s, plan, endpoints)
}

// given returns the endpoints that are there already.
func (c *runCommand) given() ([]*load.Endpoint, error) {
	var endpoints []*load.Endpoint
	for _, text := range c.Endpoint {
		e, err := load.ParseEndpoint(text, c.Region)
		if err != nil {
			return nil, usageError{err}
		}
		endpoints = append(endpoints, e)
	}
	if len(endpoints)+len(c.Start) == 0 && !c.Echo {
		return nil, usagef("give at least one --endpoint NAME=URL,KEY,SECRET or --start PROGRAM")
	}
	return endpoints, nil
}

func (c *runCommand) measure(ctx context.Context, s streams, plan *load.Plan, endpoints []*load.Endpoint) error {
	table := report.Table{W: s.out}
	r := &report.Report{Time: time.Now(), Machine: report.ThisMachine(), Arguments: report.HideSecrets(s.args), Plan: plan}
	err := plan.Run(ctx, endpoints, s.err, func(row []*load.Result) {
		lines := report.Lines(row)
		table.Print(lines)
		r.Lines, r.Results = append(r.Lines, lines...), append(r.Results, row...)
	})
	if err != nil {
		return err
	}
	fmt.Fprint(s.out, report.Legend)
	r.Disk = disks(s, endpoints)
	return errors.Join(c.write(r), failures(r.Lines))
}

// write writes the files that are asked for.
func (c *runCommand) write(r *report.Report) error {
	if c.JSON != "" {
		if err := create(c.JSON, func(f *os.File) error { return r.Write(f) }); err != nil {
			return err
		}
	}
	if c.SVG == "" {
		return nil
	}
	m := r.Machine
	caption := fmt.Sprintf("%s; %d × %s; clients on the same machine as the servers, medians of %d rounds of %v s", r.Time.Format(time.DateOnly), m.CPUs, m.Processor, r.Plan.Rounds, r.Plan.Seconds)
	return create(c.SVG, func(f *os.File) error { return report.Plot(f, c.Title, caption, r) })
}

// disks prints and returns what endpoints have on their disks, as far as that is known.
func disks(s streams, endpoints []*load.Endpoint) map[string]int64 {
	all := map[string]int64{}
	for _, e := range endpoints {
		if e.Data == "" {
			continue
		}
		n, err := process.DiskUsage(e.Data)
		if err != nil {
			fmt.Fprintf(s.err, "%s: %v\n", e.Name, err)
			continue
		}
		all[e.Name] = n
		fmt.Fprintf(s.out, "%s: %s on disk\n", e.Name, report.Bytes(n))
	}
	return all
}

// failures returns an error if any operation failed.
func failures(lines []*report.Line) error {
	var n uint64
	for _, l := range lines {
		n += l.Errors
	}
	if n > 0 {
		return fmt.Errorf("%d operations failed", n)
	}
	return nil
}

// plan checks the flags.
func (c *planFlags) plan() (*load.Plan, error) {
	p := &load.Plan{Clients: c.Clients, Seconds: c.Seconds, Rounds: c.Rounds, Rate: c.Rate, Options: load.Options{
		Objects: c.Objects, Flat: c.Flat, Keys: c.Keys, Deletes: c.Deletes, Sequential: c.Sequential, Verify: c.Verify,
	}}
	for _, name := range c.Ops {
		name = strings.ToUpper(name)
		if !slices.Contains(load.Operations(), name) {
			return nil, usagef("--ops: %q is none of %s", name, strings.Join(load.Operations(), ", "))
		}
		p.Operations = append(p.Operations, name)
	}
	for _, text := range c.Sizes {
		size, err := parseSize("--sizes", text)
		if err != nil {
			return nil, err
		}
		p.Sizes = append(p.Sizes, size)
	}
	if len(p.Operations) == 0 || len(p.Sizes) == 0 || len(p.Clients) == 0 || slices.Min(p.Clients) < 1 || p.Rounds < 1 || p.Seconds <= 0 || p.Rate < 0 || c.Deletes < 1 {
		return nil, usagef("--ops, --sizes, --clients, --rounds, --seconds and --deletes have to be more than nothing")
	}
	return p, nil
}

// parseSize parses a number of bytes: 4096, 4KiB, 16MiB.
func parseSize(flag, text string) (int, error) {
	digits, factor := text, 1
	for _, unit := range []struct {
		name   string
		factor int
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"B", 1}} {
		if rest, ok := strings.CutSuffix(text, unit.name); ok {
			digits, factor = rest, unit.factor
			break
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > 1<<30/factor {
		return 0, usagef("%s: %q is not a size up to 1024MiB", flag, text)
	}
	return n * factor, nil
}

// create makes a file that a result is written to.
func create(path string, write func(*os.File) error) error {
	f, err := os.Create(filepath.Clean(path))
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
