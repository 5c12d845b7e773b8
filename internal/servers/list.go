package servers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Server is a server as others see it.
type Server struct {
	ID      string
	Version string
	Address string
	// Since is when it started and Said when it said last that it is there, both by its own clock.
	Since, Said time.Time
	// Oldest and Newest are the formats that it writes.
	Oldest, Newest int

	count uint64
}

// All returns the servers whose records there are, by ID: those that are there, and those that ended without saying so and that nobody
// has missed yet.
func All(ctx context.Context, store *meta.Store) (found []Server, err error) {
	err = store.View(ctx, func(r meta.Reader) (err error) {
		found, err = all(r)
		return err
	})
	return found, err
}

func all(r meta.Reader) (found []Server, err error) {
	it := r.Scan(keys.Servers())
	for it.Next() {
		record := new(records.Server)
		id, err := keys.ParseServer(it.Key())
		if err == nil {
			err = records.Unmarshal(it.Value(), record)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read the servers: %w", err), it.Close())
		}
		found = append(found, Server{
			ID: id, Version: record.Version, Address: record.Address, Since: time.Unix(0, record.Since), Said: time.Unix(0, record.Said),
			Oldest: int(record.Oldest), Newest: int(record.Newest), count: record.Count,
		})
	}
	return found, it.Close()
}

// live returns those of found, but for this server, that are not known to be silent, and notes what is seen of them now.
func (s *Servers) live(found []Server, now time.Time) (live []Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := map[string]sighting{}
	for _, f := range found {
		if f.ID == s.self.ID {
			continue
		}
		last, known := s.seen[f.ID]
		if !known || last.count != f.count {
			last = sighting{f.count, now}
		}
		there[f.ID] = last
		if now.Sub(last.at) < Dead {
			live = append(live, f)
		}
	}
	s.seen = there
	return live
}

// raise raises the format to the newest that all servers can read, and removes the records of those that are gone.
func (s *Servers) raise(ctx context.Context) error {
	found, err := All(ctx, s.store)
	if err != nil {
		return err
	}
	now := time.Now() // after they were read: what is seen was written before
	newest := s.self.Newest
	gone := map[string]uint64{}
	for _, f := range found {
		gone[f.ID] = f.count
	}
	delete(gone, s.self.ID)
	for _, l := range s.live(found, now) {
		newest = min(newest, l.Newest)
		delete(gone, l.ID)
	}
	if newest <= s.Format() && len(gone) == 0 {
		return nil
	}
	raised := false
	err = s.store.Update(ctx, func(tx meta.Tx) error {
		raised = false
		format, err := readFormat(tx)
		if err != nil {
			return err
		}
		there, err := all(tx)
		if err != nil {
			return err
		}
		least := newest
		for _, t := range there {
			if count, ok := gone[t.ID]; ok && count == t.count {
				if err := tx.Delete(keys.Server(t.ID)); err != nil {
					return err
				}
				continue
			}
			least = min(least, t.Newest) // it came, or came back, meanwhile
		}
		if least <= format {
			return nil
		}
		raised, newest = true, least
		return tx.Put(keys.Meta(keys.FormatFact), []byte(strconv.Itoa(least)))
	})
	if err == nil && raised {
		s.format.Store(int64(newest))
		s.opts.Log.Info("all servers can read a newer format: it is written from now on", "format", newest)
	}
	return err
}

// names returns servers for people to read.
func names(servers []Server) string {
	texts := make([]string, len(servers))
	for i, s := range servers {
		texts[i] = fmt.Sprintf("the server at %s (version %s)", s.Address, s.Version)
	}
	return strings.Join(texts, ", ")
}

func needs(servers []Server) string {
	if len(servers) == 1 {
		return "needs"
	}
	return "need"
}
