package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"crossgrant/internal/apierr"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/objects"
	"crossgrant/internal/records"
)

// apply does what is due for the candidates of a page, and waits for it. What fails is logged and left to the next
// pass; an error says that the pass cannot go on.
func (e *Engine) apply(ctx context.Context, p *pass, candidates []objects.LifecycleVersion) error {
	batches := slices.Collect(slices.Chunk(candidates, e.opts.Batch))
	return e.each(len(batches), func(i int) error { return e.applyBatch(ctx, p, batches[i]) })
}

// each calls do for 0 to n-1, several at a time, waits for all of them and returns the first error.
func (e *Engine) each(n int, do func(i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(e.opts.Workers, n) {
		workers.Go(func() {
			for i := range next {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// applyBatch applies the rules to a batch. If that fails, it is tried with each of the batch alone, so that one record
// that cannot be read does not keep the others; unless the storage fails, which then it would do for each.
func (e *Engine) applyBatch(ctx context.Context, p *pass, versions []objects.LifecycleVersion) error {
	done, err := e.objects.ApplyLifecycle(ctx, &objects.LifecycleBatch{
		Bucket: p.id, BucketName: p.name, Configured: p.progress.Configured, Versions: versions, MostNewer: p.rules.MostNewer(),
		Judge: func(v *lifecycle.Version, versioned bool) lifecycle.Action {
			return p.rules.Judge(v, versioned, e.opts.Now(), e.opts.Calendar)
		},
	})
	switch {
	case err == nil:
		e.count(done)
		return nil
	case ctx.Err() != nil, errors.Is(err, objects.ErrLifecycleChanged), apierr.Is(err, "NoSuchBucket"), apierr.IsFault(err):
		return err
	case len(versions) > 1:
		for i := range versions {
			if err := e.applyBatch(ctx, p, versions[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	e.failed(p, versions[0].Key, versions[0].Version, err)
	return nil
}

func (e *Engine) failed(p *pass, key, id string, err error) {
	e.opts.Count(Failed, 1)
	e.opts.Log.Error("carrying out a lifecycle", "bucket", p.name, "key", key, "id", id, "error", err)
}

// count counts what was done.
func (e *Engine) count(done []lifecycle.Action) {
	n := map[lifecycle.Kind]int{}
	for _, a := range done {
		n[a.Kind]++
	}
	for kind, what := range map[lifecycle.Kind]string{
		lifecycle.Remove: Removed, lifecycle.Mark: Marked, lifecycle.Transition: Transitioned,
	} {
		if n[kind] > 0 {
			e.opts.Count(what, n[kind])
		}
	}
}

// uploadPage aborts the uploads of a page that are due. When an upload began and what it is of never change, so that
// there is nothing to be judged anew but the lifecycle.
func (e *Engine) uploadPage(ctx context.Context, p *pass, prefix string, from marker) (next *marker, last string, err error) {
	page, err := e.objects.Uploads(ctx, objects.UploadQuery{
		Bucket: p.id, Prefix: prefix, KeyMarker: from.key, UploadIDMarker: from.id, Max: e.opts.Page,
	})
	if err != nil {
		return nil, "", err
	}
	if err := e.applyBatch(ctx, p, nil); err != nil { // is it still the same lifecycle?
		return nil, "", err
	}
	var due []*records.Upload
	for _, u := range page.Uploads {
		if p.rules.Aborts(u, e.opts.Now(), e.opts.Calendar) {
			due = append(due, u)
		}
	}
	e.opts.Count(Examined, len(page.Uploads))
	if err := e.each(len(due), func(i int) error { return e.abort(ctx, p, due[i]) }); err != nil {
		return nil, "", err
	}
	listed := func(i int) string { return page.Uploads[i].Key }
	if page.Truncated {
		next = &marker{page.NextKeyMarker, page.NextUploadIDMarker}
	}
	return next, lastDone(from, len(page.Uploads), listed, page.Truncated), nil
}

// abort aborts an upload, unless it has ended by itself.
func (e *Engine) abort(ctx context.Context, p *pass, u *records.Upload) error {
	err := e.objects.AbortUpload(ctx, p.id, u.Key, u.Id)
	switch {
	case err == nil:
		e.opts.Count(Aborted, 1)
	case ctx.Err() != nil:
		return ctx.Err()
	case !apierr.Is(err, "NoSuchUpload"):
		e.failed(p, u.Key, u.Id, err)
	}
	return nil
}
