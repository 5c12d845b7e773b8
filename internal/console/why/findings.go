package why

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"crossgrant/internal/console/page"
)

// pair is a name and a value, such as those of principals and conditions of a finding.
type pair struct{ Name, Value string }

// pairs returns the entries of a map in the order of their names.
func pairs(m map[string]string) []pair {
	var out []pair
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pair{name, m[name]})
	}
	return out
}

// shownFinding is a finding as it is listed.
type shownFinding struct {
	ID, Status, Resource, Type, Owner, Error string
	Public                                   bool
	Principals, Conditions                   []pair
	Actions                                  []string
	Sources                                  []string
	Created, Updated, Analyzed               any
	To                                       string // page of the resource; empty: it has none
	Restricted                               string
}

// Archived reports whether it is in the archive, Active whether it can be put there.
func (f *shownFinding) Archived() bool { return f.Status == string(types.FindingStatusArchived) }

// Active reports whether it can be archived.
func (f *shownFinding) Active() bool { return f.Status == string(types.FindingStatusActive) }

// Badge is the class of the badge of its status.
func (f *shownFinding) Badge() string {
	switch {
	case f.Active():
		return "warn"
	case f.Archived():
		return ""
	default:
		return "good"
	}
}

// findingResource returns the page of what a finding is about.
func findingResource(l links, resource, owner string) string {
	if bucket := bucketOf(resource); bucket != "" && owner == l.account {
		return page.Path("buckets", bucket, "permissions")
	}
	return l.principal(resource)
}

// sourceWords are the kinds of sources of findings in words.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_FindingSource.html
var sourceWords = map[types.FindingSourceType]string{
	types.FindingSourceTypePolicy: "bucket policy", types.FindingSourceTypeBucketAcl: "bucket ACL", types.FindingSourceTypeS3AccessPoint: "access point policy",
	types.FindingSourceTypeS3AccessPointAccount: "access point policy of an account",
}

func sources(list []types.FindingSource) []string {
	var out []string
	for _, s := range list {
		word := sourceWords[s.Type]
		if word == "" {
			word = string(s.Type)
		}
		out = append(out, word)
	}
	return out
}

// findingStatuses are those that the list can be narrowed to.
var findingStatuses = []string{"ACTIVE", "ARCHIVED", "RESOLVED", "all"}

// findingPage is the page.
type findingPage struct {
	Analyzers []types.AnalyzerSummary
	Analyzer  *types.AnalyzerSummary
	Problem   *page.Problem

	Status, Resource, Principal, Public string
	Statuses                            []string
	Findings                            []shownFinding
	ListProblem                         *page.Problem
	Next, First                         string
	// Create says that the form for an analyzer was asked for.
	Create bool
}

// Name is that of the analyzer; empty if there is none.
func (p *findingPage) Name() string {
	if p.Analyzer == nil {
		return ""
	}
	return aws.ToString(p.Analyzer.Name)
}

func showFindings(ctx context.Context, v *page.Visit) (*page.View, error) {
	p := findingPage{
		Status: v.Query("status"), Resource: strings.TrimSpace(v.Query("resource")), Principal: strings.TrimSpace(v.Query("principal")), Public: v.Query("public"),
		Statuses: findingStatuses, Create: v.Query("create") != "" || v.Sent("create"),
	}
	if p.Status == "" {
		p.Status = "ACTIVE"
	}
	view := &page.View{Title: "External access", Template: "why-findings", Data: &p}
	var err error
	if p.Analyzers, err = analyzers(ctx, v); err != nil {
		p.Problem = v.Problem(err)
		return view, nil
	}
	if p.Analyzer = chosen(p.Analyzers, v.Query("analyzer")); p.Analyzer != nil {
		p.ListProblem = v.Problem(p.list(ctx, v))
	}
	return view, nil
}

// filter is the filter of the list as the API takes it.
func (p *findingPage) filter() map[string]types.Criterion {
	f := map[string]types.Criterion{}
	if slices.Contains(findingStatuses[:3], p.Status) {
		f["status"] = types.Criterion{Eq: []string{p.Status}}
	}
	if p.Resource != "" {
		f["resource"] = types.Criterion{Contains: []string{p.Resource}}
	}
	if p.Principal != "" {
		f["principal.AWS"] = types.Criterion{Contains: []string{p.Principal}}
	}
	if p.Public == "true" || p.Public == "false" {
		f["isPublic"] = types.Criterion{Eq: []string{p.Public}}
	}
	return f
}

func (p *findingPage) list(ctx context.Context, v *page.Visit) error {
	in := &accessanalyzer.ListFindingsInput{AnalyzerArn: p.Analyzer.Arn, Filter: p.filter(), MaxResults: aws.Int32(onPage)}
	address := []string{"analyzer", p.Name(), "status", p.Status, "resource", p.Resource, "principal", p.Principal, "public", p.Public}
	if token := v.Query("token"); token != "" {
		in.NextToken = &token
		p.First = page.Query("/why/findings", address...)
	}
	out, err := v.AWS.Analyzer().ListFindings(ctx, in)
	if err != nil {
		return err
	}
	l := links{v.Account()}
	for i := range out.Findings {
		f := &out.Findings[i]
		resource, owner := aws.ToString(f.Resource), aws.ToString(f.ResourceOwnerAccount)
		p.Findings = append(p.Findings, shownFinding{
			ID: aws.ToString(f.Id), Status: string(f.Status), Resource: resource, Type: string(f.ResourceType), Owner: owner, Error: aws.ToString(f.Error), Public: aws.ToBool(f.IsPublic),
			Principals: pairs(f.Principal), Conditions: pairs(f.Condition), Actions: f.Action, Sources: sources(f.Sources), Updated: f.UpdatedAt, To: findingResource(l, resource, owner),
		})
	}
	if token := aws.ToString(out.NextToken); token != "" {
		p.Next = page.Query("/why/findings", append(address, "token", token)...)
	}
	return nil
}

// setFindings returns the action that archives findings, or takes them out of the archive.
func setFindings(do string) page.Action {
	status, done := types.FindingStatusUpdateArchived, "archived"
	if do == "unarchive" {
		status, done = types.FindingStatusUpdateActive, "taken out of the archive"
	}
	return func(ctx context.Context, v *page.Visit) (*page.Done, error) {
		found := v.Forms("id")
		if len(found) == 0 {
			return nil, page.Invalid("Choose findings first.")
		}
		analyzer, err := analyzerARN(ctx, v, analyzerName(v))
		if err != nil {
			return nil, err
		}
		if _, err := v.AWS.Analyzer().UpdateFindings(ctx, &accessanalyzer.UpdateFindingsInput{AnalyzerArn: analyzer, Ids: found, Status: status}); err != nil {
			return nil, err
		}
		note := "The finding has been " + done + "."
		if len(found) > 1 {
			note = "The findings have been " + done + "."
		}
		return &page.Done{To: v.Request.URL.RequestURI(), Note: note}, nil
	}
}

// findingView is the page of one finding.
type findingView struct {
	Analyzer string
	shownFinding
	Document string
}

func showFinding(ctx context.Context, v *page.Visit) (*page.View, error) {
	name, id := v.Query("analyzer"), v.Query("id")
	analyzer, err := analyzerARN(ctx, v, name)
	if err != nil {
		return nil, err
	}
	out, err := v.AWS.Analyzer().GetFinding(ctx, &accessanalyzer.GetFindingInput{AnalyzerArn: analyzer, Id: &id})
	if err != nil {
		return nil, err
	}
	f := out.Finding
	resource, owner := aws.ToString(f.Resource), aws.ToString(f.ResourceOwnerAccount)
	p := findingView{Analyzer: name, shownFinding: shownFinding{
		ID: id, Status: string(f.Status), Resource: resource, Type: string(f.ResourceType), Owner: owner, Error: aws.ToString(f.Error), Public: aws.ToBool(f.IsPublic),
		Principals: pairs(f.Principal), Conditions: pairs(f.Condition), Actions: f.Action, Sources: sources(f.Sources),
		Created: f.CreatedAt, Updated: f.UpdatedAt, Analyzed: f.AnalyzedAt, To: findingResource(links{v.Account()}, resource, owner), Restricted: string(f.ResourceControlPolicyRestriction),
	}}
	return &page.View{Title: "Finding", Template: "why-finding", Data: &p, Crumbs: []page.Crumb{
		{Text: "External access", To: page.Query("/why/findings", "analyzer", name)}, {Text: id},
	}}, nil
}

// FootDo is what the form below the list does first.
func (p *findingPage) FootDo() string {
	if p.Status == string(types.FindingStatusArchived) {
		return "unarchive"
	}
	return "archive"
}
