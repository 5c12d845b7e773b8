package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/cloudtrail/archive"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// queue is the log files of one trail that wait, the oldest first.
type queue struct {
	account ids.AccountID
	name    string
	files   []waits
}

// waits is a log file that waits, without its content.
type waits struct {
	at keys.Place
	*records.TrailFile
}

// key and content are where the log file and its content are kept.
func (q *queue) key(f *waits) []byte     { return keys.TrailFile(q.account, q.name, f.at) }
func (q *queue) content(f *waits) []byte { return keys.TrailContent(q.account, q.name, f.at) }

// size returns how many bytes wait, as stored.
func (q *queue) size() (n int64) {
	for _, f := range q.files {
		n += f.Size
	}
	return n
}

// deliverAll delivers all log files that wait.
func (s *Service) deliverAll(ctx context.Context) error {
	all, err := s.waiting(ctx)
	if err != nil {
		return err
	}
	var failed error
	for i := range all {
		if err := s.deliverQueue(ctx, &all[i]); err != nil {
			failed = err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := s.count(ctx); err != nil {
		return err
	}
	return errors.Join(failed, s.forget(ctx))
}

// forget lets go of trails as they were before what is read now: no event of that time is to come any more.
func (s *Service) forget(ctx context.Context) error {
	read, err := s.journal.Position(ctx, Reader)
	if err != nil || read == 0 {
		return err
	}
	// A request is recorded when it ends, which for a slow upload may be hours after it came.
	const longest = 24 * time.Hour
	return s.trails.Forget(ctx, time.Unix(0, int64(read)).Add(-longest))
}

// waiting returns the log files that wait, by trail.
func (s *Service) waiting(ctx context.Context) (all []queue, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		all = nil
		it := r.Scan(keys.AllTrailFiles())
		for it.Next() {
			account, name, at, err := keys.ParseTrailFile(it.Key())
			f := waits{at, new(records.TrailFile)}
			if err == nil {
				err = records.Unmarshal(it.Value(), f.TrailFile)
			}
			if err != nil {
				return errors.Join(fmt.Errorf("read the log files that wait: %w", err), it.Close())
			}
			if n := len(all); n == 0 || all[n-1].account != account || all[n-1].name != name {
				all = append(all, queue{account: account, name: name})
			}
			q := &all[len(all)-1]
			q.files = append(q.files, f)
		}
		return it.Close()
	})
	return all, err
}

// deliverQueue delivers the log files of one trail. A bucket that refuses one is not asked about the others of this time.
func (s *Service) deliverQueue(ctx context.Context, q *queue) error {
	var failed error
	refused := map[string]bool{}
	tooMany := q.size() - s.opts.Backlog
	for i := range q.files {
		f := &q.files[i]
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !refused[f.Bucket] {
			err := s.deliverOne(ctx, q, f)
			if refused[f.Bucket] = err != nil; err == nil {
				tooMany -= f.Size
				continue
			}
			failed = err
		}
		if err := s.keep(ctx, q, f, &tooMany); err != nil {
			return err
		}
	}
	return passing(failed)
}

// passing returns the error of a delivery, unless a bucket has refused it: that was told.
func passing(err error) error {
	if refused := (*apierr.Error)(nil); errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
		return nil
	}
	return err
}

// deliverOne delivers a log file and notes it. The error is that of the delivery, after it was noted.
func (s *Service) deliverOne(ctx context.Context, q *queue, f *waits) error {
	content := new(records.TrailContent)
	err := s.store.View(ctx, func(r meta.Reader) error { return records.Get(r, q.content(f), content) })
	if errors.Is(err, meta.ErrNotFound) {
		return nil // another server has delivered it
	}
	if err == nil {
		err = s.archive.Write(ctx, &archive.Object{Trail: f.Trail, Account: q.account, Bucket: f.Bucket, Key: f.Key, Gzip: content.Gzip})
	}
	if err != nil {
		return s.noteRefused(ctx, q, f, err)
	}
	now := s.opts.Now()
	sequence := s.sequence.Next(now)
	err = s.store.Update(context.WithoutCancel(ctx), func(tx meta.Tx) error {
		err := remove(tx, q, f, func(state *records.TrailState) {
			state.Delivered, state.Attempted, state.Error = now.UnixNano(), now.UnixNano(), ""
		})
		if err != nil || !f.Validation {
			return err
		}
		return noteDelivered(tx, q, f.TrailFile, sequence)
	})
	if err == nil {
		s.opts.Meter.TrailDelivered(int(f.Events))
	}
	return err
}

// noteRefused notes that a delivery failed, and returns why.
func (s *Service) noteRefused(ctx context.Context, q *queue, f *waits, why error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.opts.Meter.TrailRefused()
	s.opts.Log.Warn("log file of a trail not delivered", "trail", f.Trail, "bucket", f.Bucket, "key", f.Key, "events", f.Events, "reason", why.Error())
	now := s.opts.Now()
	return errors.Join(why, s.store.Update(ctx, func(tx meta.Tx) error {
		return changeState(tx, q.account, q.name, func(state *records.TrailState) {
			state.Attempted, state.Error = now.UnixNano(), code(why)
		})
	}))
}

// code returns what the status of a trail says of an error: S3's code.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html (LatestDeliveryError)
func code(err error) string { return apierr.From(err).Code }

// keep keeps a log file that was refused for the next time, unless it is old, or one of the oldest that are too many.
func (s *Service) keep(ctx context.Context, q *queue, f *waits, tooMany *int64) error {
	old := s.opts.Now().Sub(time.Unix(0, f.Created)) > s.opts.MaxAge
	if !old && *tooMany <= 0 {
		return nil
	}
	err := s.store.Update(ctx, func(tx meta.Tx) error {
		return remove(tx, q, f, func(state *records.TrailState) { state.Dropped += f.Events })
	})
	if err == nil {
		*tooMany -= f.Size
		s.drop(f.Events, "the delivery is refused", "trail", f.Trail, "bucket", f.Bucket, "key", f.Key)
	}
	return err
}

// remove removes a log file from those that wait, and changes the state of its trail.
func remove(tx meta.Tx, q *queue, f *waits, change func(*records.TrailState)) error {
	if _, err := tx.Get(q.key(f)); err != nil {
		if errors.Is(err, meta.ErrNotFound) {
			return nil // another server was there
		}
		return err
	}
	if err := errors.Join(tx.Delete(q.key(f)), tx.Delete(q.content(f))); err != nil {
		return err
	}
	return changeState(tx, q.account, q.name, change)
}

// count tells the meter what waits.
func (s *Service) count(ctx context.Context) error {
	all, err := s.waiting(ctx)
	if err != nil {
		return err
	}
	var files, size int64
	for i := range all {
		files += int64(len(all[i].files))
		size += all[i].size()
	}
	s.opts.Meter.TrailWaiting(files, size)
	return nil
}
