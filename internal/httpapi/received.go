package httpapi

import (
	"errors"
	"io"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"crossgrant/internal/conns"
)

// received is the body of a request that knows when its last bytes came, and has its client move as long as it is
// read.
type received struct {
	io.ReadCloser
	conn *conns.Conn
	more bool // there is a body
	now  func() time.Time
	at   time.Time // when the request was accepted
	// nanos is how much later the last bytes were read. Whoever gave up a request may still be reading.
	nanos atomic.Int64
	phase atomic.Int32
}

// The phases of a body.
const (
	unread  = iota
	reading // begun, and the end was not seen
	ended
	stalled // the client stopped to send it
)

func (r *received) Read(b []byte) (int, error) {
	if r.phase.CompareAndSwap(unread, reading) {
		r.conn.Receive()
	}
	n, err := r.ReadCloser.Read(b)
	r.nanos.Store(int64(r.now().Sub(r.at)))
	switch {
	case err == nil:
	case err == io.EOF && r.phase.CompareAndSwap(reading, ended):
		r.conn.Received(false)
	case errors.Is(err, conns.ErrSlow):
		r.phase.Store(stalled)
		err = errStalled
	}
	return n, err
}

// end says that the body is not read any more. What is left of it must not keep net/http, which reads some of it.
func (r *received) end() {
	if r.more && (r.phase.CompareAndSwap(unread, ended) || r.phase.CompareAndSwap(reading, ended)) {
		r.conn.Received(true)
	}
}

// last returns when the last bytes of the request were read.
func (r *received) last() time.Time { return r.at.Add(time.Duration(r.nanos.Load())) }

// secretParameters are the parameters of a query whose values are no business of any log, in lower case: what
// proves who asks, the keys of SSE-C with their digests and the codes of MFA devices, which presigned URLs may carry like
// headers, and the passwords, private keys, tokens and codes of IAM and STS, whose parameters may be sent in a query.
var secretParameters = map[string]bool{
	"x-amz-signature": true, "x-amz-security-token": true, "signature": true,
	"x-amz-server-side-encryption-customer-key":                 true,
	"x-amz-copy-source-server-side-encryption-customer-key":     true,
	"x-amz-server-side-encryption-customer-key-md5":             true,
	"x-amz-copy-source-server-side-encryption-customer-key-md5": true,
	"x-amz-mfa": true,
	"password":  true, "oldpassword": true, "newpassword": true, "privatekey": true, "addprivatekey": true,
	"webidentitytoken": true, "samlassertion": true, "tradeintoken": true,
	"tokencode": true, "authenticationcode1": true, "authenticationcode2": true,
}

// redact returns a query, as sent, with the values of secretParameters replaced.
func redact(query string) string {
	if query == "" {
		return ""
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, valued := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		switch {
		case err != nil:
			// What it would be taken for is not known.
			parts[i] = "REDACTED"
		case valued && secretParameters[strings.ToLower(strings.TrimSpace(plain))]:
			parts[i] = name + "=REDACTED"
		}
	}
	return strings.Join(parts, "&")
}
