package limits

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// enter lets in a new goroutine for key, which says so and stays until it is told to leave.
func enter(g *Gate[string], key string, patience time.Duration, said chan<- string, leave <-chan struct{}) {
	if err := g.Enter(context.Background(), key, patience); err != nil {
		said <- "busy " + key
		return
	}
	said <- key
	<-leave
	g.Leave(key)
}

// TestGateServesKeysInTurn has one key flood a gate before others come: they are served in turn, each after the
// other, whatever came before.
func TestGateServesKeysInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate[string](1, 100)
		said, leave := make(chan string, 100), make(chan struct{})
		start := func(key string) {
			go enter(g, key, time.Hour, said, leave)
			synctest.Wait()
		}
		for range 5 {
			start("flood")
		}
		start("ann")
		start("bob")
		start("ann")
		var got []string
		for range 8 {
			got = append(got, <-said)
			leave <- struct{}{}
			synctest.Wait()
		}
		want := []string{"flood", "flood", "ann", "bob", "flood", "ann", "flood", "flood"}
		if !slices.Equal(got, want) {
			t.Errorf("served %v, want %v", got, want)
		}
		if g.Used() != 0 || g.Waiting() != 0 || g.next != nil {
			t.Errorf("the gate keeps %+v", g)
		}
	})
}

// TestGateKeepsSlotsForOthers holds that a key alone cannot have all slots, and that the next key then has some at
// once.
func TestGateKeepsSlotsForOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ slots, alone int }{{1, 1}, {2, 2}, {8, 8}, {9, 8}, {18, 16}, {90, 80}, {900, 800}} {
		g := NewGate[string](c.slots, 0)
		n := 0
		for g.Enter(t.Context(), "flood", 0) == nil {
			n++
		}
		if n != c.alone {
			t.Errorf("of %d slots one key got %d, want %d", c.slots, n, c.alone)
		}
		if err := g.Enter(t.Context(), "ann", 0); (err == nil) != (c.alone < c.slots) {
			t.Errorf("of %d slots, %d taken by one key, another got %v", c.slots, n, err)
		}
	}
}

// TestGateGivesUp: patience ends, a context ends, and there is no more room to wait.
func TestGateGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate[string](1, 2)
		if err := g.Enter(t.Context(), "a", 0); err != nil {
			t.Fatal(err)
		}
		if err := g.Enter(t.Context(), "a", time.Second); !errors.Is(err, ErrBusy) {
			t.Errorf("who waited too long got %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := g.Enter(ctx, "a", time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("whose client left got %v", err)
		}
		// Of the key that waits most, the newest has to go for another key.
		said, leave := make(chan string, 10), make(chan struct{})
		for _, key := range []string{"b", "b", "b", "c", "c"} {
			go enter(g, key, time.Hour, said, leave)
			synctest.Wait()
		}
		if got := []string{<-said, <-said, <-said}; !slices.Equal(got, []string{"busy b", "busy b", "busy c"}) {
			t.Errorf("turned away: %q", got)
		}
		g.Leave("a")
		for range 2 {
			<-said
			leave <- struct{}{}
		}
		synctest.Wait()
		if g.Used() != 0 || g.Waiting() != 0 || g.next != nil {
			t.Errorf("the gate keeps %+v", g)
		}
	})
}

// TestGateUnderLoad: at no time are more inside than there are slots, everybody gets an answer, and nothing is left.
func TestGateUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate[string](5, 7)
		random := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		inside, most, served, busy := 0, 0, 0, 0
		for range 2000 {
			key, patience := fmt.Sprint(random.IntN(6)), time.Duration(random.IntN(20))*time.Millisecond
			stay, pause := time.Duration(random.IntN(10))*time.Millisecond, time.Duration(random.IntN(3))*time.Millisecond
			go func() {
				err := g.Enter(context.Background(), key, patience)
				mu.Lock()
				if err != nil {
					busy++
					mu.Unlock()
					return
				}
				inside++
				served++
				most = max(most, inside)
				mu.Unlock()
				time.Sleep(stay)
				mu.Lock()
				inside--
				mu.Unlock()
				g.Leave(key)
			}()
			time.Sleep(pause)
		}
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if most > 5 || served+busy != 2000 || served == 0 || busy == 0 {
			t.Errorf("at most %d inside, %d served, %d turned away", most, served, busy)
		}
		if g.Used() != 0 || g.Waiting() != 0 || g.next != nil {
			t.Errorf("the gate keeps %+v", g)
		}
	})
}

// TestGateForgetsKeys: very many keys that come and go leave no more than a few.
func TestGateForgetsKeys(t *testing.T) {
	t.Parallel()
	g := NewGate[string](1000, 0)
	for i := range 10_000 {
		key := fmt.Sprint(i)
		if err := g.Enter(t.Context(), key, 0); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			g.Leave(key)
			continue
		}
		defer g.Leave(key)
		if i == 1001 {
			break
		}
	}
	for i := range 10_000 {
		if g.Enter(t.Context(), fmt.Sprint(i), 0) == nil {
			g.Leave(fmt.Sprint(i))
		}
	}
	if n := len(g.keys); n > g.Used()+known {
		t.Errorf("%d keys are known, of which %d have something", n, g.Used())
	}
}

func BenchmarkGate(b *testing.B) {
	g := NewGate[string](1000, 1000)
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if g.Enter(ctx, "111111111111", time.Second) == nil {
				g.Leave("111111111111")
			}
		}
	})
}
