package s3blob

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crossgrant/internal/background"
	"crossgrant/internal/blob"
)

// Store is a blob.Store in a bucket.
type Store struct {
	client   *s3.Client
	at       Location
	opts     Options
	memory   memory
	names    names
	gate     blob.Gate
	named    atomic.Pointer[blob.Named] // that of Recover
	sumsKept bool                       // the service compares bodies with their CRC-32C; not changed after Open
	// single says that the service does not delete many objects with one request, noCopy that it does not copy.
	single, noCopy atomic.Bool

	remover background.Worker // deletes what readers held
	// tidying has the goroutines that remove what was begun and not committed; closing ends them.
	tidying sync.WaitGroup
	closing context.Context
	close   context.CancelFunc
}

var (
	_ blob.Linker  = (*Store)(nil)
	_ blob.Sweeper = (*Store)(nil)
	_ blob.Writer  = (*writer)(nil)
)

// Open opens the engine in the bucket that url (ParseURL) names, and makes sure that it can be used: objects can be written, read,
// listed and deleted there, and nothing keeps or removes them on its own. Recover has to be called next.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	at, err := ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("open blob store: %w", err)
	}
	s, err := newStore(ctx, at, opts)
	if err == nil {
		err = s.probe(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open blob store %s: %w", at, err)
	}
	s.remover.Start(s.removeReleased)
	return s, nil
}

func newStore(ctx context.Context, at Location, opts Options) (*Store, error) {
	s := &Store{at: at, opts: opts.withDefaults()}
	s.memory.init(s.opts.MemoryBytes)
	s.names.init()
	s.closing, s.close = context.WithCancel(context.Background())
	var err error
	s.client, err = newClient(ctx, at, &s.opts)
	return s, err
}

// Recover removes nothing: other servers use the bucket. It says who names blobs, which Walk asks about young ones.
func (s *Store) Recover(ctx context.Context, named blob.Named) error {
	if err := s.gate.Enter(ctx); err != nil {
		return err
	}
	defer s.gate.Leave()
	s.named.CompareAndSwap(nil, &named)
	return nil
}

// Settle notes that records name the blobs.
func (s *Store) Settle(ids ...blob.ID) { s.names.settle(ids) }

// tidyFor is how long the removal of what was not committed may take. What it does not remove SweepOrphans finds.
const tidyFor = time.Minute

// tidy runs work in the background.
func (s *Store) tidy(what string, work func(ctx context.Context) error) {
	s.tidying.Go(func() {
		ctx, cancel := context.WithTimeout(s.closing, tidyFor)
		defer cancel()
		background.Complain(s.closing, s.opts.Log, what, work(ctx))
	})
}

// Close waits for running calls, and ends the work in the background: what it does not remove, SweepOrphans finds. Open readers stay
// good.
func (s *Store) Close() error {
	if !s.gate.Close() {
		return nil
	}
	s.remover.Close()
	s.close()
	s.tidying.Wait()
	return nil
}

// key returns the name of a blob's object.
func (s *Store) key(id blob.ID) *string {
	name := s.shard(string(id[:2])) + string(id)
	return &name
}

// shard returns what the names of the blobs begin with whose IDs have these first two digits.
func (s *Store) shard(digits string) string { return s.at.Prefix + digits + "/" }

func (s *Store) bucket() *string { return &s.at.Bucket }
