package postgres

import (
	"context"
	"testing"

	"crossgrant/internal/meta"
	"crossgrant/internal/meta/metatest"
	"crossgrant/internal/meta/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// open returns an engine over url, which the test closes or not.
func open(t testing.TB, url string, o Options) *Engine {
	t.Helper()
	e, err := Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestEngine(t *testing.T) {
	t.Parallel()
	metatest.Run(t, func(t *testing.T) meta.Engine { return open(t, postgrestest.Database(t), Options{}) })
}

func TestRemote(t *testing.T) {
	t.Parallel()
	metatest.RunRemote(t, func(t *testing.T) meta.Remote { return open(t, postgrestest.Database(t), Options{}) })
}
