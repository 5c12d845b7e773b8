package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crossgrant/internal/cloudtrail/archive"
	"crossgrant/internal/cloudtrail/digest"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// digests delivers the digest files that are due. A chain begins with the first log file of an account, and for the
// trail's own account when the trail logs; it has a digest file for every interval, also without log files, and one for a
// longer time if no server ran. When the trail stops, is deleted, or has no validation any more, the log files of what came
// before are in the last ones, that of the request which stopped it among them, and the chain ends. When the trail
// delivers to another bucket, the one before gets a last digest file of what it has.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
func (s *Service) digests(ctx context.Context) error {
	if err := s.beginChains(ctx); err != nil {
		return err
	}
	all, err := s.chains(ctx)
	if err != nil {
		return err
	}
	var failed error
	for i := range all {
		if err := s.digest(ctx, &all[i]); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failed = fmt.Errorf("digest files of trail %s in account %s: %w", all[i].name, all[i].account, err)
		}
	}
	return failed
}

// digest delivers the next digest file of a chain, if one is due.
func (s *Service) digest(ctx context.Context, c *chain) error {
	if c.record.Pending != nil {
		return s.deliverDigest(ctx, c)
	}
	due := s.due(c)
	if due.IsZero() {
		return nil
	}
	files, last, err := s.delivered(ctx, c, due)
	if err != nil {
		return err
	}
	if len(files) == 0 && !c.goes() {
		if coming, err := s.coming(ctx, c); err != nil || coming {
			return err
		}
		return s.endChain(ctx, c, false)
	}
	if c.record.Pending, err = s.makeDigest(ctx, c, due, files, last); err != nil {
		return err
	}
	if err := s.change(ctx, c, c.record.End, func(meta.Tx) error { return nil }); err != nil {
		return err
	}
	return s.deliverDigest(ctx, c)
}

// deliverDigest delivers the digest file of a chain that is pending.
func (s *Service) deliverDigest(ctx context.Context, c *chain) error {
	p := c.record.Pending
	err := s.archive.Write(ctx, &archive.Object{
		Trail: c.record.Trail, Account: c.account, Bucket: p.Bucket, Key: p.Key, Gzip: p.Gzip, Metadata: digest.Metadata(p.Signature),
	})
	if err != nil {
		return s.noteUndigested(ctx, c, err)
	}
	now := s.opts.Now()
	before := c.record.End
	c.record.End, c.record.Bucket, c.record.Key, c.record.Sha256, c.record.Signature, c.record.Pending = p.End, p.Bucket, p.Key, p.Sha256, p.Signature, nil
	c.follow()
	return s.change(ctx, c, before, func(tx meta.Tx) error {
		if p.Last > 0 {
			from, to := keys.TrailDeliveredUpTo(c.account, c.name, c.member, p.Last)
			done, err := meta.Keys(tx, from, to, meta.All)
			if err == nil {
				err = meta.DeleteAll(tx, done)
			}
			if err != nil {
				return err
			}
		}
		return changeState(tx, c.account, c.name, func(state *records.TrailState) {
			state.DigestDelivered, state.DigestError = now.UnixNano(), ""
		})
	})
}

// noteUndigested notes that a digest file was refused. If the trail delivers elsewhere by now, it is delivered there. One
// that is old is given up, and its chain with it.
func (s *Service) noteUndigested(ctx context.Context, c *chain, why error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p := c.record.Pending
	s.opts.Meter.TrailRefused()
	s.opts.Log.Warn("digest file of a trail not delivered", "trail", c.record.Trail, "bucket", p.Bucket, "key", p.Key, "reason", why.Error())
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		return changeState(tx, c.account, c.name, func(state *records.TrailState) { state.DigestError = code(why) })
	})
	switch {
	case err != nil:
	case c.follow():
		c.record.Pending = nil // it is made anew
		err = s.change(ctx, c, c.record.End, func(meta.Tx) error { return nil })
	case s.opts.Now().Sub(time.Unix(0, p.Created)) > s.opts.MaxAge:
		err = s.endChain(ctx, c, true)
	}
	return errors.Join(passing(why), err)
}
