package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"crossgrant/internal/sigv4"
)

const (
	streamProfile = "awssecadmin"
	streamBucket  = "stream-of-uploads"
	streamWriters = 4
	// streamAcknowledged is the number of uploads after which the server is killed, while the other
	// writers are in the middle of theirs.
	streamAcknowledged = 48
)

// crash kills the server in the middle of a stream of uploads, starts it again, and looks at what is
// left: every acknowledged object is there, whole; whatever else is there is whole too.
func (s *stage) crash() error {
	c, err := s.newStreamClient()
	if err != nil {
		return err
	}
	if err := c.expect(http.MethodPut, "/"+streamBucket, nil, http.StatusOK); err != nil {
		return err
	}
	acknowledged, err := c.stream(s.server.Kill)
	if err != nil {
		return err
	}
	if err := s.server.Start(); err != nil {
		return err
	}
	return c.verify(acknowledged)
}

// streamClient signs requests to one server as an administrator.
type streamClient struct {
	host   string
	signer sigv4.Signer
	http   *http.Client
}

func (s *stage) newStreamClient() (*streamClient, error) {
	who, err := s.credentialsOf(streamProfile)
	if err != nil {
		return nil, err
	}
	return &streamClient{
		host: s.server.Address,
		signer: sigv4.Signer{
			Dialect: sigv4.S3, AccessKeyID: who.id, Secret: sigv4.NewSecret(who.secret), Region: "us-east-1", Service: "s3",
		},
		http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: streamWriters}},
	}, nil
}

// do sends one signed request and returns status and body of the answer.
func (c *streamClient) do(method, target string, body []byte) (int, []byte, error) {
	request, err := http.NewRequest(method, "http://"+c.host+target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	sum := sha256.Sum256(body)
	signer := c.signer
	signer.Sign(&sigv4.Request{
		Method: method, RawPath: request.URL.EscapedPath(), RawQuery: request.URL.RawQuery, Host: c.host,
		Header: request.Header, ContentLength: int64(len(body)),
	}, hex.EncodeToString(sum[:]), time.Now())
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

// expect is do for a request that has to be answered with this status.
func (c *streamClient) expect(method, target string, body []byte, status int) error {
	got, text, err := c.do(method, target, body)
	if err == nil && got != status {
		err = fmt.Errorf("%s %s: status %d, want %d: %s", method, target, got, status, text)
	}
	return err
}

// stream uploads until enough uploads are acknowledged, kills the server while others are under way,
// and returns the keys of all that were acknowledged.
func (c *streamClient) stream(kill func() error) ([]string, error) {
	var (
		mu           sync.Mutex // protects the two fields below
		acknowledged []string
		faults       []error

		dead    atomic.Bool // set before the server is killed: from then on errors are expected
		enough  = make(chan struct{})
		writers sync.WaitGroup
	)
	run := fmt.Sprintf("%08x", rand.Uint32())
	for w := range streamWriters {
		writers.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s/%d/%04d", run, w, i)
				status, text, err := c.do(http.MethodPut, "/"+streamBucket+"/"+key, streamContent(key))
				mu.Lock()
				switch {
				case err == nil && status == http.StatusOK:
					acknowledged = append(acknowledged, key)
					if len(acknowledged) == streamAcknowledged {
						close(enough)
					}
				case !dead.Load():
					faults = append(faults, fmt.Errorf("PUT %s: status %d: %s: %w", key, status, text, err))
				}
				stop := err != nil || status != http.StatusOK
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	failed := make(chan struct{})
	go func() { writers.Wait(); close(failed) }()
	select {
	case <-enough:
	case <-failed:
	}
	dead.Store(true)
	err := kill()
	writers.Wait()
	return acknowledged, errors.Join(append(faults, err)...)
}

// verify compares the bucket with what was acknowledged.
func (c *streamClient) verify(acknowledged []string) error {
	listed, err := c.list()
	if err != nil {
		return err
	}
	for _, key := range acknowledged {
		if !slices.Contains(listed, key) {
			return fmt.Errorf("%s was acknowledged and is not listed", key)
		}
	}
	for _, key := range listed {
		status, got, err := c.do(http.MethodGet, "/"+streamBucket+"/"+key, nil)
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("GET %s: status %d: %w", key, status, err)
		}
		if !bytes.Equal(got, streamContent(key)) {
			return fmt.Errorf("%s has %d bytes that are not those that were sent", key, len(got))
		}
	}
	return nil
}

// list returns all keys of the stream's bucket and checks that they come in order.
func (c *streamClient) list() ([]string, error) {
	var keys []string
	query := url.Values{"list-type": {"2"}, "max-keys": {"7"}}
	for {
		status, text, err := c.do(http.MethodGet, "/"+streamBucket+"?"+query.Encode(), nil)
		if err != nil || status != http.StatusOK {
			return nil, fmt.Errorf("list: status %d: %s: %w", status, text, err)
		}
		var page struct {
			Contents []struct {
				Key  string
				Size int
			}
			NextContinuationToken string
		}
		if err := xml.Unmarshal(text, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			if o.Size != len(streamContent(o.Key)) {
				return nil, fmt.Errorf("%s is listed with %d bytes, want %d", o.Key, o.Size, len(streamContent(o.Key)))
			}
			keys = append(keys, o.Key)
		}
		if page.NextContinuationToken == "" {
			break
		}
		query.Set("continuation-token", page.NextContinuationToken)
	}
	if !slices.IsSorted(keys) {
		return nil, fmt.Errorf("the list is not in order: %s", strings.Join(keys, " "))
	}
	return keys, nil
}

// streamContent returns the content of an object of the stream, which follows from its key: some are
// several MB, most are small enough to lie in the metadata store.
func streamContent(key string) []byte {
	h := fnv.New64a()
	h.Write([]byte(key))
	seed := h.Sum64()
	random := rand.New(rand.NewPCG(seed, 0))
	size := random.IntN(20 << 10)
	switch random.IntN(8) {
	case 0:
		size = 2<<20 + random.IntN(4<<20)
	case 1:
		size = 64<<10 + random.IntN(256<<10)
	}
	content := make([]byte, size)
	for i := 0; i < size; i += 8 {
		word := random.Uint64()
		for j := i; j < min(i+8, size); j++ {
			content[j] = byte(word)
			word >>= 8
		}
	}
	return content
}

// crashCommand is the command crash.
func crashCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: crash")
	}
	ts.Check(stageOf(ts).crash())
}
