package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/blob"
	blobmemory "crossgrant/internal/blob/memory"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/meta/metatest"
)

// lasting is an engine that outlives who has opened it.
type lasting struct{ *metatest.Shared }

func (lasting) Close() error { return nil }

// sharedEngines are engines in memory that servers share.
func sharedEngines(master string) (engines, *metatest.Shared) {
	engine := metatest.NewShared(memory.New())
	return engines{
		meta:   func(string, int64, *slog.Logger) (meta.Engine, error) { return lasting{engine}, nil },
		blobs:  func(string, *slog.Logger) (blob.Store, error) { return blobmemory.New(), nil },
		master: master, shared: true,
	}, engine
}

// openShared opens and checks the folder of a server among others, and returns the error that comes.
func openShared(t *testing.T, dir string, e engines) error {
	t.Helper()
	d, err := openFolder(dir, e, true)
	if err != nil {
		return err
	}
	return errors.Join(d.check(t.Context()), d.close())
}

// TestMasterKeyOfOthers: all servers of a store have its master key; one that has none makes none.
func TestMasterKeyOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	e, _ := sharedEngines("")
	if err := openShared(t, first, e); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(second, masterFile)
	if err := openShared(t, second, e); err == nil || err.Error() != "there is no "+missing+": copy it from another server of this store, or name it with --master-key" {
		t.Errorf("without a master key: %v", err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a master key was made: %v", err)
	}
	other, _ := sharedEngines("")
	if err := openShared(t, filepath.Join(dir, "other"), other); err != nil {
		t.Fatal(err)
	}
	e.master = filepath.Join(dir, "other", masterFile)
	if err := openShared(t, second, e); err == nil || !strings.HasSuffix(err.Error(), "is not the master key of this store: copy it from another server of the store, or name it with --master-key") {
		t.Errorf("with that of another store: %v", err)
	}
	e.master = filepath.Join(first, masterFile)
	if err := openShared(t, second, e); err != nil {
		t.Errorf("with that of the first server: %v", err)
	}
}

// TestFormatOfOthers: opening a store of an older format does not raise it where others may need it.
func TestFormatOfOthers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	e, engine := sharedEngines("")
	if err := openShared(t, dir, e); err != nil {
		t.Fatal(err)
	}
	store := meta.New(engine)
	put := func(format string) {
		t.Helper()
		if err := store.Update(t.Context(), func(tx meta.Tx) error { return tx.Put(keys.Meta(formatFact), []byte(format)) }); err != nil {
			t.Fatal(err)
		}
	}
	put("6")
	if err := openShared(t, dir, e); err != nil {
		t.Fatal(err)
	}
	if values, err := store.Read(t.Context(), [][]byte{keys.Meta(formatFact)}); err != nil || string(values[0]) != "6" {
		t.Errorf("the format is %q, %v", values[0], err)
	}
	put("99")
	if err := openShared(t, dir, e); err == nil || !strings.Contains(err.Error(), "the store has format 99") {
		t.Errorf("a newer format: %v", err)
	}
}

// silent is a blob store that does not answer.
type silent struct{ blob.Store }

func (silent) OpenWhole(ctx context.Context, _ blob.ID) (io.ReadCloser, int64, error) {
	<-ctx.Done()
	return nil, 0, ctx.Err()
}

// TestReady: a server is ready as long as both stores answer in time and it has not been told to end.
func TestReady(t *testing.T) {
	t.Parallel()
	e, engine := sharedEngines("")
	d, err := openFolder(filepath.Join(t.TempDir(), "data"), e, true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if err := d.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	serving, end := context.WithCancel(t.Context())
	ready := d.ready(serving)
	if err := ready(t.Context()); err != nil {
		t.Errorf("it is not ready: %v", err)
	}
	engine.Fail(errors.New("no connection"))
	if err := ready(t.Context()); !errors.Is(err, meta.ErrUnavailable) {
		t.Errorf("without metadata: %v", err)
	}
	engine.Fail(nil)
	answering := d.blobs
	d.blobs = silent{answering}
	if err := ready(t.Context()); err == nil || !strings.Contains(err.Error(), "large objects") {
		t.Errorf("without blobs: %v", err)
	}
	d.blobs = answering
	end()
	if err := ready(t.Context()); !errors.Is(err, errEnding) {
		t.Errorf("at the end: %v", err)
	}
}

// TestDrain: a server that is told to end says so at once, and serves until load balancers had time to notice.
func TestDrain(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "cg") // short enough for the admin socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	status := make(chan int, 1)
	const delay = 5 * time.Second
	go func() {
		status <- run(ctx, []string{
			"serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--console-listen", "", "--meta", "memory:", "--blobs", "memory:",
			"--drain-delay", delay.String(),
		}, streams{w, io.Discard})
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("the server ended with status %d", <-status)
	}
	go io.Copy(io.Discard, r)
	address, _, _ := strings.Cut(strings.TrimPrefix(line, "crossgrant is ready at "), ",")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) (int, string) {
		t.Helper()
		response, err := client.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	if got, text := get("/-/readyz"); got != http.StatusOK {
		t.Errorf("readyz answers %d, %s", got, text)
	}
	began := time.Now()
	stop()
	if got, text := get("/-/readyz"); got != http.StatusServiceUnavailable || !strings.Contains(text, "the server is ending") {
		t.Errorf("after the end was told, readyz answers %d, %s", got, text)
	}
	if got, _ := get("/-/healthz"); got != http.StatusOK {
		t.Errorf("after the end was told, healthz answers %d", got)
	}
	if got, _ := get("/bucket/key"); got != http.StatusForbidden && got != http.StatusNotFound {
		t.Errorf("after the end was told, a request is answered with %d", got)
	}
	if got := <-status; got != 0 {
		t.Errorf("exit status %d, want 0", got)
	}
	if waited := time.Since(began); waited < delay {
		t.Errorf("it ended after %s, before load balancers could notice", waited)
	}
}
