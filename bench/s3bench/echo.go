package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// echoCommand is a bare HTTP server.
type echoCommand struct {
	Listen string `help:"Address to listen on." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
}

// echoReady begins the line that is printed when the server is ready; its address follows.
const echoReady = "echo is ready at http://"

// echoed is the size in bytes of every answer to GET.
const echoed = 4 << 10

// Run serves until ctx ends.
func (c *echoCommand) Run(ctx context.Context, s streams) error {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newEcho(), ReadHeaderTimeout: time.Minute}
	stopped := context.AfterFunc(ctx, func() { server.Close() })
	defer stopped()
	fmt.Fprintf(s.out, "%s%s\n", echoReady, l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// newEcho returns the handler.
func newEcho() http.Handler {
	body := make([]byte, echoed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			w.Write(body)
		case http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		default:
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
		}
	})
}
