// Package validate tells, while a policy is typed, what is wrong with it and in which line: IAM Access Analyzer's
// ValidatePolicy, asked as the visitor.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-validation.html
package validate

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"crossgrant/internal/console/page"
)

//go:embed templates/*.html
var files embed.FS

// Section returns the part of pages that the editor of policies asks for.
func Section() page.Section {
	return page.Section{Name: "validate", Templates: []fs.FS{page.Templates(files)}, Rows: []page.Row{
		{Path: "/validate", Get: func(context.Context, *page.Visit) (*page.View, error) {
			return nil, page.Missing("There is no such page.")
		}, Actions: map[string]page.Action{"validate": validate}},
	}}
}

// Finding is what is wrong with a policy.
type Finding struct {
	// Kind is error, warning, or suggestion.
	Kind string
	Text string
	// Line is where it is, counted from 1; 0: nowhere in particular.
	Line int
}

// result is what is shown.
type result struct {
	Findings []Finding
	Empty    bool
	Problem  *page.Problem
}

// most is how many findings are shown.
const most = 50

func validate(ctx context.Context, v *page.Visit) (*page.Done, error) {
	document := v.Form(v.Form("field"))
	var out result
	switch {
	case strings.TrimSpace(document) == "":
		out.Empty = true
	default:
		if finding, wrong := syntax(document); wrong {
			out.Findings = []Finding{finding}
			break
		}
		var err error
		if out.Findings, err = ask(ctx, v, document); err != nil {
			out.Problem = v.Problem(err)
		}
	}
	return &page.Done{View: &page.View{Template: "validated", Data: out, Bare: true}}, nil
}

// syntax returns what keeps a text from being JSON, and where.
func syntax(document string) (Finding, bool) {
	var any json.RawMessage
	err := json.Unmarshal([]byte(document), &any)
	if err == nil {
		return Finding{}, false
	}
	offset := len(document)
	var wrong *json.SyntaxError
	if errors.As(err, &wrong) {
		offset = int(wrong.Offset)
	}
	return Finding{Kind: "error", Text: "This is not JSON: " + err.Error() + ".", Line: 1 + strings.Count(document[:min(max(offset-1, 0), len(document))], "\n")}, true
}

func ask(ctx context.Context, v *page.Visit, document string) ([]Finding, error) {
	in := &accessanalyzer.ValidatePolicyInput{PolicyDocument: &document, PolicyType: types.PolicyType(v.Form("kind"))}
	if resource := v.Form("resource"); resource != "" {
		in.ValidatePolicyResourceType = types.ValidatePolicyResourceType(resource)
	}
	answer, err := v.AWS.Analyzer().ValidatePolicy(ctx, in)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, f := range answer.Findings {
		finding := Finding{Kind: kinds[f.FindingType], Text: aws.ToString(f.FindingDetails)}
		if finding.Kind == "" {
			finding.Kind = "warning"
		}
		if len(f.Locations) > 0 && f.Locations[0].Span != nil && f.Locations[0].Span.Start != nil {
			finding.Line = int(aws.ToInt32(f.Locations[0].Span.Start.Line))
		}
		findings = append(findings, finding)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	return findings[:min(len(findings), most)], nil
}

var order = []string{"error", "warning", "suggestion"}

var kinds = map[types.ValidatePolicyFindingType]string{
	types.ValidatePolicyFindingTypeError: "error", types.ValidatePolicyFindingTypeSecurityWarning: "warning",
	types.ValidatePolicyFindingTypeWarning: "warning", types.ValidatePolicyFindingTypeSuggestion: "suggestion",
}
