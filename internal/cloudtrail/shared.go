package cloudtrail

import (
	"context"
	"log/slog"
	"time"

	"crossgrant/internal/background"
)

// In a store that servers share, what one knows of the trails does not follow what another one writes. It follows the stamp of
// the trails (package keys), which each request reads ahead, and work that belongs to no request by Refresh.

// Refresh makes what is known of the trails as new as what any server had written when it was called. In a store that is not
// shared that is always so.
func (s *Service) Refresh(ctx context.Context) error {
	if !s.store.Shared() {
		return nil
	}
	if err := s.store.Refresh(ctx); err != nil {
		return err
	}
	return s.Load(ctx)
}

// follows is how often a server looks whether others have changed trails.
const follows = time.Second

// Follow refreshes again and again until ctx ends, so that this server records what trails want of it of which another one
// knows, also before it is asked anything.
func (s *Service) Follow(ctx context.Context, log *slog.Logger) {
	for background.Sleep(ctx, follows) {
		background.Complain(ctx, log, "look for trails that changed", s.Refresh(ctx))
	}
}
