package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/admin"
	"crossgrant/internal/decisions"
)

// replayCommand asks recorded requests again with a changed policy.
type replayCommand struct {
	dataFlag
	requestFilter
	Policy string   `help:"File with the changed policy; - for standard input." placeholder:"FILE" xor:"policy" required:""`
	Remove bool     `help:"Ask what would be without the policy." xor:"policy" required:""`
	For    string   `help:"What the policy is for: bucket, user, role, trust (of a role) or policy (managed, or of an organization)." enum:"bucket,user,role,trust,policy" required:"" placeholder:"KIND"`
	Of     []string `arg:"" name:"name" help:"Name of the bucket, or ARNs of the users, roles or policies."`
	Name   string   `help:"Which policy of a user or role is replaced: the name of an inline policy, or the ARN of a managed one. One that it has not is added. Not needed if it has only one." placeholder:"POLICY"`
	JSON   bool     `name:"json" help:"Print lines of JSON: a Difference for each, and the Result."`
}

// maxPolicy is more than any policy has, in bytes.
const maxPolicy = 32 << 10

// Run asks again.
func (c *replayCommand) Run(ctx context.Context, s streams) error {
	order := admin.ReplayOrder{Query: c.query(time.Now())}
	document, err := c.document()
	if err != nil {
		return err
	}
	for _, of := range c.Of {
		order.Changes = append(order.Changes, decisions.Change{Kind: c.For, For: of, Name: c.Name, Document: document})
	}
	lines := json.NewEncoder(s.out)
	lines.SetEscapeHTML(false)
	return c.with(ctx, false, func(o admin.Operator) error {
		return o.Replay(ctx, order, func(line admin.ReplayLine) error {
			switch {
			case line.Progress != nil:
				fmt.Fprintf(s.err, "%d requests asked again, %d decisions would change\n", line.Progress.Requests, line.Progress.Changed)
				return nil
			case c.JSON:
				return lines.Encode(line)
			case line.Difference != nil:
				return printDifference(s.out, line.Difference)
			default:
				return printReplay(s.out, line.Result)
			}
		})
	})
}

// document reads the changed policy; it is empty where one is taken away.
func (c *replayCommand) document() (string, error) {
	if c.Remove {
		return "", nil
	}
	var in io.Reader = os.Stdin
	if c.Policy != "-" {
		f, err := os.Open(c.Policy)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPolicy+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read policy %s: %w", c.Policy, err)
	case len(text) > maxPolicy:
		return "", usagef("%s has more than %d bytes, which no policy has", c.Policy, maxPolicy)
	case len(strings.TrimSpace(string(text))) == 0:
		return "", usagef("%s is empty: with --remove nothing takes the place of the policy", c.Policy)
	}
	return string(text), nil
}

func printDifference(w io.Writer, d *decisions.Difference) error {
	_, err := fmt.Fprintf(w, "%s %s %s would be %s by %s (recorded: %s)\n    %s %s on %s\n", d.Time.Format(time.RFC3339), d.RequestID, d.Operation,
		inWords(d.Then), by(d), inWords(d.Recorded), orAnonymous(d.Caller), d.Action, d.Resource)
	return err
}

// inWords says an effect as people do.
func inWords(effect string) string {
	if effect == decisions.Allowed {
		return "allowed"
	}
	return "denied"
}

func by(d *decisions.Difference) string {
	out := d.By
	if d.Source != "" {
		out += " " + d.Source
	}
	if d.Sid != "" {
		out += ", statement " + d.Sid
	}
	return out
}

func orAnonymous(caller string) string {
	if caller == "" {
		return "anonymous"
	}
	return caller
}

func printReplay(w io.Writer, r *decisions.Replay) error {
	_, err := fmt.Fprintf(w, "%d requests asked again: the policy bears on %d of %d decisions and would change %d\n", r.Requests, r.About, r.Decisions, r.Changed)
	if err == nil && r.Drifted > 0 {
		_, err = fmt.Fprintf(w, "%d would be decided otherwise than recorded already now: something else has changed since\n", r.Drifted)
	}
	for _, why := range slices.Sorted(maps.Keys(r.Skipped)) {
		if err == nil {
			_, err = fmt.Fprintf(w, "%d decisions could not be asked again: %s\n", r.Skipped[why], why)
		}
	}
	return err
}
