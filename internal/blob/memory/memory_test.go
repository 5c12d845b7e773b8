package memory

import (
	"testing"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(*testing.T) blob.Store { return New() })
}
