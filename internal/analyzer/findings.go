package analyzer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// Finding is a finding about external access.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_Finding.html
type Finding struct {
	ID, Resource, Type string
	Owner              ids.AccountID
	Kind               policy.PrincipalKind
	Principal          string
	Actions            []string // sorted
	Condition          map[string]string
	Public             bool
	Sources            []string
	Restriction        string
	Status             string
	// Error says why the resource could not be analyzed; everything about access is empty then.
	Error                      string
	Created, Analyzed, Updated time.Time
}

func findingOf(r *records.AnalyzerFinding) Finding {
	return Finding{
		ID: r.Id, Resource: r.Resource, Type: r.ResourceType, Owner: ids.AccountID(r.Owner), Kind: policy.PrincipalKind(r.PrincipalKind),
		Principal: r.Principal, Actions: r.Actions, Condition: r.Condition, Public: r.Public, Sources: r.Sources, Restriction: r.Restriction,
		Status: r.Status, Error: r.Error, Created: fromNano(r.Created), Analyzed: fromNano(r.Analyzed), Updated: fromNano(r.Updated),
	}
}

// Query says which findings are listed, and in which order.
type Query struct {
	Filter Filter
	// SortBy is the name of a property, or updatedAt or createdAt; empty means updatedAt, latest first.
	SortBy     string
	Descending bool
}

// Findings analyzes all resources of the zone and returns the findings that a query asks for.
func (s *Service) Findings(ctx context.Context, account ids.AccountID, analyzer string, q Query) ([]Finding, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if err := s.scanAll(ctx, account, analyzer); err != nil {
		return nil, err
	}
	return s.stored(ctx, account, analyzer, q)
}

// Stored is Findings as they were when resources were analyzed last. It is for further pages of a list.
func (s *Service) Stored(ctx context.Context, account ids.AccountID, analyzer string, q Query) ([]Finding, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	return s.stored(ctx, account, analyzer, q)
}

func (s *Service) stored(ctx context.Context, account ids.AccountID, analyzer string, q Query) ([]Finding, error) {
	all, err := s.findings(ctx, account, analyzer)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(f Finding) bool { return !q.Filter.Matches(&f) })
	slices.SortStableFunc(all, q.compare)
	return all, nil
}

func (q *Query) check() error {
	if err := q.Filter.Check(false); err != nil {
		return err
	}
	if _, known := filterKeys[q.SortBy]; q.SortBy != "" && !known && q.SortBy != "updatedAt" && q.SortBy != "createdAt" && q.SortBy != "analyzedAt" {
		return Invalid(FieldInvalid, "Findings cannot be sorted by %s.", q.SortBy)
	}
	return nil
}

// compare compares findings as they are sorted; those that are alike come in the order of their IDs.
func (q *Query) compare(a, b Finding) int {
	order := 0
	switch q.SortBy {
	case "":
		order = b.Updated.Compare(a.Updated)
	case "updatedAt":
		order = a.Updated.Compare(b.Updated)
	case "createdAt":
		order = a.Created.Compare(b.Created)
	case "analyzedAt":
		order = a.Analyzed.Compare(b.Analyzed)
	default:
		x, _ := a.property(q.SortBy)
		y, _ := b.property(q.SortBy)
		order = strings.Compare(x, y)
	}
	if q.Descending {
		order = -order
	}
	if order == 0 {
		return strings.Compare(a.ID, b.ID)
	}
	return order
}

// findings returns all findings of an analyzer that are kept, by ID. Resolved ones whose time is over are left out.
func (s *Service) findings(ctx context.Context, account ids.AccountID, analyzer string) (all []Finding, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		if _, err := enabled(r, account, analyzer); err != nil {
			return err
		}
		from, to := keys.AnalyzerFindings(account, analyzer)
		return scan(r, from, to, func(_, value []byte) error {
			record := new(records.AnalyzerFinding)
			if err := records.Unmarshal(value, record); err != nil {
				return err
			}
			if !s.over(record) {
				all = append(all, findingOf(record))
			}
			return nil
		})
	})
	return all, err
}

// enabled returns the zone of an analyzer, unless it is disabled.
func enabled(r meta.Reader, account ids.AccountID, analyzer string) (*zone, error) {
	record, err := read(r, account, analyzer)
	if err != nil {
		return nil, err
	}
	z, err := zoneOf(r, record)
	if err == nil && z.reason != "" {
		err = errDisabled(z.reason)
	}
	return z, err
}

// Finding returns a finding, after its resource was analyzed again.
func (s *Service) Finding(ctx context.Context, account ids.AccountID, analyzer, id string) (Finding, error) {
	f, err := s.finding(ctx, account, analyzer, id)
	if err != nil {
		return f, err
	}
	if err := s.Scan(ctx, account, analyzer, f.Resource); err != nil {
		return f, err
	}
	return s.finding(ctx, account, analyzer, id)
}

func (s *Service) finding(ctx context.Context, account ids.AccountID, analyzer, id string) (f Finding, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		if _, err := enabled(r, account, analyzer); err != nil {
			return err
		}
		record, err := readFinding(r, account, analyzer, id)
		if err == nil && s.over(record) {
			err = noFinding(id)
		}
		f = findingOf(record)
		return err
	})
	return f, err
}

func readFinding(r meta.Reader, account ids.AccountID, analyzer, id string) (*records.AnalyzerFinding, error) {
	record := new(records.AnalyzerFinding)
	if len(id) > maxName {
		return record, noFinding(id)
	}
	err := records.Get(r, keys.AnalyzerFinding(account, analyzer, id), record)
	if errors.Is(err, meta.ErrNotFound) {
		return record, noFinding(id)
	}
	return record, err
}

// SetStatus archives findings, or makes archived ones active again: those of ids, and all of a resource if that is not
// empty. Resolved findings stay resolved. The error is a ResourceNotFoundException for an ID that is none, and then
// nothing is changed.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_UpdateFindings.html
func (s *Service) SetStatus(ctx context.Context, account ids.AccountID, analyzer string, ids []string, resource, status string) error {
	all, err := s.findings(ctx, account, analyzer)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(f Finding) bool { return f.ID == id }) {
			return noFinding(id)
		}
	}
	chosen := slices.Clone(ids)
	for i := range all {
		if resource != "" && all[i].Resource == resource {
			chosen = append(chosen, all[i].ID)
		}
	}
	return s.setStatus(ctx, account, analyzer, chosen, status)
}

// setStatus sets the status of findings, those that are resolved excepted.
func (s *Service) setStatus(ctx context.Context, account ids.AccountID, analyzer string, chosen []string, status string) error {
	for batch := range slices.Chunk(chosen, eraseBatch) {
		err := s.store.Update(ctx, func(tx meta.Tx) error {
			for _, id := range batch {
				r, err := readFinding(tx, account, analyzer, id)
				if err != nil {
					return err
				}
				if r.Status == Resolved || r.Status == status {
					continue
				}
				r.Status, r.Updated = status, s.Now().UnixNano()
				if err := records.Put(tx, keys.AnalyzerFinding(account, analyzer, id), r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keep is for how long a finding is kept after it was resolved.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-findings-view.html
const keep = 90 * 24 * time.Hour

// over reports whether the time of a resolved finding is over.
func (s *Service) over(r *records.AnalyzerFinding) bool {
	return r.Status == Resolved && fromNano(r.Updated).Add(keep).Before(s.Now())
}
