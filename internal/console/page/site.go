package page

import (
	"context"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crossgrant/internal/console/client"
	"crossgrant/internal/console/session"
)

// maxForm is the largest form, in bytes: policies of 20 KB, several times over.
const maxForm = 1 << 20

// Config is what a Site is made of.
type Config struct {
	// API serves the public APIs.
	API    http.Handler
	Region string
	// Port is that of the API, and Secure whether it speaks TLS.
	Port   string
	Secure bool
	// PublicURL is the URL by which browsers reach the API; empty: the host of the console, with Port.
	PublicURL string
	Sections  []Section
	Nav       []Group
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now
	// Sessions keeps who is signed in; nil: this server's memory does. FormKey seals what forms bring back, the same on all
	// servers that a visitor may reach; nil: a key of this server.
	Sessions session.Shelf
	FormKey  *[32]byte
}

// Site is the console: all of its pages. It is an http.Handler.
type Site struct {
	config   Config
	log      *slog.Logger
	now      func() time.Time
	sessions *session.Store
	mux      *http.ServeMux
	guard    *http.CrossOriginProtection
	frame    *template.Template
	assets   *assets
	sealer   *sealer
}

// New returns a Site. It panics if a row or template is wrong.
func New(config Config) *Site {
	s := &Site{config: config, log: config.Log, now: config.Now, mux: http.NewServeMux(), guard: http.NewCrossOriginProtection(), assets: newAssets(config.Sections), sealer: newSealer(config.FormKey)}
	if s.now == nil {
		s.now = time.Now
	}
	s.sessions = session.NewStore(s.now, config.Sessions)
	s.frame = s.base()
	s.mux.Handle("/assets/", s.assets)
	for _, section := range config.Sections {
		templates := s.section(section)
		for _, row := range section.Rows {
			row.check()
			pattern := row.Path
			if strings.HasSuffix(pattern, "/") {
				pattern += "{$}"
			}
			s.mux.Handle(pattern, &handler{s, templates, &row})
		}
	}
	s.mux.Handle("/", &handler{s, s.frame, &Row{Path: "/", Get: func(context.Context, *Visit) (*View, error) {
		return nil, Missing("There is no such page.")
	}}})
	return s
}

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy(r))
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if s.config.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	s.mux.ServeHTTP(w, r)
}

// policy is the content security policy of pages: what they are made of comes from the console, and scripts stand in
// files of it. Objects are fetched from the API, which is another origin.
func (s *Site) policy(r *http.Request) string {
	api := s.apiURL(r)
	return "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; img-src 'self' data: " + api +
		"; media-src " + api + "; connect-src 'self' " + api + "; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// apiURL returns the URL by which the browser that sent r reaches the API.
func (s *Site) apiURL(r *http.Request) string {
	if s.config.PublicURL != "" {
		return s.config.PublicURL
	}
	u, err := url.Parse("//" + r.Host)
	host := ""
	if err == nil {
		host = u.Hostname()
	}
	if host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") != "" {
		host = "127.0.0.1"
	}
	return s.scheme() + "://" + net.JoinHostPort(host, s.config.Port)
}

func (s *Site) scheme() string {
	if s.config.Secure {
		return "https"
	}
	return "http"
}

// cookie returns the cookie of a session. Its name has a prefix, over TLS, that keeps other hosts of the domain from
// setting it.
//
// Source: https://www.rfc-editor.org/rfc/rfc6265bis#section-4.1.3
func (s *Site) cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.config.Secure, SameSite: http.SameSiteStrictMode,
	}
}

func (s *Site) cookieName() string {
	if s.config.Secure {
		return "__Host-crossgrant"
	}
	return "crossgrant"
}

// client returns a client of the APIs for a request. It reaches them as clients on this machine do, so that no name of
// a host is taken for that of a bucket.
func (s *Site) client(r *http.Request, credentials aws.CredentialsProvider, dry bool) *client.Client {
	return client.New(client.Options{
		API: s.config.API, Endpoint: s.scheme() + "://" + net.JoinHostPort("127.0.0.1", s.config.Port), Region: s.config.Region,
		Visitor: client.Visitor{RemoteAddr: r.RemoteAddr, TLS: r.TLS}, Credentials: credentials, Dry: dry,
	})
}
