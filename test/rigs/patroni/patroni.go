// Package patroni brings up PostgreSQL with a synchronous standby under Patroni and etcd on loopback, as Debian packages them, for tests of
// what happens when the primary dies. Patroni of each node is started again when it ends, as systemd would do it.
//
// It needs the packages postgresql-15, patroni and etcd-server, and runs as the user postgres or nobody if this process is root.
package patroni

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"crossgrant/internal/meta/postgres/postgrestest"
	"crossgrant/test/rigs/daemon"
	"crossgrant/test/rigs/postgres"

	"github.com/jackc/pgx/v5"
)

// Options say where a cluster runs, and how.
type Options struct {
	Folder    string        // in which it makes a folder of its own; empty for that of temporary files
	FirstPort int           // of consecutive ones: two for etcd and two for each node; 0 for free ones
	Nodes     int           // with PostgreSQL; 0 for 2
	Strict    bool          // acknowledge nothing while there is no synchronous standby
	Restart   time.Duration // pause before a Patroni that has died is started again; 0 for one second
}

// Cluster is a cluster that runs.
type Cluster struct {
	group    *daemon.Group
	etcd     string // its URL
	nodes    []*node
	password string
}

// Start starts a cluster and returns when it is healthy and has an empty database.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if o.Nodes == 0 {
		o.Nodes = 2
	}
	if o.Restart == 0 {
		o.Restart = time.Second
	}
	user, err := postgrestest.User()
	if err != nil {
		return nil, err
	}
	group, err := daemon.NewGroup(o.Folder, "patroni", user)
	if err != nil {
		return nil, err
	}
	c := &Cluster{group: group, password: rand.Text()}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("patroni: %w", err), c.Close())
	}
	return c, nil
}

// Close ends the cluster and removes what it has kept.
func (c *Cluster) Close() error {
	c.group.End()
	for _, n := range c.nodes {
		n.killPostgres() // what a Patroni that was killed has left
	}
	return c.group.Remove()
}

// Folder is where the cluster keeps everything, its logs as well.
func (c *Cluster) Folder() string { return c.group.Folder }

// URL returns the URL of the database, with the password of its owner: it names all nodes, and a client takes the one that is primary.
func (c *Cluster) URL() string {
	return c.url(postgres.Database, postgres.Database)
}

// Password returns that of the owner of the database.
func (c *Cluster) Password() string { return c.password }

func (c *Cluster) url(user, database string) string {
	var hosts []string
	for _, n := range c.nodes {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", n.pg))
	}
	return fmt.Sprintf("postgres://%s:%s@%s/%s?target_session_attrs=read-write", user, c.password, strings.Join(hosts, ","), database)
}

func (c *Cluster) start(ctx context.Context, o Options) error {
	bin, err := postgrestest.Programs()
	if err != nil {
		return err
	}
	ports, err := daemon.Ports(o.FirstPort, 2+2*o.Nodes)
	if err != nil {
		return err
	}
	if err := c.startEtcd(ctx, ports[0], ports[1]); err != nil {
		return err
	}
	for i := range o.Nodes {
		s := settings{
			Name: fmt.Sprintf("node%d", i+1), Folder: c.group.Folder, Programs: bin, REST: ports[2+2*i], PG: ports[3+2*i], EtcdPort: ports[0],
			Password: c.password, Strict: o.Strict,
		}
		if err := c.startNode(s, o.Restart); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if err := c.WaitHealthy(ctx); err != nil {
		return err
	}
	if err := postgres.CreateDatabase(ctx, c.url("postgres", "postgres"), c.password); err != nil {
		return err
	}
	return c.waitDatabase(ctx)
}

// waitDatabase waits until every node knows the database: a client asks one node after the other, and a standby that has not yet
// replayed that the database was made refuses it in a way after which a client asks no other.
func (c *Cluster) waitDatabase(ctx context.Context) error {
	for _, n := range c.nodes {
		err := n.patroni.WaitFor(ctx, func(ctx context.Context) error {
			conn, err := pgx.Connect(ctx, fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%[1]s", postgres.Database, c.password, n.pg))
			if err != nil {
				return err
			}
			return conn.Close(ctx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// startEtcd starts an etcd of one node: here it is not what dies.
func (c *Cluster) startEtcd(ctx context.Context, client, peer int) error {
	c.etcd = fmt.Sprintf("http://127.0.0.1:%d", client)
	peers := fmt.Sprintf("http://127.0.0.1:%d", peer)
	etcd, err := c.group.Start("etcd", "etcd", "--name", "etcd", "--data-dir", c.group.Path("etcd"),
		"--listen-client-urls", c.etcd, "--advertise-client-urls", c.etcd,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "etcd="+peers)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return etcd.WaitFor(ctx, func(ctx context.Context) error { return getJSON(ctx, c.etcd+"/health", nil) })
}

func (c *Cluster) startNode(s settings, restart time.Duration) error {
	text, err := s.text()
	if err != nil {
		return err
	}
	file := s.Name + ".yml"
	if err := c.group.Write(file, text); err != nil {
		return err
	}
	process, err := c.group.Keep(restart, s.Name, "patroni", c.group.Path(file))
	if err != nil {
		return err
	}
	c.nodes = append(c.nodes, &node{name: s.Name, rest: s.REST, pg: s.PG, data: c.group.Path(s.Name + "-data"), patroni: process})
	return nil
}
