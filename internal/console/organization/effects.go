package organization

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"crossgrant/internal/console/page"
)

// effect is a policy with what it says.
type effect struct {
	attached
	Says []sentence
}

// sentence is a statement of an SCP or RCP, in words.
type sentence struct {
	Sid   string
	Allow bool
	// What is the actions: "everything", "s3:*", "everything but iam:*".
	What string
	// On is the resources; empty: all.
	On string
	// When is the conditions, all of which have to hold.
	When []string
}

// everything reports whether it allows everything.
func (s sentence) everything() bool {
	return s.Allow && s.What == "everything" && s.On == "" && len(s.When) == 0
}

// effects reads the policies that are attached to a level.
func effects(ctx context.Context, v *page.Visit, l *level) error {
	read := make([]effect, len(l.Attached))
	errs := make([]error, len(l.Attached))
	var ask []func()
	for i, a := range l.Attached {
		ask = append(ask, func() {
			read[i].attached = a
			var out *organizations.DescribePolicyOutput
			if out, errs[i] = v.AWS.Organizations().DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: aws.String(a.ID)}); errs[i] == nil {
				read[i].Says = inWords(aws.ToString(out.Policy.Content))
			}
		})
	}
	v.Together(ask...)
	for i, e := range read {
		if errs[i] != nil {
			return errs[i]
		}
		if types.PolicyType(e.Type) == types.PolicyTypeResourceControlPolicy {
			l.RCPs = append(l.RCPs, e)
		} else {
			l.SCPs = append(l.SCPs, e)
		}
	}
	return nil
}

// texts is a text or a list of them, as policies have it.
type texts []string

// UnmarshalJSON reads either, and what stands in place of texts in conditions.
func (t *texts) UnmarshalJSON(b []byte) error {
	var many []any
	if json.Unmarshal(b, &many) != nil {
		var one any
		if err := json.Unmarshal(b, &one); err != nil {
			return err
		}
		many = []any{one}
	}
	for _, each := range many {
		if text, ok := each.(string); ok {
			*t = append(*t, text)
			continue
		}
		text, err := json.Marshal(each)
		if err != nil {
			return err
		}
		*t = append(*t, string(text))
	}
	return nil
}

type statement struct {
	Sid, Effect                              string
	Action, NotAction, Resource, NotResource texts
	Condition                                map[string]map[string]texts
}

// inWords tells what a document says, statement by statement; nil if it cannot be read. The server judges by the
// document, not by these words.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
func inWords(document string) []sentence {
	var d struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(document), &d) != nil {
		return nil
	}
	var statements []statement
	if bytes.HasPrefix(bytes.TrimSpace(d.Statement), []byte("{")) {
		statements = make([]statement, 1)
		if json.Unmarshal(d.Statement, &statements[0]) != nil {
			return nil
		}
	} else if json.Unmarshal(d.Statement, &statements) != nil {
		return nil
	}
	var out []sentence
	for _, s := range statements {
		said := sentence{Sid: s.Sid, Allow: s.Effect == "Allow"}
		switch {
		case s.NotAction != nil:
			said.What = "everything but " + strings.Join(s.NotAction, ", ")
		case slices.Contains(s.Action, "*"):
			said.What = "everything"
		default:
			said.What = strings.Join(s.Action, ", ")
		}
		switch {
		case s.NotResource != nil:
			said.On = "all resources but " + strings.Join(s.NotResource, ", ")
		case s.Resource != nil && !slices.Contains(s.Resource, "*"):
			said.On = strings.Join(s.Resource, ", ")
		}
		for operator, keys := range s.Condition {
			for key, values := range keys {
				said.When = append(said.When, key+" "+operator+" "+strings.Join(values, " or "))
			}
		}
		slices.Sort(said.When)
		out = append(out, said)
	}
	return out
}
