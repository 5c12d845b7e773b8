package history

import (
	"crossgrant/internal/audit"
	"crossgrant/internal/cloudtrail/event"
)

// Wants reports whether a record is to be in an event history: it is of a management event, and somebody gets it. It is
// asked of every request, and allocates nothing: a caller's account is always told of what it did.
func (s *Service) Wants(r *audit.Record) bool {
	return event.CategoryOf(r) == event.Management && (r.CallerAccount != "" || len(event.Recipients(r)) > 0)
}
