package analyzer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/analyzer/external"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy/space"
	"crossgrant/internal/records"
)

// internalError is the error of a finding about a resource whose policies are too large to be analyzed, or cannot be
// read.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-resources.html
const internalError = "INTERNAL_ERROR"

// Scan analyzes one resource of the zone, by its ARN. The error is a ResourceNotFoundException if it is none.
func (s *Service) Scan(ctx context.Context, account ids.AccountID, analyzer, resourceARN string) error {
	z, all, err := s.zone(ctx, account, analyzer)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(r resource) bool { return r.ARN == resourceARN })
	if i < 0 {
		// What is gone is not shared any more.
		return s.settle(ctx, account, analyzer, nil, func(r *records.AnalyzerFinding) bool { return r.Resource == resourceARN }, "")
	}
	found, err := s.current(ctx, all[i], z)
	if err != nil {
		return err
	}
	return s.settle(ctx, account, analyzer, found, func(r *records.AnalyzerFinding) bool { return r.Resource == resourceARN }, resourceARN)
}

// scanAll analyzes all resources of the zone.
func (s *Service) scanAll(ctx context.Context, account ids.AccountID, analyzer string) error {
	z, all, err := s.zone(ctx, account, analyzer)
	if err != nil {
		return err
	}
	var found []*records.AnalyzerFinding
	last := ""
	for _, r := range all {
		some, err := s.current(ctx, r, z)
		if err != nil {
			return err
		}
		found, last = append(found, some...), r.ARN
	}
	return s.settle(ctx, account, analyzer, found, func(*records.AnalyzerFinding) bool { return true }, last)
}

// zone returns the zone of an analyzer, and the resources in it.
func (s *Service) zone(ctx context.Context, account ids.AccountID, analyzer string) (z *zone, all []resource, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		if z, err = enabled(r, account, analyzer); err != nil {
			return err
		}
		all, err = resourcesOf(r, z)
		return err
	})
	return z, all, err
}

// current returns the findings about a resource as it is now, without times and status.
func (s *Service) current(ctx context.Context, r resource, z *zone) (found []*records.AnalyzerFinding, err error) {
	all, err := s.analyze(ctx, r, z)
	if errors.Is(err, space.ErrTooLarge) || errors.Is(err, external.ErrUnreadable) {
		f := &records.AnalyzerFinding{Resource: r.ARN, ResourceType: r.Type, Owner: string(r.Owner), Error: internalError}
		f.Id = idOf(f)
		return []*records.AnalyzerFinding{f}, nil
	}
	for _, a := range all {
		f := &records.AnalyzerFinding{
			Resource: r.ARN, ResourceType: r.Type, Owner: string(r.Owner), PrincipalKind: string(a.Kind), Principal: a.Principal,
			Actions: a.Actions, Condition: a.Condition, Public: a.Public, Sources: a.Sources, Restriction: a.Restriction,
		}
		if r.Type != external.Bucket {
			f.Sources = nil // it is told of buckets only
		}
		f.Id = idOf(f)
		found = append(found, f)
	}
	return found, err
}

// idOf returns the ID of a finding, in the form of a UUID.
func idOf(f *records.AnalyzerFinding) string {
	parts := []string{f.Resource, f.PrincipalKind, f.Principal, strings.Join(f.Actions, ","), f.Error}
	for _, key := range slices.Sorted(maps.Keys(f.Condition)) {
		parts = append(parts, key, f.Condition[key])
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	id := hex.EncodeToString(sum[:16])
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// settle makes what is kept agree with what was found: findings that are new are added, and those that are not there
// any more are resolved, as far as they are among what was analyzed. last is the resource that was analyzed last; empty
// if none was.
func (s *Service) settle(ctx context.Context, account ids.AccountID, analyzer string, found []*records.AnalyzerFinding, analyzed func(*records.AnalyzerFinding) bool, last string) error {
	there := map[string]bool{}
	for _, f := range found {
		there[f.Id] = true
	}
	var gone []string
	err := s.store.View(ctx, func(r meta.Reader) error {
		gone = nil
		from, to := keys.AnalyzerFindings(account, analyzer)
		return scan(r, from, to, func(_, value []byte) error {
			record := new(records.AnalyzerFinding)
			if err := records.Unmarshal(value, record); err != nil {
				return err
			}
			if analyzed(record) && !there[record.Id] && (record.Status != Resolved || s.over(record)) {
				gone = append(gone, record.Id)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(gone, eraseBatch) {
		if err := s.resolve(ctx, account, analyzer, batch); err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(found, eraseBatch) {
		if err := s.note(ctx, account, analyzer, batch); err != nil {
			return err
		}
	}
	if last == "" {
		return nil
	}
	return s.change(ctx, account, analyzer, func(r *records.Analyzer) error {
		r.LastResource, r.LastAnalyzed = last, s.Now().UnixNano()
		return nil
	})
}

// resolve resolves findings, and removes those whose time is over.
func (s *Service) resolve(ctx context.Context, account ids.AccountID, analyzer string, gone []string) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		for _, id := range gone {
			r, err := readFinding(tx, account, analyzer, id)
			key := keys.AnalyzerFinding(account, analyzer, id)
			switch {
			case missing(err):
				continue // the analyzer was deleted meanwhile
			case err != nil:
			case s.over(r):
				err = tx.Delete(key)
			case r.Status != Resolved:
				r.Status, r.Updated, r.Analyzed = Resolved, s.Now().UnixNano(), s.Now().UnixNano()
				err = records.Put(tx, key, r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// note adds findings, and brings up to date those that are kept. New ones that an archive rule matches are archived.
func (s *Service) note(ctx context.Context, account ids.AccountID, analyzer string, found []*records.AnalyzerFinding) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		if _, err := read(tx, account, analyzer); err != nil {
			return err
		}
		rules, err := rulesOf(tx, account, analyzer)
		if err != nil {
			return err
		}
		now := s.Now().UnixNano()
		for _, f := range found {
			r := proto.Clone(f).(*records.AnalyzerFinding)
			r.Analyzed = now
			kept, err := readFinding(tx, account, analyzer, f.Id)
			switch {
			case err == nil && kept.Status != Resolved:
				r.Created, r.Updated, r.Status = kept.Created, kept.Updated, kept.Status
			case err == nil:
				r.Created, r.Updated, r.Status = kept.Created, now, firstStatus(r, rules)
			case missing(err):
				r.Created, r.Updated, r.Status = now, now, firstStatus(r, rules)
			default:
				return err
			}
			if err := records.Put(tx, keys.AnalyzerFinding(account, analyzer, f.Id), r); err != nil {
				return err
			}
		}
		return nil
	})
}

// firstStatus returns the status of a finding that is new.
func firstStatus(r *records.AnalyzerFinding, rules []Rule) string {
	f := findingOf(r)
	f.Status = Active
	for _, rule := range rules {
		if rule.Filter.Matches(&f) {
			return Archived
		}
	}
	return Active
}
