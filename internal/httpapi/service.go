package httpapi

import "net/http"

// Host is a Service that has hosts of its own: all requests to them are for it, whatever their signatures
// say, and none but those.
type Host interface {
	// Claims reports whether a host, as it stands in a request, is one of the service's.
	Claims(host string) bool
}

// Unsigned is a Service some of whose requests are answered without regard to who sends them.
type Unsigned interface {
	// Unsigned reports whether the credentials of a request count for nothing. They are not looked at, so
	// that wrong ones are not refused either; the caller is anonymous.
	Unsigned(r *http.Request) bool
}

// hostOf returns the service that claims a host; nil if none does.
func (p *Pipeline) hostOf(host string) Service {
	for _, s := range p.hosts {
		if s.(Host).Claims(host) {
			return s
		}
	}
	return nil
}

// unsigned reports whether the credentials of a request to service count for nothing.
func unsigned(service Service, r *http.Request) bool {
	u, ok := service.(Unsigned)
	return ok && u.Unsigned(r)
}
