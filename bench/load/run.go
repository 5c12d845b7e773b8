package load

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// Plan is what is measured: every operation for every size that applies and every number of clients, on every
// endpoint in turn, in several rounds.
type Plan struct {
	Operations []string
	Sizes      []int // bytes
	Clients    []int
	Seconds    float64 // of each round
	Rounds     int
	Rate       float64 // operations per second, over all clients; 0 for a closed loop
	Options    Options
	// Fill says that the objects which GET and HEAD choose from are there before anything is measured.
	Fill bool
}

// Row is what is measured in one row.
type Row struct {
	Operation string
	Size      int // bytes of an object; 0 where it does not matter
	Clients   int
}

// Result is a row as one endpoint did it, round by round.
type Result struct {
	Row
	Endpoint string
	Bare     bool `json:",omitempty"` // of the endpoint
	Rounds   []*Measurement
}

// Rows returns the rows of a plan, in order.
func (p *Plan) Rows() []Row {
	var rows []Row
	for _, o := range operations {
		if !slices.Contains(p.Operations, o.name) {
			continue
		}
		sizes := p.Sizes
		if !o.sized {
			sizes = []int{slices.Min(p.Sizes)}
		}
		for _, size := range sizes {
			for _, clients := range p.Clients {
				rows = append(rows, Row{o.name, size, clients})
			}
		}
	}
	return rows
}

// Run measures a plan. Each row is given to done when it is complete, with a result for each endpoint, in their
// order. Errors of operations are in the results; Run fails if it could not measure at all.
func (p *Plan) Run(ctx context.Context, endpoints []*Endpoint, progress io.Writer, done func([]*Result)) error {
	sessions := p.sessions(endpoints, progress)
	if err := p.fill(ctx, sessions); err != nil {
		return err
	}
	for _, row := range p.Rows() {
		results, err := p.row(ctx, sessions, row)
		if err != nil {
			return err
		}
		done(results)
	}
	return nil
}

func (p *Plan) fill(ctx context.Context, sessions []*session) error {
	if !p.Fill {
		return nil
	}
	for _, s := range sessions {
		for _, size := range p.Sizes {
			if _, _, err := s.objects(ctx, size); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Plan) sessions(endpoints []*Endpoint, progress io.Writer) []*session {
	contents := map[int]*content{listed: newContent(listed)}
	for _, size := range p.Sizes {
		contents[size] = newContent(size)
	}
	var all []*session
	for _, e := range endpoints {
		all = append(all, newSession(e, p.Options, contents, slices.Max(p.Clients), progress))
	}
	return all
}

// row measures one row: round by round, in each of them every endpoint, with another one first.
func (p *Plan) row(ctx context.Context, sessions []*session, row Row) ([]*Result, error) {
	results := make([]*Result, len(sessions))
	for i, s := range sessions {
		results[i] = &Result{Row: row, Endpoint: s.Name, Bare: s.Bare}
	}
	for round := range p.Rounds {
		for i := range sessions {
			i = (i + round) % len(sessions)
			m, err := p.measure(ctx, sessions[i], row)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", sessions[i].Name, row.Operation, err)
			}
			results[i].Rounds = append(results[i].Rounds, m)
		}
	}
	return results, nil
}

func (p *Plan) measure(ctx context.Context, s *session, row Row) (*Measurement, error) {
	i := slices.IndexFunc(operations, func(o operation) bool { return o.name == row.Operation })
	r, err := operations[i].begin(ctx, s, row.Size)
	if err != nil {
		return nil, err
	}
	d := demand{duration: time.Duration(p.Seconds * float64(time.Second)), limit: r.limit, rate: p.Rate}
	m, err := run(ctx, s.Endpoint, s.workers[:row.Clients], d, r.do)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && r.end != nil {
		err = r.end(ctx, m.Operations+m.Errors)
	}
	return m, err
}
