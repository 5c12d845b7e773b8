package httpapi

import (
	"context"
	"net/http"

	"crossgrant/internal/apierr"
)

// ownEndpoints serves what is about the server itself and belongs to no account: /-/healthz says
// that the process runs, /-/readyz that it can serve, /-/metrics how it fares.
func ownEndpoints(ready func(context.Context) error, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /-/readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context()); err != nil {
			plain(w, http.StatusServiceUnavailable, "not ready: "+reason(err))
			return
		}
		plain(w, http.StatusOK, "ready")
	})
	if metrics != nil {
		mux.Handle("GET /-/metrics", metrics)
	}
	return mux
}

// reason tells why the server cannot serve, and nothing that is the operator's only.
func reason(err error) string {
	if e := apierr.From(faultOf(err)); e.Code != "InternalError" {
		return e.Message
	}
	return "the metadata store does not answer"
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text + "\n"))
}
