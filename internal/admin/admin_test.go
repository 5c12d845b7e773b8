package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
	"crossgrant/internal/closure"
	"crossgrant/internal/iam"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/memory"
	"crossgrant/internal/password"
	"crossgrant/internal/seal"
)

func newLocal(t *testing.T) *Local {
	t.Helper()
	box, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	store := meta.New(memory.New())
	t.Cleanup(func() { store.Close() })
	service := accounts.New(store, box, accounts.Options{})
	return &Local{
		Accounts: service, Passwords: iam.New(store, box, iam.Options{PasswordCost: password.Cost{Time: 1, Memory: 64, Threads: 1}}), Closure: closure.New(store, service, slog.New(slog.DiscardHandler), &shelf{n: 3}), KMS: kms.New(store, box, kms.Options{Region: "us-east-1"}), Box: box,
		ReadProfiles: func(context.Context) ([]Profile, error) {
			return []Profile{{"p", "AKIAAAAAAAAAAAAAAAAA", "secret"}}, nil
		},
		Endpoint: "http://127.0.0.1:9000", Region: "us-east-1",
	}
}

// shortDir returns a directory whose path is short enough for a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newClient serves operator on a socket and returns a client of it.
func newClient(t *testing.T, operator Operator) *Client {
	t.Helper()
	dir := shortDir(t)
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: Handler(operator)}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-done })
	client, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.http.CloseIdleConnections)
	return client
}

func TestClientDoesWhatLocalDoes(t *testing.T) {
	t.Parallel()
	local := newLocal(t)
	client := newClient(t, local)
	ctx := t.Context()
	created, err := client.CreateAccount(ctx, NewAccount{Name: "log archive", AccountID: "111122223333", AccessKeyID: "AKIAAAAAAAAAAAAAAAAA"})
	if err != nil {
		t.Fatal(err)
	}
	if created.AccountID != "111122223333" || created.Name != "log archive" || created.CanonicalID == "" ||
		created.AccessKeyID != "AKIAAAAAAAAAAAAAAAAA" || created.SecretAccessKey == "" {
		t.Errorf("created %+v", created)
	}
	if _, err := client.CreateAccount(ctx, NewAccount{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	if shown, err := client.ShowAccount(ctx, "log archive"); err != nil || shown.State != Active || len(shown.AccessKeyIDs) != 1 {
		t.Errorf("ShowAccount = %+v, %v", shown, err)
	}
	if closed, err := client.CloseAccount(ctx, created.CanonicalID); err != nil || closed.State != Closed || closed.Closed == nil {
		t.Errorf("CloseAccount = %+v, %v", closed, err)
	}
	for _, after := range []string{"", "111122223333"} {
		got, err := client.ListAccounts(ctx, after)
		if err != nil {
			t.Fatal(err)
		}
		want, err := local.ListAccounts(ctx, after)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ListAccounts(%q), server against local:\n%s", after, diff)
		}
	}
	got, err := client.Profiles(ctx)
	want, _ := local.Profiles(ctx)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Profiles: %v\n%s", err, diff)
	}
}

func TestClientReturnsTheServersErrors(t *testing.T) {
	t.Parallel()
	local := newLocal(t)
	local.ReadProfiles = func(context.Context) ([]Profile, error) { return nil, errors.New("the disk is gone") }
	client := newClient(t, local)
	_, err := client.ShowAccount(t.Context(), "nobody & co")
	if !apierr.Is(err, accounts.CodeNotFound) || !strings.Contains(err.Error(), `there is no account "nobody & co"`) {
		t.Errorf("ShowAccount of a missing account = %v", err)
	}
	if _, err := client.Profiles(t.Context()); err == nil || err.Error() != "the disk is gone" {
		t.Errorf("Profiles = %v, want the server's error", err)
	}
}

func TestHandlerIsStrict(t *testing.T) {
	t.Parallel()
	client := newClient(t, newLocal(t))
	for _, body := range []string{`{"Name":"a","Nmae":"b"}`, `{"Name":"a"} {}`, `[`, ``, `{"Name":"` + strings.Repeat("a", maxRequest) + `"}`} {
		response, err := client.http.Post("http://admin/accounts", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("body %.20q: status %d, want 400", body, response.StatusCode)
		}
	}
}

func TestSocketIsPrivate(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "admin.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: mode %v, %v, want 0600", info.Mode(), err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "admin.sock")); !os.IsNotExist(err) {
		t.Errorf("after Close the socket is there: %v", err)
	}
}

func TestDialWithoutServer(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	if _, err := Dial(dir); !errors.Is(err, ErrNoServer) {
		t.Errorf("Dial without a socket = %v, want ErrNoServer", err)
	}
	leaveStaleSocket(t, dir)
	if _, err := Dial(dir); !errors.Is(err, ErrNoServer) {
		t.Errorf("Dial of a stale socket = %v, want ErrNoServer", err)
	}
}

func TestListenReplacesStaleSocket(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	leaveStaleSocket(t, dir)
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// leaveStaleSocket leaves what a killed server leaves: a socket file that nobody listens on.
func leaveStaleSocket(t *testing.T, dir string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, socketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestLongPathIsExplained(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if _, err := Listen(dir); err == nil || !strings.Contains(err.Error(), "shorter path") {
		t.Errorf("Listen = %v, want advice", err)
	}
}
