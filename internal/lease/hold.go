package lease

import (
	"context"
	"errors"
	"time"

	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// holding is a lease that this server has taken.
type holding struct {
	leases *Leases
	name   string
	epoch  uint64
	count  uint64    // of renewals
	until  time.Time // by when it has to be renewed again
}

// run runs work until the lease is lost or ctx ends, and gives the lease back if it is not lost. It reports whether the
// work has come to its end by itself.
func (h *holding) run(ctx context.Context, work func(context.Context)) (done bool) {
	held, lose := context.WithCancel(ctx)
	// It fires by itself, also while a renewal hangs.
	expiry := time.AfterFunc(time.Until(h.until), lose)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		defer lose()
		h.renewAll(held, expiry)
	}()
	l := h.leases
	l.note(h.name, true)
	l.opts.Log.Info("background work begins on this server", "lease", h.name, "epoch", h.epoch)
	work(meta.Guarded(held, h.check))
	lost := held.Err() != nil && ctx.Err() == nil
	lose()
	<-stopped
	expiry.Stop()
	l.note(h.name, false)
	if lost {
		l.opts.Log.Warn("background work is another server's: this one could not say in time that it is there", "lease", h.name, "epoch", h.epoch)
		return false
	}
	if err := h.release(ctx); err != nil {
		l.opts.Log.Warn("a lease is not given back: it runs out", "lease", h.name, "fault", err.Error())
	}
	return ctx.Err() == nil
}

// renewAll renews the lease again and again, and returns when it is lost or ctx ends.
func (h *holding) renewAll(ctx context.Context, expiry *time.Timer) {
	l := h.leases
	for pause := l.opts.TTL / renewals; sleep(ctx, pause); {
		sent := time.Now() // before it is sent
		err := h.renew(ctx)
		switch {
		case err == nil:
			pause = l.opts.TTL / renewals
			h.until = l.until(sent)
			expiry.Reset(time.Until(h.until))
		case errors.Is(err, ErrLost):
			return
		default:
			pause = l.opts.TTL / repeats
		}
	}
}

// renew says that the holder is there. ErrLost: it is the holder no more.
func (h *holding) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.leases.opts.TTL/renewals)
	defer cancel()
	h.count++
	return h.leases.store.Update(ctx, func(tx meta.Tx) error {
		if err := h.check(tx); err != nil {
			return err
		}
		return records.Put(tx, keys.LeaseRenewal(h.name), &records.LeaseRenewal{Epoch: h.epoch, Count: h.count})
	})
}

// release gives the lease back. The epoch stays: it never comes again.
func (h *holding) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	return h.leases.store.Update(ctx, func(tx meta.Tx) error {
		if err := h.check(tx); err != nil {
			return err
		}
		return records.Put(tx, keys.Lease(h.name), &records.Lease{Epoch: h.epoch})
	})
}

// check returns nil if the lease is held still, and otherwise ErrLost.
func (h *holding) check(r meta.Reader) error {
	lease := new(records.Lease)
	err := records.Get(r, keys.Lease(h.name), lease)
	if err != nil && !errors.Is(err, meta.ErrNotFound) {
		return err
	}
	if lease.Holder != h.leases.holder || lease.Epoch != h.epoch {
		return ErrLost
	}
	return nil
}
