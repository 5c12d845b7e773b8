// Package postgres brings up one PostgreSQL on loopback, as Debian packages it, for tests and benchmarks. What it commits is on the disk;
// it has the settings that it has by itself.
//
// It needs the package postgresql-15, and runs as the user postgres or nobody if this process is root.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"
	"time"

	"crossgrant/internal/meta/postgres/postgrestest"
	"crossgrant/test/rigs/daemon"

	"github.com/jackc/pgx/v5"
)

// Database is the name of the database that rigs make, and of its owner.
const Database = "crossgrant"

// superuser is the user that initdb makes.
const superuser = "postgres"

// Options say where a server runs.
type Options struct {
	Folder   string            // in which it makes a folder of its own; empty for that of temporary files
	Port     int               // 0 for a free one
	Settings map[string]string // of postgresql.conf, beside the port
}

// Server is a server that runs.
type Server struct {
	group    *daemon.Group
	process  *daemon.Process
	port     int
	password string // of both users
}

// Start starts a server with an empty database and returns when it answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	user, err := postgrestest.User()
	if err != nil {
		return nil, err
	}
	group, err := daemon.NewGroup(o.Folder, "postgres", user)
	if err != nil {
		return nil, err
	}
	s := &Server{group: group, password: rand.Text()}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("postgres: %w", err), s.Close())
	}
	return s, nil
}

// Close ends the server and removes what it has kept.
func (s *Server) Close() error {
	s.group.End()
	return s.group.Remove()
}

// URL returns the URL of the database, with the password of its owner.
func (s *Server) URL() string { return s.url(Database, Database) }

// Password returns that of the owner of the database.
func (s *Server) Password() string { return s.password }

// PID returns the ID of the postmaster; all other processes of the server are its children.
func (s *Server) PID() int { return s.process.PID() }

// Folder is where the server keeps everything.
func (s *Server) Folder() string { return s.group.Folder }

func (s *Server) url(user, database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s", user, s.password, s.port, database)
}

func (s *Server) start(ctx context.Context, o Options) error {
	bin, err := postgrestest.Programs()
	if err != nil {
		return err
	}
	ports := []int{o.Port}
	if o.Port == 0 {
		if ports, err = daemon.Ports(0, 1); err != nil {
			return err
		}
	}
	s.port = ports[0]
	if err := s.group.Write("password", s.password); err != nil {
		return err
	}
	data := s.group.Path("data")
	if _, err := s.group.Run(ctx, bin+"/initdb", "--pgdata", data, "--username", superuser, "--pwfile", s.group.Path("password"),
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"); err != nil {
		return err
	}
	args := []string{bin + "/postgres", "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", fmt.Sprintf("port=%d", s.port), "-c", "unix_socket_directories="}
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		args = append(args, "-c", name+"="+o.Settings[name])
	}
	if s.process, err = s.group.Start("postgres", args...); err != nil {
		return err
	}
	s.process.Stop = syscall.SIGINT // not waiting for clients to leave
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return s.process.WaitFor(ctx, func(ctx context.Context) error {
		return CreateDatabase(ctx, s.url(superuser, superuser), s.password)
	})
}

// CreateDatabase makes the database and its owner, as the superuser whom url names. password has letters and digits only.
func CreateDatabase(ctx context.Context, url, password string) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", Database, password)); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s", Database, Database))
	return err
}
