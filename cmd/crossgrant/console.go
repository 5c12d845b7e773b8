package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"crossgrant/internal/console"
	"crossgrant/internal/console/shelf"
)

// defaultConsole is where the console listens if nobody says where.
const defaultConsole = "127.0.0.1:9001"

// consoleFlags are about the web console.
type consoleFlags struct {
	ConsoleListen string `help:"Address of the web console; empty: none." default:"127.0.0.1:9001" placeholder:"HOST:PORT"`
	ConsoleAPIURL string `name:"console-api-url" help:"URL by which browsers reach the API, for what the console's pages up- and download; by default the host of the console, with the port of --listen. The two may have different hosts: then --console-url is needed as well." placeholder:"URL"`
	ConsoleURL    string `name:"console-url" help:"URL by which browsers reach the console, whose pages may then call the API from there; by default any host of the API, with the port of --console-listen." placeholder:"URL"`
}

// check checks the flags.
func (f *consoleFlags) check() error {
	if f.ConsoleListen != "" {
		if _, _, err := net.SplitHostPort(f.ConsoleListen); err != nil {
			return usagef("--console-listen: %q is not HOST:PORT", f.ConsoleListen)
		}
	}
	var err error
	if f.ConsoleAPIURL, err = originOf("--console-api-url", f.ConsoleAPIURL); err != nil {
		return err
	}
	f.ConsoleURL, err = originOf("--console-url", f.ConsoleURL)
	return err
}

// originOf returns the scheme and host of a URL that has nothing else; empty for none. A port that its scheme has by
// default is left out, as browsers do.
func originOf(flag, value string) (string, error) {
	if value == "" {
		return "", nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
		strings.ContainsAny(value, " ;,'\"") {
		return "", usagef("%s: %q is not a URL of a host, such as https://s3.example.com", flag, value)
	}
	return u.Scheme + "://" + withoutDefault(u.Scheme, strings.ToLower(u.Host)), nil
}

// withoutDefault returns a host without the port that its scheme has by default.
func withoutDefault(scheme, host string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// consoleOrigin knows which requests to the API pages of the console sent. It is set before the first request.
type consoleOrigin struct {
	// url is the origin of the console; empty: that of the API's host, with port.
	url string
	// port is that of the console; empty: there is none.
	port   string
	secure bool
}

// sent reports whether the origin that sent r is the console.
//
// Source: https://datatracker.ietf.org/doc/html/rfc6454#section-6.2
func (o *consoleOrigin) sent(r *http.Request) bool {
	origin := strings.ToLower(r.Header.Get("Origin"))
	if o.port == "" || origin == "" {
		return false
	}
	if o.url != "" {
		return origin == o.url
	}
	host, err := url.Parse("//" + r.Host)
	if err != nil || host.Hostname() == "" {
		return false
	}
	scheme := "http"
	if o.secure {
		scheme = "https"
	}
	return origin == scheme+"://"+withoutDefault(scheme, net.JoinHostPort(strings.ToLower(host.Hostname()), o.port))
}

// listen opens the address of the console; nil: there is to be none. That the default one is taken, as by another
// server on this machine, keeps nobody from running this one.
func (f *consoleFlags) listen(log *slog.Logger) (net.Listener, error) {
	if f.ConsoleListen == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", f.ConsoleListen)
	if errors.Is(err, syscall.EADDRINUSE) && f.ConsoleListen == defaultConsole {
		log.Warn("there is no console: its address is in use; --console-listen names another one", "address", defaultConsole)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listen for the console: %w", err)
	}
	return l, nil
}

// console returns the console over the APIs, which listen on an address. Where servers share a store, visitors may come to any of them.
func (c *serveCommand) console(ctx context.Context, folder *dataFolder, w *wired, apiAddress net.Addr, secure bool, log *slog.Logger) (http.Handler, error) {
	o := console.Options{
		API: w.pipeline, Region: c.Region, Port: fmt.Sprint(apiAddress.(*net.TCPAddr).Port), Secure: secure, PublicURL: c.ConsoleAPIURL, Log: log,
	}
	if folder.store.Shared() {
		key, err := shelf.FormKey(ctx, folder.store, folder.box)
		if err != nil {
			return nil, err
		}
		o.Sessions, o.FormKey = shelf.New(folder.store, nil), key
	}
	return console.New(o), nil
}
