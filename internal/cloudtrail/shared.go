package cloudtrail

import (
	"context"
	"log/slog"
	"time"

	"crossgrant/internal/background"
)

// Refresh makes what is known of the trails as new as what any server had written when it was called. In a store that is not
// shared that is always so.
func (s *Service) Refresh(ctx context.Context) error { return s.store.Refresh(ctx) }

// follows is how often a server looks whether others have changed trails while it has no requests.
const follows = time.Second

// Follow refreshes again and again until ctx ends: for requests that end before they have read anything of the store.
func (s *Service) Follow(ctx context.Context, log *slog.Logger) {
	for background.Sleep(ctx, follows) {
		background.Complain(ctx, log, "look for trails that changed", s.Refresh(ctx))
	}
}
