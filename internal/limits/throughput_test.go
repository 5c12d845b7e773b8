package limits

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestThroughput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &Throughput{Rate: 1000}
		began := time.Now()
		for range 5 {
			if err := l.Wait(t.Context(), 500); err != nil {
				t.Fatal(err)
			}
		}
		// What comes first does not wait.
		if spent := time.Since(began); spent != 2*time.Second {
			t.Errorf("2500 bytes took %v at 1000 a second", spent)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Wait(ctx, 1_000_000); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}
