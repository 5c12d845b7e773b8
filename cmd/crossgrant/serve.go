package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"crossgrant/internal/admin"
	"crossgrant/internal/audit"
	"crossgrant/internal/bootstrap"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/notify"
)

// serveCommand is the configuration of the server.
type serveCommand struct {
	dataFlag
	limitFlags
	consoleFlags
	Listen     string `help:"Address to listen on." default:"127.0.0.1:9000" placeholder:"HOST:PORT"`
	Endpoint   string `help:"URL by which clients reach the API, such as that of a load balancer before several servers: what the profiles of the AWS CLI name. By default that of --listen." placeholder:"URL"`
	Region     string `help:"Region that this server is." default:"us-east-1" placeholder:"REGION"`
	Domain     string `help:"Base domain of virtual-hosted buckets (bucket.DOMAIN); localhost works by itself." placeholder:"DOMAIN"`
	NewBuckets string `help:"How new buckets are made: acls-enabled or acls-disabled (as on AWS since 2023: ACLs off, public access blocked)." enum:"acls-enabled,acls-disabled" default:"acls-enabled"`
	Bootstrap  string `help:"YAML file, or directory of policy documents, with accounts, users, buckets and objects to make at the first start." placeholder:"PATH"`
	TLSCert    string `name:"tls-cert" help:"Certificate chain, PEM; with --tls-key." placeholder:"FILE"`
	TLSKey     string `name:"tls-key" help:"Private key of the certificate, PEM." placeholder:"FILE"`
	Reserve    int64  `help:"Free space, in MiB, that only what deletes may use, beside what the metadata needs; 0 for none." default:"64" placeholder:"MIB"`
	Blobs      string `help:"Engine of large objects: files:, files:DIR, s3://BUCKET?endpoint=URL or memory:." default:"files:" placeholder:"URL"`

	LifecycleInterval time.Duration  `help:"How often the lifecycles of buckets are carried out." default:"24h" placeholder:"DURATION"`
	DrainDelay        *time.Duration `help:"How long requests are served still after the server was told to end, and says that it is not ready: load balancers need as long to notice. By default 5s where servers share a store, else 0s." placeholder:"DURATION"`
	ScrubInterval     time.Duration  `help:"How often everything that is stored is verified; 0: never." default:"168h" placeholder:"DURATION"`
	ScrubRate         int            `help:"How much the scrub reads per second at most, in MiB; 0: as much as it can." default:"32" placeholder:"MIB"`
	LifecycleDay      time.Duration  `help:"Length of a day in lifecycles; shorter ones are for tests." default:"24h" placeholder:"DURATION"`
	WebsiteDomain     string         `help:"Domain whose hosts are the websites of buckets (bucket.DOMAIN); those below s3-website.localhost and s3-website.DOMAIN of --domain work by themselves." placeholder:"DOMAIN"`
	AccessLogInterval time.Duration  `help:"How often server access logs are delivered to their buckets." default:"5m" placeholder:"DURATION"`

	RecordAge    time.Duration `help:"How long records of requests, with why each was allowed or denied, are kept." default:"168h" placeholder:"DURATION"`
	RecordSize   int64         `help:"How much of them is kept at most, compressed, in MiB." default:"1024" placeholder:"MIB"`
	RecordAllows int           `help:"How many allowed requests a second are recorded at most, beside all denials; 0: none." default:"100" placeholder:"N"`

	RecordWait bool `help:"Let requests wait for room in memory, if the disk does not keep up, rather than give up their records, and with them events of reads in trails and access logs."`

	TrailInterval  time.Duration `help:"How often log files of trails are delivered to their buckets." default:"5m" placeholder:"DURATION"`
	DigestInterval time.Duration `help:"How often the digest files by which they are verified are." default:"1h" placeholder:"DURATION"`
	TrailBacklog   int64         `help:"How much of one trail is kept at most while its bucket refuses it, compressed, in MiB." default:"1024" placeholder:"MIB"`

	Webhook              []string `help:"Destination of event notifications: the ARN of a topic, queue or function, and the URL that its events are posted to. May be repeated; in the environment variable separated by spaces." sep:" " placeholder:"ARN=URL"`
	WebhookAuthorization []string `help:"File with the Authorization header for a webhook. May be repeated." sep:" " placeholder:"ARN=FILE"`
}

const (
	// headerTimeout is how long an operator's command may take for the headers of a request.
	headerTimeout = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	// maxHeaders is the size in bytes of request line and headers together, beyond which the connection
	// is not worth an answer of S3. Below it the pipeline refuses what is larger than S3 takes (8 KiB).
	maxHeaders = 64 << 10
	// maxReserve is more than anybody keeps free, in MiB.
	maxReserve = 1 << 20
	// maxRecords is more than anybody keeps of request records, in MiB; minRecords is what readers of them need to be
	// behind without loss.
	maxRecords = 1 << 20
	minRecords = 16
	// maxRate is more than any disk reads, in MiB per second; minRate is so little that it is a mistake.
	maxRate = 1 << 20
	minRate = 0.001
	// drainTime is how long requests that are under way may go on after the server is told to end.
	drainTime = 30 * time.Second
	// drainDelay is how long load balancers have by default to notice that a server that shares its store with others ends, and
	// maxDrain more than any needs.
	drainDelay = 5 * time.Second
	maxDrain   = 10 * time.Minute
)

// Run runs the server until ctx ends.
func (c *serveCommand) Run(ctx context.Context, s streams) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	tuneHeap()
	config.lines = audit.NewLines(s.err)
	defer config.lines.Flush()
	log := slog.New(slog.NewJSONHandler(config.lines, nil))
	config.engines.log = log
	c.limitFlags = c.choose(availableMemory("/"), openFiles())
	c.limitMemory()
	folder, err := openFolder(c.Data, config.engines, true)
	if errors.Is(err, errLocked) {
		return fmt.Errorf("%w: stop it, or name another folder with --data", err)
	}
	if err != nil {
		return err
	}
	return errors.Join(c.serve(ctx, s, config, folder, log), folder.close())
}

// config is what the flags say, checked and read.
type config struct {
	engines engines
	tls     *tls.Config     // nil: plain HTTP
	file    *bootstrap.File // nil: none
	// webhooks are the destinations of event notifications, by ARN.
	webhooks map[string]notify.Webhook
	lines    *audit.Lines // what is logged; nil: requests are not
	// refused is called when the server must end because the others that share its store have gone on without it; nil: nobody is told.
	refused func(error)
}

// config checks the flags and reads the files that they name, before anything is opened.
func (c *serveCommand) config() (*config, error) {
	out := &config{}
	var err error
	if out.engines, err = parseEngines(c.Meta, c.Blobs); err != nil {
		return nil, err
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return nil, usagef("--listen: %q is not HOST:PORT", c.Listen)
	}
	if c.Endpoint, err = originOf("--endpoint", c.Endpoint); err != nil {
		return nil, err
	}
	if c.Region == "" || strings.Trim(c.Region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return nil, usagef("--region: %q is not the name of a region", c.Region)
	}
	if out.webhooks, err = parseWebhooks(c.Webhook, c.WebhookAuthorization, c.Region); err != nil {
		return nil, err
	}
	if c.Reserve < 0 || c.Reserve > maxReserve {
		return nil, usagef("--reserve: %d is not within 0 and %d MiB", c.Reserve, maxReserve)
	}
	out.engines.reserve, out.engines.master = c.Reserve<<20, c.MasterKey
	if err := errors.Join(c.limitFlags.check(), c.consoleFlags.check()); err != nil {
		return nil, err
	}
	if d := c.DrainDelay; d != nil && (*d < 0 || *d > maxDrain) {
		return nil, usagef("--drain-delay: %s is not within 0 and %s", *d, maxDrain)
	}
	if c.AccessLogInterval <= 0 {
		return nil, usagef("--access-log-interval: %s is not a time that passes", c.AccessLogInterval)
	}
	if c.RecordAge < time.Minute || c.RecordSize < minRecords || c.RecordSize > maxRecords || c.RecordAllows < 0 {
		return nil, usagef("--record-age, --record-size and --record-allows: %s, %d MiB and %d are not at least a minute, within %d and %d MiB, and at least 0",
			c.RecordAge, c.RecordSize, c.RecordAllows, minRecords, maxRecords)
	}
	if c.TrailInterval < time.Second || c.DigestInterval < time.Second || c.TrailBacklog < 1 || c.TrailBacklog > maxRecords {
		return nil, usagef("--trail-interval, --digest-interval and --trail-backlog: %s, %s and %d MiB are not at least a second, and within 1 and %d MiB",
			c.TrailInterval, c.DigestInterval, c.TrailBacklog, maxRecords)
	}
	if c.ScrubInterval < 0 || c.ScrubInterval > 0 && c.ScrubInterval < time.Second {
		return nil, usagef("--scrub-interval: %s is not 0, or at least a second", c.ScrubInterval)
	}
	if c.ScrubRate < 0 || c.ScrubRate > maxRate {
		return nil, usagef("--scrub-rate: %d is not within 0 and %d MiB per second", c.ScrubRate, maxRate)
	}
	if c.LifecycleInterval < time.Second || c.LifecycleInterval > lifecycle.Day {
		return nil, usagef("--lifecycle-interval: %s is not within a second and a day", c.LifecycleInterval)
	}
	if c.LifecycleDay < time.Second || c.LifecycleDay > lifecycle.Day {
		return nil, usagef("--lifecycle-day: %s is not within a second and a day", c.LifecycleDay)
	}
	c.Domain = strings.ToLower(strings.TrimSuffix(c.Domain, "."))
	c.WebsiteDomain = strings.ToLower(strings.TrimSuffix(c.WebsiteDomain, "."))
	if w := c.WebsiteDomain; w != "" && (w == c.Domain || w == "localhost") {
		return nil, usagef("--website-domain: %s is the base domain of virtual-hosted buckets", w)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return nil, usagef("--tls-cert and --tls-key go together")
	}
	if c.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		out.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	if c.Bootstrap != "" {
		out.file, err = bootstrap.Read(c.Bootstrap)
	}
	return out, err
}

// serve runs the services of an open folder.
func (c *serveCommand) serve(ctx context.Context, s streams, config *config, folder *dataFolder, log *slog.Logger) (err error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	config.refused = end
	wired, err := c.wire(ctx, config, folder, log)
	if err != nil {
		return err
	}
	defer wired.sharing.close() // after all who work under a lease
	defer wired.objects.Close()
	defer wired.lifecycles.Close()
	defer wired.scrubber.Close()
	defer wired.events.Close()
	defer wired.journal.Close() // after those who read it; what they have not read is there at the next start
	defer wired.accessLog.Close()
	defer wired.history.Close()
	defer wired.delivery.Close()
	defer wired.closure.Close()
	defer wired.usage.Close()
	defer wired.backups.Close()
	defer context.AfterFunc(ctx, wired.backups.Stop)() // requests under way are waited for, but not a backup
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close() // again, if the server has closed it
	visitors, err := c.consoleFlags.listen(log)
	if err != nil {
		return err
	}
	if visitors != nil {
		defer visitors.Close()
		wired.console.port = fmt.Sprint(visitors.Addr().(*net.TCPAddr).Port)
	}
	if config.file != nil {
		wired.sharing.exclusive().Run(ctx, "bootstrap", func(ctx context.Context) {
			err = bootstrap.Apply(ctx, wired.bootstrap, config.file, progress{log})
		})
		if err != nil {
			return err
		}
	}
	if err := wired.events.Start(ctx); err != nil {
		return err
	}
	pages, err := c.console(ctx, folder, wired, listener.Addr(), config.tls != nil, log)
	if err != nil {
		return err
	}
	endpoint := c.endpoint(c.Listen, listener.Addr())
	socket, err := admin.Listen(c.Data)
	if err != nil {
		return err
	}
	operator := folder.operator(wired.accounts, wired.kms, wired.closure, cmp.Or(c.Endpoint, endpoint), c.Region)
	operator.Backups, operator.Decisions, operator.Questions = wired.backups, wired.decisions, wired.questions
	group := &serverGroup{failed: make(chan error, 3)}
	group.add(&http.Server{Handler: admin.Handler(operator), ReadHeaderTimeout: headerTimeout}, socket)
	server, on, open := c.server(wired.pipeline, listener, config.tls, wired.metrics, log)
	wired.metrics.Gauge("connections", "Connections that are open, but for the spare ones.", open)
	group.add(server, on)
	if visitors != nil {
		server, on, _ := c.server(pages, visitors, config.tls, wired.metrics, log)
		group.add(server, on)
	}
	wired.objects.Start()
	if c.LifecycleDay != lifecycle.Day {
		log.Warn("the days of lifecycles are shortened: objects expire earlier than their rules say", "day", c.LifecycleDay)
	}
	wired.lifecycles.Start()
	if c.ScrubInterval > 0 {
		wired.scrubber.Start()
	}
	wired.accessLog.Start()
	wired.history.Start()
	wired.delivery.Start()
	wired.closure.Start()
	wired.usage.Start()
	wired.journal.Start()
	wired.sharing.start(folder.store, wired.orgs, wired.trails, log)
	place := "There is no console; --console-listen says where one is to be."
	if visitors != nil {
		place = "The console is at " + c.endpoint(c.ConsoleListen, visitors.Addr())
	}
	// Both lines at once: who waits for the first has the second as well.
	fmt.Fprintf(s.out, "crossgrant is ready at %s, data in %s, accounts: %s\n%s\n", endpoint, c.Data, wired.count(ctx), place)
	err = group.wait(ctx, c.drain(folder))
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause // the others have refused it
	}
	return err
}

// drain is how long the server serves after it was told to end.
func (c *serveCommand) drain(folder *dataFolder) time.Duration {
	switch {
	case c.DrainDelay != nil:
		return *c.DrainDelay
	case folder.store.Shared():
		return drainDelay
	}
	return 0
}

// endpoint returns the URL under which clients on this machine reach what listens on an address, which a flag named.
func (c *serveCommand) endpoint(flag string, address net.Addr) string {
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	tcp := address.(*net.TCPAddr)
	host, _, _ := net.SplitHostPort(flag)
	if tcp.IP.IsUnspecified() || host == "" {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, fmt.Sprint(tcp.Port))
}

// progress writes what the bootstrap makes to the log, one line each.
type progress struct{ log *slog.Logger }

func (p progress) Write(line []byte) (int, error) {
	p.log.Info("bootstrap", "step", strings.TrimSpace(string(line)))
	return len(line), nil
}

// serverGroup is servers that run and end together.
type serverGroup struct {
	servers []*http.Server
	failed  chan error // has room for every server
}

// add begins to serve.
func (g *serverGroup) add(server *http.Server, l net.Listener) {
	g.servers = append(g.servers, server)
	go func() { g.failed <- server.Serve(l) }()
}

// wait waits until ctx ends or a server fails, serves for delay still if ctx ended, then lets requests under way finish, and ends all.
func (g *serverGroup) wait(ctx context.Context, delay time.Duration) error {
	var failure error
	running := len(g.servers)
	select {
	case <-ctx.Done():
		select {
		case <-time.After(delay):
		case failure = <-g.failed:
			running--
		}
	case failure = <-g.failed:
		running--
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	errs := []error{failure}
	for _, server := range g.servers {
		err := server.Shutdown(drain)
		if errors.Is(err, context.DeadlineExceeded) {
			// Those who had not finished are cut off; nothing that was acknowledged is lost by it.
			err = server.Close()
		}
		errs = append(errs, err)
	}
	for range running {
		if err := <-g.failed; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
