// Package enginetest opens the engine that the tests of services run over: memory, or PostgreSQL if the environment says so.
package enginetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/postgres"
)

// Variable is the environment variable with the URL of a PostgreSQL on which databases may be made; without it engines are in
// memory.
const Variable = "ENGINETEST_POSTGRES"

// New returns an empty engine, which the caller closes.
func New(t testing.TB) meta.Engine {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		return memory.New()
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	name := "e" + strings.ToLower(rand.Text())
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	engine, err := postgres.Open(ctx, u.String(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}
