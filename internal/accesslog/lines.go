package accesslog

import (
	"context"
	"crypto/rand"
	"errors"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// flush makes the lines that wait in memory durable and returns how many bytes they are. Lines that the store
// does not take are dropped: it takes nothing else either.
func (s *Service) flush(ctx context.Context) int {
	s.mu.Lock()
	pending, size, lost := s.pending, s.size, s.lost
	s.pending, s.size, s.lost = map[pendingKey]*records.LogLines{}, 0, 0
	s.mu.Unlock()
	if lost > 0 {
		s.drop(lost, "there are more than can be written")
	}
	for key, lines := range pending {
		for _, part := range split(lines) {
			if err := s.keep(ctx, key.bucket.ID, part); err != nil {
				s.opts.Log.Error("keep lines of the access log", "bucket", lines.Bucket, "fault", err.Error())
				s.drop(len(part.Lines), "the metadata store failed")
			}
		}
	}
	return size
}

// keep writes lines to the store, also when the server ends meanwhile. Those of an account that is closed, or gone,
// are left: its logs are not delivered, and what is written after the account was removed would stay for ever.
func (s *Service) keep(ctx context.Context, id keys.BucketID, lines *records.LogLines) error {
	place := s.place()
	return s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error {
		account := new(records.Account)
		err := records.Get(tx, keys.Account(ids.AccountID(lines.Account)), account)
		if errors.Is(err, meta.ErrNotFound) || err == nil && account.Closed != 0 {
			return nil
		}
		if err != nil {
			return err
		}
		return records.Put(tx, keys.LogLines(id, place), lines)
	})
}

// split cuts lines into values of bounded size.
func split(lines *records.LogLines) []*records.LogLines {
	var parts []*records.LogLines
	first, size := 0, 0
	for i, text := range lines.Lines {
		if size += len(text) + 1; size > maxText && i > first {
			parts = append(parts, withLines(lines, lines.Lines[first:i]))
			first, size = i, len(text)+1
		}
	}
	return append(parts, withLines(lines, lines.Lines[first:]))
}

// withLines returns lines with some of its lines.
func withLines(lines *records.LogLines, some []string) *records.LogLines {
	part := proto.CloneOf(&records.LogLines{
		Bucket: lines.Bucket, Account: lines.Account, CanonicalId: lines.CanonicalId, Region: lines.Region,
		Logging: lines.Logging, Day: lines.Day,
	})
	part.Lines = some
	return part
}

// place returns the place of the next lines or log object. Only one goroutine at a time calls it.
func (s *Service) place() keys.Place {
	var p keys.Place
	rand.Read(p.Random[:])
	s.last = max(uint64(max(s.opts.Now().UnixNano(), 0)), s.last+1)
	p.Sequence = s.last
	return p
}

// drop counts lines that are given up, and logs it.
func (s *Service) drop(lines int, reason string, attributes ...any) {
	s.opts.Meter.LogDropped(lines)
	s.opts.Log.Error("lines of the access log dropped", append([]any{"lines", lines, "reason", reason}, attributes...)...)
}
