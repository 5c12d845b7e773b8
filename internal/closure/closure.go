// Package closure is the end of accounts: what an account has is told before it is closed or deleted, and a deletion
// removes all of it.
//
// What an account has is kept by several services. Each is a Part, which tells how much it keeps and removes it;
// this package asks them in turn. A deletion is many transactions of bounded size. That it has begun is recorded
// first (accounts.BeginDeletion), so that one that was interrupted is finished after the next start; until then
// nothing of the account is reachable, because only a closed account is deleted. The account itself goes last
// (accounts.FinishDeletion), when a whole round over the parts has found nothing more.
//
// Of several servers one goes on in the background, and each may with Continue: a step removes what is there in one
// transaction, so that two of them at once remove what one would.
//
// What is left is that the account's IDs are never given out again. Not removed is what is not the account's: objects
// that it owns in buckets of others, and what others wrote about it, such as policies, ACLs, tags and log objects.
package closure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"crossgrant/internal/background"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
)

// Part is a service as far as it keeps something of accounts.
type Part interface {
	// AccountContents tells how much of what it keeps of an account, on one snapshot. Unless exactly is set, what takes
	// long to count is left out.
	AccountContents(r meta.Reader, account ids.AccountID, exactly bool, tell func(what string, n int)) error
	// EraseAccount removes some of what it keeps of an account, in one transaction of bounded size, and returns how
	// much: 0 if nothing is left.
	EraseAccount(ctx context.Context, account ids.AccountID) (removed int, err error)
}

// Accounts keeps the accounts themselves; package accounts does.
type Accounts interface {
	BeginDeletion(ctx context.Context, id ids.AccountID) error
	// DeletionState returns whether the deletion of an account is finished; it is an error that none has begun.
	DeletionState(ctx context.Context, id ids.AccountID) (finished bool, err error)
	Deletions(ctx context.Context) ([]ids.AccountID, error)
	FinishDeletion(ctx context.Context, id ids.AccountID) error
}

// Item is how much an account has of something.
type Item struct {
	Name  string
	Count int
}

// Progress is how far a deletion has come: how many records were removed since the program started.
type Progress struct {
	Removed  int
	Finished bool
}

// turn is how long one call of Continue works.
const turn = time.Second

// retry is how long the background work waits after a failure, and where other servers may begin deletions, for these.
const retry = 10 * time.Second

// Service ends accounts. It is safe for concurrent use.
type Service struct {
	store    *meta.Store
	accounts Accounts
	parts    []Part
	log      *slog.Logger
	// Exclusive lets one server at a time do the work of Start, of those that share the store; nil: there is one server. It
	// is set before Start.
	Exclusive background.Exclusive

	work    sync.Mutex // held while something is removed
	mu      sync.Mutex // protects removed
	removed map[ids.AccountID]int

	awake chan struct{} // holds a token when a deletion may have begun
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// New returns a service over store. The parts are asked in their order: one whose records name those of another
// comes before it.
func New(store *meta.Store, accounts Accounts, log *slog.Logger, parts ...Part) *Service {
	return &Service{
		store: store, accounts: accounts, parts: parts, log: log, removed: map[ids.AccountID]int{}, awake: make(chan struct{}, 1),
	}
}

// Contents returns what an account has, with what there is none of left out. Unless exactly is set, what lies in its
// buckets is not counted.
func (s *Service) Contents(ctx context.Context, id ids.AccountID, exactly bool) ([]Item, error) {
	var items []Item
	err := s.store.View(ctx, func(r meta.Reader) error {
		items = nil
		for _, p := range s.parts {
			err := p.AccountContents(r, id, exactly, func(what string, n int) {
				if n > 0 {
					items = append(items, Item{what, n})
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what account %s has: %w", id, err)
	}
	return items, nil
}

// Begin begins the deletion of an account, which goes on in the background after Start, and with each Continue. For
// one that is being deleted it does nothing. Errors are those of accounts.BeginDeletion.
func (s *Service) Begin(ctx context.Context, id ids.AccountID) error {
	if err := s.accounts.BeginDeletion(ctx, id); err != nil {
		return err
	}
	select {
	case s.awake <- struct{}{}:
	default:
	}
	return nil
}

// Continue goes on with a deletion that has begun, for about a second, and returns how far it has come. Errors are
// those of accounts.DeletionState: nothing is removed of an account whose deletion has not begun.
func (s *Service) Continue(ctx context.Context, id ids.AccountID) (Progress, error) {
	s.work.Lock()
	defer s.work.Unlock()
	if finished, err := s.accounts.DeletionState(ctx, id); err != nil || finished {
		return Progress{Removed: s.note(id, 0), Finished: finished}, err
	}
	for end := time.Now().Add(turn); time.Now().Before(end); {
		removed, err := s.step(ctx, id)
		s.note(id, removed)
		if err != nil {
			return Progress{}, fmt.Errorf("delete account %s: %w", id, err)
		}
		if removed == 0 {
			if err := s.accounts.FinishDeletion(ctx, id); err != nil {
				return Progress{}, err
			}
			return Progress{Removed: s.note(id, 0), Finished: true}, nil
		}
	}
	return Progress{Removed: s.note(id, 0)}, nil
}

// step removes something of an account, and returns how much. 0 means that no part has anything left of it.
func (s *Service) step(ctx context.Context, id ids.AccountID) (removed int, err error) {
	for _, p := range s.parts {
		if removed, err = p.EraseAccount(ctx, id); removed > 0 || err != nil {
			return removed, err
		}
	}
	return 0, nil
}

// note counts what was removed of an account and returns how much it is altogether.
func (s *Service) note(id ids.AccountID, removed int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removed[id] += removed
	return s.removed[id]
}

// Start begins to finish, in the background and until Close, the deletions that have begun: those that were
// interrupted, and those of which nobody waits for the end. It is called at most once.
func (s *Service) Start() {
	ctx, stop := context.WithCancel(meta.Freeing(context.Background()))
	s.stop = stop
	s.done.Go(func() { s.Exclusive.Run(ctx, "closure", s.run) })
}

// Close ends the work that Start began, and waits for it. What is left is done after the next start.
func (s *Service) Close() {
	if s.stop != nil {
		s.stop()
	}
	s.done.Wait()
}

// run finishes deletions whenever one may have begun, and again after a failure.
func (s *Service) run(ctx context.Context) {
	for {
		var again <-chan time.Time
		if s.Exclusive != nil {
			again = time.After(retry)
		}
		if err := s.finishAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("deleting accounts", "error", err, "retry", retry)
			again = time.After(retry)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.awake:
		case <-again:
		}
	}
}

// finishAll finishes the deletions that have begun. One that fails does not keep others from being finished.
func (s *Service) finishAll(ctx context.Context) error {
	all, err := s.accounts.Deletions(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range all {
		for finished := false; !finished && err == nil; {
			var p Progress
			p, err = s.Continue(ctx, id)
			finished = p.Finished
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			s.log.Info("account deleted", "account", string(id), "removed", s.note(id, 0))
		}
		failed, err = append(failed, err), nil
	}
	return errors.Join(failed...)
}
