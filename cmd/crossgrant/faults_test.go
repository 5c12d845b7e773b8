package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"crossgrant/internal/blob"
	"crossgrant/internal/blob/embedded"
	"crossgrant/internal/faulttest"
	"crossgrant/internal/meta"
	"crossgrant/internal/meta/pebble"
)

// faultyServer is a server whose metadata and blobs lie on a disk that fails on demand, and what its clients were
// told.
type faultyServer struct {
	*scaleServer
	t    *testing.T
	disk *faulttest.Disk
	// held is what objects must be, by key; where several are given, one of them. "" is none.
	held map[string][]string
	// refused counts the requests that were told of a fault.
	refused int
}

// newFaultyServer starts one with a bucket, on files.
func newFaultyServer(t *testing.T, under vfs.FS) *faultyServer {
	t.Helper()
	disk := faulttest.Wrap(under)
	folder, err := openFolder(filepath.Join(t.TempDir(), "data"), onDisk(disk), true)
	check(t, err)
	t.Cleanup(func() { folder.close() })
	s := &faultyServer{scaleServer: serveScale(t, folder), t: t, disk: disk, held: map[string][]string{}}
	s.wired.objects.Start()
	t.Cleanup(s.wired.objects.Close)
	s.send(t, &s.root, "s3", "PUT", "/faulty", nil, "")
	return s
}

// onDisk are engines that keep everything on disk.
func onDisk(disk vfs.FS) engines {
	return engines{
		meta: func(string, int64, *slog.Logger) (meta.Engine, error) {
			return pebble.Open("meta", pebble.Options{FS: disk})
		},
		blobs: func(string, *slog.Logger) (blob.Store, error) {
			return embedded.Open("blobs", embedded.Options{FS: disk, PackBytes: 256 << 10})
		},
	}
}

// put stores an object. Of an answer other than 200 it is unknown what became of it.
func (s *faultyServer) put(key, content string) {
	if s.judge("PUT "+key, s.request("PUT", key, content)) {
		s.held[key] = []string{content}
	} else {
		s.held[key] = append(s.held[key], content)
	}
}

func (s *faultyServer) remove(key string) {
	if s.judge("DELETE "+key, s.request("DELETE", key, "")) {
		s.held[key] = []string{""}
	} else {
		s.held[key] = append(s.held[key], "")
	}
}

func (s *faultyServer) request(method, key, body string) int {
	status, _, err := s.ask("s3", method, "/faulty/"+key, nil, body)
	if err != nil {
		return 0
	}
	return status
}

// ask sends a signed request. The error is that of the connection.
func (s *faultyServer) ask(service, method, path string, headers map[string]string, body string) (status int, text []byte, err error) {
	answer, err := s.Client().Do(s.signed(s.t, &s.root, service, method, path, headers, body))
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// judge reports whether a status is a success, and complains about one that is neither that nor what a client is
// told of storage that fails.
func (s *faultyServer) judge(what string, status int) bool {
	if status/100 == 2 {
		return true
	}
	s.refused++
	if status != http.StatusServiceUnavailable && status != http.StatusInsufficientStorage {
		s.t.Errorf("%s: %d, want success, 503 or 507", what, status)
	}
	return false
}

// work does a bit of everything.
func (s *faultyServer) work(round int) {
	large := strings.Repeat(fmt.Sprint(round), 100_000)
	s.put("small", fmt.Sprint("small", round))
	s.put("large", large)
	s.put("gone", large)
	s.remove("gone")
	s.judge("list", s.request("GET", "?list-type=2", ""))
	status, _, err := s.ask("iam", "POST", "/", map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		fmt.Sprintf("Action=CreateUser&Version=2010-05-08&UserName=user%d", round))
	if err != nil {
		s.t.Error(err)
	}
	if status != http.StatusConflict { // it was made before, by a request that was told nothing
		s.judge("CreateUser", status)
	}
	if status, text, err := s.ask("s3", "GET", "/faulty/large", nil, ""); err == nil && s.judge("get", status) {
		s.mustBe("large", string(text))
	}
}

func (s *faultyServer) mustBe(key, content string) {
	for _, may := range s.held[key] {
		if content == may {
			return
		}
	}
	s.t.Errorf("%s is %d bytes, %.20q…, which it should not be", key, len(content), content)
}

// settle waits until the server writes again, then looks at everything.
func (s *faultyServer) settle() {
	for deadline := time.Now().Add(time.Minute); s.request("PUT", "probe", strings.Repeat("p", 100_000)) != http.StatusOK; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("the fault is over, and the server does not write")
		}
	}
	for key := range s.held {
		status, text, err := s.ask("s3", "GET", "/faulty/"+key, nil, "")
		switch {
		case err != nil || status != http.StatusOK && status != http.StatusNotFound:
			s.t.Errorf("GET %s when the fault is over: %d %.200s, %v", key, status, text, err)
		case status == http.StatusNotFound:
			s.mustBe(key, "")
		default:
			s.mustBe(key, string(text))
		}
		if status == http.StatusOK {
			s.held[key] = []string{string(text)}
		}
	}
}

// TestServerOutlivesFaults lets operations on the files of a server fail, metadata and blobs, in every way. Clients
// are told so with 503 or 507, nothing that was acknowledged is lost, and when the fault is over all of it
// works again, in the same process.
func TestServerOutlivesFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			s := newFaultyServer(t, vfs.NewMem())
			s.work(0)
			before := runtime.NumGoroutine()
			round := 1
			for nth := 1; nth < 100; nth += 3 {
				s.disk.Fail(kind, nth, true)
				s.work(round)
				reached := s.disk.Failed() > 0
				s.disk.Lift()
				s.settle()
				if round++; !reached {
					break
				}
			}
			for _, nth := range []int{1, 4} { // until the fault is lifted
				s.disk.Fail(kind, nth, false)
				s.work(round)
				s.disk.Lift()
				s.settle()
				round++
			}
			if s.refused == 0 && kind.Name != "close" {
				t.Error("no request was told of a fault")
			}
			if now := runtime.NumGoroutine(); now > before+1000 {
				t.Errorf("%d goroutines, %d before", now, before)
			}
		})
	}
}
