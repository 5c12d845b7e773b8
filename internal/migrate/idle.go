package migrate

import (
	"bytes"
	"context"
	"fmt"

	"crossgrant/internal/background"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
	"crossgrant/internal/servers"
)

// A server that shares a store says again and again that it is there, under keys.Servers. One that is killed leaves what it
// said last. So what is there is looked at twice; what has not changed meanwhile is left by servers that are gone. The
// transaction that marks the store makes sure that it has not changed until then. A server that starts later, or was silent and
// comes back, reads the format in the transaction that says that it is there, finds that it is held back, and ends.

// sightings are what servers have said that they are there, by their keys.
type sightings map[string][]byte

func serversOf(r meta.Reader) (sightings, error) {
	seen := sightings{}
	it := r.Scan(keys.Servers())
	for it.Next() {
		seen[string(it.Key())] = bytes.Clone(it.Value())
	}
	return seen, it.Close()
}

func readServers(ctx context.Context, e End) (seen sightings, err error) {
	err = e.Store.View(ctx, func(r meta.Reader) error {
		seen, err = serversOf(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for servers of %s: %w", e.Name, err)
	}
	return seen, nil
}

// idle returns what servers that are gone have left in a store, or an error if one is there.
func (m *migration) idle(ctx context.Context, e End) (sightings, error) {
	before, err := readServers(ctx, e)
	if err != nil || len(before) == 0 {
		return before, err
	}
	m.meter.begin("wait", Counts{}, Counts{})
	if !background.Sleep(ctx, servers.Dead) {
		return nil, ctx.Err()
	}
	after, err := readServers(ctx, e)
	if err != nil {
		return nil, err
	}
	return after, e.unchanged(before, after)
}

// unchanged returns an error that names a server that has said, between two sightings, that it is there.
func (e End) unchanged(before, after sightings) error {
	for key, value := range after {
		if there, ok := before[key]; ok && bytes.Equal(there, value) {
			continue
		}
		server := new(records.Server)
		if err := records.Unmarshal(value, server); err != nil {
			return fmt.Errorf("a server of %s: %w", e.Name, err)
		}
		return fmt.Errorf("a server uses %s, at %s: stop all of its servers first", e.Name, server.Address)
	}
	return nil
}

// stillIdle returns an error if a server has come, or come back, since seen was seen.
func (e End) stillIdle(tx meta.Tx, seen sightings) error {
	now, err := serversOf(tx)
	if err != nil {
		return err
	}
	return e.unchanged(seen, now)
}
