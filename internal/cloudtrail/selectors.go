package cloudtrail

import (
	"context"

	"crossgrant/internal/cloudtrail/selector"
	"crossgrant/internal/ids"
	"crossgrant/internal/records"
)

// PutSelectors gives a trail event selectors of one kind, and takes away those that it has. The error is
// InvalidEventSelectorsException where selector.Check refuses them.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
func (s *Service) PutSelectors(
	ctx context.Context, account ids.AccountID, text string, basic []selector.Basic, advanced []selector.Advanced,
) (*Trail, error) {
	if err := selector.Check(basic, advanced); err != nil {
		return nil, err
	}
	t, err := s.change(ctx, account, text, changing, func(t *records.Trail) error {
		t.Selectors, t.Advanced = toBasic(basic), toAdvanced(advanced)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return newTrail(t)
}

// Basic returns the basic event selectors of a trail; none if it has advanced ones.
func (t *Trail) Basic() []selector.Basic {
	if len(t.Record.Selectors)+len(t.Record.Advanced) == 0 {
		return selector.Default()
	}
	return fromBasic(t.Record.Selectors)
}

// Advanced returns the advanced event selectors of a trail; none if it has basic ones.
func (t *Trail) Advanced() []selector.Advanced { return fromAdvanced(t.Record.Advanced) }

// Compile returns the event selectors of a trail, as they are stored: those of a new trail if there are none. It is an
// error if they are not valid.
func Compile(basic []*records.EventSelector, advanced []*records.AdvancedEventSelector) (*selector.Set, error) {
	if len(basic)+len(advanced) == 0 {
		return selector.Compile(selector.Default(), nil)
	}
	return selector.Compile(fromBasic(basic), fromAdvanced(advanced))
}

func toBasic(list []selector.Basic) (out []*records.EventSelector) {
	for _, b := range list {
		r := &records.EventSelector{ReadWrite: b.ReadWriteType, Management: b.IncludeManagementEvents, Excluded: b.ExcludeManagementEventSources}
		for _, d := range b.DataResources {
			r.Data = append(r.Data, &records.DataResource{Type: d.Type, Values: d.Values})
		}
		out = append(out, r)
	}
	return out
}

func fromBasic(list []*records.EventSelector) (out []selector.Basic) {
	for _, r := range list {
		b := selector.Basic{ReadWriteType: r.ReadWrite, IncludeManagementEvents: r.Management, ExcludeManagementEventSources: r.Excluded}
		for _, d := range r.Data {
			b.DataResources = append(b.DataResources, selector.Resource{Type: d.Type, Values: d.Values})
		}
		out = append(out, b)
	}
	return out
}

func toAdvanced(list []selector.Advanced) (out []*records.AdvancedEventSelector) {
	for _, a := range list {
		r := &records.AdvancedEventSelector{Name: a.Name}
		for _, f := range a.FieldSelectors {
			r.Fields = append(r.Fields, &records.FieldSelector{
				Field: f.Field, Equals: f.Equals, StartsWith: f.StartsWith, EndsWith: f.EndsWith,
				NotEquals: f.NotEquals, NotStartsWith: f.NotStartsWith, NotEndsWith: f.NotEndsWith,
			})
		}
		out = append(out, r)
	}
	return out
}

func fromAdvanced(list []*records.AdvancedEventSelector) (out []selector.Advanced) {
	for _, r := range list {
		a := selector.Advanced{Name: r.Name}
		for _, f := range r.Fields {
			a.FieldSelectors = append(a.FieldSelectors, selector.Field{
				Field: f.Field, Equals: f.Equals, StartsWith: f.StartsWith, EndsWith: f.EndsWith,
				NotEquals: f.NotEquals, NotStartsWith: f.NotStartsWith, NotEndsWith: f.NotEndsWith,
			})
		}
		out = append(out, a)
	}
	return out
}
