package accesslog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// EventTime and DeliveryTime are the values of PartitionDateSource: the day in the keys of log objects is that
// of the requests or that of the delivery.
const (
	EventTime    = "EventTime"
	DeliveryTime = "DeliveryTime"
)

// commit makes log objects of what is gathered, and notes that it is read, in one transaction, also when the server
// ends meanwhile. What another server has read is left to that. What the store does not take waits for the next time.
func (s *Service) commit(ctx context.Context) error {
	g := s.gathered
	if g == nil || g.to == g.from {
		return nil
	}
	made := make([]*records.LogObject, len(g.all))
	at := make([][]byte, len(g.all))
	for i, of := range g.all {
		made[i], at[i] = s.newObject([]*records.LogLines{of.lines}), keys.LogObject(of.bucket, s.place())
	}
	err := s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error {
		if err := journal.Advance(tx, Reader, g.from, g.to); err != nil {
			return err
		}
		return put(tx, at, made)
	})
	if err != nil && !errors.Is(err, journal.ErrRead) {
		return fmt.Errorf("keep access logs: %w", err)
	}
	s.gathered = nil
	return nil
}

// put writes log objects, but for those of accounts that are closed, or gone: their logs are not delivered, and what
// is written after an account was removed would stay for ever.
func put(tx meta.Tx, at [][]byte, made []*records.LogObject) error {
	open := map[string]bool{}
	for i, o := range made {
		if _, known := open[o.Account]; !known {
			var err error
			if open[o.Account], err = access.IsOpen(tx, ids.AccountID(o.Account)); err != nil {
				return err
			}
		}
		if !open[o.Account] {
			continue
		}
		if err := records.Put(tx, at[i], o); err != nil {
			return err
		}
	}
	return nil
}

// newObject returns the log object of lines, which differ in nothing but the lines themselves.
func (s *Service) newObject(of []*records.LogLines) *records.LogObject {
	var unique [8]byte
	rand.Read(unique[:])
	first, now := of[0], s.opts.Now()
	o := &records.LogObject{
		Bucket: first.Bucket, Account: first.Account, CanonicalId: first.CanonicalId, Region: first.Region, Logging: first.Logging,
		Created: now.UnixNano(), Key: objectKey(first, now, fmt.Sprintf("%016X", unique)),
	}
	var text strings.Builder
	for _, l := range of {
		for _, line := range l.Lines {
			text.WriteString(line)
			text.WriteByte('\n')
			o.Lines++
		}
	}
	o.Text = text.String()
	return o
}

// objectKey returns the key of a log object that is made now.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#server-log-keyname-format
func objectKey(l *records.LogLines, now time.Time, unique string) string {
	const moment = "2006-01-02-15-04-05-"
	now = now.UTC()
	if !l.Logging.Partitioned {
		return l.Logging.Prefix + now.Format(moment) + unique
	}
	if l.Day != 0 {
		// The time of day is zero: the object has requests of all of the day.
		now = time.Unix(0, l.Day).UTC()
	}
	return fmt.Sprintf("%s%s/%s/%s/%s%s%s", l.Logging.Prefix, l.Account, l.Region, l.Bucket, now.Format("2006/01/02/"), now.Format(moment), unique)
}

// place returns the place of the next log object.
func (s *Service) place() keys.Place {
	var p keys.Place
	rand.Read(p.Random[:])
	p.Sequence = s.sequence.Next(s.opts.Now())
	return p
}
