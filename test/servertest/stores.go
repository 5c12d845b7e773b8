package servertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// The environment variables by which a run of tests asks for several servers.
const (
	// envServers is the number of servers behind one proxy.
	envServers = "SERVERTEST_SERVERS"
	// envPostgres is the URL of a PostgreSQL server on which databases may be made.
	envPostgres = "SERVERTEST_POSTGRES"
	// envBlobs is the URL of a blob store, as of the flag --blobs, without a prefix; envBlobsKey and envBlobsSecret are
	// the key for it.
	envBlobs       = "SERVERTEST_BLOBS"
	envBlobsKey    = "SERVERTEST_BLOBS_KEY_ID"
	envBlobsSecret = "SERVERTEST_BLOBS_SECRET"
	// envLogs is a folder that the servers log to, whatever the tests say; empty: none.
	envLogs = "SERVERTEST_LOGS"
)

// Backend is where the stores of servers can be made: a PostgreSQL server, and a blob store.
type Backend struct {
	Postgres         string // URL of a database from which others can be made
	Blobs            string // URL, as of the flag --blobs, without a prefix
	KeyID, SecretKey string // for the blob store
}

// Environment returns what asks the tests below for so many servers over stores of this backend, which log to a folder.
func (b *Backend) Environment(servers int, logs string) []string {
	return []string{
		fmt.Sprint(envServers, "=", servers), envPostgres + "=" + b.Postgres, envBlobs + "=" + b.Blobs,
		envLogs + "=" + logs, envBlobsKey + "=" + b.KeyID, envBlobsSecret + "=" + b.SecretKey,
	}
}

// Stores is what several servers have in common.
type Stores struct {
	Name        string   // of the database
	Meta, Blobs string   // the values of the flags
	Env         []string // what gives access to the blob store
}

// Make makes stores that nothing is in yet: a database, and a prefix of the bucket.
func (b *Backend) Make(ctx context.Context) (Stores, error) {
	name := "cg" + strings.ToLower(rand.Text())
	conn, err := pgx.Connect(ctx, b.Postgres)
	if err != nil {
		return Stores{}, fmt.Errorf("make a database: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return Stores{}, fmt.Errorf("make a database: %w", err)
	}
	meta, err := url.Parse(b.Postgres)
	if err != nil {
		return Stores{}, err
	}
	meta.Path = "/" + name
	return Stores{
		Name: name, Meta: meta.String(), Blobs: b.Blobs + "&prefix=" + name + "/",
		Env: []string{"AWS_ACCESS_KEY_ID=" + b.KeyID, "AWS_SECRET_ACCESS_KEY=" + b.SecretKey},
	}, nil
}

// flags returns the flags of a server over the stores. There are none for a server that has its stores for itself.
func (s Stores) flags() []string {
	if s.Meta == "" {
		return nil
	}
	return []string{"--meta", s.Meta, "--blobs", s.Blobs}
}

// made is the stores that were made for data folders.
var made = struct {
	sync.Mutex
	stores map[string]Stores
}{stores: map[string]Stores{}}

// storesOf returns the stores of the server whose folder is data: the same ones at each start. One server behind a proxy may do
// without a backend, and has its stores in its folder.
func storesOf(data string) (Stores, error) {
	if os.Getenv(envPostgres) == "" && os.Getenv(envServers) == "1" {
		return Stores{}, nil
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return Stores{}, err
	}
	made.Lock()
	defer made.Unlock()
	if s, ok := made.stores[data]; ok {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	backend := Backend{os.Getenv(envPostgres), os.Getenv(envBlobs), os.Getenv(envBlobsKey), os.Getenv(envBlobsSecret)}
	s, err := backend.Make(ctx)
	if err != nil {
		return Stores{}, err
	}
	made.stores[data] = s
	return s, nil
}

// Environment returns what commands of an operator on the folder data need in their environment while no server runs: what
// a server would have as flags. It is empty where servers are one process, with all that they have in their folder.
func Environment(data string) ([]string, error) {
	if !Several() {
		return nil, nil
	}
	s, err := storesOf(data)
	if err != nil || s.Meta == "" {
		return nil, err
	}
	return []string{"CROSSGRANT_META=" + s.Meta, "CROSSGRANT_BLOBS=" + s.Blobs}, nil
}
