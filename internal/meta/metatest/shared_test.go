package metatest_test

import (
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
)

// TestShared: the engine that stands in for one that servers share is one.
func TestShared(t *testing.T) {
	t.Parallel()
	metatest.RunRemote(t, func(*testing.T) meta.Remote { return metatest.NewShared(memory.New()) })
}
