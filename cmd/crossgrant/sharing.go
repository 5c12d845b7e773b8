package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/background"
	"crossgrant/internal/blob"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/console/shelf"
	"crossgrant/internal/keys"
	"crossgrant/internal/lease"
	"crossgrant/internal/meta"
	"crossgrant/internal/orgs"
	"crossgrant/internal/servers"
)

// sharing is what a server does because others use the same stores. The zero value is that of one that is alone.
type sharing struct {
	servers *servers.Servers
	leases  *lease.Leases

	accounts, trails, sessions background.Worker
}

// share makes what a server among others needs; of a folder that is its own, nothing. refused is called when the server must end
// because the others have gone on without it.
func (c *serveCommand) share(folder *dataFolder, log *slog.Logger, refused func(error)) *sharing {
	if !folder.store.Shared() {
		return new(sharing)
	}
	var drawn [8]byte
	rand.Read(drawn[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	self := servers.Self{
		ID: hex.EncodeToString(drawn[:]), Version: version(), Address: c.Listen, Oldest: keys.OldestWritten, Newest: keys.Format,
	}
	return &sharing{
		servers: servers.New(folder.store, self, servers.Options{Refused: refused, Log: log}),
		leases:  lease.New(folder.store, self.ID, lease.Options{Log: log}),
	}
}

// exclusive lets one server at a time do something.
func (s *sharing) exclusive() background.Exclusive {
	if s.leases == nil {
		return nil
	}
	return s.leases.Run
}

// join lets the server be one of those that share the store, until close.
func (s *sharing) join(ctx context.Context) error {
	if s.servers == nil {
		return nil
	}
	if err := s.servers.Join(ctx); err != nil {
		return err
	}
	s.servers.Start()
	return nil
}

// start begins what is done for others and because of them.
func (s *sharing) start(store *meta.Store, organizations *orgs.Service, trails *cloudtrail.Service, log *slog.Logger) {
	if s.servers == nil {
		return
	}
	s.trails.Start(func(ctx context.Context) { trails.Follow(ctx, log) })
	s.accounts.Start(func(ctx context.Context) {
		s.leases.Run(ctx, "accounts", func(ctx context.Context) { organizations.Tend(ctx, log) })
	})
	s.sessions.Start(func(ctx context.Context) {
		s.leases.Run(ctx, "console-sessions", func(ctx context.Context) { shelf.New(store, nil).Sweep(ctx, log) })
	})
}

// close ends it. It is called after all who work under a lease have ended.
func (s *sharing) close() {
	s.accounts.Close()
	s.trails.Close()
	s.sessions.Close()
	if s.servers != nil {
		s.servers.Close()
	}
}

// held is the number of leases that the server holds.
func (s *sharing) held() int {
	if s.leases == nil {
		return 0
	}
	return len(s.leases.Held())
}

// readyTime is how long the stores may take until the server is not ready.
const readyTime = time.Second

// errEnding says that the server is ending, to those who send it requests.
var errEnding = apierr.New(http.StatusServiceUnavailable, "ServiceUnavailable", "the server is ending")

// ready returns what tells whether a server can serve: until serving ends, as long as its stores answer.
func (d *dataFolder) ready(serving context.Context) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		if serving.Err() != nil {
			return errEnding
		}
		ctx, cancel := context.WithTimeout(ctx, readyTime)
		defer cancel()
		if !d.store.Shared() {
			return answers(ctx, d.store)
		}
		return d.answer(ctx)
	}
}

// answer reports whether stores that are elsewhere do. It writes nothing, since many may ask often: whether the metadata takes writes
// the engine knows (meta.Monitored).
func (d *dataFolder) answer(ctx context.Context) error {
	if _, err := d.store.Condition(); err != nil {
		return err
	}
	if _, err := d.store.Read(ctx, [][]byte{keys.Meta(formatFact)}); err != nil {
		return fmt.Errorf("read the metadata store: %w: %w", err, meta.ErrUnavailable)
	}
	r, _, err := d.blobs.OpenWhole(ctx, nobody)
	switch {
	case err == nil:
		return r.Close()
	case errors.Is(err, blob.ErrNotFound):
		return nil
	}
	return apierr.New(http.StatusServiceUnavailable, "ServiceUnavailable", "the store of large objects does not answer").Because(err)
}

// nobody is the ID of no blob.
const nobody = blob.ID("00000000000000000000000000000000")
