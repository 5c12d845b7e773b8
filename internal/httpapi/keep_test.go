package httpapi

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
)

// TestKeepWhileAsked: the record of an operation that does several things at a time, as DeleteObjects does, is kept with one
// of them while others are asked about. What is kept has each decision whole; the race detector sees the rest.
func TestKeepWhileAsked(t *testing.T) {
	t.Parallel()
	store := meta.New(memory.New())
	const workers, each = 4, 50
	p, records := newPipeline(t, everyone{decision: authz.Decision{Effect: authz.Allow}}, row(func(ctx context.Context, c *Call, _ *struct{}) (*Response, error) {
		var all sync.WaitGroup
		var judge sync.Mutex // as in DeleteObjects: one question at a time
		for i := range workers {
			all.Go(func() {
				for range each {
					if i%2 == 0 {
						check := access.Check{Action: "s3:DeleteObject", Resource: "arn:aws:s3:::b/k", Owner: "111111111111"}
						judge.Lock()
						err := c.Authorize(ctx, &check)
						judge.Unlock()
						if err != nil {
							t.Error(err)
						}
					} else if err := store.Update(ctx, func(tx meta.Tx) error { return tx.Put([]byte("k"), nil) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		return &Response{}, nil
	}))
	kept := 0
	p.keep = func(_ meta.Tx, r *audit.Record) error {
		for i := range r.Decisions {
			if r.Decisions[i].Action == "" || r.Decisions[i].Resource == "" {
				t.Error("a decision is kept that is none yet")
			}
		}
		r.Kept |= audit.ForTrails
		kept++
		return nil
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("POST", "/b?delete", nil))
	if got := (*records)[0]; w.Code != 200 || kept < workers/2*each || len(got.Decisions) != 1+workers/2*each || got.Kept != audit.ForTrails {
		t.Errorf("%d: kept %d times, %d decisions", w.Code, kept, len(got.Decisions))
	}
}
