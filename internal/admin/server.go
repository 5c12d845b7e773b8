package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"crossgrant/internal/apierr"
)

const (
	// socketName is the name of the socket in the data folder.
	socketName = "admin.sock"
	// maxSocketPath is the longest path that a unix socket can have on every system, in bytes.
	maxSocketPath = 103
	// maxRequest is the largest body of a request, in bytes.
	maxRequest = 64 << 10
)

// Failure is the body of an answer that reports an error. Code is empty for an internal error.
type Failure struct {
	Code    string `json:",omitempty"`
	Message string
}

// Listen makes the socket in the data folder dir. The caller holds the lock of the folder, so a socket
// that is there already was left behind by a server that was killed, and is replaced. The socket is
// removed when the listener is closed.
func Listen(dir string) (net.Listener, error) {
	path, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove stale socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("make admin socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("protect admin socket: %w", err), l.Close())
	}
	return l, nil
}

// socketPath returns the path of the socket in dir: as it was given, or absolute, whichever is short
// enough.
func socketPath(dir string) (string, error) {
	path := filepath.Join(dir, socketName)
	if len(path) <= maxSocketPath {
		return path, nil
	}
	if absolute, err := filepath.Abs(path); err == nil && len(absolute) <= maxSocketPath {
		return absolute, nil
	}
	return "", fmt.Errorf("the path of the admin socket, %s, is longer than %d bytes: use a data folder with a shorter path", path, maxSocketPath)
}

// Handler serves operator's actions to a Client.
func Handler(operator Operator) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /accounts", func(w http.ResponseWriter, r *http.Request) {
		var n NewAccount
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &n); err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, "InvalidInputException", "malformed request: %v", err))
			return
		}
		created, err := operator.CreateAccount(r.Context(), n)
		answer(w, created, err)
	})
	mux.HandleFunc("GET /accounts", func(w http.ResponseWriter, r *http.Request) {
		list, err := operator.ListAccounts(r.Context(), r.URL.Query().Get("after"))
		answer(w, list, err)
	})
	mux.HandleFunc("GET /account", func(w http.ResponseWriter, r *http.Request) {
		account, err := operator.ShowAccount(r.Context(), r.URL.Query().Get("who"))
		answer(w, account, err)
	})
	mux.HandleFunc("GET /profiles", func(w http.ResponseWriter, r *http.Request) {
		profiles, err := operator.Profiles(r.Context())
		answer(w, profiles, err)
	})
	handleKeys(mux, operator)
	handleQuotas(mux, operator)
	handlePasswords(mux, operator)
	handleClosure(mux, operator)
	handleBackup(mux, operator)
	handleFsck(mux, operator)
	handleRequests(mux, operator)
	handleAsk(mux, operator)
	handleExplain(mux, operator)
	handleAccess(mux, operator)
	return mux
}

// decode reads exactly one JSON value, strictly.
func decode(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more than one value")
	}
	return nil
}

// failureOf returns an error as it is told.
func failureOf(err error) Failure {
	var api *apierr.Error
	if errors.As(err, &api) {
		return Failure{Code: api.Code, Message: api.Message}
	}
	return Failure{Message: err.Error()}
}

// answer writes value, or err if it is not nil. The operator may see what an AWS caller may not: the
// text of an internal error.
func answer(w http.ResponseWriter, value any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusInternalServerError
		var api *apierr.Error
		if errors.As(err, &api) {
			status = api.Status
		}
		value = failureOf(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}
