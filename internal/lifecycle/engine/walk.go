package engine

import (
	"context"
	"strings"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/objects"
)

// walk goes on with a pass until the turn is over, and reports whether the pass is at its end.
func (e *Engine) walk(ctx context.Context, p *pass) (finished bool, err error) {
	if !p.progress.Uploads {
		done, err := e.walkRanges(ctx, p, p.rules.ObjectPrefixes(), e.versionPage)
		if err != nil || !done {
			return false, err
		}
		p.progress.Uploads, p.progress.After = true, ""
		p.advanced = true
	}
	return e.walkRanges(ctx, p, p.rules.UploadPrefixes(), e.uploadPage)
}

// marker is where a page begins: after a key, or within its versions or uploads.
type marker struct{ key, id string }

// pager works off one page of the keys that begin with prefix. It returns where the next one begins, if there is one,
// and the last key that is done with; empty if none is.
type pager func(ctx context.Context, p *pass, prefix string, from marker) (next *marker, last string, err error)

// walkRanges works off the keys that begin with one of the prefixes, from where the pass is. It stops when the pages
// of the turn are used up, but not before a key was done with.
func (e *Engine) walkRanges(ctx context.Context, p *pass, prefixes []string, page pager) (done bool, err error) {
	for _, prefix := range prefixes {
		after := p.progress.After
		from := marker{}
		if strings.HasPrefix(after, prefix) {
			from.key = after
		} else if prefix < after {
			continue
		}
		for next := &from; next != nil; {
			if p.pages <= 0 && p.advanced {
				return false, nil
			}
			if err := e.pace(ctx); err != nil {
				return false, err
			}
			p.pages--
			var last string
			if next, last, err = page(ctx, p, prefix, *next); err != nil {
				return false, err
			}
			if last != "" && last != p.progress.After {
				p.progress.After, p.advanced = last, true
			}
		}
	}
	return true, nil
}

// pace waits until the next page may be read.
func (e *Engine) pace(ctx context.Context) error {
	if wait := e.opts.Pace - time.Since(e.last); wait > 0 {
		background.Sleep(ctx, wait)
	}
	e.last = time.Now()
	return ctx.Err()
}

// versionPage judges a page of versions, and has done what is due. A page may begin within the versions of a key,
// whose newer ones were on the page before, or end within them: what it counts is then too much, and never too
// little, so that all that is due is among the candidates.
func (e *Engine) versionPage(ctx context.Context, p *pass, prefix string, from marker) (next *marker, last string, err error) {
	page, err := e.objects.ListVersions(ctx, objects.VersionQuery{
		Bucket: p.id, Prefix: prefix, KeyMarker: from.key, VersionMarker: from.id, Max: e.opts.Page,
	})
	if err != nil {
		return nil, "", err
	}
	now := e.opts.Now()
	var candidates []objects.LifecycleVersion
	c := counter{most: p.rules.MostNewer(), resumed: from}
	for i, listed := range page.Versions {
		v := lifecycle.VersionOf(listed.Key, listed.Object, listed.Current, now)
		v.Only = i+1 == len(page.Versions) || page.Versions[i+1].Key != listed.Key
		v.Newer = c.newer(&v)
		if a := p.rules.Judge(&v, p.versioned, now, e.opts.Calendar); a.Kind != lifecycle.None {
			candidates = append(candidates, objects.LifecycleVersion{Key: listed.Key, Version: objects.VersionID(listed.Object)})
		}
	}
	e.opts.Count(Examined, len(page.Versions))
	if err := e.apply(ctx, p, candidates); err != nil {
		return nil, "", err
	}
	listed := func(i int) string { return page.Versions[i].Key }
	if page.Truncated {
		next = &marker{page.NextKeyMarker, page.NextVersionMarker}
	}
	return next, lastDone(from, len(page.Versions), listed, page.Truncated), nil
}

// counter counts the noncurrent versions of a key that are newer than another one.
type counter struct {
	most    int
	resumed marker // where the page begins
	key     string
	n       int
}

// newer returns the number for v, which comes next.
func (c *counter) newer(v *lifecycle.Version) int {
	if v.Key != c.key {
		c.key, c.n = v.Key, 0
		if v.Key == c.resumed.key {
			c.n = c.most // those on the page before are not known
		}
	}
	n := c.n
	if !v.Current && !v.DeleteMarker {
		c.n++
	}
	return n
}

// lastDone returns the last key that is done with after a page of n keys, in order, that began at from; "" if none is.
// Where there is more to come, that may be of the last key.
func lastDone(from marker, n int, key func(int) string, more bool) string {
	if n == 0 {
		return from.key
	}
	last := key(n - 1)
	if !more {
		return last
	}
	for i := n - 2; i >= 0; i-- {
		if key(i) != last {
			return key(i)
		}
	}
	if from.key != last {
		return from.key
	}
	return ""
}
