package history

import (
	"maps"
	"sync"
	"sync/atomic"

	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail/event"
)

// Wants reports whether a record is to be in an event history: it is of a management event, and somebody gets it. It is
// asked of every request, and allocates nothing: a caller's account is always told of what it did.
func (s *Service) Wants(r *audit.Record) bool {
	return s.managing.has(r.Service, r.Operation) && (r.CallerAccount != "" || len(event.Recipients(r)) > 0)
}

// operation is one of a service.
type operation struct{ service, name string }

// managing remembers of which operations the events are of management, so that nothing is made of a data event, such as
// the ARN of its object, to learn that it is none. It is safe for concurrent use.
type managing struct {
	known atomic.Pointer[map[operation]bool] // never changed, but replaced; nil: empty
	mu    sync.Mutex                         // held while it is replaced
}

// has reports whether the events of an operation are of management.
func (m *managing) has(service, name string) bool {
	o := operation{service, name}
	if known := m.known.Load(); known != nil {
		if is, found := (*known)[o]; found {
			return is
		}
	}
	return m.learn(o)
}

func (m *managing) learn(o operation) bool {
	is := event.FactsOf(&audit.Record{Service: o.service, Operation: o.name}).Category == event.Management
	m.mu.Lock()
	defer m.mu.Unlock()
	known := map[operation]bool{}
	if before := m.known.Load(); before != nil {
		known = maps.Clone(*before)
	}
	known[o] = is
	m.known.Store(&known)
	return is
}
