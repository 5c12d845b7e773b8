package main

import (
	"net/http/httptest"
	"testing"
)

// TestConsoleOrigin holds which origins are taken for that of the console.
func TestConsoleOrigin(t *testing.T) {
	t.Parallel()
	plain := &consoleOrigin{port: "9001"}
	for _, c := range []struct {
		console      *consoleOrigin
		host, origin string
		want         bool
	}{
		{plain, "127.0.0.1:9000", "http://127.0.0.1:9001", true},
		{plain, "localhost:9000", "http://localhost:9001", true},
		{plain, "S3.example:9000", "http://s3.example:9001", true},
		{plain, "[::1]:9000", "http://[::1]:9001", true},
		{plain, "127.0.0.1:9000", "http://localhost:9001", false},
		{plain, "127.0.0.1:9000", "https://127.0.0.1:9001", false},
		{plain, "127.0.0.1:9000", "http://127.0.0.1:9002", false},
		{plain, "127.0.0.1:9000", "http://127.0.0.1", false},
		{plain, "127.0.0.1:9000", "http://127.0.0.1:9001.evil.example", false},
		{plain, "127.0.0.1:9000", "http://evil.example:9001", false},
		{plain, "127.0.0.1:9000", "null", false},
		{plain, "127.0.0.1:9000", "", false},
		{plain, "", "http://:9001", false},
		{&consoleOrigin{}, "127.0.0.1:9000", "http://127.0.0.1:9001", false},
		{&consoleOrigin{port: "443", secure: true}, "s3.example:9000", "https://s3.example", true},
		{&consoleOrigin{port: "80"}, "s3.example:9000", "http://s3.example", true},
		{&consoleOrigin{port: "9001", url: "https://console.example"}, "s3.example", "https://console.example", true},
		{&consoleOrigin{port: "9001", url: "https://console.example"}, "s3.example", "http://s3.example:9001", false},
		{&consoleOrigin{url: "https://console.example"}, "s3.example", "https://console.example", false},
	} {
		r := httptest.NewRequest("GET", "/b/k", nil)
		r.Host = c.host
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := c.console.sent(r); got != c.want {
			t.Errorf("%+v, host %s: %q: %v, want %v", *c.console, c.host, c.origin, got, c.want)
		}
	}
}

func TestConsoleFlags(t *testing.T) {
	t.Parallel()
	f := consoleFlags{ConsoleListen: "127.0.0.1:9001", ConsoleAPIURL: "https://S3.example.com:443/", ConsoleURL: "http://console.example.com:8080"}
	if err := f.check(); err != nil || f.ConsoleAPIURL != "https://s3.example.com" || f.ConsoleURL != "http://console.example.com:8080" {
		t.Errorf("%v, %+v", err, f)
	}
	for _, wrong := range []string{"console.example.com", "ftp://console.example.com", "http://a/b", "http://a?b", "http://u@a", "http://a;b"} {
		if err := (&consoleFlags{ConsoleURL: wrong}).check(); err == nil {
			t.Errorf("--console-url %s is taken", wrong)
		}
	}
}
