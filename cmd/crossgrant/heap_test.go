package main

import (
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		live  uint64
		since time.Duration
		want  int
	}{
		{0, time.Second, normalPercent},
		{heapFloor / 8, time.Second, 700},
		{heapFloor / 4, time.Second, 300},
		{heapFloor / 4, 2 * time.Minute, normalPercent},
		{heapFloor / 2, time.Second, normalPercent},
		{heapFloor * 4, time.Second, normalPercent},
	} {
		if got := percentFor(test.live, test.since); got != test.want {
			t.Errorf("%d bytes after %s: %d percent, want %d", test.live, test.since, got, test.want)
		}
	}
}
