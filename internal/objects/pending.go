package objects

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"

	"crossgrant/internal/blob"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
)

// errGivenUp says that the intention to write a blob was withdrawn before its record was committed, as
// Recover of another server does.
var errGivenUp = errors.New("blob was given up before its record was written")

// pending is a blob that no record names yet. It ends with a transaction that calls claim, or with
// discard.
//
// The intention to write it is recorded under keys.Writing before the blob becomes visible: after a
// crash, a blob that is visible and that no key names would take up room for ever. That the intention
// need not be recorded before the first byte is what hides the latency of recording it.
type pending struct {
	s   *Service
	ctx context.Context // outlives the caller's, so that discard can be finished
	id  blob.ID
	w   blob.Writer
	sum uint32 // CRC-32C of the bytes that were written

	recorded chan struct{} // closed when recordErr is set
	// recordErr is why the intention could not be recorded.
	recordErr error
	// claimed says that a transaction got as far as claim: its record may be committed.
	claimed bool
}

// drawBlobID returns the ID of a new blob.
func (s *Service) drawBlobID() (blob.ID, error) {
	var raw [16]byte
	err := s.draw(raw[:])
	return blob.ID(hex.EncodeToString(raw[:])), err
}

// castagnoli is the polynomial of the checksum of what is stored: processors compute it faster than memory is read.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// begin starts to write a blob.
func (s *Service) begin(ctx context.Context) (*pending, error) {
	id, err := s.drawBlobID()
	if err != nil {
		return nil, err
	}
	p := &pending{s: s, ctx: context.WithoutCancel(ctx), id: id, recorded: make(chan struct{})}
	if p.w, err = s.blobs.Create(ctx, p.id); err != nil {
		return nil, fmt.Errorf("create blob %s: %w", p.id, err)
	}
	go func() {
		defer close(p.recorded)
		p.recordErr = s.store.Update(ctx, func(tx meta.Tx) error {
			return tx.Put(keys.Writing(string(p.id)), nil)
		})
	}()
	return p, nil
}

// Write writes to the blob.
func (p *pending) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.sum = crc32.Update(p.sum, castagnoli, b[:n])
	if err != nil {
		return n, fmt.Errorf("write blob %s: %w", p.id, err)
	}
	return n, nil
}

// commit makes the blob durable and visible, once the intention is recorded.
func (p *pending) commit() error {
	<-p.recorded
	if p.recordErr != nil {
		return fmt.Errorf("record intention to write blob %s: %w", p.id, p.recordErr)
	}
	if err := p.w.Commit(); err != nil {
		return fmt.Errorf("commit blob %s: %w", p.id, err)
	}
	return nil
}

// claimant is blobs that no record names yet, and that the next transaction gives a record. It ends with a
// transaction that calls claim, or with discard.
type claimant interface {
	// intentions are the keys of the intentions to write the blobs.
	intentions() [][]byte
	// claim is the part of the transaction that writes the blobs' record: it removes the intentions, whose
	// values were found as given (nil if one is not there).
	claim(tx meta.Tx, found [][]byte) error
	discard()
}

// key is the key of the intention to write p.
func (p *pending) key() []byte { return keys.Writing(string(p.id)) }

func (p *pending) intentions() [][]byte { return [][]byte{p.key()} }

func (p *pending) claim(tx meta.Tx, found [][]byte) error {
	p.claimed = found[0] != nil
	if !p.claimed {
		return fmt.Errorf("blob %s: %w", p.id, errGivenUp)
	}
	return tx.Delete(p.key())
}

// discard gives the blob up: it becomes garbage, unless its record was committed after all, which a
// transaction that reports an error may have done; then the intention is gone. If the store cannot be
// reached the intention stays and Recover finds it.
func (p *pending) discard() {
	<-p.recorded
	p.w.Abort()
	p.s.giveUpAll(p.ctx, []blob.ID{p.id}, p.claimed)
}

// giveUpAll turns blobs into garbage that no record names. If they were claimed, one may name them after all;
// then the intentions are gone.
func (s *Service) giveUpAll(ctx context.Context, ids []blob.ID, claimed bool) {
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		for _, id := range ids {
			if claimed {
				switch _, err := tx.Get(keys.Writing(string(id))); {
				case errors.Is(err, meta.ErrNotFound):
					continue
				case err != nil:
					return err
				}
			}
			if err := giveUp(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.opts.Log.Error("blobs were not given up and wait for the next start", "blob", string(ids[0]), "blobs", len(ids), "error", err)
		return
	}
	s.sweeper.wake()
}

// giveUp turns a blob that was being written into garbage.
func giveUp(tx meta.Tx, id blob.ID) error {
	if err := tx.Delete(keys.Writing(string(id))); err != nil {
		return err
	}
	return tx.Put(keys.Garbage(string(id)), nil)
}
