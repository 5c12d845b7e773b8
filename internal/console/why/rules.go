package why

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"crossgrant/internal/console/page"
)

// shownRule is an archive rule as it is listed.
type shownRule struct {
	Name             string
	Criteria         []criterion
	Created, Updated any
}

// criterion is a criterion in words.
type criterion struct{ Key, Operator, Values string }

// rulePage is the page.
type rulePage struct {
	Analyzer    string
	Rules       []shownRule
	Next, First string
	Problem     *page.Problem
	Document    string
}

// exampleFilter is what the editor begins with.
const exampleFilter = `{
  "principal.AWS": {"eq": ["123456789012"]},
  "isPublic": {"eq": ["false"]}
}`

func showRules(ctx context.Context, v *page.Visit) (*page.View, error) {
	p := rulePage{Analyzer: v.Query("analyzer"), Document: exampleFilter}
	p.Problem = v.Problem(p.list(ctx, v))
	return &page.View{Title: "Archive rules", Template: "why-rules", Data: &p, Crumbs: []page.Crumb{
		{Text: "External access", To: page.Query("/why/findings", "analyzer", p.Analyzer)}, {Text: "Archive rules"},
	}}, nil
}

func (p *rulePage) list(ctx context.Context, v *page.Visit) error {
	in := &accessanalyzer.ListArchiveRulesInput{AnalyzerName: &p.Analyzer, MaxResults: aws.Int32(onPage)}
	if token := v.Query("token"); token != "" {
		in.NextToken = &token
		p.First = page.Query("/why/findings/rules", "analyzer", p.Analyzer)
	}
	out, err := v.AWS.Analyzer().ListArchiveRules(ctx, in)
	if err != nil {
		return err
	}
	for _, r := range out.ArchiveRules {
		shown := shownRule{Name: aws.ToString(r.RuleName), Created: r.CreatedAt, Updated: r.UpdatedAt}
		for _, key := range pairs(keysOf(r.Filter)) {
			shown.Criteria = append(shown.Criteria, inWords(key.Name, r.Filter[key.Name])...)
		}
		p.Rules = append(p.Rules, shown)
	}
	if token := aws.ToString(out.NextToken); token != "" {
		p.Next = page.Query("/why/findings/rules", "analyzer", p.Analyzer, "token", token)
	}
	return nil
}

func keysOf(filter map[string]types.Criterion) map[string]string {
	out := map[string]string{}
	for key := range filter {
		out[key] = ""
	}
	return out
}

func inWords(key string, c types.Criterion) []criterion {
	var out []criterion
	add := func(operator string, values []string) {
		if len(values) > 0 {
			out = append(out, criterion{key, operator, strings.Join(values, ", ")})
		}
	}
	add("is", c.Eq)
	add("is not", c.Neq)
	add("contains", c.Contains)
	if c.Exists != nil {
		word := "is there"
		if !*c.Exists {
			word = "is not there"
		}
		out = append(out, criterion{key, word, ""})
	}
	return out
}

// readFilter reads the criteria of an archive rule as the API's JSON has them.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_Criterion.html
func readFilter(text string) (map[string]types.Criterion, error) {
	var told map[string]struct {
		Eq, Neq, Contains []string
		Exists            *bool
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&told); err != nil {
		return nil, page.Invalid("The criteria are not JSON of the form that is needed: %v.", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, page.Invalid("Something follows the criteria.")
	}
	out := map[string]types.Criterion{}
	for key, c := range told {
		out[key] = types.Criterion{Eq: c.Eq, Neq: c.Neq, Contains: c.Contains, Exists: c.Exists}
	}
	return out, nil
}

func createRule(ctx context.Context, v *page.Visit) (*page.Done, error) {
	filter, err := readFilter(v.Form("filter"))
	if err != nil {
		return nil, err
	}
	analyzer, name := analyzerName(v), v.Text("name")
	if _, err := v.AWS.Analyzer().CreateArchiveRule(ctx, &accessanalyzer.CreateArchiveRuleInput{AnalyzerName: &analyzer, RuleName: &name, Filter: filter}); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query("/why/findings/rules", "analyzer", analyzer), Note: "The archive rule " + name + " has been created. It archives new findings; apply it to those that are there already."}, nil
}

// applyRule applies a rule to findings that are there already.
func applyRule(ctx context.Context, v *page.Visit) (*page.Done, error) {
	name, rule := analyzerName(v), v.Text("rule")
	analyzer, err := analyzerARN(ctx, v, name)
	if err != nil {
		return nil, err
	}
	if _, err := v.AWS.Analyzer().ApplyArchiveRule(ctx, &accessanalyzer.ApplyArchiveRuleInput{AnalyzerArn: analyzer, RuleName: &rule}); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query("/why/findings/rules", "analyzer", name), Note: "The archive rule " + rule + " has been applied to the findings that are there."}, nil
}

func deleteRule(ctx context.Context, v *page.Visit) (*page.Done, error) {
	analyzer, rule := analyzerName(v), v.Text("rule")
	if err := v.Confirmed(rule); err != nil {
		return nil, err
	}
	if _, err := v.AWS.Analyzer().DeleteArchiveRule(ctx, &accessanalyzer.DeleteArchiveRuleInput{AnalyzerName: &analyzer, RuleName: &rule}); err != nil {
		return nil, err
	}
	return &page.Done{To: page.Query("/why/findings/rules", "analyzer", analyzer), Note: "The archive rule " + rule + " has been deleted. What it has archived stays archived."}, nil
}
