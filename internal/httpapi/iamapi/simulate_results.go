package iamapi

import (
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
	"crossgrant/internal/simulator"
	"crossgrant/internal/wire/query"
)

type simulateResult struct {
	EvaluationResults query.List[evaluationShape]
	pageShape
}

type contextKeysResult struct{ ContextKeyNames query.List[string] }

// evaluationShape is the outcome for one action. What AWS leaves out of the answer is nil.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
type evaluationShape struct {
	EvalActionName                    string
	EvalResourceName                  string
	EvalDecision                      string
	MatchedStatements                 query.List[statementShape]
	MissingContextValues              query.List[string]
	OrganizationsDecisionDetail       *organizationsShape                  `xml:",omitempty"`
	PermissionsBoundaryDecisionDetail *boundaryDecisionShape               `xml:",omitempty"`
	EvalDecisionDetails               *detailsShape                        `xml:",omitempty"`
	ResourceSpecificResults           *query.List[resourceEvaluationShape] `xml:",omitempty"`
}

// resourceEvaluationShape is the outcome for one resource.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResourceSpecificResult.html
type resourceEvaluationShape struct {
	EvalResourceName                  string
	EvalResourceDecision              string
	MatchedStatements                 query.List[statementShape]
	MissingContextValues              *query.List[string]    `xml:",omitempty"`
	EvalDecisionDetails               *detailsShape          `xml:",omitempty"`
	PermissionsBoundaryDecisionDetail *boundaryDecisionShape `xml:",omitempty"`
}

type statementShape struct {
	SourcePolicyId   string
	SourcePolicyType string
	StartPosition    *positionShape `xml:",omitempty"`
	EndPosition      *positionShape `xml:",omitempty"`
}

type positionShape struct{ Line, Column int }

type organizationsShape struct{ AllowedByOrganizations bool }

type boundaryDecisionShape struct{ AllowedByPermissionsBoundary bool }

// detailsShape is a map from kinds of policy to decisions; it may be empty.
type detailsShape struct {
	Entries []detailShape `xml:"entry"`
}

type detailShape struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func evaluationOf(r simulator.Result) evaluationShape {
	s := evaluationShape{
		EvalActionName: r.Action, EvalResourceName: r.Resource, EvalDecision: r.Decision.String(),
		MatchedStatements:    listOf(r.Matched, statementOf),
		MissingContextValues: query.List[string]{Members: r.Missing},
	}
	if r.Organizations != nil {
		s.OrganizationsDecisionDetail = &organizationsShape{*r.Organizations}
	}
	s.PermissionsBoundaryDecisionDetail = boundaryDecisionOf(r.Boundary)
	s.EvalDecisionDetails = detailsOf(r.Details)
	if r.Resources == nil {
		return s
	}
	list := listOf(r.Resources, resourceEvaluationOf)
	s.ResourceSpecificResults = &list
	if s.EvalDecisionDetails == nil && (r.Organizations == nil || *r.Organizations) {
		// Within one account the element is there, and empty, if resources were named.
		s.EvalDecisionDetails = new(detailsShape)
	}
	return s
}

func resourceEvaluationOf(r simulator.ResourceResult) resourceEvaluationShape {
	s := resourceEvaluationShape{
		EvalResourceName: r.Resource, EvalResourceDecision: r.Decision.String(),
		MatchedStatements:                 listOf(r.Matched, statementOf),
		EvalDecisionDetails:               detailsOf(r.Details),
		PermissionsBoundaryDecisionDetail: boundaryDecisionOf(r.Boundary),
	}
	if r.Missing != nil {
		s.MissingContextValues = &query.List[string]{Members: r.Missing}
	}
	return s
}

func statementOf(s simulator.Statement) statementShape {
	return statementShape{
		SourcePolicyId: s.Policy, SourcePolicyType: s.Type, StartPosition: positionOf(s.Start), EndPosition: positionOf(s.End),
	}
}

func positionOf(p policy.Position) *positionShape {
	if p == (policy.Position{}) {
		return nil
	}
	return &positionShape{p.Line, p.Column}
}

func boundaryDecisionOf(allowed *bool) *boundaryDecisionShape {
	if allowed == nil {
		return nil
	}
	return &boundaryDecisionShape{*allowed}
}

// detailsOf names kinds of policy as matched statements do.
func detailsOf(d *simulator.Details) *detailsShape {
	if d == nil {
		return nil
	}
	s := new(detailsShape)
	add := func(key string, e authz.Effect) { s.Entries = append(s.Entries, detailShape{key, e.String()}) }
	add(simulator.IdentityType, d.Identity)
	if d.Boundary != nil {
		add(simulator.BoundaryType, *d.Boundary)
	}
	add(simulator.ResourceType, d.Resource)
	return s
}
