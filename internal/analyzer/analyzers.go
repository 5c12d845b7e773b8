package analyzer

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Quotas.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html
const (
	maxAccountAnalyzers      = 1
	maxOrganizationAnalyzers = 5
	maxRules                 = 100
	maxTags                  = 50
)

// NewAnalyzer is what CreateAnalyzer makes.
type NewAnalyzer struct {
	Name, Type string
	Rules      []Rule // of which names and filters count
	Tags       []Tag
	// Token is the client's for this request: one with the name and the token of an analyzer is the request that made it,
	// sent again. Empty: none.
	Token string
}

// Create makes an analyzer and returns its ARN. Errors: ConflictException if there is one of this name,
// ServiceQuotaExceededException, and ValidationException for a type that is not analyzed here, or an organization that
// is not the account's to analyze.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html
func (s *Service) Create(ctx context.Context, account ids.AccountID, n NewAnalyzer) (string, error) {
	if n.Type != AccountType && n.Type != OrganizationType {
		return "", Invalid(NotSupported, "Analyzers of type %s are not supported.", n.Type)
	}
	tags, err := withTags(nil, n.Tags)
	if err != nil {
		return "", err
	}
	if len(n.Rules) > maxRules {
		return "", quotaExceeded("ArchiveRule", n.Name, maxRules)
	}
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		existing := new(records.Analyzer)
		err := records.Get(tx, keys.Analyzer(account, n.Name), existing)
		switch {
		case err == nil && n.Token != "" && existing.ClientToken == n.Token && existing.Type == n.Type:
			return nil
		case err == nil:
			return conflict("Analyzer", n.Name)
		case !errors.Is(err, meta.ErrNotFound):
			return err
		}
		return s.create(tx, account, n, tags)
	})
	return s.ARN(account, n.Name), err
}

// create writes an analyzer that is not there.
func (s *Service) create(tx meta.Tx, account ids.AccountID, n NewAnalyzer, tags []*records.Tag) error {
	all, err := analyzersOf(tx, account)
	if err != nil {
		return err
	}
	most := maxAccountAnalyzers
	if n.Type == OrganizationType {
		most = maxOrganizationAnalyzers
	}
	all = slices.DeleteFunc(all, func(r *records.Analyzer) bool { return r.Type != n.Type })
	if len(all) >= most {
		return quotaExceeded("Analyzer", n.Name, most)
	}
	now := s.Now().UnixNano()
	r := &records.Analyzer{Account: string(account), Name: n.Name, Type: n.Type, Created: now, Tags: tags, ClientToken: n.Token}
	if n.Type == OrganizationType {
		org, reason, err := administered(tx, account)
		if err != nil {
			return err
		}
		if reason != "" {
			return Invalid(OtherReason, "Account %s cannot analyze an organization: %s.", account, reason)
		}
		r.Organization = string(org)
	}
	for _, rule := range n.Rules {
		if err := putRule(tx, account, n.Name, &records.ArchiveRule{Name: rule.Name, Created: now, Updated: now, Filter: toCriteria(rule.Filter)}); err != nil {
			return err
		}
	}
	return records.Put(tx, keys.Analyzer(account, n.Name), r)
}

// analyzersOf returns the records of an account's analyzers, by name.
func analyzersOf(r meta.Reader, account ids.AccountID) (all []*records.Analyzer, err error) {
	from, to := keys.Analyzers(account)
	err = scan(r, from, to, func(_, value []byte) error {
		record := new(records.Analyzer)
		all = append(all, record)
		return records.Unmarshal(value, record)
	})
	return all, err
}

// scan calls f with the entries of a range, in order.
func scan(r meta.Reader, from, to []byte, f func(key, value []byte) error) error {
	it := r.Scan(from, to)
	for it.Next() {
		if err := f(it.Key(), it.Value()); err != nil {
			return errors.Join(err, it.Close())
		}
	}
	return it.Close()
}

// read returns the record of an analyzer, or ResourceNotFoundException.
func read(r meta.Reader, account ids.AccountID, name string) (*records.Analyzer, error) {
	record := new(records.Analyzer)
	if len(name) > maxName {
		return nil, noAnalyzer(name)
	}
	err := records.Get(r, keys.Analyzer(account, name), record)
	if errors.Is(err, meta.ErrNotFound) {
		return nil, noAnalyzer(name)
	}
	return record, err
}

// maxName is the longest name of an analyzer or a rule.
const maxName = 255

// Get returns an analyzer.
func (s *Service) Get(ctx context.Context, account ids.AccountID, name string) (a Analyzer, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		record, err := read(r, account, name)
		if err != nil {
			return err
		}
		z, err := zoneOf(r, record)
		a = s.describe(record, z)
		return err
	})
	return a, err
}

// List returns the analyzers of an account, by name; kind is a type, or empty for all.
func (s *Service) List(ctx context.Context, account ids.AccountID, kind string) (all []Analyzer, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		list, err := analyzersOf(r, account)
		if err != nil {
			return err
		}
		for _, record := range list {
			if kind != "" && record.Type != kind {
				continue
			}
			z, err := zoneOf(r, record)
			if err != nil {
				return err
			}
			all = append(all, s.describe(record, z))
		}
		return nil
	})
	return all, err
}

// eraseBatch is how many keys one transaction removes.
const eraseBatch = 256

// Delete removes an analyzer with its rules and findings.
func (s *Service) Delete(ctx context.Context, account ids.AccountID, name string) error {
	for done := false; !done; {
		err := s.store.Update(ctx, func(tx meta.Tx) error {
			if _, err := read(tx, account, name); err != nil {
				return err
			}
			doomed, err := belongings(tx, account, name)
			if err != nil {
				return err
			}
			if done = len(doomed) == 0; done {
				return tx.Delete(keys.Analyzer(account, name))
			}
			return meta.DeleteAll(tx, doomed)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// belongings returns the keys of some findings and rules of an analyzer; none if nothing is left.
func belongings(r meta.Reader, account ids.AccountID, name string) ([][]byte, error) {
	from, to := keys.AnalyzerFindings(account, name)
	doomed, err := meta.Keys(r, from, to, eraseBatch)
	if err != nil || len(doomed) > 0 {
		return doomed, err
	}
	from, to = keys.ArchiveRules(account, name)
	return meta.Keys(r, from, to, eraseBatch)
}

// change changes the record of an analyzer.
func (s *Service) change(ctx context.Context, account ids.AccountID, name string, edit func(r *records.Analyzer) error) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		r, err := read(tx, account, name)
		if err != nil {
			return err
		}
		before := proto.Clone(r)
		if err := edit(r); err != nil || proto.Equal(before, r) {
			return err
		}
		return records.Put(tx, keys.Analyzer(account, name), r)
	})
}

// Tag adds tags to an analyzer, or replaces their values.
func (s *Service) Tag(ctx context.Context, account ids.AccountID, name string, tags []Tag) error {
	return s.change(ctx, account, name, func(r *records.Analyzer) (err error) {
		r.Tags, err = withTags(r.Tags, tags)
		return err
	})
}

// Untag removes tags from an analyzer; those that it does not have are no error.
func (s *Service) Untag(ctx context.Context, account ids.AccountID, name string, tagKeys []string) error {
	return s.change(ctx, account, name, func(r *records.Analyzer) error {
		r.Tags = slices.DeleteFunc(r.Tags, func(t *records.Tag) bool { return slices.Contains(tagKeys, t.Key) })
		return nil
	})
}

// withTags returns tags with others added, by key. Keys that begin with aws: are AWS's own.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_TagResource.html
func withTags(have []*records.Tag, tags []Tag) ([]*records.Tag, error) {
	have = slices.Clone(have)
	for _, t := range tags {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, Invalid(FieldInvalid, "The tag key %s begins with aws:, which is reserved.", t.Key)
		}
		i, found := slices.BinarySearchFunc(have, t.Key, func(h *records.Tag, key string) int { return strings.Compare(h.Key, key) })
		if found {
			have[i] = &records.Tag{Key: t.Key, Value: t.Value}
			continue
		}
		have = slices.Insert(have, i, &records.Tag{Key: t.Key, Value: t.Value})
	}
	if len(have) > maxTags {
		return nil, Invalid(FieldInvalid, "A resource can have %d tags.", maxTags)
	}
	return have, nil
}
