package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"crossgrant/internal/apierr"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

// pass is what a turn knows of the bucket and of how far the pass over it has come.
type pass struct {
	name      string
	id        keys.BucketID
	versioned bool
	rules     *lifecycle.Rules
	progress  *records.LifecycleProgress
	pages     int  // that are left of the turn
	advanced  bool // whether the turn has done a key
}

// turn goes on with the pass over a bucket, or begins one if it is due, and reports whether there is more to do.
func (e *Engine) turn(ctx context.Context, name string) (unfinished bool, err error) {
	p, err := e.open(ctx, name)
	if err != nil || p == nil {
		return false, err
	}
	finished, err := e.walk(ctx, p)
	if errors.Is(err, objects.ErrLifecycleChanged) || apierr.Is(err, "NoSuchBucket") {
		return false, nil // it is another one, which is found in the index if it has rules
	}
	if err != nil && !p.advanced {
		return false, err
	}
	if finished {
		p.progress.Finished = max(e.opts.Now().UnixNano(), p.progress.Started)
	}
	saved, saveErr := e.save(context.WithoutCancel(ctx), p)
	if saved && finished {
		e.opts.Count(Passes, 1)
	}
	return saved && !finished, errors.Join(err, saveErr)
}

// open returns the pass over a bucket; nil if there is nothing to do. A bucket that has nothing to be done is taken
// out of the index.
func (e *Engine) open(ctx context.Context, name string) (*pass, error) {
	var p *pass
	var idle bool
	err := e.store.View(ctx, func(r meta.Reader) (err error) {
		p, idle, err = read(r, name)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case idle:
		return nil, e.leave(ctx, name)
	case p == nil || !e.begin(p.progress):
		return nil, nil
	}
	p.pages = e.opts.Turn
	return p, nil
}

// read reads what is known of a bucket in the index. idle says that it has no rule that is enabled, or is gone. p is
// nil, too, for a bucket with MFA delete: what takes a device to remove is not removed by a lifecycle. And it is nil
// while the bucket's account is closed: who opens it again finds what was there. What AWS does with the lifecycles
// of a closed account is not documented.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
func read(r meta.Reader, name string) (p *pass, idle bool, err error) {
	progress, bucket, l := new(records.LifecycleProgress), new(records.Bucket), new(records.Lifecycle)
	if err := records.Get(r, keys.LifecycleBucket(name), progress); err != nil {
		return nil, false, ignoreMissing(err)
	}
	err = records.Get(r, keys.Bucket(name), bucket)
	if err == nil && bytes.Equal(bucket.Id, progress.Bucket) && len(bucket.Id) == len(keys.BucketID{}) {
		err = records.Get(r, keys.Setting(keys.BucketID(bucket.Id), keys.Lifecycle), l)
	}
	if err := ignoreMissing(err); err != nil {
		return nil, false, err
	}
	rules := lifecycle.New(l)
	switch {
	case rules == nil:
		return nil, true, nil
	case bucket.MfaDelete:
		return nil, false, nil
	}
	if closed, err := isClosed(r, bucket.Account); err != nil || closed {
		return nil, false, err
	}
	return &pass{name: name, id: keys.BucketID(bucket.Id), versioned: bucket.Versioning != "", rules: rules, progress: progress}, false, nil
}

// isClosed reports whether the account of a bucket is closed.
func isClosed(r meta.Reader, account string) (bool, error) {
	record := new(records.Account)
	if err := records.Get(r, keys.Account(ids.AccountID(account)), record); err != nil {
		return false, fmt.Errorf("read account %s: %w", account, err)
	}
	return record.Closed != 0, nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, meta.ErrNotFound) {
		return nil
	}
	return err
}

// leave takes a bucket out of the index, if it is still idle.
func (e *Engine) leave(ctx context.Context, name string) error {
	return e.store.Update(ctx, func(tx meta.Tx) error {
		_, idle, err := read(tx, name)
		if err != nil || !idle {
			return err
		}
		return tx.Delete(keys.LifecycleBucket(name))
	})
}

// begin reports whether a pass is under way or due, and makes it begin if it is due: once in each interval, and not
// in the one in which the lifecycle was put.
func (e *Engine) begin(p *records.LifecycleProgress) bool {
	if p.Started > p.Finished {
		return true
	}
	now := e.opts.Now()
	if max(p.Started, p.Configured) >= now.Truncate(e.opts.Interval).UnixNano() {
		return false
	}
	p.Started, p.Uploads, p.After = now.UnixNano(), false, ""
	return true
}

// save stores how far a pass has come, unless the bucket has another lifecycle meanwhile.
func (e *Engine) save(ctx context.Context, p *pass) (saved bool, err error) {
	key := keys.LifecycleBucket(p.name)
	err = e.store.Update(ctx, func(tx meta.Tx) error {
		saved = false
		stored := new(records.LifecycleProgress)
		if err := records.Get(tx, key, stored); err != nil {
			return ignoreMissing(err)
		}
		if stored.Configured != p.progress.Configured || !bytes.Equal(stored.Bucket, p.progress.Bucket) {
			return nil
		}
		saved = true
		return records.Put(tx, key, p.progress)
	})
	return saved && err == nil, err
}
