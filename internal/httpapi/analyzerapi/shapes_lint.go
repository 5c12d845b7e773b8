package analyzerapi

import (
	"strconv"

	"crossgrant/internal/policy/lint"
)

// numberedFinding is a finding about a policy, told apart by its place in the list.
type numberedFinding struct {
	lint.Finding
	n int
}

func (f *numberedFinding) id() string { return strconv.Itoa(f.n) }

type lintShape struct {
	Details   string          `json:"findingDetails"`
	Kind      string          `json:"findingType"`
	Code      string          `json:"issueCode"`
	Link      string          `json:"learnMoreLink"`
	Locations []locationShape `json:"locations"`
}

type locationShape struct {
	Path []stepShape `json:"path"`
	Span struct {
		Start placeShape `json:"start"`
		End   placeShape `json:"end"`
	} `json:"span"`
}

type stepShape struct {
	Index *int   `json:"index,omitempty"`
	Key   string `json:"key,omitempty"`
	Value string `json:"value,omitempty"`
}

type placeShape struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

func lintOf(f *numberedFinding) lintShape {
	location := locationShape{Path: []stepShape{}}
	for _, step := range f.Path {
		location.Path = append(location.Path, stepShape(step))
	}
	location.Span.Start, location.Span.End = placeShape(f.Start), placeShape(f.End)
	return lintShape{f.Details, string(f.Kind), f.Code, f.Link, []locationShape{location}}
}
