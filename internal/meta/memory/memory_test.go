package memory

import (
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/metatest"
)

func TestEngine(t *testing.T) {
	t.Parallel()
	metatest.Run(t, func(*testing.T) meta.Engine { return New() })
}
