package orgs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
)

// TestTend: an account that a server had begun to make is left to that server at first, by those that start as well, and is finished
// when it is in the making still at the second look.
func TestTend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOver(t, Quotas{}, metatest.NewShared(memory.New()))
		w.organization()
		w.fail = errors.New("the server is killed")
		if _, err := w.CreateAccount(w.ctx, management, NewAccount{Name: "Ops", Email: "ops@example.com"}); err == nil {
			t.Fatal("the account is made")
		}
		w.fail = nil
		unfinished := func(want int) {
			t.Helper()
			all, err := w.AccountStatuses(w.ctx, management, []string{InProgress}, Page{})
			if err != nil || len(all.Items) != want {
				t.Errorf("%d are in progress, want %d (%v)", len(all.Items), want, err)
			}
		}
		w.must(w.Recover(w.ctx))
		unfinished(1)
		ctx, stop := context.WithCancel(w.ctx)
		ended := make(chan struct{})
		go func() { defer close(ended); w.Tend(ctx, slog.New(slog.DiscardHandler)) }()
		time.Sleep(tendInterval + time.Second)
		synctest.Wait()
		unfinished(1)
		time.Sleep(tendInterval)
		synctest.Wait()
		unfinished(0)
		stop()
		<-ended
	})
}
