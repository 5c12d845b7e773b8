package objects

import (
	"context"
	"fmt"
	"hash/crc32"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// claimant is blobs that no record names yet, and that the next transaction gives a record. It ends with a
// transaction that calls claim, and then settle; or with discard.
type claimant interface {
	// claim is the part of the transaction that says that a record names the blobs.
	claim(tx meta.Tx) error
	// settle is called when that transaction is durable.
	settle()
	discard()
}

// unnamed is the claimant of blobs.
type unnamed struct {
	s   *Service
	ctx context.Context // outlives the caller's, so that discard can be finished
	ids []blob.ID
	// claimed says that a transaction got as far as claim: its record may be committed.
	claimed bool
}

// unnamed returns the claimant of ids. That they are discarded is no change that the caller makes: nothing goes along, and
// it may be done also when the caller may not change anything any more.
func (s *Service) unnamed(ctx context.Context, ids ...blob.ID) unnamed {
	return unnamed{s: s, ctx: meta.Guarded(meta.Along(context.WithoutCancel(ctx), nil), nil), ids: ids}
}

func (u *unnamed) claim(tx meta.Tx) error {
	u.claimed = true
	for _, id := range u.ids {
		if err := tx.Put(keys.Blob(string(id)), nil); err != nil {
			return err
		}
	}
	return nil
}

func (u *unnamed) settle() { u.s.blobs.Settle(u.ids...) }

// discard deletes the blobs, unless their record was committed after all, which a transaction that reports an
// error may have done. What cannot be found out or deleted now is left to the sweeper, or to Recover; in stores that are
// shared, to the search for orphans.
func (u *unnamed) discard() {
	if err := u.tryDiscard(); err != nil {
		u.s.opts.Log.Error("blobs are not deleted yet", "blob", string(u.ids[0]), "blobs", len(u.ids), "error", err)
		u.s.sweeper.owe(u)
	}
}

// tryDiscard is discard if it returns nil.
func (u *unnamed) tryDiscard() (err error) {
	ids := u.ids
	if u.claimed {
		if ids, err = u.s.settleNamed(u.ctx, ids); err != nil {
			return err
		}
		if s := u.s; s.store.Shared() {
			// The record may become visible still: the engine that was to commit it is elsewhere, and only the time after
			// which it does so no more is known. They are left to the search for orphans.
			return nil
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := u.s.blobs.Delete(u.ctx, ids...); err != nil {
		return u.s.giveUp(u.ctx, ids)
	}
	return nil
}

// settleNamed settles those of ids that a record names and returns the others; all of them beside an error. It reads
// in an Update, which waits until it is certain what of earlier ones is durable.
func (s *Service) settleNamed(ctx context.Context, ids []blob.ID) ([]blob.ID, error) {
	var named []bool
	err := s.store.Update(ctx, func(tx meta.Tx) (err error) {
		named, err = namedIn(tx, ids)
		return err
	})
	if err != nil {
		return ids, err
	}
	var rest []blob.ID
	for i, id := range ids {
		if named[i] {
			s.blobs.Settle(id)
		} else {
			rest = append(rest, id)
		}
	}
	return rest, nil
}

// named tells which of ids a durable record names.
func (s *Service) named(ctx context.Context, ids []blob.ID) (named []bool, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		named, err = namedIn(r, ids)
		return err
	})
	return named, err
}

func namedIn(r meta.Reader, ids []blob.ID) ([]bool, error) {
	want := make([][]byte, len(ids))
	for i, id := range ids {
		want[i] = keys.Blob(string(id))
	}
	got, err := r.GetMany(want)
	if err != nil {
		return nil, err
	}
	named := make([]bool, len(ids))
	for i, value := range got {
		named[i] = value != nil
	}
	return named, nil
}

// giveUp turns blobs that no record names into garbage.
func (s *Service) giveUp(ctx context.Context, ids []blob.ID) error {
	err := s.store.Update(meta.Freeing(ctx), func(tx meta.Tx) error {
		for _, id := range ids {
			if err := tx.Put(keys.Garbage(string(id)), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.sweeper.wake()
	}
	return err
}

// pending is a blob that is being written, or that waits for its record.
type pending struct {
	unnamed
	w   blob.Writer
	sum uint32 // CRC-32C of the bytes that were written
}

// castagnoli is the polynomial of the checksum of what is stored: processors compute it faster than memory is read.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// begin starts to write a blob of so many bytes, -1 if that is not known.
func (s *Service) begin(ctx context.Context, size int64) (*pending, error) {
	w, err := s.blobs.New(ctx, size)
	if err != nil {
		return nil, fmt.Errorf("begin blob: %w", err)
	}
	return &pending{unnamed: s.unnamed(ctx, w.ID()), w: w}, nil
}

func (p *pending) id() blob.ID { return p.ids[0] }

// Write writes to the blob.
func (p *pending) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.sum = crc32.Update(p.sum, castagnoli, b[:n])
	if err != nil {
		return n, fmt.Errorf("write blob %s: %w", p.id(), err)
	}
	return n, nil
}

// commit makes the blob durable and visible.
func (p *pending) commit() error {
	if err := p.w.Commit(); err != nil {
		return fmt.Errorf("commit blob %s: %w", p.id(), err)
	}
	return nil
}

// discard gives the blob up.
func (p *pending) discard() {
	p.unnamed.discard() // first: as long as it is being written, the store knows that it has but one name
	p.w.Abort()
}
