// Package load puts load on S3 endpoints and measures what it sees: operations in closed or open loop, from
// many clients, alternating between endpoints.
//
// What it asks for is checked as far as that is cheap: the status, the length of a body, its first and last
// bytes, the number of keys on a page. Anything else than what was put is an error, and counted as one.
package load

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"crossgrant/bench/process"
	"crossgrant/bench/sign"
)

// Endpoint is a server that load is put on.
type Endpoint struct {
	Name     string
	Address  string      // host:port
	TLS      *tls.Config // nil: plain HTTP
	Identity sign.Identity
	PID      int    // of its process on this machine; 0 if there is none or it is not known
	Data     string // folder that it keeps its data in; empty if not known
	// Bare says that it keeps nothing, so that its answers cannot be compared with what was put.
	Bare bool
	// Objects is how many objects GET and HEAD choose from here; 0 for what the options say.
	Objects uint64
}

// ParseEndpoint parses NAME=URL,KEY,SECRET[,pid=PID][,data=FOLDER][,bare]. Without KEY and SECRET requests are not
// signed. The process of an endpoint on a loopback address is looked for if its PID is not given.
func ParseEndpoint(text, region string) (*Endpoint, error) {
	name, rest, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return nil, fmt.Errorf("endpoint %q is not NAME=URL,KEY,SECRET", text)
	}
	fields := strings.Split(rest, ",")
	e := &Endpoint{Name: name, Identity: sign.Identity{Region: region}}
	if err := e.setURL(fields[0]); err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", name, err)
	}
	fields = fields[1:]
	if len(fields) >= 2 && !isOption(fields[0]) {
		e.Identity.AccessKeyID, e.Identity.SecretAccessKey = fields[0], fields[1]
		fields = fields[2:]
	}
	for _, field := range fields {
		if err := e.setOption(field); err != nil {
			return nil, fmt.Errorf("endpoint %s: %w", name, err)
		}
	}
	return e, e.find()
}

func isOption(field string) bool {
	return field == "bare" || strings.HasPrefix(field, "pid=") || strings.HasPrefix(field, "data=")
}

func (e *Endpoint) setURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("%q is not http://HOST[:PORT] or https://HOST[:PORT]", text)
	}
	e.Identity.Host, e.Address = u.Host, u.Host
	port := ":80"
	if u.Scheme == "https" {
		e.TLS, port = &tls.Config{ServerName: u.Hostname()}, ":443"
	}
	if u.Port() == "" {
		e.Address += port
	}
	return nil
}

func (e *Endpoint) setOption(field string) error {
	name, value, _ := strings.Cut(field, "=")
	switch name {
	case "pid":
		pid, err := strconv.Atoi(value)
		if err != nil || pid <= 0 {
			return fmt.Errorf("%q is not the ID of a process", value)
		}
		e.PID = pid
	case "data":
		e.Data = value
	case "bare":
		e.Bare = true
	default:
		return fmt.Errorf("%q is none of pid=PID, data=FOLDER and bare", field)
	}
	return nil
}

// find looks for the process. Where none can be seen the endpoint is measured without.
func (e *Endpoint) find() error {
	address, err := netip.ParseAddrPort(strings.Replace(e.Address, "localhost:", "127.0.0.1:", 1))
	if e.PID != 0 || err != nil || !address.Addr().IsLoopback() {
		return nil
	}
	e.PID, err = process.Listener(int(address.Port()))
	if errors.Is(err, process.ErrNoListener) {
		return nil
	}
	return err
}
