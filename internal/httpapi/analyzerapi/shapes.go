package analyzerapi

import (
	"time"

	"crossgrant/internal/analyzer"
	"crossgrant/internal/wire/restjson"
)

// The shapes of answers, from the API's model.
//
// Source: https://github.com/boto/botocore/tree/develop/botocore/data/accessanalyzer

// listed renders a page of a list; member is its name in the answer.
func listed[T, S any](p page, member string, all []T, id func(*T) string, shape func(*T) S, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	items, next, err := cut(p, all, id)
	if err != nil {
		return nil, err
	}
	shapes := make([]S, len(items))
	for i := range items {
		shapes[i] = shape(&items[i])
	}
	answer := map[string]any{member: shapes}
	if next != "" {
		answer["nextToken"] = next
	}
	return answer, nil
}

type analyzerShape struct {
	ARN          string            `json:"arn"`
	Name         string            `json:"name"`
	Type         string            `json:"type"`
	Created      restjson.Time     `json:"createdAt"`
	LastResource string            `json:"lastResourceAnalyzed,omitempty"`
	LastAnalyzed restjson.Time     `json:"lastResourceAnalyzedAt,omitzero"`
	Tags         map[string]string `json:"tags"`
	Status       string            `json:"status"`
	Reason       *reasonShape      `json:"statusReason,omitempty"`
}

type reasonShape struct {
	Code string `json:"code"`
}

func analyzerOf(a *analyzer.Analyzer) analyzerShape {
	s := analyzerShape{
		ARN: a.ARN, Name: a.Name, Type: a.Type, Created: restjson.Time(a.Created), LastResource: a.LastResource,
		LastAnalyzed: restjson.Time(a.LastAnalyzed), Tags: tagsOf(a.Tags), Status: a.Status,
	}
	if a.Reason != "" {
		s.Reason = &reasonShape{a.Reason}
	}
	return s
}

func tagsOf(tags []analyzer.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}

type criterionShape struct {
	Eq       []string `json:"eq,omitempty"`
	Neq      []string `json:"neq,omitempty"`
	Contains []string `json:"contains,omitempty"`
	Exists   *bool    `json:"exists,omitempty"`
}

type ruleShape struct {
	Name    string                    `json:"ruleName"`
	Filter  map[string]criterionShape `json:"filter"`
	Created restjson.Time             `json:"createdAt"`
	Updated restjson.Time             `json:"updatedAt"`
}

func ruleOf(r *analyzer.Rule) ruleShape {
	s := ruleShape{Name: r.Name, Filter: map[string]criterionShape{}, Created: restjson.Time(r.Created), Updated: restjson.Time(r.Updated)}
	for key, c := range r.Filter {
		s.Filter[key] = criterionShape(c)
	}
	return s
}

type sourceShape struct {
	Type string `json:"type"`
}

func sourcesOf(names []string) (sources []sourceShape) {
	for _, name := range names {
		sources = append(sources, sourceShape{name})
	}
	return sources
}

type findingShape struct {
	ID          string            `json:"id"`
	Principal   map[string]string `json:"principal,omitempty"`
	Actions     []string          `json:"action,omitempty"`
	Resource    string            `json:"resource"`
	Public      *bool             `json:"isPublic,omitempty"`
	Type        string            `json:"resourceType"`
	Condition   map[string]string `json:"condition"`
	Created     restjson.Time     `json:"createdAt"`
	Analyzed    restjson.Time     `json:"analyzedAt"`
	Updated     restjson.Time     `json:"updatedAt"`
	Status      string            `json:"status"`
	Owner       string            `json:"resourceOwnerAccount"`
	Error       string            `json:"error,omitempty"`
	Sources     []sourceShape     `json:"sources,omitempty"`
	Restriction string            `json:"resourceControlPolicyRestriction,omitempty"`
}

func findingOf(f *analyzer.Finding) findingShape {
	s := findingShape{
		ID: f.ID, Principal: principalOf(f), Actions: f.Actions, Resource: f.Resource, Type: f.Type, Condition: conditionOf(f),
		Created: restjson.Time(f.Created), Analyzed: restjson.Time(f.Analyzed), Updated: restjson.Time(f.Updated), Status: f.Status,
		Owner: string(f.Owner), Error: f.Error, Sources: sourcesOf(f.Sources), Restriction: f.Restriction,
	}
	if f.Error == "" {
		s.Public = &f.Public
	}
	return s
}

func principalOf(f *analyzer.Finding) map[string]string {
	if f.Principal == "" {
		return nil
	}
	return map[string]string{string(f.Kind): f.Principal}
}

func conditionOf(f *analyzer.Finding) map[string]string {
	if f.Condition == nil {
		return map[string]string{}
	}
	return f.Condition
}

type findingV2Shape struct {
	Analyzed restjson.Time `json:"analyzedAt"`
	Created  restjson.Time `json:"createdAt"`
	Error    string        `json:"error,omitempty"`
	ID       string        `json:"id"`
	Resource string        `json:"resource"`
	Type     string        `json:"resourceType"`
	Owner    string        `json:"resourceOwnerAccount"`
	Status   string        `json:"status"`
	Updated  restjson.Time `json:"updatedAt"`
	Kind     string        `json:"findingType"`
}

// externalAccess is the type of all findings that there are here.
const externalAccess = "ExternalAccess"

func findingV2Of(f *analyzer.Finding) findingV2Shape {
	return findingV2Shape{
		Analyzed: restjson.Time(f.Analyzed), Created: restjson.Time(f.Created), Error: f.Error, ID: f.ID, Resource: f.Resource,
		Type: f.Type, Owner: string(f.Owner), Status: f.Status, Updated: restjson.Time(f.Updated), Kind: externalAccess,
	}
}

type detailsShape struct {
	External externalShape `json:"externalAccessDetails"`
}

type externalShape struct {
	Actions     []string          `json:"action,omitempty"`
	Condition   map[string]string `json:"condition"`
	Public      bool              `json:"isPublic"`
	Principal   map[string]string `json:"principal,omitempty"`
	Sources     []sourceShape     `json:"sources,omitempty"`
	Restriction string            `json:"resourceControlPolicyRestriction,omitempty"`
}

func detailsOf(f *analyzer.Finding) []detailsShape {
	if f.Error != "" {
		return []detailsShape{}
	}
	return []detailsShape{{externalShape{f.Actions, conditionOf(f), f.Public, principalOf(f), sourcesOf(f.Sources), f.Restriction}}}
}

type analyzedShape struct {
	ARN       string        `json:"resourceArn"`
	Type      string        `json:"resourceType"`
	Created   restjson.Time `json:"createdAt"`
	Analyzed  restjson.Time `json:"analyzedAt"`
	Updated   restjson.Time `json:"updatedAt"`
	Public    bool          `json:"isPublic"`
	Actions   []string      `json:"actions,omitempty"`
	SharedVia []string      `json:"sharedVia,omitempty"`
	Status    string        `json:"status,omitempty"`
	Owner     string        `json:"resourceOwnerAccount"`
	Error     string        `json:"error,omitempty"`
}

func analyzedOf(r *analyzer.Analyzed) analyzedShape {
	return analyzedShape{
		r.ARN, r.Type, restjson.Time(r.Created), restjson.Time(r.At), restjson.Time(r.Updated), r.Public, r.Actions, r.SharedVia, r.Status,
		string(r.Owner), r.Error,
	}
}

type analyzedSummary struct {
	ARN   string `json:"resourceArn"`
	Owner string `json:"resourceOwnerAccount"`
	Type  string `json:"resourceType"`
}

func analyzedSummaryOf(r *analyzer.Analyzed) analyzedSummary {
	return analyzedSummary{r.ARN, string(r.Owner), r.Type}
}

type typeStatistics struct {
	Public       int `json:"totalActivePublic"`
	CrossAccount int `json:"totalActiveCrossAccount"`
	Errors       int `json:"totalActiveErrors"`
}

// statisticsOf counts findings.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetFindingsStatistics.html
func statisticsOf(all []analyzer.Finding, at time.Time) any {
	types := map[string]*typeStatistics{}
	counts := map[string]int{}
	for i := range all {
		f := &all[i]
		counts[f.Status]++
		if f.Status != analyzer.Active {
			continue
		}
		t := types[f.Type]
		if t == nil {
			t = new(typeStatistics)
			types[f.Type] = t
		}
		switch {
		case f.Error != "":
			t.Errors++
		case f.Public:
			t.Public++
		default:
			t.CrossAccount++
		}
	}
	external := map[string]any{
		"resourceTypeStatistics": types, "totalActiveFindings": counts[analyzer.Active],
		"totalArchivedFindings": counts[analyzer.Archived], "totalResolvedFindings": counts[analyzer.Resolved],
	}
	return map[string]any{
		"findingsStatistics": []any{map[string]any{"externalAccessFindingsStatistics": external}}, "lastUpdatedAt": restjson.Time(at),
	}
}
