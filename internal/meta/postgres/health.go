package postgres

import (
	"errors"
	"sync"
	"time"

	"crossgrant/internal/meta"
)

// Pauses of the health.
const (
	// probeEvery is how long after a failure, and again after that, the database is asked whether it answers.
	probeEvery = time.Second
	// fullFor is how long after the last commit that found no room, with none that found some since, there is said to be none.
	fullFor = 10 * time.Second
)

// health is what the engine knows of its database.
type health struct {
	probe func() bool // asks the database, which tells health what comes of it

	mu        sync.Mutex // protects the fields below
	err       error      // why the database cannot be used; nil if it can
	recovered int64      // how often it could be used again
	full      error      // the last commit that found no room
	fullAt    time.Time
	timer     *time.Timer
	stopped   bool
}

// note takes note of what came of an exchange: err is as translate returns it. A commit tells whether there is room.
func (h *health) note(err error, committed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case errors.Is(err, meta.ErrNoSpace):
		h.full, h.fullAt = err, time.Now()
	case errors.Is(err, meta.ErrUnavailable):
		h.err = err
		if h.timer == nil && !h.stopped {
			h.timer = time.AfterFunc(probeEvery, h.again)
		}
	case err == nil:
		if h.err != nil {
			h.recovered++
		}
		h.err = nil
		if committed {
			h.full = nil
		}
	}
}

// again probes until the database answers: an engine that is said to be unavailable may be asked for nothing else.
func (h *health) again() {
	well := h.probe()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.timer = nil
	if !well && !h.stopped {
		h.timer = time.AfterFunc(probeEvery, h.again)
	}
}

// stop ends the probing.
func (h *health) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	if h.timer != nil {
		h.timer.Stop()
	}
}

func (h *health) condition() (recovered int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return h.recovered, h.err
	}
	if h.full != nil && time.Since(h.fullAt) < fullFor {
		return h.recovered, h.full
	}
	return h.recovered, nil
}
