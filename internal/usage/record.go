package usage

import (
	"cmp"
	"slices"
	"strings"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// use is one use of something.
type use struct {
	at     int64
	region string
}

// services are the namespaces of services that are called something else in records.
var services = map[string]string{"s3-control": "s3"}

// namespace returns the namespace of the service that a request was made to.
func namespace(r *audit.Record) string {
	if name, ok := services[r.Service]; ok {
		return name
	}
	return r.Service
}

// Record notes the uses of a request. Requests that nobody signed are no use of anybody.
func (s *Service) Record(r *audit.Record) {
	if r.Authentication == "" || r.CallerAccount == "" {
		return
	}
	service, now := namespace(r), use{r.Time.UnixNano(), r.Region}
	principal := string(r.CallerEntityID)
	if principal == "" {
		principal = string(r.CallerAccount)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Temporary keys are not tracked: there is one for each session, and IAM tells nothing of them.
	if id := string(r.AccessKeyID); !strings.HasPrefix(id, string(ids.TemporaryKey)) {
		s.noteLocked(subject{r.CallerAccount, keys.KeyUsageKind, id}, service, now)
	}
	if u := s.noteLocked(subject{r.CallerAccount, keys.AccountUsageKind, ""}, service, now); u != nil {
		s.serviceLocked(u, service, now)
		for i := range r.Decisions {
			if other, _, ok := strings.Cut(r.Decisions[i].Action, ":"); ok && other != service {
				s.serviceLocked(u, other, now)
			}
		}
	}
	if u := s.noteLocked(subject{r.CallerAccount, keys.PrincipalUsageKind, principal}, service, now); u != nil {
		s.serviceLocked(u, service, now)
		s.actionsLocked(u, r, service, now)
	}
}

// actionsLocked notes the actions that a request asked for; if none was judged, the one of its name.
func (s *Service) actionsLocked(u *records.Usage, r *audit.Record, service string, now use) {
	asked := false
	for i := range r.Decisions {
		if other, action, ok := strings.Cut(r.Decisions[i].Action, ":"); ok {
			s.actionLocked(s.serviceLocked(u, other, now), action, now)
			asked = true
		}
	}
	if !asked && policy.IsAction(service+":"+r.Operation) {
		s.actionLocked(s.serviceLocked(u, service, now), r.Operation, now)
	}
}

// roomLocked reports whether there is room for one more use, and takes it. s.mu must be held, as for all of
// these.
func (s *Service) roomLocked() bool {
	if s.size >= s.opts.Pending {
		s.lost++
		return false
	}
	s.size++
	return true
}

// noteLocked notes the use of a subject and returns what waits of it, or nil if there is no room.
func (s *Service) noteLocked(of subject, service string, now use) *records.Usage {
	u := s.pending[of]
	if u == nil {
		if !s.roomLocked() {
			return nil
		}
		u = new(records.Usage)
		s.pending[of] = u
	}
	if now.at >= u.Used {
		u.Used, u.Region, u.Service = now.at, now.region, service
	}
	return u
}

// serviceLocked notes the use of a service and returns what waits of it, or nil if there is no room.
func (s *Service) serviceLocked(u *records.Usage, name string, now use) *records.ServiceUsage {
	i, ok := slices.BinarySearchFunc(u.Services, name, byNamespace)
	if !ok {
		if !s.roomLocked() {
			return nil
		}
		u.Services = slices.Insert(u.Services, i, &records.ServiceUsage{Namespace: name})
	}
	service := u.Services[i]
	if now.at >= service.Used {
		service.Used, service.Region = now.at, now.region
	}
	return service
}

// actionLocked notes the use of an action of a service, which may be nil.
func (s *Service) actionLocked(service *records.ServiceUsage, name string, now use) {
	if service == nil {
		return
	}
	i, ok := slices.BinarySearchFunc(service.Actions, name, byAction)
	if !ok {
		if !s.roomLocked() {
			return
		}
		service.Actions = slices.Insert(service.Actions, i, &records.ActionUsage{Name: name})
	}
	if action := service.Actions[i]; now.at >= action.Used {
		action.Used, action.Region = now.at, now.region
	}
}

func byNamespace(s *records.ServiceUsage, name string) int { return cmp.Compare(s.Namespace, name) }

func byAction(a *records.ActionUsage, name string) int { return cmp.Compare(a.Name, name) }
