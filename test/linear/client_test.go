package linear_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"crossgrant/internal/sigv4"
)

// patience is how long a client waits for an answer. After it the outcome of what it asked for is unknown.
const patience = 3 * time.Second

// recess is how long a client waits after a request that failed: each adds what may have happened or not.
const recess = 300 * time.Millisecond

// rest waits for a recess.
func rest(until <-chan struct{}) {
	select {
	case <-until:
	case <-time.After(recess):
	}
}

// sender sends each request once, on a connection of its own: nothing is tried again behind a client's back.
var sender = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil}}

// key is an access key; the zero key is nobody's, and requests are not signed.
type key struct{ id, secret string }

// request is what a client asks for.
type request struct {
	service, method, target string
	header                  http.Header
	body                    []byte
}

// answer is what came of a request.
type answer struct {
	status int // 0: none came
	header http.Header
	body   []byte
	sent   bool  // the request may have reached a server
	err    error // why none came
}

// unknown reports whether what was asked for may have been done or not, now or later.
func (a answer) unknown() bool {
	return a.sent && (a.status == 0 || a.status == http.StatusServiceUnavailable)
}

// failed returns an error if the answer is not one of those that a client may expect, nor that the server is in trouble.
func (a answer) failed(r request, expected ...int) error {
	if a.status == 0 || a.status == http.StatusServiceUnavailable {
		return nil
	}
	for _, s := range expected {
		if a.status == s {
			return nil
		}
	}
	return fmt.Errorf("%s %s is answered with %d: %.300s", r.method, r.target, a.status, a.body)
}

// do sends a request to the server at an address.
func (r request) do(address string, as key) answer {
	out, err := http.NewRequest(r.method, "http://"+address+r.target, bytes.NewReader(r.body))
	if err != nil {
		return answer{err: err}
	}
	for name, values := range r.header {
		out.Header[name] = values
	}
	if as.id != "" {
		r.sign(out, address, as)
	}
	response, err := sender.Do(out)
	if err != nil {
		var refused *net.OpError
		return answer{sent: !errors.As(err, &refused) || refused.Op != "dial", err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{sent: true, err: err}
	}
	return answer{status: response.StatusCode, header: response.Header, body: body, sent: true}
}

func (r request) sign(out *http.Request, address string, as key) {
	sum := sha256.Sum256(r.body)
	hash := hex.EncodeToString(sum[:])
	signer := sigv4.Signer{Dialect: sigv4.S3, AccessKeyID: as.id, Secret: sigv4.NewSecret(as.secret), Region: "us-east-1", Service: r.service}
	if r.service != "s3" {
		signer.Dialect = sigv4.Query
	}
	path, query, _ := strings.Cut(r.target, "?")
	signer.Sign(&sigv4.Request{
		Method: r.method, RawPath: path, RawQuery: query, Host: address, Header: out.Header, ContentLength: int64(len(r.body)),
	}, hash, time.Now())
}

// etag returns the entity tag of an object with a content.
func etag(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}
