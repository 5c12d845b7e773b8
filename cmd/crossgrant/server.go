package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"text/tabwriter"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/meta"
	"crossgrant/internal/servers"
)

// serverCommand has the commands about the servers that share a store.
type serverCommand struct {
	List serverListCommand `cmd:"" help:"List the servers that share a store."`
}

// alone returns what tells whether no other server uses the store; serving says that this process is one of them.
func (d *dataFolder) alone(serving bool) func(context.Context) error {
	if !d.store.Shared() {
		return nil
	}
	return func(ctx context.Context) error {
		list, err := servers.All(ctx, d.store)
		if err != nil {
			return err
		}
		others := len(list)
		if serving {
			others--
		}
		if others > 0 {
			return apierr.New(http.StatusConflict, "ServersRunning",
				"%d other servers use this store and could not read what is sealed with a new master key: stop them, rotate, copy the master key to them, and start them again", others)
		}
		return nil
	}
}

type serverListCommand struct {
	outputFlag
	Meta string `help:"Engine of the metadata that the servers share." required:"" placeholder:"URL"`
}

// Run lists the servers. It asks the store, and no server.
func (c *serverListCommand) Run(ctx context.Context, s streams) (err error) {
	e, err := parseEngines(c.Meta, "")
	if err != nil {
		return err
	}
	if !e.shared {
		return usagef("--meta: one server at a time uses this engine, so that there is no list")
	}
	engine, err := e.meta("", 0, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("open metadata: %w", err)
	}
	store := meta.New(engine)
	defer func() { err = errors.Join(err, store.Close()) }()
	list, err := servers.All(ctx, store)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.out, list)
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tAddress\tVersion\tFormats\tStarted\tLast seen")
	for _, l := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d-%d\t%s\t%s\n", l.ID, l.Address, l.Version, l.Oldest, l.Newest, l.Since.UTC().Format(time.RFC3339), l.Said.UTC().Format(time.RFC3339))
	}
	return table.Flush()
}
