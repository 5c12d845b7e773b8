package httpapi

import (
	"io"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// received is the body of a request that knows when its last bytes came.
type received struct {
	io.ReadCloser
	now func() time.Time
	at  time.Time // when the request was accepted
	// nanos is how much later the last bytes were read. Whoever gave up a request may still be reading.
	nanos atomic.Int64
}

func (r *received) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	r.nanos.Store(int64(r.now().Sub(r.at)))
	return n, err
}

// last returns when the last bytes of the request were read.
func (r *received) last() time.Time { return r.at.Add(time.Duration(r.nanos.Load())) }

// secretParameters are the parameters of a query whose values are no business of any log, in lower case: what
// proves who asks, the keys of SSE-C, which presigned URLs may carry like headers, and the passwords, private keys,
// tokens and codes of IAM and STS, whose parameters may be sent in a query.
var secretParameters = map[string]bool{
	"x-amz-signature": true, "x-amz-security-token": true, "signature": true,
	"x-amz-server-side-encryption-customer-key":             true,
	"x-amz-copy-source-server-side-encryption-customer-key": true,
	"password": true, "oldpassword": true, "newpassword": true, "privatekey": true, "addprivatekey": true,
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
