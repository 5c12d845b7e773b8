package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"crossgrant/internal/admin"
	"crossgrant/internal/decisions"
	"crossgrant/internal/ids"
)

// requestFilter says which recorded requests a command is about.
type requestFilter struct {
	Since     time.Duration `help:"How far back to look." default:"24h" placeholder:"DURATION"`
	Principal string        `help:"Only requests of this caller: the ARN of a user, a session, or a role with all of its sessions; or a service principal." placeholder:"ARN"`
	Account   string        `help:"Only requests of this account, or for what it owns." placeholder:"ID"`
	Bucket    string        `help:"Only requests for this bucket." placeholder:"NAME"`
	Action    string        `help:"Only requests that needed this action; may have wildcards." placeholder:"ACTION"`
	Outcome   string        `help:"Only requests that were allowed, or denied." enum:",allowed,denied" default:"" placeholder:"OUTCOME"`
}

// query returns the query of the flags at a time.
func (f *requestFilter) query(now time.Time) decisions.Query {
	return decisions.Query{
		From: now.Add(-f.Since), Principal: f.Principal, Account: ids.AccountID(f.Account), Bucket: f.Bucket, Action: f.Action, Outcome: f.Outcome,
	}
}

// requestsCommand lists recorded requests.
type requestsCommand struct {
	dataFlag
	requestFilter
	Limit int  `help:"How many to list at most, the latest." default:"100" placeholder:"N"`
	JSON  bool `name:"json" help:"Print them as JSON, with why each was allowed or denied."`
}

// Run lists requests.
func (c *requestsCommand) Run(ctx context.Context, s streams) error {
	if c.Limit < 1 || c.Limit > decisions.MaxFound {
		return usagef("--limit: %d is not within 1 and %d", c.Limit, decisions.MaxFound)
	}
	q := c.query(time.Now())
	q.Limit = c.Limit
	return c.with(ctx, false, func(o admin.Operator) error {
		page, err := o.Requests(ctx, q)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, page)
		}
		table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "Time\tRequestId\tOutcome\tStatus\tOperation\tCaller\tAbout")
		for i := range page.Requests {
			r := &page.Requests[i]
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", r.Time.Format(time.RFC3339), r.RequestID, r.Outcome, r.Status, r.Operation, orAnonymous(r.Caller.ARN), r.About())
		}
		if err := table.Flush(); err != nil || !page.More {
			return err
		}
		_, err = fmt.Fprintln(s.err, "there are more: narrow the query, or raise --limit")
		return err
	})
}
