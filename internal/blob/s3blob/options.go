package s3blob

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Options are the settings of an engine; the zero value is good. All servers that share a bucket have the same OrphanAge.
type Options struct {
	// Log receives failures of work in the background; nil discards it.
	Log *slog.Logger
	// PartBytes is up to how many bytes a blob is sent with one request, and how many a part has; 0 means 8 MiB. AWS takes no
	// parts of less than 5 MiB. A blob of known size has parts of one size, which is less than twice as many, unless 10,000 of
	// those do not hold it. One of less than two parts is sent with one request.
	PartBytes int64
	// Parts is how many parts of one blob are sent at a time; 0 means 3.
	Parts int
	// MemoryBytes bounds what all writers together hold; 0 means 512 MiB.
	MemoryBytes int64
	// Requests bounds the requests under way, but for readers, and Readers the readers; 0 means 256 and 1024. What is
	// more waits.
	Requests, Readers int
	// Attempts is how often a request is tried; 0 means 5.
	Attempts int
	// Backoff is the longest pause between two attempts; 0 means 2 seconds.
	Backoff time.Duration
	// Stall is how long the service may be silent, neither taking nor giving a byte, before an attempt is given up; 0
	// means 30 seconds. What has the service move bytes on its own may take ten minutes.
	Stall time.Duration
	// OrphanAge is how old a blob is that SweepOrphans may take for an orphan; 0 means 24 hours. A write that takes more than half of
	// it is refused when it is committed.
	OrphanAge time.Duration
	// Credentials sign the requests; nil means those that the default chain of the AWS SDK finds: environment, shared
	// configuration, web identity, and so on.
	Credentials aws.CredentialsProvider
	// Transport carries the requests; nil means one of this package.
	Transport http.RoundTripper
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	def(&o.PartBytes, 8<<20)
	def(&o.Parts, 3)
	def(&o.MemoryBytes, 512<<20)
	def(&o.Requests, 256)
	def(&o.Readers, 1024)
	def(&o.Attempts, 5)
	def(&o.Backoff, 2*time.Second)
	def(&o.Stall, 30*time.Second)
	def(&o.OrphanAge, 24*time.Hour)
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	return o
}

// pause draws how long to wait after so many failures, so that those who failed together do not come back together.
func (o *Options) pause(failures int) time.Duration {
	return rand.N(min(o.Backoff, 50*time.Millisecond<<min(failures, 10)))
}

// def sets what is zero.
func def[T comparable](value *T, to T) {
	var zero T
	if *value == zero {
		*value = to
	}
}
