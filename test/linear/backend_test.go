package linear_test

import (
	"net/url"
	"strings"
	"testing"

	"crossgrant/test/backing"
	"crossgrant/test/relay"
	"crossgrant/test/servertest"
)

// several sets up several servers over a PostgreSQL and a blob store, which each of them reaches by relays of its own. If it
// can be had, each of them is in a network of its own.
func (w *world) several(t *testing.T, data string) {
	t.Helper()
	w.backing = backing.Start(t, program)
	stores, err := w.backing.Backend.Make(t.Context())
	check(t, err)
	w.network, w.isolated = newNetwork(t, *servers)
	for n := range *servers {
		here, there := "127.0.0.1:0", "127.0.0.1:0"
		var under []string
		if w.network != nil {
			here, there, under = w.network.host+":0", w.network.address(n)+":9000", w.network.under(n)
		}
		own := stores
		own.Meta = w.through(t, here, stores.Meta, &w.meta)
		own.Blobs = w.throughBlobs(t, here, stores.Blobs)
		m := servertest.Member(program, data, there, own, n)
		m.Under = under
		w.members = append(w.members, m)
	}
}

// through puts a relay at an address before the host of a URL.
func (w *world) through(t *testing.T, address, from string, relays *[]*relay.Relay) string {
	t.Helper()
	u, err := url.Parse(from)
	check(t, err)
	r, err := relay.Listen(address, u.Host)
	check(t, err)
	t.Cleanup(func() { check(t, r.Close()) })
	*relays = append(*relays, r)
	u.Host = r.Address()
	return u.String()
}

// throughBlobs is through for the endpoint of a blob store.
func (w *world) throughBlobs(t *testing.T, address, from string) string {
	t.Helper()
	bucket, query, _ := strings.Cut(from, "?")
	parameters, err := url.ParseQuery(query)
	check(t, err)
	parameters.Set("endpoint", w.through(t, address, parameters.Get("endpoint"), &w.blobs))
	return bucket + "?" + parameters.Encode()
}

func (w *world) noBackend() string {
	if w.backing == nil {
		return "the server has its stores in its own folder"
	}
	return ""
}

func (w *world) cutMeta(_ *testing.T, n int) { w.meta[n].Cut() }

func (w *world) holdMeta(_ *testing.T, n int) { w.meta[n].Hold() }

func (w *world) mendMeta(_ *testing.T, n int) { w.meta[n].Mend() }

func (w *world) cutBlobs(_ *testing.T, n int) { w.blobs[n].Cut() }

func (w *world) mendBlobs(_ *testing.T, n int) { w.blobs[n].Mend() }

func (w *world) stopFast(t *testing.T, _ int) { w.backing.Postgres.StopFast(t) }

func (w *world) stopImmediately(t *testing.T, _ int) { w.backing.Postgres.Stop(t) }

func (w *world) startPostgres(t *testing.T, _ int) { w.backing.Postgres.Start(t) }
