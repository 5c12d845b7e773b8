package delivery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"crossgrant/internal/access"
	"crossgrant/internal/cloudtrail/digest"
	"crossgrant/internal/ids"
	"crossgrant/internal/journal"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// made is a log file that is to be kept until it is delivered, and whose trail it is of.
type made struct {
	account ids.AccountID
	name    string
	place   keys.Place
	file    *records.TrailFile
	content []byte
}

// commit keeps log files of what is gathered, and notes that it is read, in one transaction, also when the server ends
// meanwhile. What another server has read is left to that. What the store does not take waits for the next time.
func (s *Service) commit(ctx context.Context) error {
	g := s.gathered
	if g == nil || g.to == g.from {
		return nil
	}
	all := make([]made, len(g.all))
	for i, f := range g.all {
		g.finish(f)
		all[i] = s.make(f)
	}
	clear(g.open) // they have their ends: what is gathered if the store does not take them goes into others
	err := s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error {
		if err := journal.Advance(tx, Reader, g.from, g.to); err != nil {
			return err
		}
		return put(tx, all)
	})
	if err != nil && !errors.Is(err, journal.ErrRead) {
		return fmt.Errorf("keep log files of trails: %w", err)
	}
	s.gathered = nil
	return nil
}

// make returns the log file of what was gathered for it. Its name is drawn.
func (s *Service) make(f *file) made {
	now := s.opts.Now().UTC()
	t := f.trail.Record
	m := made{account: ids.AccountID(t.Account), name: t.Name, place: keys.Place{Sequence: s.sequence.Next(now)}, content: f.out.Bytes()}
	rand.Read(m.place.Random[:])
	unique, err := ids.NewMixedToken(rand.Reader, digest.UniqueLength)
	if err != nil {
		panic(err) // crypto/rand.Reader never fails: https://pkg.go.dev/crypto/rand#Read
	}
	key := digest.LogKey(t.Organization, f.key.member, s.opts.Region, now, unique)
	m.file = &records.TrailFile{
		Account: string(f.key.member), Trail: f.trail.ARN, Bucket: t.Bucket, Prefix: t.Prefix, Key: digest.WithPrefix(t.Prefix, key),
		Validation: t.Validation, Organization: t.Organization, Size: int64(len(m.content)), Sha256: f.sum.Sum(nil), Events: f.events,
		Oldest: f.oldest.UnixNano(), Newest: f.newest.UnixNano(), Created: now.UnixNano(),
	}
	return m
}

// put keeps log files, but for those of trails of accounts that are closed, or gone: what is written after an account was
// removed would stay for ever.
func put(tx meta.Tx, all []made) error {
	open := map[ids.AccountID]bool{}
	for i := range all {
		m := &all[i]
		if _, known := open[m.account]; !known {
			var err error
			if open[m.account], err = access.IsOpen(tx, m.account); err != nil {
				return err
			}
		}
		if !open[m.account] {
			continue
		}
		err := errors.Join(
			records.Put(tx, keys.TrailFile(m.account, m.name, m.place), m.file),
			records.Put(tx, keys.TrailContent(m.account, m.name, m.place), &records.TrailContent{Gzip: m.content}),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// changeState changes the state of a trail. One that was deleted has none.
func changeState(tx meta.Tx, account ids.AccountID, name string, change func(*records.TrailState)) error {
	if _, err := tx.Get(keys.Trail(account, name)); err != nil {
		if errors.Is(err, meta.ErrNotFound) {
			return tx.Delete(keys.TrailState(account, name))
		}
		return err
	}
	state, err := readState(tx, account, name)
	if err != nil {
		return err
	}
	change(state)
	return records.Put(tx, keys.TrailState(account, name), state)
}

// readState reads the state of a trail: nothing at first.
func readState(r meta.Reader, account ids.AccountID, name string) (*records.TrailState, error) {
	state := new(records.TrailState)
	err := records.Get(r, keys.TrailState(account, name), state)
	if errors.Is(err, meta.ErrNotFound) {
		return state, nil
	}
	return state, err
}
