package why

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"crossgrant/internal/console/page"
)

// selectorsText is the form in which event selectors are edited: members of PutEventSelectors.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
type selectorsText struct {
	EventSelectors         []basicSelector    `json:",omitempty"`
	AdvancedEventSelectors []advancedSelector `json:",omitempty"`
}

type basicSelector struct {
	ReadWriteType                 string         `json:",omitempty"`
	IncludeManagementEvents       *bool          `json:",omitempty"`
	DataResources                 []dataResource `json:",omitempty"`
	ExcludeManagementEventSources []string       `json:",omitempty"`
}

type dataResource struct {
	Type   string
	Values []string
}

type advancedSelector struct {
	Name           string `json:",omitempty"`
	FieldSelectors []fieldSelector
}

type fieldSelector struct {
	Field         string
	Equals        []string `json:",omitempty"`
	StartsWith    []string `json:",omitempty"`
	EndsWith      []string `json:",omitempty"`
	NotEquals     []string `json:",omitempty"`
	NotStartsWith []string `json:",omitempty"`
	NotEndsWith   []string `json:",omitempty"`
}

func writeSelectors(basic []types.EventSelector, advanced []types.AdvancedEventSelector) string {
	var out selectorsText
	for _, s := range basic {
		one := basicSelector{ReadWriteType: string(s.ReadWriteType), IncludeManagementEvents: s.IncludeManagementEvents, ExcludeManagementEventSources: s.ExcludeManagementEventSources}
		for _, d := range s.DataResources {
			one.DataResources = append(one.DataResources, dataResource{aws.ToString(d.Type), d.Values})
		}
		out.EventSelectors = append(out.EventSelectors, one)
	}
	for _, s := range advanced {
		one := advancedSelector{Name: aws.ToString(s.Name)}
		for _, f := range s.FieldSelectors {
			one.FieldSelectors = append(one.FieldSelectors, fieldSelector{aws.ToString(f.Field), f.Equals, f.StartsWith, f.EndsWith, f.NotEquals, f.NotStartsWith, f.NotEndsWith})
		}
		out.AdvancedEventSelectors = append(out.AdvancedEventSelectors, one)
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return "" // texts and truth values only
	}
	return string(text)
}

// readSelectors reads what writeSelectors writes. A member that there is not is an error: it would be lost.
func readSelectors(text string) (basic []types.EventSelector, advanced []types.AdvancedEventSelector, err error) {
	var in selectorsText
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, nil, page.Invalid("The event selectors are not JSON of the form that is needed: %v.", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, page.Invalid("Something follows the event selectors.")
	}
	for _, s := range in.EventSelectors {
		one := types.EventSelector{ReadWriteType: types.ReadWriteType(s.ReadWriteType), IncludeManagementEvents: s.IncludeManagementEvents, ExcludeManagementEventSources: s.ExcludeManagementEventSources}
		for _, d := range s.DataResources {
			one.DataResources = append(one.DataResources, types.DataResource{Type: aws.String(d.Type), Values: d.Values})
		}
		basic = append(basic, one)
	}
	for _, s := range in.AdvancedEventSelectors {
		one := types.AdvancedEventSelector{FieldSelectors: []types.AdvancedFieldSelector{}}
		if s.Name != "" {
			one.Name = aws.String(s.Name)
		}
		for _, f := range s.FieldSelectors {
			one.FieldSelectors = append(one.FieldSelectors, types.AdvancedFieldSelector{
				Field: aws.String(f.Field), Equals: f.Equals, StartsWith: f.StartsWith, EndsWith: f.EndsWith, NotEquals: f.NotEquals, NotStartsWith: f.NotStartsWith, NotEndsWith: f.NotEndsWith,
			})
		}
		advanced = append(advanced, one)
	}
	return basic, advanced, nil
}
