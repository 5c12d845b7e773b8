package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"crossgrant/internal/admin"
)

type quotaCommand struct {
	dataFlag
	outputFlag
	Account string   `arg:"" help:"Account ID, canonical user ID, e-mail address or name."`
	Set     []string `help:"Quota to set, as Name=Value. May be repeated." placeholder:"NAME=VALUE" sep:"none"`
	Reset   []string `help:"Quota that is to have its default again. May be repeated." placeholder:"NAME" sep:"none"`
}

// Run shows the quotas of an account, after it has changed those that are to be changed.
func (c *quotaCommand) Run(ctx context.Context, s streams) error {
	change, err := c.change()
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(o admin.Operator) error {
		var list admin.QuotaList
		if len(change.Set)+len(change.Reset) > 0 {
			list, err = o.SetQuotas(ctx, c.Account, change)
		} else {
			list, err = o.Quotas(ctx, c.Account)
		}
		if err != nil {
			return err
		}
		warnOfQuotas(s.err, list, change.Set)
		if c.Output == "json" {
			return printJSON(s.out, list)
		}
		return printQuotas(s.out, list)
	})
}

// change returns what the flags ask for.
func (c *quotaCommand) change() (admin.QuotaChange, error) {
	change := admin.QuotaChange{Set: map[string]int{}, Reset: c.Reset}
	for _, text := range c.Set {
		name, number, _ := strings.Cut(text, "=")
		value, err := strconv.Atoi(number)
		if err != nil || name == "" {
			return change, usagef("--set: %q is not Name=Value with a whole number", text)
		}
		if _, twice := change.Set[name]; twice {
			return change, usagef("--set: %s is named twice", name)
		}
		change.Set[name] = value
	}
	return change, nil
}

// warnOfQuotas tells, when something was set, which values AWS would not give an account.
func warnOfQuotas(w io.Writer, list admin.QuotaList, set map[string]int) {
	if len(set) == 0 {
		return
	}
	for _, q := range list.Quotas {
		most := max(q.AWSMaximum, q.Default)
		// What has no default AWS has no number for.
		if q.Default > 0 && q.Value > most {
			fmt.Fprintf(w, "crossgrant: note: %s is %d, AWS gives at most %d\n", q.Name, q.Value, most)
		}
	}
}

// printQuotas prints quotas as text.
func printQuotas(w io.Writer, list admin.QuotaList) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "Name\tValue\tDefault\tAWSMaximum\tUsed")
	for _, q := range list.Quotas {
		used, most := "-", "-"
		if q.Used != nil {
			used = strconv.Itoa(*q.Used)
		}
		if q.AWSMaximum != 0 {
			most = strconv.Itoa(q.AWSMaximum)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\n", q.Name, q.Value, q.Default, most, used)
	}
	return table.Flush()
}
