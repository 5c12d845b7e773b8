package linear_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	objectClients = 10
	// largeSize is that of a content, in bytes, that does not fit into the metadata.
	largeSize = 100 << 10
	// objectPause is the mean time between two requests of a client: what bounds the length of a history.
	objectPause = 40 * time.Millisecond
)

// recordObjects makes a history in which clients write, read, delete and list a few new objects through all servers at once.
func (w *world) recordObjects(t *testing.T, seed uint64) *history {
	t.Helper()
	h := &history{start: time.Now()}
	p := &writers{world: w, history: h, prefix: fmt.Sprintf("%s-%d", strings.ToLower(run), seed), seen: [names]string{}}
	w.during(t, seed, func(until <-chan struct{}) {
		var running sync.WaitGroup
		for c := range objectClients {
			running.Go(func() { p.work(c, rand.New(rand.NewPCG(seed, uint64(c)+1)), until) })
		}
		running.Wait()
	})
	h.end()
	return h
}

// writers are the clients of one history of objects.
type writers struct {
	*world
	history *history
	prefix  string

	mu   sync.Mutex // protects seen
	seen [names]string
}

// work sends requests to servers at random until it is told to end.
func (p *writers) work(client int, rng *rand.Rand, until <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-until:
			return
		case <-time.After(time.Duration(rng.Int64N(int64(2 * objectPause)))):
		}
		in, r := p.next(client, i, rng)
		call := p.history.now()
		a := r.do(p.choose(rng), p.owner)
		out, known, err := p.understand(in, r, a)
		if err != nil {
			p.history.fault(err)
		}
		reads := in.verb == get || in.verb == list
		if err == nil && (known || a.sent && !reads) { // others say nothing, and did nothing
			p.history.add(client, call, in, out, !known)
		}
		if !known {
			rest(until)
		}
	}
}

// weights is how often each verb is chosen.
var weights = []struct {
	verb  verb
	share int
}{{put, 25}, {putNew, 10}, {putChanged, 15}, {get, 25}, {remove, 10}, {list, 15}}

func choose(rng *rand.Rand) verb {
	n := rng.IntN(100)
	for _, w := range weights {
		if n -= w.share; n < 0 {
			return w.verb
		}
	}
	panic("the shares of the verbs are less than 100")
}

// next returns the next operation of a client, and its request.
func (p *writers) next(client, i int, rng *rand.Rand) (objectInput, request) {
	in := objectInput{verb: choose(rng), name: rng.IntN(names)}
	r := request{service: "s3", method: http.MethodGet, target: fmt.Sprintf("/%s/%s/%d", bucketName, p.prefix, in.name), header: http.Header{}}
	switch in.verb {
	case list:
		r.target = "/" + bucketName + "?list-type=2&prefix=" + p.prefix + "%2F"
		in.name = 0
	case remove:
		r.method = http.MethodDelete
	case put, putNew, putChanged:
		r.method = http.MethodPut
		r.body = fmt.Appendf(nil, "%s %d %d\n", p.prefix, client, i)
		if rng.IntN(4) == 0 {
			r.body = bytes.Repeat(r.body, largeSize/len(r.body))
		}
		in.value = etag(r.body)
	}
	switch in.verb {
	case putNew:
		r.header.Set("If-None-Match", "*")
	case putChanged:
		p.mu.Lock()
		in.match = p.seen[in.name]
		p.mu.Unlock()
		if in.match == "" {
			in.match = etag(nil)
		}
		r.header.Set("If-Match", `"`+in.match+`"`)
	}
	return in, r
}

// understand turns an answer into an outcome, if it is known. It returns an error if nobody may get that answer.
func (p *writers) understand(in objectInput, r request, a answer) (out objectOutput, known bool, err error) {
	expected := map[verb][]int{
		put: {200}, putNew: {200, 412, 409}, putChanged: {200, 404, 412, 409}, get: {200, 404}, remove: {204}, list: {200},
	}[in.verb]
	if err := a.failed(r, expected...); err != nil || a.status == 0 || a.status == http.StatusServiceUnavailable {
		return out, false, err
	}
	out.status = a.status
	switch {
	case in.verb == list:
		out.found, err = p.listed(a.body)
	case in.verb == get && a.status == http.StatusOK:
		if out.value = etag(a.body); `"`+out.value+`"` != a.header.Get("Etag") {
			err = fmt.Errorf("GET %s: the content has the MD5 %s and the ETag %s", r.target, out.value, a.header.Get("Etag"))
		}
	}
	p.note(in, out)
	return out, err == nil, err
}

// note keeps the tag that an object has had last, as far as clients can know.
func (p *writers) note(in objectInput, out objectOutput) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case in.value != "" && out.status == http.StatusOK:
		p.seen[in.name] = in.value
	case in.verb == get:
		p.seen[in.name] = out.value
	}
}

// listed reads a page of a listing, which has to be the last one.
func (p *writers) listed(page []byte) (objects, error) {
	var found objects
	var result struct {
		IsTruncated bool
		Contents    []struct{ Key, ETag string }
	}
	if err := xml.Unmarshal(page, &result); err != nil {
		return found, err
	}
	for _, c := range result.Contents {
		var n int
		if _, err := fmt.Sscanf(c.Key, p.prefix+"/%d", &n); err != nil || n < 0 || n >= names {
			return found, fmt.Errorf("a listing has the key %q", c.Key)
		}
		found[n] = strings.Trim(c.ETag, `"`)
	}
	if result.IsTruncated {
		return found, fmt.Errorf("a listing of %d keys has more pages", len(result.Contents))
	}
	return found, nil
}
