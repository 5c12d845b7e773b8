package cluster_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/sigv4"
	"crossgrant/test/backing"
	"crossgrant/test/relay"
	"crossgrant/test/servertest"
)

// bound is how long a server may take to say that it cannot reach PostgreSQL, and to serve again once it can.
const bound = 30 * time.Second

// TestCutOff cuts one of two servers off from PostgreSQL, by connections that end and by silence. What it has decided a
// moment ago it does not decide again: not even a request for an object that it has just served, whose permission the other
// server takes away meanwhile.
func TestCutOff(t *testing.T) {
	c := newCut(t)
	for name, how := range map[string]func(){"ended": c.relay.Cut, "silent": c.relay.Hold} {
		t.Run(name, func(t *testing.T) {
			c.setPolicy(t, "Allow")
			for range 3 { // warm
				c.want(t, c.off, http.StatusOK)
			}
			how()
			defer c.relay.Mend()
			c.setPolicy(t, "Deny")
			for range 3 {
				response := c.get(t, c.off, "/bucket/object")
				after, err := strconv.Atoi(response.Header.Get("Retry-After"))
				if response.StatusCode != http.StatusServiceUnavailable || err != nil || after < 1 {
					t.Fatalf("GET is answered with %s, Retry-After %q", response.Status, response.Header.Get("Retry-After"))
				}
			}
			c.await(t, http.StatusServiceUnavailable)
			c.want(t, c.on, http.StatusForbidden)
			c.relay.Mend()
			c.await(t, http.StatusOK)
			c.want(t, c.off, http.StatusForbidden)
			c.setPolicy(t, "Allow")
			c.want(t, c.off, http.StatusOK)
		})
	}
}

// cut is two servers over the same stores, one of which reaches PostgreSQL by a relay.
type cut struct {
	on, off string // addresses
	relay   *relay.Relay
	owner   servertest.Account
	client  *http.Client
}

func newCut(t *testing.T) *cut {
	t.Helper()
	stores, err := backing.Start(t, program).Backend.Make(t.Context())
	must(t, err)
	u, err := url.Parse(stores.Meta)
	must(t, err)
	c := &cut{client: &http.Client{Timeout: bound, Transport: &http.Transport{DisableKeepAlives: true}}}
	c.relay, err = relay.Listen("127.0.0.1:0", u.Host)
	must(t, err)
	t.Cleanup(func() { must(t, c.relay.Close()) })
	u.Host = c.relay.Address()
	data := filepath.Join(t.TempDir(), "data")
	for n, address := range []*string{&c.on, &c.off} {
		if n == 1 {
			stores.Meta = u.String()
		}
		m := servertest.Member(program, data, "127.0.0.1:0", stores, n)
		must(t, m.Start())
		t.Cleanup(func() { must(t, m.Kill()) })
		*address = m.Address
		if n == 0 {
			c.owner, err = m.CreateAccount(t.Context(), "owner")
			must(t, err)
		}
	}
	c.put(t, "/bucket", "")
	c.put(t, "/bucket/object", "content")
	return c
}

// setPolicy has the other server decide about everyone from now on.
func (c *cut) setPolicy(t *testing.T, effect string) {
	t.Helper()
	c.put(t, "/bucket?policy=", fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`, effect))
}

// put sends a request as the owner to the server that is not cut off.
func (c *cut) put(t *testing.T, target, body string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPut, "http://"+c.on+target, strings.NewReader(body))
	must(t, err)
	sum := sha256.Sum256([]byte(body))
	signer := sigv4.Signer{Dialect: sigv4.S3, AccessKeyID: c.owner.AccessKeyID, Secret: sigv4.NewSecret(c.owner.SecretAccessKey), Region: "us-east-1", Service: "s3"}
	signer.Sign(&sigv4.Request{
		Method: r.Method, RawPath: r.URL.Path, RawQuery: r.URL.RawQuery, Host: c.on, Header: r.Header, ContentLength: int64(len(body)),
	}, hex.EncodeToString(sum[:]), time.Now())
	response, err := c.client.Do(r)
	must(t, err)
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(response.Body)
		t.Fatalf("PUT %s: %s %s", target, response.Status, text)
	}
}

// get sends a request that nobody signed. It has to be answered within bound, whatever the answer is.
func (c *cut) get(t *testing.T, address, path string) *http.Response {
	t.Helper()
	response, err := c.client.Get("http://" + address + path)
	must(t, err)
	response.Body.Close()
	return response
}

// want wants a status for the object.
func (c *cut) want(t *testing.T, address string, status int) {
	t.Helper()
	if response := c.get(t, address, "/bucket/object"); response.StatusCode != status {
		t.Fatalf("GET is answered with %s, want %d", response.Status, status)
	}
}

// await waits until the server that is cut off tells a load balancer a status.
func (c *cut) await(t *testing.T, status int) {
	t.Helper()
	for late := time.Now().Add(bound); ; time.Sleep(20 * time.Millisecond) {
		response := c.get(t, c.off, "/-/readyz")
		if response.StatusCode == status {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("/-/readyz still answers %s, want %d", response.Status, status)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
