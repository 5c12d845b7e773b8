package reports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/usage"
)

const (
	// maxReports is how many reports of the access advisor an account has. One more drops the oldest.
	maxReports = 100
	// maxPart is how many users and roles one record lists.
	maxPart = 1000
)

// newJob draws the ID of a job: a UUID, as those of AWS are.
func (s *Service) newJob() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.rand, b[:]); err != nil {
		return "", fmt.Errorf("draw job id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// keep stores a report, and returns the ID of its job.
func (s *Service) keep(ctx context.Context, account ids.AccountID, m *made) (string, error) {
	job, err := s.newJob()
	if err != nil {
		return "", err
	}
	m.report.Id, m.report.Completed = job, s.now().UnixNano()
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		if err := makeRoom(tx, account, m.report.Created); err != nil {
			return err
		}
		for namespace, all := range m.entities {
			part := 0
			for some := range slices.Chunk(all, maxPart) {
				if err := records.Put(tx, keys.AccessedEntities(account, job, namespace, part), &records.AccessedEntities{Entities: some}); err != nil {
					return err
				}
				part++
			}
		}
		return records.Put(tx, keys.AccessReport(account, job), m.report)
	})
	return job, err
}

// makeRoom removes reports that are too old, and the oldest ones until there is room for one more.
func makeRoom(tx meta.Tx, account ids.AccountID, now int64) error {
	all, err := reportsOf(tx, account)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b *records.AccessReport) int { return cmp.Compare(a.Created, b.Created) })
	for i, r := range all {
		if len(all)-i < maxReports && now-r.Created < int64(usage.ReportAge) {
			break
		}
		if err := remove(tx, account, r.Id); err != nil {
			return err
		}
	}
	return nil
}

func reportsOf(r meta.Reader, account ids.AccountID) (all []*records.AccessReport, err error) {
	it := r.Scan(keys.AccessReports(account))
	for err == nil && it.Next() {
		report := new(records.AccessReport)
		err = records.Unmarshal(it.Value(), report)
		all = append(all, report)
	}
	return all, errors.Join(err, it.Close())
}

// remove removes a report and all that it lists.
func remove(tx meta.Tx, account ids.AccountID, job string) error {
	from, to := keys.AccessedEntitiesOf(account, job)
	listed, err := meta.Keys(tx, from, to, meta.All)
	if err != nil {
		return err
	}
	return meta.DeleteAll(tx, append(listed, keys.AccessReport(account, job)))
}

// report returns the report of a job, or NoSuchEntity if the caller has none. Nobody is told whether somebody
// else has it.
func (s *Service) report(ctx context.Context, caller Caller, job string, organizations bool) (*records.AccessReport, error) {
	report := new(records.AccessReport)
	err := s.store.View(ctx, func(r meta.Reader) error { return records.Get(r, keys.AccessReport(caller.Account, job), report) })
	if err != nil && !errors.Is(err, meta.ErrNotFound) {
		return nil, fmt.Errorf("read report %s: %w", job, err)
	}
	if err != nil || report.Owner != caller.ID || report.Organizations != organizations ||
		s.now().UnixNano()-report.Created >= int64(usage.ReportAge) {
		return nil, noSuchEntity("The job with ID %s cannot be found.", job)
	}
	return report, nil
}

// list returns what a report lists for a service.
func (s *Service) list(ctx context.Context, account ids.AccountID, job, namespace string) (all []*records.AccessedEntity, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		for part := 0; ; part++ {
			some := new(records.AccessedEntities)
			err := records.Get(r, keys.AccessedEntities(account, job, namespace, part), some)
			if errors.Is(err, meta.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			all = append(all, some.Entities...)
		}
	})
	return all, err
}
