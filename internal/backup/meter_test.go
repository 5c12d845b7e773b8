package backup

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestMeter counts from several goroutines, and wants to be told each second by the clock of the test.
func TestMeter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []int
		m := &meter[int]{tell: func(n int) { told = append(told, n) }}
		m.set(func(n *int) { *n = 100 })
		var done sync.WaitGroup
		for range 4 {
			done.Go(func() {
				for range 5 {
					m.count(func(n *int) { *n++ })
				}
			})
		}
		done.Wait()
		for range 25 {
			time.Sleep(tellEvery / 10)
			m.count(func(n *int) { *n++ })
		}
		if want := []int{130, 140}; !slices.Equal(told, want) || m.at != 145 {
			t.Errorf("told %v, want %v; counted %d", told, want, m.at)
		}
		silent := &meter[int]{}
		silent.count(func(n *int) { *n++ })
	})
}
