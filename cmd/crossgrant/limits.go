package main

import (
	"crypto/tls"
	"log/slog"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"crossgrant/internal/conns"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/limits"
	"crossgrant/internal/metrics"
)

// limitFlags bound what the server takes on at once. Where a number is 0 the server chooses it from the memory and
// the open files that it may have: see choose.
type limitFlags struct {
	MaxConnections          int           `help:"Connections that may be open at once; 0: chosen from memory and open files." placeholder:"NUMBER"`
	MaxConnectionsPerSource int           `help:"Connections that one address, or /64 of IPv6, may have open; 0: as many as there may be." placeholder:"NUMBER"`
	MaxRequests             int           `help:"Requests that are worked on at once; 0: chosen from memory and open files." placeholder:"NUMBER"`
	MaxUploads              int           `help:"Requests with a body among them; 0: chosen from memory." placeholder:"NUMBER"`
	QueueTimeout            time.Duration `help:"How long a request waits while as many as there may be are worked on; then it is answered with 503." default:"1s" placeholder:"DURATION"`
	RatePerSource           int           `help:"Requests a second that one address, or /64 of IPv6, may send; 0: no limit." placeholder:"NUMBER"`
	StallTimeout            time.Duration `help:"How long a client may take for the headers of a request, or be waited for while nothing moves." default:"30s" placeholder:"DURATION"`
	MinTransferRate         byteCount     `help:"Bytes a second, on average over the stall timeout, that a client has to send or take while it is waited for." default:"1KiB" placeholder:"BYTES"`
	Memory                  byteCount     `help:"Memory that the server tries to keep to, and chooses its bounds for; 0: that of the machine or container, without keeping to it." placeholder:"BYTES"`

	// documents is how many bodies that are not small are held in memory at once.
	documents int
}

const (
	// connectionMemory, requestMemory and uploadMemory are what one more of each takes at most, in bytes, beside
	// what is in the others: buffers and stack of a connection that had a request; buffers and packages of an
	// answer; the two pieces of an upload that are filled in turn, and what is hashed and encrypted of them.
	connectionMemory = 64 << 10
	requestMemory    = 128 << 10
	uploadMemory     = 512 << 10
	// memoryShare is the part of the memory that all connections may take, and so requests and uploads.
	memoryShare = 8
	// unknownMemory is what is assumed where the system does not tell.
	unknownMemory = 2 << 30
	// spareConnections are accepted beyond the bound for a moment, so that who watches the server gets an answer.
	spareConnections = 16
	// documentMemory is what a body that is held whole takes at most, in bytes.
	documentMemory = 4 << 20
	// mostLimit is the largest number that makes sense for any bound.
	mostLimit = 1_000_000
)

// check reports what is wrong with the flags.
func (f *limitFlags) check() error {
	for name, value := range map[string]int{
		"--max-connections": f.MaxConnections, "--max-connections-per-source": f.MaxConnectionsPerSource, "--max-requests": f.MaxRequests,
		"--max-uploads": f.MaxUploads, "--rate-per-source": f.RatePerSource,
	} {
		if value < 0 || value > mostLimit {
			return usagef("%s: %d is not within 0 and %d", name, value, mostLimit)
		}
	}
	if f.QueueTimeout < 0 || f.QueueTimeout > time.Minute {
		return usagef("--queue-timeout: %s is not within 0 and a minute", f.QueueTimeout)
	}
	if f.StallTimeout < 100*time.Millisecond || f.StallTimeout > time.Hour {
		return usagef("--stall-timeout: %s is not within 100ms and an hour", f.StallTimeout)
	}
	if f.MinTransferRate > 1<<30 {
		return usagef("--min-transfer-rate: %d is more than 1GiB", f.MinTransferRate)
	}
	if f.Memory != 0 && f.Memory < 64<<20 {
		return usagef("--memory: %d is less than 64MiB", f.Memory)
	}
	return nil
}

// choose returns the flags with a number for every bound, for a process that may have this much memory, in bytes,
// and so many open files; 0: that is not known.
//
// Connections, requests, uploads and documents may take an eighth of the memory each. Half of the open files are for
// connections, a quarter for the files that requests read and write, and the rest for the metadata store and the
// listeners. What the operator sets is taken as it is.
func (f limitFlags) choose(memory int64, files uint64) limitFlags {
	if f.Memory != 0 {
		memory = int64(f.Memory)
	}
	if memory <= 0 {
		memory = unknownMemory
	}
	if files == 0 {
		files = math.MaxInt32
	}
	open := int64(min(files, math.MaxInt32))
	set := func(to *int, by, least, most int64) {
		if *to == 0 {
			*to = int(min(max(by, least), most))
		}
	}
	set(&f.MaxConnections, min(memory/memoryShare/connectionMemory, open/2), 64, 1<<16)
	set(&f.MaxRequests, min(memory/memoryShare/requestMemory, open/4), 32, 4096)
	set(&f.MaxUploads, memory/memoryShare/uploadMemory, 16, 1024)
	f.MaxUploads = min(f.MaxUploads, f.MaxRequests)
	set(&f.documents, memory/memoryShare/documentMemory, 8, 64)
	return f
}

// pace is how fast clients have to move.
func (f *limitFlags) pace() limits.Pace {
	return limits.Pace{Stall: f.StallTimeout, Least: int64(f.StallTimeout.Seconds() * float64(f.MinTransferRate))}
}

// limitMemory has the garbage collector work harder where the process comes near the memory that it was given. Only
// --memory does so: a process that may take all of the machine has others beside it that know better.
//
// Source: https://pkg.go.dev/runtime/debug#SetMemoryLimit
func (f *limitFlags) limitMemory() {
	if f.Memory != 0 {
		debug.SetMemoryLimit(int64(f.Memory) / 10 * 9)
	}
}

// admission returns what decides on requests.
func (f *limitFlags) admission(counted *metrics.Metrics) *httpapi.Admission {
	a := httpapi.NewAdmission(httpapi.Bounds{
		Requests: f.MaxRequests, Uploads: f.MaxUploads, Documents: f.documents,
		Patience: f.QueueTimeout, RatePerSource: f.RatePerSource,
	}, counted)
	counted.Gauge("requests_in_flight", "Requests that are worked on.", a.InFlight)
	counted.Gauge("uploads_in_flight", "Requests with a body that are worked on.", a.Uploads)
	return a
}

// server returns a server of requests on l, which is bounded, the listener that it is to serve on, and how many connections
// are open there, but for the spare ones. Without tlsConfig it does not speak TLS.
func (f *limitFlags) server(handler http.Handler, l net.Listener, tlsConfig *tls.Config, counted *metrics.Metrics, log *slog.Logger) (server *http.Server, on net.Listener, open func() int) {
	bounded := conns.Listen(l, conns.Options{
		Most: f.MaxConnections, Spare: spareConnections, PerSource: f.MaxConnectionsPerSource, Pace: f.pace(), Secure: tlsConfig != nil, Meter: counted, Log: log,
	})
	on = bounded
	if tlsConfig != nil {
		on = tls.NewListener(bounded, tlsConfig)
	}
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: f.StallTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaders,
		ConnState: bounded.State, ConnContext: bounded.Context, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}, on, bounded.Open
}

// byteCount is a number of bytes on the command line, such as 512MiB, 1GiB or 65536.
type byteCount int64

// UnmarshalText is for kong.
func (b *byteCount) UnmarshalText(text []byte) error {
	number, factor := string(text), int64(1)
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if before, found := strings.CutSuffix(number, unit); found {
			number, factor = before, 1<<(10*(i+1))
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return usagef("%q is not a number of bytes, such as 512MiB", text)
	}
	*b = byteCount(n * factor)
	return nil
}
