package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"crossgrant/internal/admin"
	"crossgrant/internal/ids"
	"crossgrant/internal/reach"
)

// accessCommand tells who can reach what, computed from the policies.
type accessCommand struct {
	dataFlag
	Bucket    string `arg:"" optional:"" help:"Who can reach this bucket: its name. BUCKET/PREFIX/ or BUCKET/PREFIX* asks about the keys that begin so, BUCKET/KEY about one." placeholder:"BUCKET[/KEY]"`
	Principal string `help:"What this principal can reach: the ARN of a user, role, session or root user, an account ID (any of its principals), a service principal, or anonymous." placeholder:"ARN"`
	Outside   string `help:"What anyone outside this account or organization can reach in it." placeholder:"ID"`
	Action    string `help:"Only actions like this, such as s3:Get*." placeholder:"PATTERN"`
	JSON      bool   `name:"json" help:"Print JSON."`
	SVG       string `name:"svg" help:"Draw the answer into this file, or to the output if it is -: accounts as houses, with who reaches what in them. With nothing else, of all accounts." placeholder:"FILE"`
}

// Run asks and prints the answer.
func (c *accessCommand) Run(ctx context.Context, s streams) error {
	q, err := c.question()
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(o admin.Operator) error {
		r, err := o.Access(ctx, q)
		if err != nil {
			return err
		}
		if c.SVG != "" {
			return drawAccess(s.out, c.SVG, r)
		}
		if c.JSON {
			return printJSON(s.out, r)
		}
		return printAccess(s.out, r)
	})
}

// question returns what was asked.
func (c *accessCommand) question() (reach.Question, error) {
	n := 0
	for _, given := range []string{c.Bucket, c.Principal, c.Outside} {
		if given != "" {
			n++
		}
	}
	if c.SVG != "" && c.JSON {
		return reach.Question{}, usagef("give one of --svg and --json")
	}
	if n > 1 || n == 0 && c.SVG == "" {
		return reach.Question{}, usagef("give one of a bucket, --principal and --outside")
	}
	q := reach.Question{Principal: c.Principal, Outside: c.Outside, Action: c.Action}
	name, key, found := strings.Cut(strings.TrimPrefix(c.Bucket, "s3://"), "/")
	q.Bucket = name
	switch prefix, star := strings.CutSuffix(key, "*"); {
	case !found || key == "":
	case star:
		q.Prefix = prefix
	case strings.HasSuffix(key, "/"):
		q.Prefix = key
	default:
		q.Key = key
	}
	return q, nil
}

// printAccess prints an answer in words: each principal, and below it a line for each of its paths.
func printAccess(w io.Writer, r *reach.Result) error {
	names := map[ids.AccountID]string{}
	for _, a := range r.Accounts {
		names[a.ID] = a.Name
	}
	var b strings.Builder
	for i := range r.Principals {
		p := &r.Principals[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintln(&b, header(p, names))
		for j := range r.Paths {
			if r.Paths[j].Principal == p.ID {
				fmt.Fprintln(&b, "  "+r.Paths[j].Text)
			}
		}
	}
	if len(r.Paths) == 0 {
		fmt.Fprintln(&b, "Nobody can.")
	}
	for _, sentence := range r.Cut {
		fmt.Fprintln(&b, "\nNot complete: "+sentence)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// header names a principal.
func header(p *reach.Principal, names map[ids.AccountID]string) string {
	text := map[reach.Kind]string{
		reach.Anonymous: "anyone, without signing", reach.AnyAccount: "any principal of an account that is not served here, if that account lets it",
		reach.Service: "service " + p.ID, reach.Provider: "whom identity provider " + p.ID + " vouches for",
		reach.AnyOfAccount: "any principal of account " + p.ID + ", if that account lets it",
		reach.Role:         "role " + p.ID, reach.User: "user " + p.ID, reach.Root: "root user " + p.ID, reach.Session: "session " + p.ID,
		reach.FederatedUser: "federated user " + p.ID,
	}[p.Kind]
	if name := names[p.Account]; name != "" {
		text += " (" + name + ")"
	}
	return text
}
