package memory

import (
	"testing"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/blobtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	start := func(*testing.T) blobtest.Crasher {
		s := New()
		return blobtest.Crasher{Open: func() blob.Store { return s }, Crash: s.Crash}
	}
	blobtest.Run(t, start)
	blobtest.RunRecover(t, start)
}
