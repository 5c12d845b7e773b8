package e2e_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// leastUploads is the number of uploads that have to have been made before anything can be said.
const leastUploads = 20

// uploads is a client that uploads all the time, with the keys that a profile has at that moment.
type uploads struct {
	stop chan struct{}
	done chan error // what went wrong first, once
	more chan struct{}
}

// uploadsCommand is the command uploads.
func uploadsCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	switch {
	case !neg && len(args) == 3 && args[0] == "start":
		s.uploads = &uploads{stop: make(chan struct{}), done: make(chan error, 1), more: make(chan struct{})}
		go s.uploads.run(s, args[1], args[2])
		ts.Defer(s.uploads.end)
	case !neg && len(args) == 1 && args[0] == "go-on":
		s.uploads.wait(ts)
	case !neg && len(args) == 1 && args[0] == "stop":
		s.uploads.wait(ts)
		s.uploads.end()
	default:
		ts.Fatalf("usage: uploads start PROFILE BUCKET, uploads go-on, uploads stop")
	}
}

// end ends the client and waits for it; it may have ended.
func (u *uploads) end() {
	select {
	case <-u.stop:
	default:
		close(u.stop)
	}
	for range u.more {
	}
}

// wait waits until more uploads were made, all of which have to succeed.
func (u *uploads) wait(ts *testscript.TestScript) {
	for range leastUploads {
		if _, running := <-u.more; !running {
			ts.Fatalf("the client that uploads ended: %v", <-u.done)
		}
	}
}

// run uploads until it is told to stop or an upload fails. It sends on more after each upload that somebody
// waits for.
func (u *uploads) run(s *stage, profile, bucket string) {
	defer close(u.more)
	for i := 0; ; i++ {
		if err := s.upload(profile, fmt.Sprintf("/%s/upload-%d", bucket, i)); err != nil {
			u.done <- err
			return
		}
		select {
		case <-u.stop:
			return
		case u.more <- struct{}{}:
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// upload makes an object as the profile that the credentials file has now.
func (s *stage) upload(profile, path string) error {
	as, err := s.credentialsOf(profile)
	if err != nil {
		return err
	}
	r := &rawRequest{method: http.MethodPut, path: path, service: "s3", as: as, at: time.Now(), body: []byte("x"), claimed: -1}
	response, body, err := r.send(s.server.Address)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s with %s: %s: %s", path, as.id, response.Status, body)
	}
	return err
}
