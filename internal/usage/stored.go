package usage

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// ReportAge is how long a report of the access advisor is kept. AWS does not say how long it keeps them.
const ReportAge = 24 * time.Hour

// stored is a key of what is stored about real use, and its value.
type stored struct{ key, value []byte }

// gone reports whether the value is to be removed: what it belongs to is not there any more, or it is too
// old.
func (s *stored) gone(r meta.Reader, now time.Time) (bool, error) {
	account, kind, rest, err := keys.ParseUsage(s.key)
	if err != nil {
		return false, err
	}
	owner := keys.Account(account)
	var old bool
	switch kind {
	case keys.KeyUsageKind:
		// When a key was used is told however long ago it was.
		owner = subject{account, kind, string(rest)}.owner()
	case keys.PrincipalUsageKind, keys.AccountUsageKind:
		u := new(records.Usage)
		owner = subject{account, kind, string(rest)}.owner()
		old, err = s.older(u, func() int64 { return u.Used }, now.Add(-Period))
	case keys.AccessReportKind:
		report := new(records.AccessReport)
		old, err = s.older(report, func() int64 { return report.Created }, now.Add(-ReportAge))
	case keys.AccessedEntitiesKind:
		var job string
		job, err = keys.ParseAccessedEntities(rest)
		owner = keys.AccessReport(account, job)
	}
	if err != nil || old {
		return old, err
	}
	_, err = r.Get(owner)
	if errors.Is(err, meta.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// older reports whether a record, whose time at tells, is from before a moment.
func (s *stored) older(record proto.Message, at func() int64, moment time.Time) (bool, error) {
	if err := records.Unmarshal(s.value, record); err != nil {
		return false, fmt.Errorf("read data of real use: %w", err)
	}
	return at() < moment.UnixNano(), nil
}
