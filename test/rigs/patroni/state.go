package patroni

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Member is a node as Patroni sees it. Source: https://patroni.readthedocs.io/en/rest_api.html#cluster-status-endpoints
type Member struct {
	Name  string
	Role  string // leader, sync_standby, replica
	State string // running, streaming, stopped, starting, …
}

// ErrNoPrimary says that no node is primary.
var ErrNoPrimary = errors.New("no node is primary")

// getJSON reads what a URL answers with status 200 into v, unless that is nil.
func getJSON(ctx context.Context, url string, v any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, answer.Status)
	}
	if v == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(v)
}

// Members returns the members as the first node says that answers.
func (c *Cluster) Members(ctx context.Context) ([]Member, error) {
	var all []error
	for _, n := range c.nodes {
		var cluster struct{ Members []Member }
		err := getJSON(ctx, fmt.Sprintf("http://127.0.0.1:%d/cluster", n.rest), &cluster)
		if err == nil {
			return cluster.Members, nil
		}
		all = append(all, err)
	}
	return nil, errors.Join(all...)
}

// Primary returns the name of the node that is primary and runs, or ErrNoPrimary.
func (c *Cluster) Primary(ctx context.Context) (string, error) {
	members, err := c.Members(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range members {
		if m.Role == "leader" && m.State == "running" {
			return m.Name, nil
		}
	}
	return "", ErrNoPrimary
}

// WaitHealthy waits until there is a primary and all other nodes are its standbys, one of them synchronous.
func (c *Cluster) WaitHealthy(ctx context.Context) error {
	const pause = 200 * time.Millisecond
	for {
		members, err := c.Members(ctx)
		if err == nil && c.healthy(members) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the cluster is not healthy: %w: %v, %w\n%s", ctx.Err(), members, err, c.tails())
		case <-time.After(pause):
		}
	}
}

func (c *Cluster) healthy(members []Member) bool {
	runs := func(m Member) bool { return m.State == "running" || m.State == "streaming" }
	has := func(role string) bool {
		return slices.ContainsFunc(members, func(m Member) bool { return m.Role == role && runs(m) })
	}
	all := !slices.ContainsFunc(members, func(m Member) bool { return !runs(m) })
	return len(members) == len(c.nodes) && all && has("leader") && has("sync_standby")
}

// tails returns the ends of the logs of all nodes.
func (c *Cluster) tails() string {
	var text string
	for _, n := range c.nodes {
		text += n.name + ":\n" + n.patroni.Tail() + "\n"
	}
	return text
}
