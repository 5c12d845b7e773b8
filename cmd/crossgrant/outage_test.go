package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestOutageLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var failing error
	log := quietIn(slog.New(slog.NewTextHandler(&out, nil)), func() error { return failing })
	said := func() int {
		n := strings.Count(out.String(), "\n")
		out.Reset()
		return n
	}
	log.Error("a")
	log.With("bucket", "b").Error("a")
	if n := said(); n != 2 {
		t.Errorf("%d lines while all is well, want 2", n)
	}
	for range 2 {
		failing = errors.New("full")
		for range 3 {
			log.Error("a")
			log.With("bucket", "b").Error("a")
			log.WithGroup("g").Error("c")
		}
		if n := said(); n != 2 {
			t.Errorf("%d lines in an outage, want one of each kind", n)
		}
		failing = nil
		log.Info("well")
		if n := said(); n != 1 {
			t.Errorf("%d lines after it, want 1", n)
		}
	}
}
