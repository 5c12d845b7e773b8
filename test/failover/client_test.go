package failover_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// client works on keys that nobody else writes, one request at a time.
type client struct {
	index    int
	services []*s3.Client
	random   *rand.Rand
	number   int // of the last write
	keys     map[string]*state

	mu     sync.Mutex // protects the fields below
	acks   int
	served []ack // of writes since the last kill that was asked about
	failed []time.Time
	err    error    // the last
	wrong  []string // what was read and cannot be
}

// ack is a write that was acknowledged.
type ack struct{ sent, answered time.Time }

// state is what a key may hold: one content after an acknowledged write, and each that was tried since. "" is no object.
type state struct{ possible []string }

func (s *state) allows(content string) bool { return slices.Contains(s.possible, content) }

const (
	keysEach = 40
	// large is a size that is kept as a blob and not in the metadata, in bytes.
	large = 300 << 10
	// patience bounds a request, so that a client which waits in vain tries again, as users' clients do.
	patience = 15 * time.Second
	// pause is how long a client waits after it was refused.
	pause = 100 * time.Millisecond
)

// run works until ctx ends; what is under way then is carried to its end.
func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.step(context.WithoutCancel(ctx)); err != nil {
			c.note(err)
			time.Sleep(pause)
		}
	}
}

// step sends a request to a server that is drawn. An error is one of a request.
func (c *client) step(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	service := c.services[c.random.IntN(len(c.services))]
	key := fmt.Sprintf("client%d/key%02d", c.index, c.random.IntN(keysEach))
	s := c.keys[key]
	if s == nil {
		s = &state{possible: []string{""}}
		c.keys[key] = s
	}
	switch n := c.random.IntN(10); {
	case n < 2:
		got, err := read(ctx, service, key)
		if err == nil && !s.allows(got) {
			c.complain(fmt.Sprintf("%s was %.60q, and might be %.60q", key, got, s.possible))
		}
		return err
	case n < 4:
		return c.write(s, "", func() error {
			_, err := service.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key})
			return err
		})
	default:
		c.number++
		content := fmt.Sprintf("client %d, write %d", c.index, c.number)
		body := content
		if n == 9 {
			body += strings.Repeat(" ", large)
		}
		return c.write(s, content, func() error {
			_, err := service.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body)})
			return err
		})
	}
}

// write does a write, and keeps what the key may hold from then on.
func (c *client) write(s *state, content string, do func() error) error {
	s.possible = append(s.possible, content)
	sent := time.Now()
	if err := do(); err != nil {
		return err
	}
	s.possible = []string{content}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acks++
	c.served = append(c.served, ack{sent, time.Now()})
	return nil
}

// read returns what an object holds, without the spaces behind it, and "" if there is none.
func read(ctx context.Context, service *s3.Client, key string) (string, error) {
	out, err := service.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	var missing *types.NoSuchKey
	if errors.As(err, &missing) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	return strings.TrimRight(string(text), " "), err
}

func (c *client) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed, c.err = append(c.failed, time.Now()), err
}

func (c *client) complain(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, what)
}

func (c *client) acknowledged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acks
}

func (c *client) lastError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// servedSince returns when the first write was acknowledged that was sent after a time, or the zero time, and how many requests failed
// since. Older ones are forgotten.
func (c *client) servedSince(since time.Time) (first time.Time, failed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.served = slices.DeleteFunc(c.served, func(a ack) bool { return a.sent.Before(since) })
	c.failed = slices.DeleteFunc(c.failed, func(at time.Time) bool { return at.Before(since) })
	if len(c.served) > 0 {
		first = c.served[0].answered
	}
	return first, len(c.failed)
}
