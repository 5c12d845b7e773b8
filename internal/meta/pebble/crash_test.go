package pebble

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/meta"
)

// parts is how many keys a transaction of the crash test writes, besides the counter.
const parts = 4

// workload commits numbered transactions from several goroutines and notes what it was told.
type workload struct {
	engine *Engine

	mu    sync.Mutex // protects the fields below
	acked []int      // the numbers of acknowledged transactions
	seen  int        // the highest number that a View has shown
}

func partKey(number, part int) []byte { return fmt.Appendf(nil, "tx/%d/%d", number, part) }

// write commits the next number: the counter and its parts.
func (w *workload) write() error {
	var number int
	err := w.engine.Update(context.Background(), func(tx meta.Tx) error {
		last, err := counter(tx)
		if err != nil {
			return err
		}
		number = last + 1
		if err := tx.Put([]byte("counter"), []byte(strconv.Itoa(number))); err != nil {
			return err
		}
		for part := range parts {
			if err := tx.Put(partKey(number, part), []byte(strings.Repeat("v", 50*number%900))); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		w.mu.Lock()
		w.acked = append(w.acked, number)
		w.mu.Unlock()
	}
	return err
}

func (w *workload) read() error {
	var number int
	err := w.engine.View(context.Background(), func(r meta.Reader) (err error) {
		number, err = counter(r)
		return err
	})
	w.mu.Lock()
	w.seen = max(w.seen, number)
	w.mu.Unlock()
	return err
}

// told returns copies of what was acknowledged and shown so far.
func (w *workload) told() (acked []int, seen int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.acked), w.seen
}

func counter(r meta.Reader) (int, error) {
	values, err := r.GetMany([][]byte{[]byte("counter")})
	if err != nil || values[0] == nil {
		return 0, err
	}
	return strconv.Atoi(string(values[0]))
}

// TestCrash cuts the power at random moments. Whatever was acknowledged or shown before must be there,
// and of the rest a prefix in the order of commits, each transaction whole or not at all.
func TestCrash(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 7))
			disk := vfs.NewCrashableMem()
			w := &workload{engine: open(t, Options{FS: disk, memTableBytes: 48 << 10})}
			for range 6 {
				crashDuring(t, rng, disk, w)
			}
			if err := w.engine.Close(); err != nil {
				t.Error(err)
			}
			acked, seen := w.told()
			checkRecovered(t, disk, acked, seen)
		})
	}
}

// crashDuring runs writers and a reader on w and cuts the power at a random moment among them.
func crashDuring(t *testing.T, rng *rand.Rand, disk *vfs.MemFS, w *workload) {
	const writers, each = 4, 20
	written := make(chan struct{}, writers*each)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				if err := w.write(); err != nil {
					t.Error(err)
				}
				written <- struct{}{}
			}
		})
	}
	wg.Go(func() {
		for range writers * each {
			if err := w.read(); err != nil {
				t.Error(err)
			}
		}
	})
	for range rng.IntN(writers * each) {
		<-written
	}
	if err := w.read(); err != nil { // what is shown at the last moment is most at risk
		t.Error(err)
	}
	acked, seen := w.told() // before the crash, or it would not be what was told before
	after := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	wg.Wait()
	checkRecovered(t, after, acked, seen)
}

// checkRecovered opens what a crash left and compares it with what was told before.
func checkRecovered(t *testing.T, disk *vfs.MemFS, acked []int, seen int) {
	t.Helper()
	e := open(t, Options{FS: disk})
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	err := e.View(context.Background(), func(r meta.Reader) error {
		last, err := counter(r)
		if err != nil {
			return err
		}
		if last < seen {
			t.Errorf("a View showed transaction %d, the last one recovered is %d", seen, last)
		}
		if len(acked) > 0 && last < slices.Max(acked) {
			t.Errorf("transaction %d was acknowledged, the last one recovered is %d", slices.Max(acked), last)
		}
		for number := 1; number <= last+10; number++ {
			found := 0
			for part := range parts {
				values, err := r.GetMany([][]byte{partKey(number, part)})
				if err != nil {
					return err
				}
				if values[0] != nil {
					found++
				}
			}
			if number <= last && found != parts || number > last && found != 0 {
				t.Errorf("transaction %d of %d has %d of %d parts", number, last, found, parts)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
