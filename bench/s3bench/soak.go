package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"crossgrant/bench/load"
	"crossgrant/bench/process"
	"crossgrant/bench/report"
)

// soakCommand puts mixed load on a server for long, and looks whether it grows.
type soakCommand struct {
	scratchFlag
	Program string        `help:"Program of crossgrant." required:"" placeholder:"FILE"`
	Minutes int           `help:"How long." default:"30" placeholder:"N"`
	Clients int           `help:"Number of clients." default:"128" placeholder:"N"`
	Objects uint64        `help:"Objects that are read, at most 256 MiB of each size." default:"2000" placeholder:"N"`
	Limit   string        `help:"Memory that the process of the server may have resident; its GOMEMLIMIT is seven eighths of that." default:"512MiB" placeholder:"SIZE"`
	Growth  float64       `help:"How many times the mean memory of the first third that of the last may be, and 16 MiB more." default:"1.25" placeholder:"FACTOR"`
	Minute  time.Duration `help:"Length of what is called a minute here; a shorter one is for tests." default:"1m" hidden:""`
}

// Run starts the server and soaks it.
func (c *soakCommand) Run(ctx context.Context, s streams) (err error) {
	limit, err := parseSize("--limit", c.Limit)
	if err != nil {
		return err
	}
	if c.Minutes < 3 || c.Clients < 1 || c.Objects < 1 {
		return usagef("--minutes has to be at least 3, --clients and --objects at least 1")
	}
	own, err := c.newServers()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.close()) }()
	server, err := own.start(ctx, "crossgrant", c.Program, "us-east-1", fmt.Sprintf("GOMEMLIMIT=%d", limit/8*7))
	if err != nil {
		return err
	}
	soak, err := load.NewSoak(ctx, server.endpoint, c.Clients, load.Options{Objects: c.Objects}, s.err)
	if err != nil {
		return err
	}
	minutes, err := c.soak(ctx, s.out, server, soak)
	return errors.Join(err, c.judge(minutes, int64(limit)))
}

// minute is what one minute was like.
type minute struct {
	*load.Measurement
	memory memory
}

const soakFormat = "%6s %10s %9s %9s %9s %9s %7s %10s %11s %11s %11s\n"

// soak prints a line per minute and returns them all.
func (c *soakCommand) soak(ctx context.Context, out io.Writer, server *started, soak *load.Soak) ([]minute, error) {
	fmt.Fprintf(out, soakFormat, "minute", "ops/s", "MiB/s", "p50", "p99", "longest", "errors", "CPU/1,000", "mean RSS", "most RSS", "on disk")
	var minutes []minute
	for i := range c.Minutes {
		var m minute
		watch := watchMemory(server.PID())
		measured, err := soak.Run(ctx, c.Clients, c.Minute)
		m.memory = watch()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return minutes, err
		}
		m.Measurement = measured
		minutes = append(minutes, m)
		disk, err := process.DiskUsage(server.Data)
		if err != nil {
			return minutes, err
		}
		seconds := m.Elapsed.Seconds()
		fmt.Fprintf(out, soakFormat, fmt.Sprint(i+1), report.Number(float64(m.Operations)/seconds), report.Number(float64(m.Bytes)/seconds/(1<<20)),
			report.Duration(m.Latency.Quantile(0.5)), report.Duration(m.Latency.Quantile(0.99)), report.Duration(m.Latency.Max()), fmt.Sprint(m.Errors),
			report.Number(1000*m.ServerCPU.Seconds()/float64(max(m.Operations, 1))), report.Bytes(m.memory.mean()), report.Bytes(m.memory.most), report.Bytes(disk))
		if m.FirstError != "" {
			fmt.Fprintf(out, "       first error: %s\n", m.FirstError)
		}
	}
	return minutes, nil
}

// judge says what was not as it should be.
func (c *soakCommand) judge(minutes []minute, limit int64) error {
	var all []error
	var errorCount uint64
	var most int64
	for _, m := range minutes {
		errorCount += m.Errors
		most = max(most, m.memory.most)
	}
	if errorCount > 0 {
		all = append(all, fmt.Errorf("%d operations failed", errorCount))
	}
	if most > limit {
		all = append(all, fmt.Errorf("the server had %s resident, more than %s", report.Bytes(most), report.Bytes(limit)))
	}
	if third := len(minutes) / 3; third > 0 {
		first, last := meanOf(minutes[:third]), meanOf(minutes[len(minutes)-third:])
		if float64(last) > float64(first)*c.Growth+16<<20 {
			all = append(all, fmt.Errorf("memory grew from %s in the first third to %s in the last", report.Bytes(first), report.Bytes(last)))
		}
	}
	return errors.Join(all...)
}

func meanOf(minutes []minute) int64 {
	var sum memory
	for _, m := range minutes {
		sum.sum += m.memory.sum
		sum.samples += m.memory.samples
	}
	return sum.mean()
}

// memory is samples of resident memory, in bytes.
type memory struct{ sum, samples, most int64 }

func (m *memory) mean() int64 { return m.sum / max(m.samples, 1) }

func (m *memory) sample(pid int) {
	if u, err := process.Read(pid); err == nil {
		m.sum += u.RSS
		m.samples++
		m.most = max(m.most, u.RSS)
	}
}

// watchMemory samples the memory of a process until what it returns is called, which returns the samples.
func watchMemory(pid int) func() memory {
	const every = 250 * time.Millisecond
	var m memory
	var group sync.WaitGroup
	end := make(chan struct{})
	group.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			m.sample(pid)
			select {
			case <-end:
				return
			case <-tick.C:
			}
		}
	})
	return func() memory { close(end); group.Wait(); return m }
}
