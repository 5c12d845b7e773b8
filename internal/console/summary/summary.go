// Package summary tells in words what a policy says: of each statement which actions, on what, for whom, and under which
// conditions. Of has them as a table by service, denials first; Statements as they stand. Both are for people to read, and
// decide nothing.
//
// The package is pure. Documents are read as they are: one that would not be valid is summed up as far as it can be.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand.html
package summary

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/policy"
)

// Table is the summary of a document.
type Table struct {
	// Rows has the denials first, and else the order of the document.
	Rows []Row
	// Principals says that statements name principals, as those of resource policies do.
	Principals bool
	// Resources says that statements name resources, as all do but those of trust policies.
	Resources bool
}

// Row is what one statement says of one service.
type Row struct {
	Statement
	Service string
	// All says that it is every action of the service.
	All bool
	// Levels are the access levels with the actions of each.
	Levels []Level
}

// Level is the actions of one access level of a service.
type Level struct {
	// Name is that of AWS; empty for actions that are in no reference.
	Name string
	// Full says that it is every action of that level.
	Full    bool
	Actions []string
}

var (
	errSyntax = errors.New("it is not JSON")
	errNone   = errors.New("it has no statements")
)

// Of returns the summary of a policy document.
func Of(document string) (*Table, error) {
	statements, err := Statements(document)
	if err != nil {
		return nil, err
	}
	t := &Table{}
	for _, s := range statements {
		t.add(s)
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int {
		switch {
		case a.Deny == b.Deny:
			return 0
		case a.Deny:
			return -1
		default:
			return 1
		}
	})
	return t, nil
}

// add adds the rows of a statement.
func (t *Table) add(s Statement) {
	t.Principals, t.Resources = t.Principals || s.Who != nil, t.Resources || s.Resources != nil
	if s.Except != nil {
		t.Rows = append(t.Rows, Row{Statement: s, Service: everyService})
		return
	}
	for _, row := range services(s.Actions) {
		row.Statement = s
		t.Rows = append(t.Rows, row)
	}
}

const everyService = "All services"

// names are those of services by their prefix, which stands for itself if it is not among them.
var names = map[string]string{
	"s3": "S3", "iam": "IAM", "sts": "STS", "organizations": "Organizations", "cloudtrail": "CloudTrail", "access-analyzer": "IAM Access Analyzer",
	"kms": "KMS", "ec2": "EC2", "lambda": "Lambda", "dynamodb": "DynamoDB", "sqs": "SQS", "sns": "SNS", "logs": "CloudWatch Logs", "cloudwatch": "CloudWatch",
}

// services returns what patterns of actions say of each service, in the order in which they name them.
func services(patterns []string) []Row {
	var order []string
	actions, other, all := map[string][]string{}, map[string][]string{}, map[string]bool{}
	see := func(prefix string) {
		if !slices.Contains(order, prefix) {
			order = append(order, prefix)
		}
	}
	for _, pattern := range patterns {
		prefix, name, named := strings.Cut(strings.ToLower(pattern), ":")
		if pattern == "*" || prefix == "*" && name == "*" {
			return []Row{{Service: everyService, All: true}}
		}
		if named && name == "*" && !strings.ContainsAny(prefix, "*?") {
			see(prefix)
			all[prefix] = true
			continue
		}
		matched := policy.MatchingActions(pattern)
		for _, action := range matched {
			in, _, _ := strings.Cut(action, ":")
			see(in)
			actions[in] = append(actions[in], action)
		}
		if len(matched) == 0 {
			see(prefix)
			other[prefix] = append(other[prefix], pattern)
		}
	}
	var rows []Row
	order, rest := unknown(order)
	for _, prefix := range order {
		row := Row{Service: cmp.Or(names[prefix], prefix), All: all[prefix]}
		if !row.All {
			row.Levels = levels(prefix, actions[prefix], other[prefix])
		}
		rows = append(rows, row)
	}
	if rest != nil {
		var in []string
		for _, pattern := range patterns {
			if prefix, _, _ := strings.Cut(strings.ToLower(pattern), ":"); slices.Contains(rest, prefix) {
				in = append(in, pattern)
			}
		}
		rows = append(rows, Row{Service: fmt.Sprintf("%d other services", len(rest)), Levels: []Level{{Actions: in}}})
	}
	return rows
}

// few is how many services that are in no reference have rows of their own.
const few = 3

// unknown splits services into those that have rows of their own and, if they are more than a few, those that are in no
// reference.
func unknown(order []string) (own, rest []string) {
	for _, prefix := range order {
		if len(policy.MatchingActions(prefix+":*")) == 0 {
			rest = append(rest, prefix)
		} else {
			own = append(own, prefix)
		}
	}
	if len(rest) <= few {
		return order, nil
	}
	return own, rest
}

// levels sorts actions of a service by their access levels.
func levels(prefix string, actions, other []string) []Level {
	slices.Sort(actions)
	actions = slices.Compact(actions)
	total := map[policy.AccessLevel]int{}
	for _, action := range policy.MatchingActions(prefix + ":*") {
		total[policy.ActionLevel(action)]++
	}
	var out []Level
	for _, level := range []policy.AccessLevel{policy.ListLevel, policy.ReadLevel, policy.WriteLevel, policy.PermissionsLevel, policy.TaggingLevel} {
		var in []string
		for _, action := range actions {
			if policy.ActionLevel(action) == level {
				_, name, _ := strings.Cut(action, ":")
				in = append(in, name)
			}
		}
		if in != nil {
			out = append(out, Level{Name: level.String(), Full: len(in) == total[level], Actions: in})
		}
	}
	if other != nil {
		out = append(out, Level{Actions: other})
	}
	return out
}

func textOf(n *policy.Node) string {
	if n == nil {
		return ""
	}
	return n.Text
}

// texts returns the texts of a value that is one or a list of them.
func texts(n *policy.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind != policy.ArrayNode {
		return []string{n.Text}
	}
	out := make([]string, len(n.Items))
	for i := range n.Items {
		out[i] = n.Items[i].Text
	}
	return out
}
