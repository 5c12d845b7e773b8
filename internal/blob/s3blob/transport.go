package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

// slowWork is how long the service may be silent while it moves bytes on its own: when it copies an object, or puts one together of
// parts.
const slowWork = 10 * time.Minute

// newTransport returns a transport whose idle connections are enough for the requests that are under way at a time. It follows
// the environment's proxies.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConns:          512,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       55 * time.Second, // before common load balancers close them
		ForceAttemptHTTP2:     false,            // one connection for each request under way: streams of one share its window
		DisableCompression:    true,
		WriteBufferSize:       64 << 10,
		ReadBufferSize:        64 << 10,
	}
}

// kind is what a request is, as far as its limits go.
type kind int

const (
	brief   kind = iota // answers at once
	slow                // has the service move bytes on its own
	reading             // its answer is read at the pace of a client
)

type kindKey struct{}

// withKind says what the requests of ctx are; brief if nothing is said.
func withKind(ctx context.Context, k kind) context.Context {
	return context.WithValue(ctx, kindKey{}, k)
}

// carrier sends requests: so many at a time, each until its peer is silent for too long. It is what the SDK calls an HTTPClient.
type carrier struct {
	transport         http.RoundTripper
	stall             time.Duration
	requests, readers *semaphore.Weighted
}

// errStalled says that an attempt was given up.
var errStalled = errors.New("the service is silent")

// Do sends a request, once there is room. The answer's body has to be closed.
func (c *carrier) Do(request *http.Request) (*http.Response, error) {
	k, _ := request.Context().Value(kindKey{}).(kind)
	room := c.requests
	if k == reading {
		room = c.readers
	}
	if err := room.Acquire(request.Context(), 1); err != nil {
		return nil, err
	}
	patience := c.stall
	if k == slow {
		patience = max(patience, slowWork)
	}
	ctx, cancel := context.WithCancelCause(request.Context())
	w := &watch{patience: patience, cancel: cancel, leave: func() { room.Release(1) }}
	w.timer = time.AfterFunc(patience, func() { cancel(fmt.Errorf("%w for %v", errStalled, patience)) })
	request = request.WithContext(ctx)
	if request.Body != nil && request.Body != http.NoBody {
		request.Body = &watchedBody{request.Body, w}
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		w.end()
		return nil, cause(ctx, err)
	}
	w.timer.Stop()
	response.Body = &watchedAnswer{body: response.Body, watch: w, ctx: ctx}
	return response, nil
}

// cause returns the reason for which ctx was ended if that is silence, else err.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); errors.Is(why, errStalled) {
		return why
	}
	return err
}

// watch ends an attempt when nothing moves.
type watch struct {
	patience time.Duration
	timer    *time.Timer
	cancel   context.CancelCauseFunc
	leave    func() // nil after the end
}

// end is called once for each attempt, by who ends it.
func (w *watch) end() {
	if w.leave == nil {
		return
	}
	w.timer.Stop()
	w.cancel(nil)
	w.leave()
	w.leave = nil
}

// watchedBody is the body of a request. That more of it is asked for says that the service took what came before.
type watchedBody struct {
	io.ReadCloser
	watch *watch
}

func (b *watchedBody) Read(p []byte) (int, error) {
	// A timer that has fired stays what it is: the attempt is over.
	if b.watch.timer.Stop() {
		b.watch.timer.Reset(b.watch.patience)
	}
	return b.ReadCloser.Read(p)
}

// watchedAnswer is the body of an answer. Time is counted only while somebody waits for bytes: a client that reads slowly is
// not the service's fault.
type watchedAnswer struct {
	body  io.ReadCloser
	watch *watch
	ctx   context.Context
}

func (a *watchedAnswer) Read(p []byte) (int, error) {
	a.watch.timer.Reset(a.watch.patience)
	n, err := a.body.Read(p)
	a.watch.timer.Stop()
	if err != nil && err != io.EOF {
		err = cause(a.ctx, err)
	}
	return n, err
}

func (a *watchedAnswer) Close() error {
	err := a.body.Close()
	a.watch.end()
	return err
}
