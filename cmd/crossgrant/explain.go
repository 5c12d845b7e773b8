package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/admin"
	"crossgrant/internal/decisions"
	"crossgrant/internal/questions"
)

// explainCommand tells why a request is allowed or denied.
type explainCommand struct {
	dataFlag
	RequestID string   `arg:"" optional:"" help:"ID of a request that was made."`
	As        string   `help:"Who asks: the ARN of a user, role, session of a role or root user, an account ID, a service principal, or anonymous." placeholder:"WHO"`
	Action    string   `help:"Action, such as s3:GetObject." placeholder:"ACTION"`
	On        string   `help:"ARN of the resource; none for an action without one." placeholder:"ARN"`
	Context   []string `help:"Condition key that the request has, as KEY=VALUE. May be repeated, for one key with several values as well." placeholder:"KEY=VALUE" sep:"none"`
	JSON      bool     `name:"json" help:"Print JSON."`
}

// Run explains a request that was made, or one that nobody made. It succeeds whatever the answer is.
func (c *explainCommand) Run(ctx context.Context, s streams) error {
	supposed := c.As != "" || c.Action != "" || c.On != "" || len(c.Context) > 0
	switch {
	case c.RequestID != "" && supposed:
		return usagef("give a request ID, or --as, --action and --on: not both")
	case c.RequestID != "":
		return c.made(ctx, s)
	case c.As == "" || c.Action == "":
		return usagef("give a request ID or --as, --action and --on")
	}
	given, err := contextValues(c.Context)
	if err != nil {
		return err
	}
	return c.with(ctx, false, func(o admin.Operator) error {
		report, err := o.Explain(ctx, questions.Question{As: c.As, Action: c.Action, Resource: c.On, Context: given})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, report)
		}
		return report.Text(s.out)
	})
}

// contextValues reads flags of the form KEY=VALUE. A key that is given more than once has several values.
func contextValues(flags []string) ([]questions.Value, error) {
	var out []questions.Value
	for _, text := range flags {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, usagef("--context: %q is not KEY=VALUE", text)
		}
		i := slices.IndexFunc(out, func(v questions.Value) bool { return strings.EqualFold(v.Key, key) })
		if i < 0 {
			out = append(out, questions.Value{Key: key, Values: []string{value}})
			continue
		}
		out[i].Values = append(out[i].Values, value)
	}
	return out, nil
}

// made explains a request that was made.
func (c *explainCommand) made(ctx context.Context, s streams) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		r, err := o.Request(ctx, c.RequestID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, r)
		}
		if r.Report != nil {
			if err := r.Report.Text(s.out); err != nil {
				return err
			}
			fmt.Fprintln(s.out)
		} else {
			fmt.Fprintf(s.out, "%s: %s\n\n", inWords(r.Outcome), unjudged(&r))
		}
		answer := strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, r.ErrorCode))
		fmt.Fprintf(s.out, "Request %s at %s from %s: %s of %s, answered %s\n", r.RequestID, r.Time.Format(time.RFC3339), r.SourceIP, r.Operation, r.About(), answer)
		if r.Unexplained > 0 {
			fmt.Fprintf(s.out, "It asked for %d more permissions, of which only the outcomes were kept.\n", r.Unexplained)
		}
		if missing(&r) {
			fmt.Fprintf(s.out, "Nothing was at %s: only who may list the bucket is told so, and others are denied.\n", r.About())
		}
		if r.Now == decisions.Allowed {
			fmt.Fprintln(s.out, "With the policies as they are now it would be allowed.")
		}
		return nil
	})
}

// missing reports whether a request was denied that reads an object which was not there: it is then asked whether the
// caller may list the bucket, and nothing else.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions)
func missing(r *decisions.Request) bool {
	reads := strings.HasPrefix(r.Operation, "GetObject") || strings.HasPrefix(r.Operation, "HeadObject")
	return reads && r.Report != nil && !r.Report.Allowed && r.Report.Checks[len(r.Report.Checks)-1].Action == "s3:ListBucket"
}

// unjudged says why a request has no report.
func unjudged(r *decisions.Request) string {
	switch {
	case r.Outcome == decisions.Allowed:
		return "only the outcome of this request was kept, because many were allowed at the same time"
	case r.Caller.ARN == "" && r.ErrorCode != "AccessDenied":
		return "the request was not judged: who asks is not known, " + r.ErrorCode
	default:
		return "the request was refused before anything was judged: " + r.ErrorCode
	}
}
