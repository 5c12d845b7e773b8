// Package httpapi is the life of a request, the same for every service behind the port:
//
//	accept -> service -> authenticate -> route -> decode -> load -> authorize -> run -> render -> record
//
// The pipeline knows HTTP, signatures and who is asking. It knows no operation: each service has a
// table of them (packages s3api, iamapi, stsapi), in which an operation is one Row. There is one path
// through the pipeline and no switch that turns a step off.
package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/conns"
	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
)

// Authorizer is what the pipeline needs of package access.
type Authorizer interface {
	// Ahead returns the context with which a request goes on, in which what it will most likely read is read. about says
	// what the request is about, and is asked only if anything is read ahead.
	Ahead(ctx context.Context, about func() access.Subject) (context.Context, error)
	// Caller returns the caller that owns an access key, with its secret, or an *apierr.Error; token
	// is the session token that came with the request.
	Caller(ctx context.Context, id ids.AccessKeyID, token string, now time.Time) (*access.Caller, error)
	// Authorize answers one check, and explains a denial; request holds the condition keys of the
	// request, over those of the caller.
	Authorize(ctx context.Context, caller *access.Caller, check *access.Check, request *policy.Context) (authz.Explanation, error)
}

// Messages encodes authorization messages; package sts does.
type Messages interface {
	EncodeMessage(account ids.AccountID, text []byte) (string, error)
}

// Config is what a Pipeline is made of.
type Config struct {
	Region     string
	Authorizer Authorizer
	// Messages encodes what is told about denials to who may decode it; nil: nothing is.
	Messages Messages
	// Services are the APIs behind the port. S3 has to be among them: it takes the requests that
	// no signature assigns to a service.
	Services []Service
	Records  *audit.Stream
	// Keep keeps the record of a request, as far as it is known, in the transaction of a change that the request makes;
	// nil: none is kept.
	Keep func(tx meta.Tx, r *audit.Record) error
	Now  func() time.Time
	// Ready reports why the server cannot serve, or nil.
	Ready func(context.Context) error
	// Metrics serves /-/metrics.
	Metrics http.Handler
	// NamesBucket reports whether a host names a bucket, below which /-/ is the beginning of keys.
	NamesBucket func(host string) bool
	// Console reports whether the Origin of a request is that of the pages of the web console, which call S3 from another
	// origin; nil: there is no console.
	Console func(r *http.Request) bool
	// Admission decides which requests are worked on; nil: all are.
	Admission *Admission
}

// Pipeline is the http.Handler of the port.
type Pipeline struct {
	region     string
	authorizer Authorizer
	messages   Messages
	services   map[string]Service
	hosts      []Service // those that are a Host
	records    *audit.Stream
	keep       func(tx meta.Tx, r *audit.Record) error
	now        func() time.Time
	signatures *verifier
	own        http.Handler
	// namesBucket is as in Config.
	namesBucket func(host string) bool
	// console is as in Config.
	console   func(r *http.Request) bool
	admission *Admission
}

// New returns the pipeline for config.
func New(config Config) (*Pipeline, error) {
	p := &Pipeline{
		region:      config.Region,
		authorizer:  config.Authorizer,
		messages:    config.Messages,
		services:    map[string]Service{},
		records:     config.Records,
		keep:        config.Keep,
		now:         config.Now,
		signatures:  newVerifier(config.Region),
		own:         ownEndpoints(config.Ready, config.Metrics),
		namesBucket: config.NamesBucket,
		console:     config.Console,
		admission:   config.Admission,
	}
	for _, s := range config.Services {
		if _, twice := p.services[s.Name()]; twice {
			return nil, fmt.Errorf("service %s is configured twice", s.Name())
		}
		p.services[s.Name()] = s
		if _, ok := s.(Host); ok {
			p.hosts = append(p.hosts, s)
		}
	}
	if p.services["s3"] == nil {
		return nil, errors.New("the S3 service is missing")
	}
	return p, nil
}

// ServeHTTP answers one request and records it.
func (p *Pipeline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if conns.From(r.Context()).IsSpare() {
		w.Header()["Connection"] = []string{"close"}
	}
	// No bucket name begins with '-', so the server's own endpoints cannot hide one in a path; but keys
	// below a bucket that the host names may begin so.
	if strings.HasPrefix(r.URL.Path, "/-/") && !p.namesBucket(r.Host) && p.hostOf(r.Host) == nil {
		p.own.ServeHTTP(w, r)
		return
	}
	invite(w, r)
	c := p.accept(r)
	defer p.admission.leave(c)
	service, response, err := p.respond(r.Context(), c)
	c.received.end()
	if err != nil {
		err = c.turned(w, err)
		response = service.Error(c, err)
		failure := apierr.From(err)
		c.Record.ErrorCode, c.Record.ErrorMessage = failure.Code, failure.Record()
		if failure.Status >= http.StatusInternalServerError && c.Record.Shed == "" {
			c.Record.Failed(failure)
		}
		message, err := c.authorizationMessage(err)
		if err != nil {
			c.Record.Failed(fmt.Errorf("encode authorization message: %w", err))
		}
		if message != "" {
			w.Header()[messageHeader] = []string{message}
		}
	}
	whole := p.write(w, c, response)
	c.Record.Duration = p.now().Sub(c.Time)
	p.records.Publish(&c.Record)
	if !whole {
		// The status is out already. Cutting the connection is the only way left to keep the client
		// from taking half an object for a whole one.
		panic(http.ErrAbortHandler)
	}
}

// invite tells a client that waits for it to go on although it has nothing to send, as S3 does. net/http does
// not, which is allowed, but botocore then takes the answer to the next request on the connection for a
// part of this one and waits for the rest of it.
//
// Sources: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1, https://github.com/boto/botocore/issues/3755
func invite(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 && strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		w.WriteHeader(http.StatusContinue)
	}
}

// accept begins a call: its IDs, the time, and what is known before anything is believed.
func (p *Pipeline) accept(r *http.Request) *Call {
	now := p.now().UTC()
	// The server tells by the body of its own request whether the client waits to be told to send it, and
	// whether the rest of it is worth reading: what is put in the body's place must not be seen by it.
	r = r.WithContext(r.Context())
	c := &Call{ID: drawn(ids.NewRequestID(rand.Reader, now)), HostID: drawn(ids.NewHostID(rand.Reader)), Time: now, HTTP: r, Region: p.region, pipeline: p}
	if addr, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.Source = addr.Addr().Unmap()
	}
	c.Caller = access.Anonymous()
	c.received = &received{ReadCloser: r.Body, now: p.now, at: now, conn: conns.From(r.Context()), more: r.ContentLength != 0}
	r.Body = c.received
	c.Body, c.Length = r.Body, r.ContentLength
	c.Trailer = func() http.Header { return nil }
	c.Record = audit.Record{
		RequestID: c.ID, HostID: c.HostID, Time: now, Method: r.Method, Path: r.URL.EscapedPath(), Protocol: r.Proto,
		SourceIP: c.Source.String(), UserAgent: r.UserAgent(), Referer: r.Referer(), Host: r.Host, BytesIn: max(r.ContentLength, 0),
	}
	if r.TLS != nil {
		c.Record.TLSVersion, c.Record.CipherSuite = "TLSv"+tlsVersion(r.TLS), tls.CipherSuiteName(r.TLS.CipherSuite)
	}
	return c
}

// respond carries a call from its signature to its answer. The service that it returns is the one
// that words errors, also where the request could not be authenticated.
func (p *Pipeline) respond(ctx context.Context, c *Call) (Service, *Response, error) {
	ctx, service, err := p.authenticate(ctx, c)
	c.shared = p.share(ctx, service, c)
	if err = faultOf(err); err != nil {
		if l, ok := service.(Locator); ok {
			l.Locate(c)
		}
		return service, nil, err
	}
	if err := p.admission.enter(ctx, c); err != nil {
		return service, nil, err
	}
	if service.Name() == "s3" && isPreflight(c.HTTP) && p.fromConsole(c.HTTP) {
		c.Record.Operation = "PreflightRequest"
		return service, &Response{}, nil
	}
	c.context = globalKeys(c)
	operation, err := service.Route(c)
	if operation != nil {
		c.Record.Operation = operation.Name
	}
	if err != nil {
		return service, nil, err
	}
	if givesBack(operation.Name) {
		ctx = meta.Freeing(ctx)
	}
	if p.keep != nil {
		ctx = meta.Along(ctx, func(tx meta.Tx) error {
			c.recording.Lock()
			defer c.recording.Unlock()
			return p.keep(tx, &c.Record)
		})
	}
	response, err := operation.handle(ctx, c)
	return service, response, faultOf(err)
}

// givesBack reports whether the operations of that name are those by which a client makes room in a store that
// is full.
func givesBack(operation string) bool {
	return strings.HasPrefix(operation, "Delete") || strings.HasPrefix(operation, "Abort")
}

// write sends the answer and reports whether it was sent whole. The answer to HEAD has the headers of
// its body and no body.
func (p *Pipeline) write(w http.ResponseWriter, c *Call, response *Response) bool {
	header := w.Header()
	c.writeHeaders(header, response.Header)
	c.recordAnswer(response.Header)
	status := response.Status
	if status == 0 {
		status = http.StatusOK
	}
	c.Record.Status = status
	body := response.Stream
	if body == nil {
		body = io.NopCloser(bytes.NewReader(response.Body))
		if status != http.StatusNoContent && status != http.StatusNotModified && header.Get("Content-Length") == "" {
			header.Set("Content-Length", strconv.Itoa(len(response.Body)))
		}
	}
	defer body.Close()
	c.Record.TurnAround = p.now().Sub(c.received.last())
	w.WriteHeader(status)
	if c.HTTP.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified {
		return true
	}
	n, err := send(w, c.HTTP, body)
	c.Record.BytesOut = n
	if err != nil {
		c.Record.Failed(fmt.Errorf("send body: %w", err))
	}
	return err == nil
}

// writeHeaders adds the headers of the answer to header: its own, and those that every answer has.
func (c *Call) writeHeaders(header, own http.Header) {
	for name, values := range own {
		header[wireName(name)] = values
	}
	maps.Copy(header, c.shared)
	all := []string{c.ID, c.HostID, "crossgrant"}
	header["x-amz-request-id"] = all[0:1:1]
	header["x-amzn-RequestId"] = all[0:1:1]
	header["x-amz-id-2"] = all[1:2:2]
	header["Server"] = all[2:3:3]
	if c.charged && c.Record.ErrorCode == "" {
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
		header["x-amz-request-charged"] = []string{"requester"}
	}
}

// maxGathered is how many bytes of a body, at most, package net/http writes together with the headers by itself,
// whatever they are read from.
const maxGathered = 511

// send writes a body to the client, its beginning together with the headers, and returns how many bytes of it. The
// end of one whose length is not known is left to package net/http.
func send(w http.ResponseWriter, r *http.Request, body io.Reader) (int64, error) {
	conn := conns.From(r.Context())
	length, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64)
	if conn == nil || err != nil || length <= maxGathered {
		return io.Copy(w, body)
	}
	conn.Hold()
	n, err := io.Copy(w, body)
	return n, cmp.Or(err, http.NewResponseController(w).Flush(), conn.Release())
}

// wireName returns a header's name as AWS writes it. Names compare ignoring case, but clients take the
// names of user metadata from those of the headers, and a map of headers would give them capitals.
func wireName(name string) string {
	if wire, ok := wireNames[name]; ok {
		return wire
	}
	if strings.HasPrefix(name, "X-Amz-") {
		return strings.ToLower(name)
	}
	return name
}

// wireNames are the names that most answers have.
var wireNames = map[string]string{
	"Etag":                         "ETag",
	"X-Amz-Version-Id":             "x-amz-version-id",
	"X-Amz-Checksum-Type":          "x-amz-checksum-type",
	"X-Amz-Checksum-Crc64nvme":     "x-amz-checksum-crc64nvme",
	"X-Amz-Server-Side-Encryption": "x-amz-server-side-encryption",
}

// drawn returns an ID that was drawn from crypto/rand.Reader, which never fails: https://pkg.go.dev/crypto/rand#Read
func drawn(id string, err error) string {
	if err != nil {
		panic(err)
	}
	return id
}

func errNoChecks(operation string) error {
	return fmt.Errorf("operation %s asked for no permission", operation)
}
