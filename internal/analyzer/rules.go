package analyzer

import (
	"context"
	"errors"
	"time"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Rule is an archive rule: new findings that its filter matches are archived.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-archive-rules.html
type Rule struct {
	Name             string
	Filter           Filter
	Created, Updated time.Time
}

func ruleOf(r *records.ArchiveRule) Rule {
	return Rule{Name: r.Name, Filter: fromCriteria(r.Filter), Created: fromNano(r.Created), Updated: fromNano(r.Updated)}
}

func putRule(tx meta.Tx, account ids.AccountID, analyzer string, r *records.ArchiveRule) error {
	return records.Put(tx, keys.ArchiveRule(account, analyzer, r.Name), r)
}

func readRule(r meta.Reader, account ids.AccountID, analyzer, name string) (*records.ArchiveRule, error) {
	record := new(records.ArchiveRule)
	if len(name) > maxName {
		return nil, noRule(name)
	}
	err := records.Get(r, keys.ArchiveRule(account, analyzer, name), record)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, noRule(name)
	}
	return record, err
}

// rulesOf returns the rules of an analyzer, by name.
func rulesOf(r meta.Reader, account ids.AccountID, analyzer string) (rules []Rule, err error) {
	from, to := keys.ArchiveRules(account, analyzer)
	err = scan(r, from, to, func(_, value []byte) error {
		record := new(records.ArchiveRule)
		if err := records.Unmarshal(value, record); err != nil {
			return err
		}
		rules = append(rules, ruleOf(record))
		return nil
	})
	return rules, err
}

// CreateRule makes an archive rule. Findings that are there stay as they are. token is as in NewAnalyzer.
func (s *Service) CreateRule(ctx context.Context, account ids.AccountID, analyzer, name string, f Filter, token string) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		if _, err := read(tx, account, analyzer); err != nil {
			return err
		}
		existing, err := readRule(tx, account, analyzer, name)
		if err == nil {
			if token != "" && existing.ClientToken == token {
				return nil
			}
			return conflict("ArchiveRule", name)
		}
		if !missing(err) {
			return err
		}
		rules, err := rulesOf(tx, account, analyzer)
		if err != nil {
			return err
		}
		if len(rules) >= maxRules {
			return quotaExceeded("ArchiveRule", name, maxRules)
		}
		now := s.Now().UnixNano()
		return putRule(tx, account, analyzer, &records.ArchiveRule{Name: name, Created: now, Updated: now, Filter: toCriteria(f), ClientToken: token})
	})
}

// UpdateRule replaces the filter of an archive rule.
func (s *Service) UpdateRule(ctx context.Context, account ids.AccountID, analyzer, name string, f Filter) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		if _, err := read(tx, account, analyzer); err != nil {
			return err
		}
		r, err := readRule(tx, account, analyzer, name)
		if err != nil {
			return err
		}
		r.Updated, r.Filter = s.Now().UnixNano(), toCriteria(f)
		return putRule(tx, account, analyzer, r)
	})
}

// DeleteRule removes an archive rule. What it archived stays archived.
func (s *Service) DeleteRule(ctx context.Context, account ids.AccountID, analyzer, name string) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		if _, err := read(tx, account, analyzer); err != nil {
			return err
		}
		if _, err := readRule(tx, account, analyzer, name); err != nil {
			return err
		}
		return tx.Delete(keys.ArchiveRule(account, analyzer, name))
	})
}

// Rules returns the archive rules of an analyzer, by name.
func (s *Service) Rules(ctx context.Context, account ids.AccountID, analyzer string) (rules []Rule, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		if _, err := read(r, account, analyzer); err != nil {
			return err
		}
		rules, err = rulesOf(r, account, analyzer)
		return err
	})
	return rules, err
}

// GetRule returns an archive rule.
func (s *Service) GetRule(ctx context.Context, account ids.AccountID, analyzer, name string) (rule Rule, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		if _, err := read(r, account, analyzer); err != nil {
			return err
		}
		record, err := readRule(r, account, analyzer, name)
		if err == nil {
			rule = ruleOf(record)
		}
		return err
	})
	return rule, err
}

// ApplyRule archives the active findings that an archive rule matches.
func (s *Service) ApplyRule(ctx context.Context, account ids.AccountID, analyzer, name string) error {
	rule, err := s.GetRule(ctx, account, analyzer, name)
	if err != nil {
		return err
	}
	found, err := s.findings(ctx, account, analyzer)
	if err != nil {
		return err
	}
	var matched []string
	for i := range found {
		if found[i].Status == Active && rule.Filter.Matches(&found[i]) {
			matched = append(matched, found[i].ID)
		}
	}
	return s.setStatus(ctx, account, analyzer, matched, Archived)
}
