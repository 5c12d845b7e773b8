package lease

import (
	"bytes"
	"context"
	"errors"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

func sleep(ctx context.Context, d time.Duration) bool { return background.Sleep(ctx, d) }

// place is a lease as who waits for it has seen it.
type place struct {
	leases *Leases
	name   string
	// seen are the values of its two records, and at when they were read first; zero: they never were.
	seen [2][]byte
	at   time.Time
}

// errChanged says that a lease changed between being read and being taken.
var errChanged = errors.New("lease: changed meanwhile")

// take takes the lease if it may be taken. h is nil if it may not.
func (p *place) take(ctx context.Context) (h *holding, err error) {
	l := p.leases
	at := [][]byte{keys.Lease(p.name), keys.LeaseRenewal(p.name)}
	ctx, cancel := context.WithTimeout(ctx, l.opts.TTL/renewals) // what takes longer is of no use any more
	defer cancel()
	values, err := l.store.Read(ctx, at)
	if err != nil {
		return nil, err
	}
	now := time.Now() // after they were read: what is seen was written before
	lease := new(records.Lease)
	if values[0] != nil {
		if err := records.Unmarshal(values[0], lease); err != nil {
			return nil, err
		}
	}
	if !p.free(lease, [2][]byte{values[0], values[1]}, now) {
		return nil, nil
	}
	lease.Holder, lease.Epoch = l.holder, lease.Epoch+1
	sent := time.Now() // before it is sent
	err = l.store.Update(ctx, func(tx meta.Tx) error {
		there, err := tx.GetMany(at)
		if err != nil {
			return err
		}
		if !same(there[0], values[0]) || !same(there[1], values[1]) {
			return errChanged
		}
		return errors.Join(
			records.Put(tx, at[0], lease),
			records.Put(tx, at[1], &records.LeaseRenewal{Epoch: lease.Epoch, Count: 1}),
		)
	})
	if errors.Is(err, errChanged) {
		return nil, nil
	}
	if err != nil {
		// If it was taken all the same, this server is the holder when it looks again.
		return nil, err
	}
	p.at = time.Time{}
	return &holding{leases: l, name: p.name, epoch: lease.Epoch, count: 1, until: l.until(sent)}, nil
}

// free reports whether a lease may be taken that is found as it is now.
func (p *place) free(lease *records.Lease, found [2][]byte, now time.Time) bool {
	// One of its own is left from an attempt to take or to give back whose outcome was not known.
	if lease.Holder == "" || lease.Holder == p.leases.holder {
		return true
	}
	if p.at.IsZero() || !same(found[0], p.seen[0]) || !same(found[1], p.seen[1]) {
		p.seen, p.at = found, now
		return false
	}
	return now.Sub(p.at) >= p.leases.opts.TTL
}

// same reports whether two values are equal, or there is neither.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// until returns when what was renewed at a time must have ended.
func (l *Leases) until(sent time.Time) time.Time { return sent.Add(l.opts.TTL - l.opts.TTL/margins) }
