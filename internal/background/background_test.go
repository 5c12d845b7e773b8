package background

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestWorker(t *testing.T) {
	t.Parallel()
	var w Worker
	if w.Close() {
		t.Error("what was not started was ended")
	}
	begun, ended := make(chan bool), false
	w.Start(func(ctx context.Context) {
		close(begun)
		<-ctx.Done()
		ended = true
	})
	<-begun
	if !w.Close() || !ended {
		t.Error("the work was not waited for")
	}
}

func TestComplain(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	ended, end := context.WithCancel(t.Context())
	end()
	Complain(t.Context(), log, "read", nil)
	Complain(ended, log, "read", errors.New("context canceled"))
	if out.Len() != 0 {
		t.Errorf("logged is %s", out.String())
	}
	Complain(t.Context(), log, "read", errors.New("disk"))
	if !strings.Contains(out.String(), "msg=read fault=disk") {
		t.Errorf("logged is %s", out.String())
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	if Sleep(ended, time.Hour) || Sleep(ended, 0) {
		t.Error("it slept to the end after that was called off")
	}
	if !Sleep(t.Context(), time.Nanosecond) || !Sleep(t.Context(), -time.Hour) {
		t.Error("it did not sleep to the end")
	}
}
