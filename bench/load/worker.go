package load

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"crossgrant/bench/client"
	"crossgrant/bench/hist"
	"crossgrant/bench/sign"
)

// worker is one client: a connection and what was seen on it. It is for one goroutine.
type worker struct {
	index  uint64 // among the clients, from 0
	conn   *client.Conn
	signer *sign.Signer
	random *rand.Rand
	verify bool // compare whole bodies
	bare   bool // compare none, nor pages

	start   time.Time // of the operation that is under way
	path    []byte
	query   []byte
	message []byte // head, and a small body
	key     []byte
	compare comparer
	page    page

	latency hist.Histogram
	bytes   int64 // of bodies, sent and received
	errors  uint64
	opened  uint64 // how often the connection was, before what is measured
	first   error  // the first of them
}

// timeout is how long an operation may take.
const timeout = 2 * time.Minute

func newWorker(e *Endpoint, index int, verify bool) *worker {
	return &worker{
		index: uint64(index), conn: client.New(e.Address, e.TLS, timeout), signer: sign.New(e.Identity),
		random: rand.New(rand.NewPCG(uint64(index), 7)), verify: verify, bare: e.Bare,
	}
}

// reset forgets what was seen.
func (w *worker) reset() {
	w.latency = hist.Histogram{}
	w.bytes, w.errors, w.first, w.opened = 0, 0, nil, w.conn.Opened()
}

// object sets the path to that of a key.
func (w *worker) object(bucket string, name names, n uint64) {
	w.path = append(append(append(w.path[:0], '/'), bucket...), '/')
	w.path = name(w.path, n)
	w.query = w.query[:0]
}

// createBucket makes a bucket, or finds that it is there and its own.
func (w *worker) createBucket(bucket string) error {
	w.path, w.query = append(append(w.path[:0], '/'), bucket...), w.query[:0]
	a, err := w.do("PUT", nil, sign.EmptyHash, true, &w.page)
	if err == nil && a.Status == 409 && bytes.Contains(a.Refusal, []byte("BucketAlreadyOwnedByYou")) {
		return nil
	}
	return w.judge("CreateBucket", a, 200, err)
}

func (w *worker) putObject(bucket string, name names, n uint64, c *content) error {
	body, hash := c.of(n)
	w.object(bucket, name, n)
	a, err := w.do("PUT", body, hash, true, &w.page)
	w.bytes += int64(len(body))
	return w.judge("PutObject", a, 200, err)
}

func (w *worker) getObject(bucket string, name names, n uint64, c *content) error {
	body, _ := c.of(n)
	w.object(bucket, name, n)
	w.compare = comparer{want: body, all: w.verify}
	var sink io.Writer = &w.compare
	if w.bare {
		sink = io.Discard
	}
	a, err := w.do("GET", nil, sign.EmptyHash, true, sink)
	w.bytes += a.Length
	if err == nil && a.Status == 200 && !w.bare && a.Length != int64(len(body)) {
		return fmt.Errorf("GetObject %s: %d bytes, want %d", w.path, a.Length, len(body))
	}
	return w.judge("GetObject", a, 200, err)
}

func (w *worker) headObject(bucket string, name names, n uint64) error {
	w.object(bucket, name, n)
	a, err := w.do("HEAD", nil, sign.EmptyHash, false, &w.page)
	return w.judge("HeadObject", a, 200, err)
}

func (w *worker) deleteObject(bucket string, name names, n uint64) error {
	w.object(bucket, name, n)
	a, err := w.do("DELETE", nil, sign.EmptyHash, true, &w.page)
	return w.judge("DeleteObject", a, 204, err)
}

// list asks for a page with the query that w.query has, and for how many times it has an element.
func (w *worker) list(bucket string, element string, want uint64) error {
	w.path = append(append(w.path[:0], '/'), bucket...)
	a, err := w.do("GET", nil, sign.EmptyHash, true, &w.page)
	if err := w.judge("ListObjectsV2", a, 200, err); err != nil {
		return err
	}
	if n := uint64(bytes.Count(w.page.text, []byte(element))); n != want && !w.bare {
		return fmt.Errorf("ListObjectsV2 %s?%s: %d times %s, want %d", w.path, w.query, n, element, want)
	}
	return nil
}

// do sends a request to w.path and w.query and receives the answer. w.page is emptied before.
func (w *worker) do(method string, body []byte, hash string, hasBody bool, sink io.Writer) (client.Answer, error) {
	w.page.text = w.page.text[:0]
	r := sign.Request{Method: method, Path: w.path, Query: w.query, PayloadHash: hash, Length: len(body)}
	w.message = w.signer.Append(w.message[:0], &r, w.start)
	if client.Joined(len(body)) {
		w.message, body = append(w.message, body...), nil
	}
	return w.conn.Do(w.start, w.message, body, hasBody, sink)
}

// judge says what is wrong with an answer.
func (w *worker) judge(operation string, a client.Answer, status int, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s %s: %w", operation, w.path, err)
	case a.Status != status:
		return fmt.Errorf("%s %s: status %d, want %d: %.300s", operation, w.path, a.Status, status, a.Refusal)
	}
	return nil
}
