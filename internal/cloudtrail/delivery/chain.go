package delivery

import (
	"context"
	"errors"
	"time"

	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// chain is the digest files with log files of one account within a trail.
type chain struct {
	account ids.AccountID // of the trail
	name    string
	member  ids.AccountID
	record  *records.TrailDigests
	trail   *records.Trail // as it is now; nil: it was deleted
}

func (c *chain) key() []byte { return keys.TrailDigests(c.account, c.name, c.member) }

// goes reports whether the chain goes on after what was delivered already.
func (c *chain) goes() bool { return c.trail != nil && c.trail.Logging && c.trail.Validation }

// follow lets the next digest file go where the trail delivers now, and reports whether that is elsewhere.
func (c *chain) follow() bool {
	if !c.goes() || c.record.ToBucket == c.trail.Bucket && c.record.ToPrefix == c.trail.Prefix && c.record.Organization == c.trail.Organization {
		return false
	}
	c.record.ToBucket, c.record.ToPrefix, c.record.Organization = c.trail.Bucket, c.trail.Prefix, c.trail.Organization
	return true
}

// noteDelivered notes in a transaction that a log file was delivered, for the next digest file, and begins the chain of its
// account if there is none.
func noteDelivered(tx meta.Tx, q *queue, f *records.TrailFile, sequence uint64) error {
	member := ids.AccountID(f.Account)
	sequence, err := behindPending(tx, keys.TrailDigests(q.account, q.name, member), sequence)
	if err != nil {
		return err
	}
	err = records.Put(tx, keys.TrailDelivered(q.account, q.name, member, sequence), &records.TrailDelivered{
		Bucket: f.Bucket, Key: f.Key, Sha256: f.Sha256, Oldest: f.Oldest, Newest: f.Newest,
	})
	if err != nil {
		return err
	}
	return begun(tx, keys.TrailDigests(q.account, q.name, member), func(d *records.TrailDigests) {
		d.End = time.Unix(0, int64(sequence)).Truncate(time.Second).UnixNano()
		d.Trail, d.ToBucket, d.ToPrefix, d.Organization = f.Trail, f.Bucket, f.Prefix, f.Organization
	})
}

// behindPending returns a sequence, or a higher one: the digest file that is pending removes what it has, which is all up to its
// last sequence. It may have been made by a server whose clock is ahead of this one's.
func behindPending(r meta.Reader, chain []byte, sequence uint64) (uint64, error) {
	d := new(records.TrailDigests)
	if err := records.Get(r, chain, d); err != nil && !errors.Is(err, meta.ErrNotFound) {
		return 0, err
	}
	return max(sequence, d.GetPending().GetLast()+1), nil
}

// begun begins a chain unless there is one.
func begun(tx meta.Tx, key []byte, fill func(*records.TrailDigests)) error {
	d := new(records.TrailDigests)
	err := records.Get(tx, key, d)
	if !errors.Is(err, meta.ErrNotFound) {
		return err
	}
	fill(d)
	return records.Put(tx, key, d)
}

// beginChains begins the chains of trails that log, for their own accounts: from when the trail was started, if that was
// just now, or else from now, because what was delivered before has no digest file.
func (s *Service) beginChains(ctx context.Context) error {
	var missing []chain
	err := s.store.View(ctx, func(r meta.Reader) error {
		missing = nil
		return eachTrail(r, func(account ids.AccountID, name string, t *records.Trail) error {
			c := chain{account: account, name: name, member: account, trail: t}
			if !c.goes() {
				return nil
			}
			_, err := r.Get(c.key())
			if errors.Is(err, meta.ErrNotFound) {
				missing, err = append(missing, c), nil
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, c := range missing {
		began := s.opts.Now()
		if started := time.Unix(0, c.trail.Started); began.Sub(started) < 2*s.opts.DigestInterval {
			began = started
		}
		err := s.store.Update(ctx, func(tx meta.Tx) error {
			return begun(tx, c.key(), func(d *records.TrailDigests) {
				d.End = began.Truncate(time.Second).UnixNano()
				d.Trail, d.ToBucket, d.ToPrefix, d.Organization = cloudtrail.ARN(c.trail), c.trail.Bucket, c.trail.Prefix, c.trail.Organization
			})
		})
		if err == nil {
			_, err = s.keys.Current(ctx) // which is listed from now on, and not from the first digest file on
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eachTrail calls fn with each trail.
func eachTrail(r meta.Reader, fn func(account ids.AccountID, name string, t *records.Trail) error) error {
	it := r.Scan(keys.AllTrails())
	for it.Next() {
		account, name, err := keys.ParseTrail(it.Key())
		t := new(records.Trail)
		if err == nil {
			err = records.Unmarshal(it.Value(), t)
		}
		if err == nil {
			err = fn(account, name, t)
		}
		if err != nil {
			return errors.Join(err, it.Close())
		}
	}
	return it.Close()
}

// chains returns all chains.
func (s *Service) chains(ctx context.Context) (all []chain, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		it := r.Scan(keys.AllTrailDigests())
		for it.Next() {
			c := chain{record: new(records.TrailDigests)}
			var err error
			if c.account, c.name, c.member, err = keys.ParseTrailDigests(it.Key()); err == nil {
				err = records.Unmarshal(it.Value(), c.record)
			}
			if err == nil {
				err = c.read(r)
			}
			if err != nil {
				return errors.Join(err, it.Close())
			}
			all = append(all, c)
		}
		return it.Close()
	})
	return all, err
}

// read reads the trail of a chain.
func (c *chain) read(r meta.Reader) error {
	t := new(records.Trail)
	err := records.Get(r, keys.Trail(c.account, c.name), t)
	if errors.Is(err, meta.ErrNotFound) {
		return nil
	}
	c.trail = t
	return err
}

// errElsewhere says that another server has gone on with a chain.
var errElsewhere = errors.New("the chain of digest files went on elsewhere")

// change keeps a chain as it is in c, if the last digest file in the store ends at before, and what also writes.
func (s *Service) change(ctx context.Context, c *chain, before int64, also func(tx meta.Tx) error) error {
	return s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error {
		was := new(records.TrailDigests)
		if err := records.Get(tx, c.key(), was); err != nil {
			return err
		}
		if was.End != before {
			return errElsewhere
		}
		return errors.Join(records.Put(tx, c.key(), c.record), also(tx))
	})
}

// settled is how long after it was found that a chain does not go on its last log file may not be known yet: a request
// comes into the journal after it was answered, and chains are looked at every minute.
const settled = 2 * time.Minute

// coming reports whether log files of a chain that does not go on are still to be delivered. Until they are, it does not end:
// else they came into a chain of their own, and nothing would tell if that was removed as a whole.
func (s *Service) coming(ctx context.Context, c *chain) (yes bool, err error) {
	if s.opts.Now().Sub(time.Unix(0, c.record.End)) < s.opts.DigestInterval+settled {
		return true, nil
	}
	if yes, err = s.read(ctx); err != nil || yes {
		return yes, err
	}
	for _, f := range s.gathered.all {
		if f.key.trail == c.record.Trail && f.key.member == c.member && f.key.validation {
			return true, nil
		}
	}
	err = s.store.View(ctx, func(r meta.Reader) error {
		yes = false
		it := r.Scan(keys.TrailFiles(c.account, c.name))
		for !yes && it.Next() {
			f := new(records.TrailFile)
			if err := records.Unmarshal(it.Value(), f); err != nil {
				return errors.Join(err, it.Close())
			}
			yes = f.Validation && f.Account == string(c.member)
		}
		return it.Close()
	})
	return yes, err
}

// endChain ends a chain to which nothing belongs any more or, if anyway is set, whatever was delivered for it and is in no
// digest file.
func (s *Service) endChain(ctx context.Context, c *chain, anyway bool) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		from, to := keys.TrailDeliveredUpTo(c.account, c.name, c.member, ^uint64(0))
		left, err := meta.Keys(tx, from, to, meta.All)
		if err != nil || len(left) > 0 && !anyway {
			return err
		}
		return errors.Join(tx.Delete(c.key()), meta.DeleteAll(tx, left))
	})
}
