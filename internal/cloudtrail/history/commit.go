package history

import (
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/access"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// commit adds what is gathered to the histories, and notes that it is read, in one transaction, also when the server
// ends meanwhile. What another server has read is left to that. What the store does not take waits for the next time.
func (s *Service) commit(ctx context.Context) error {
	g := s.gathered
	if g == nil || g.to == g.from {
		return nil
	}
	made := s.pieces(g)
	kept := 0
	err := s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) (err error) {
		if err := journal.Advance(tx, Reader, g.from, g.to); err != nil {
			return err
		}
		kept, err = put(tx, made)
		return err
	})
	if err != nil && !errors.Is(err, journal.ErrRead) {
		return fmt.Errorf("keep the event history: %w", err)
	}
	if err == nil {
		s.opts.Meter.HistoryKept(kept)
	}
	s.gathered = nil
	return nil
}

// piece is a value of the store that is to be written.
type piece struct {
	account    ids.AccountID
	key, value []byte
	events     int
}

// pieces returns the values that what is gathered becomes. One segment of the journal becomes one for each account, and
// its sequence that of the value: no other segment has it.
func (s *Service) pieces(g *gathered) []piece {
	var made []piece
	for _, p := range g.parts {
		entries := make([][]byte, len(p.events))
		for i := range p.events {
			entries[i] = p.events[i].entry
		}
		value, err := records.Marshal(&records.TrailEvents{
			Zstd: s.pack(entries), First: p.events[0].at, Last: p.events[len(p.events)-1].at, Events: int64(len(p.events)),
		})
		if err == nil && len(value) > meta.MaxValue {
			err = fmt.Errorf("%d bytes are too many", len(value))
		}
		if err != nil {
			// It is less than a segment of the journal, which was stored: this does not come about.
			s.drop(len(p.events), "they cannot be kept", "fault", err.Error(), "account", string(p.account))
			continue
		}
		made = append(made, piece{p.account, keys.TrailEvents(p.account, p.sequence), value, len(p.events)})
	}
	return made
}

// put writes values and counts them, but for those of accounts that are closed, or gone: what is written after an account
// was removed would stay for ever. It returns how many events were written.
func put(tx meta.Tx, made []piece) (kept int, err error) {
	counts := map[ids.AccountID]*records.TrailHistory{}
	for _, p := range made {
		count, known := counts[p.account]
		if !known {
			if count, err = open(tx, p.account); err != nil {
				return 0, err
			}
			counts[p.account] = count
		}
		if count == nil {
			continue
		}
		count.Events += int64(p.events)
		count.Bytes += int64(len(p.value))
		kept += p.events
		if err := tx.Put(p.key, p.value); err != nil {
			return 0, err
		}
	}
	for account, count := range counts {
		if count == nil {
			continue
		}
		if err := records.Put(tx, keys.TrailHistory(account), count); err != nil {
			return 0, err
		}
	}
	return kept, nil
}

// open returns how much the history of an account has; nil if the account is closed, or gone.
func open(r meta.Reader, id ids.AccountID) (*records.TrailHistory, error) {
	if open, err := access.IsOpen(r, id); err != nil || !open {
		return nil, err
	}
	return count(r, id)
}

// count returns how much a history has. One that cannot be read counts as nothing, so that events are kept all the
// same: then more may be kept than Options.Size, for as long as they are not too old.
func count(r meta.Reader, id ids.AccountID) (*records.TrailHistory, error) {
	c := new(records.TrailHistory)
	err := records.Get(r, keys.TrailHistory(id), c)
	if errors.Is(err, meta.ErrNotFound) || errors.Is(err, meta.ErrCorrupt) {
		return new(records.TrailHistory), nil
	}
	return c, err
}
