package memory

import (
	"testing"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(*testing.T) blobtest.Crasher {
		s := New()
		return blobtest.Crasher{Open: func() blob.Store { return s }, Crash: s.Crash}
	})
}
