package failover_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/test/rigs/s3client"
)

// api is where clients send their requests, and as whom.
type api struct {
	endpoints  []string
	id, secret string
}

// bucket is the one that clients work in.
const bucket = "failover"

// load is clients that work, each on keys of its own, and know what has to be there.
type load struct {
	clients []*client
	group   sync.WaitGroup
	cancel  context.CancelFunc
	ctx     context.Context // of the test
}

// newLoad makes the bucket and starts clients, which are spread over the endpoints.
func newLoad(t *testing.T, a api, n int) *load {
	t.Helper()
	var services []*s3.Client
	for _, endpoint := range a.endpoints {
		services = append(services, s3client.New(endpoint, a.id, a.secret))
	}
	if err := s3client.Try(t.Context(), services[0], bucket); err != nil {
		t.Fatal(err)
	}
	l := &load{ctx: t.Context()}
	for i := range n {
		l.clients = append(l.clients, &client{index: i, services: services, random: rand.New(rand.NewPCG(uint64(i), 10)), keys: map[string]*state{}})
	}
	l.resume()
	t.Cleanup(l.stop)
	return l
}

// resume has the clients work.
func (l *load) resume() {
	ctx, cancel := context.WithCancel(l.ctx)
	l.cancel = cancel
	for _, c := range l.clients {
		l.group.Go(func() { c.run(ctx) })
	}
}

// stop waits until no client works. A request that is under way is carried to its end.
func (l *load) stop() {
	l.cancel()
	l.group.Wait()
}

// work lets the clients work for a while.
func (l *load) work(while time.Duration) { time.Sleep(while) }

// untilServed waits until every client has had a write acknowledged that it sent after killed, and returns when the last of them first
// had, and how many requests failed since.
func (l *load) untilServed(t *testing.T, killed time.Time) (away time.Duration, refused int) {
	t.Helper()
	const givenUp = 3 * time.Minute
	for {
		served, last := 0, time.Duration(0)
		refused = 0
		for _, c := range l.clients {
			at, failed := c.servedSince(killed)
			refused += failed
			if !at.IsZero() {
				served, last = served+1, max(last, at.Sub(killed))
			}
		}
		if served == len(l.clients) {
			return last, refused
		}
		if time.Since(killed) > givenUp {
			t.Fatalf("%v after the primary was killed only %d of %d clients were served: %v", givenUp, served, len(l.clients), l.clients[0].lastError())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// counts returns how many writes were acknowledged.
func (l *load) counts() int {
	n := 0
	for _, c := range l.clients {
		n += c.acknowledged()
	}
	return n
}

// objects returns how many keys were written.
func (l *load) objects() int {
	n := 0
	for _, c := range l.clients {
		n += len(c.keys)
	}
	return n
}

// verify reads everything, with the clients stopped, from every server, and returns how much is not as it has to be, or was not when a
// client read it.
func (l *load) verify(t *testing.T) int {
	t.Helper()
	lost := 0
	for _, c := range l.clients {
		for _, what := range c.wrong {
			lost++
			t.Error(what)
		}
		c.wrong = nil
		for key, s := range c.keys {
			for _, service := range c.services {
				got, err := read(l.ctx, service, key)
				if err != nil {
					t.Fatalf("%s: %v", key, err)
				}
				if !s.allows(got) {
					lost++
					t.Errorf("%s is %q, and may be %q", key, got, s.possible)
				}
			}
		}
	}
	return lost
}
