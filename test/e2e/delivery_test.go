package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

const (
	// patience is how long a story waits for what the server does in the background.
	patience = time.Minute
	again    = 100 * time.Millisecond
)

// untilCommand is the command until: the AWS CLI, run again until what it prints matches.
func untilCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP ARG…")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	words := args[1:]
	if !cli.endpointInConfig() {
		words = append([]string{"--endpoint-url", ts.Getenv("ENDPOINT")}, words...)
	}
	for late := time.Now().Add(patience); ; time.Sleep(again) {
		if err := ts.Exec("aws", words...); err != nil {
			if _, ended := err.(*exec.ExitError); !ended {
				ts.Fatalf("run aws: %v", err)
			}
		} else if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(late) {
			ts.Fatalf("aws %s never printed what matches %s, last\n%s", strings.Join(words, " "), args[0], ts.ReadFile("stdout"))
		}
	}
}

// webhook is a server that takes what is posted to it, unless it is away.
type webhook struct {
	*httptest.Server
	mu    sync.Mutex
	away  bool
	taken []string
}

func (w *webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil || w.away || r.Method != http.MethodPost {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.taken = append(w.taken, string(body))
}

// webhookCommand is the command webhook.
func webhookCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	switch {
	case !neg && len(args) == 1 && args[0] == "start":
		s.webhook = new(webhook)
		s.webhook.Server = httptest.NewServer(s.webhook)
		ts.Defer(s.webhook.Close)
		ts.Setenv("WEBHOOK", s.webhook.URL)
	case !neg && len(args) == 1 && (args[0] == "away" || args[0] == "back"):
		s.webhook.mu.Lock()
		s.webhook.away = args[0] == "away"
		s.webhook.mu.Unlock()
	case len(args) == 2 && args[0] == "took":
		s.webhook.took(ts, neg, args[1])
	default:
		ts.Fatalf("usage: webhook start|away|back, [!] webhook took REGEXP")
	}
}

// took waits until a message has come that matches, or holds that none has so far.
func (w *webhook) took(ts *testscript.TestScript, neg bool, pattern string) {
	want, err := regexp.Compile(pattern)
	ts.Check(err)
	for late := time.Now().Add(patience); ; time.Sleep(again) {
		w.mu.Lock()
		found := false
		for _, message := range w.taken {
			found = found || want.MatchString(message)
		}
		all := strings.Join(w.taken, "\n")
		w.mu.Unlock()
		switch {
		case neg && found:
			ts.Fatalf("the webhook took what matches %s", pattern)
		case neg, found:
			return
		case time.Now().After(late):
			ts.Fatalf("the webhook never took what matches %s, but\n%s", pattern, all)
		}
	}
}
