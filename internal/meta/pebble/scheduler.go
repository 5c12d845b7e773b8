package pebble

import (
	"sync"
	"time"

	pebbledb "github.com/cockroachdb/pebble/v2"
)

// regrant is how often a scheduler looks whether more compactions may run than before.
const regrant = 100 * time.Millisecond

// scheduler lets a database compact as much as it says that it may, once it is open. Pebble's own lets it compact
// while it is being opened; if that then fails, the compactions run on, and further ones begin, in what
// has been taken apart.
type scheduler struct {
	db   pebbledb.DBForCompaction // set by Register, which comes first
	poke chan struct{}            // holds a token when there may be something to grant
	stop chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex // protects the fields below
	ready   bool
	running int
}

var (
	_ pebbledb.CompactionScheduler   = (*scheduler)(nil)
	_ pebbledb.CompactionGrantHandle = (*scheduler)(nil)
)

func newScheduler() *scheduler {
	return &scheduler{poke: make(chan struct{}, 1), stop: make(chan struct{})}
}

// Start lets compactions run. The database is open.
func (s *scheduler) Start() {
	s.mu.Lock()
	s.ready = true
	s.mu.Unlock()
	s.done.Go(func() {
		ticker := time.NewTicker(regrant)
		defer ticker.Stop()
		for {
			select {
			case <-s.stop:
				return
			case <-ticker.C:
			case <-s.poke:
			}
			for s.grant() {
			}
		}
	})
}

// grant lets one compaction run that waits, and reports whether there was one.
func (s *scheduler) grant() bool {
	if ok, _ := s.TrySchedule(); !ok {
		return false
	}
	if waiting, _ := s.db.GetWaitingCompaction(); waiting && s.db.Schedule(s) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	return false
}

// Register implements pebble.CompactionScheduler, as do the next three.
func (s *scheduler) Register(_ int, db pebbledb.DBForCompaction) { s.db = db }

func (s *scheduler) TrySchedule() (bool, pebbledb.CompactionGrantHandle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ready || s.running >= s.db.GetAllowedWithoutPermission() {
		return false, nil
	}
	s.running++
	return true, s
}

func (s *scheduler) UpdateGetAllowedWithoutPermission() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

func (s *scheduler) Unregister() {
	s.mu.Lock()
	s.ready = false
	s.mu.Unlock()
	close(s.stop)
	s.done.Wait()
}

// Started implements pebble.CompactionGrantHandle, as do the next three.
func (s *scheduler) Started() {}

func (s *scheduler) MeasureCPU(pebbledb.CompactionGoroutineKind) {}

func (s *scheduler) CumulativeStats(pebbledb.CompactionGrantHandleStats) {}

func (s *scheduler) Done() {
	s.mu.Lock()
	s.running--
	s.mu.Unlock()
	s.UpdateGetAllowedWithoutPermission()
}
