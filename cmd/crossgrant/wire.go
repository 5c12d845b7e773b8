package main

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/accesslog"
	"crossgrant/internal/accounts"
	"crossgrant/internal/analyzer"
	"crossgrant/internal/audit"
	"crossgrant/internal/backup"
	"crossgrant/internal/bootstrap"
	"crossgrant/internal/closure"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/archive"
	"crossgrant/internal/cloudtrail/delivery"
	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/cloudtrail/signing"
	"crossgrant/internal/decisions"
	"crossgrant/internal/fsck"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/analyzerapi"
	"crossgrant/internal/httpapi/cloudtrailapi"
	"crossgrant/internal/httpapi/crossgrantapi"
	"crossgrant/internal/httpapi/iamapi"
	"crossgrant/internal/httpapi/orgsapi"
	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/httpapi/s3controlapi"
	"crossgrant/internal/httpapi/signinapi"
	"crossgrant/internal/httpapi/stsapi"
	"crossgrant/internal/httpapi/websiteapi"
	"crossgrant/internal/iam"
	"crossgrant/internal/journal"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/lifecycle"
	"crossgrant/internal/lifecycle/engine"
	"crossgrant/internal/meta"
	"crossgrant/internal/metrics"
	"crossgrant/internal/notify"
	"crossgrant/internal/objects"
	"crossgrant/internal/orgs"
	"crossgrant/internal/questions"
	"crossgrant/internal/reach/gather"
	"crossgrant/internal/reports"
	"crossgrant/internal/simulator"
	"crossgrant/internal/sse"
	"crossgrant/internal/sts"
	"crossgrant/internal/usage"
	"crossgrant/internal/webidentity"
)

// wired is the services of a server.
type wired struct {
	accounts   *accounts.Service
	objects    *objects.Service
	kms        *kms.Service
	lifecycles *engine.Engine
	events     *notify.Service
	accessLog  *accesslog.Service
	closure    *closure.Service
	usage      *usage.Service
	journal    *journal.Journal
	decisions  *decisions.Service
	trails     *cloudtrail.Service
	signing    *signing.Service
	history    *history.Service
	delivery   *delivery.Service
	stream     *audit.Stream
	backups    *backup.Service
	bootstrap  bootstrap.Services
	questions  *questions.Service
	scrubber   *fsck.Scrubber
	pipeline   *httpapi.Pipeline
	metrics    *metrics.Metrics
	console    *consoleOrigin
	orgs       *orgs.Service
	sharing    *sharing
}

// wire makes the services over an open folder, and makes the folder ready: its format is checked, and
// what a crash left is cleaned up. The server is ready until ctx ends.
func (c *serveCommand) wire(ctx context.Context, config *config, folder *dataFolder, log *slog.Logger) (_ *wired, err error) {
	store, box := folder.store, folder.box
	log = quietIn(log, func() error { _, err := store.Condition(); return err })
	sessions := sts.New(store, box, sts.Options{})
	// Before anything is written, so that no commit escapes them.
	authorizer := access.New(store, box, sessions)
	trails := cloudtrail.New(store, cloudtrail.Options{Region: c.Region, World: authorizer})
	counted := metrics.New()
	counted.Storage(store.Condition)
	shared := c.share(folder, log, config.refused)
	exclusive := shared.exclusive()
	counted.Gauge("leases", "Pieces of background work that this server does, of those that one server at a time does.", shared.held)
	events := notify.New(store, notify.Options{Webhooks: config.webhooks, Meter: counted, Exclusive: exclusive, Log: log})
	if err := folder.check(ctx); err != nil {
		return nil, err
	}
	if err := shared.join(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			shared.close()
		}
	}()
	identity := iam.New(store, box, iam.Options{})
	if err := identity.Recover(ctx); err != nil {
		return nil, err
	}
	w := &wired{
		accounts: accounts.New(store, box, accounts.Options{}),
		kms:      kms.New(store, box, kms.Options{Region: c.Region, Principals: identity}),
		events:   events,
		trails:   trails,
		metrics:  counted,
		console:  &consoleOrigin{url: c.ConsoleURL, secure: config.tls != nil},
		sharing:  shared,
	}
	w.objects = objects.New(store, folder.blobs, objects.Options{
		Log: log, Keys: &sse.Keyring{Master: box, KMS: w.kms}, Changed: events.Changed, Exclusive: exclusive,
	})
	if err := w.objects.Recover(ctx); err != nil {
		return nil, err
	}
	w.backups = folder.backups(w.objects)
	if err := w.backups.Recover(); err != nil {
		return nil, err
	}
	organizations := orgs.New(store, orgs.Options{Accounts: w.accounts, Roles: identity, Principals: identity})
	if err := organizations.Recover(ctx); err != nil {
		return nil, err
	}
	w.orgs = organizations
	buckets := s3api.ACLsEnabled
	if c.NewBuckets == "acls-disabled" {
		buckets = s3api.ACLsDisabled
	}
	w.bootstrap = bootstrap.Services{
		Store: store, Accounts: w.accounts, IAM: identity, Objects: w.objects, KMS: w.kms, Organizations: organizations,
		Region: c.Region, Ownership: buckets.Ownership, Block: buckets.Block,
		NoCustomerKeys: buckets.NoCustomerKeys, Now: time.Now,
	}
	w.questions = questions.New(authorizer, w.objects, w.kms, c.Region, nil)
	var domains []string
	if c.Domain != "" {
		domains = []string{c.Domain}
	}
	calendar := lifecycle.Calendar{Day: c.LifecycleDay}
	w.lifecycles = engine.New(store, w.objects, engine.Options{
		Interval: c.LifecycleInterval, Calendar: calendar, Count: counted.Lifecycle, Exclusive: exclusive, Log: log,
	})
	busy := new(traffic)
	w.scrubber = fsck.NewScrubber(fsck.ScrubOptions{
		Options:  fsck.Options{Store: store, Blobs: folder.blobs, Keys: &sse.Keyring{Master: box, KMS: w.kms}},
		Interval: c.ScrubInterval, Rate: int64(c.ScrubRate) << 20, Busy: busy.is, Meter: counted, Exclusive: exclusive, Log: log,
	})
	s3 := s3api.New(w.objects, s3api.Deps{
		Buckets: authorizer, Accounts: authorizer, Principals: identity, MFA: identity, KMS: w.kms,
		Region: c.Region, Domains: domains, NewBuckets: buckets, Calendar: calendar, Destinations: events,
	})
	pages := websiteapi.Deps{Buckets: authorizer, Objects: s3, Region: c.Region, Domains: domains}
	if c.WebsiteDomain != "" {
		pages.Websites = []string{c.WebsiteDomain}
	}
	w.usage = usage.New(store, usage.Options{Exclusive: exclusive, Log: log})
	c.keepRecords(w, folder, authorizer, identity, log)
	if err := w.journal.Recover(ctx); err != nil {
		return nil, err
	}
	w.stream = audit.NewStream(audit.NewLog(config.lines), counted, w.usage, w.decisions, busy)
	parts := &closureParts{
		iam: identity, objects: w.objects, kms: w.kms, orgs: organizations, events: events, accessLog: w.accessLog, usage: w.usage,
		trails: w.trails, history: w.history,
	}
	parts.analyzer = analyzer.New(store, analyzer.Options{Region: c.Region, World: authorizer, Principals: identity})
	w.closure = parts.closure(store, w.accounts, log)
	w.closure.Exclusive = exclusive
	told := reports.New(store, reports.Deps{Entities: identity, Policies: authorizer, Usage: w.usage}, reports.Options{})
	w.pipeline, err = httpapi.New(httpapi.Config{
		Region:     c.Region,
		Authorizer: authorizer,
		Messages:   sessions,
		Services: []httpapi.Service{
			s3, s3controlapi.New(w.accounts, authorizer, w.objects), iamapi.New(identity, iamapi.Deps{Simulator: simulator.New(authorizer), Reports: told, RootFeatures: organizations}), stsapi.New(sessions, stsapi.Deps{
				Roles: authorizer, MFA: identity, Providers: sessions, Tokens: webidentity.New(webidentity.Options{}), RootAccess: organizations,
			}),
			orgsapi.New(organizations), websiteapi.New(pages), analyzerapi.New(parts.analyzer),
			cloudtrailapi.New(cloudtrailapi.Deps{Trails: w.trails, History: w.history, Keys: w.signing, Organizations: organizations}), crossgrantapi.New(w.decisions, gather.NewHalves(store, gather.ForAccounts, nil)),
			signinapi.New(signinapi.Deps{Users: identity, Sessions: sessions}),
		},
		Records:     w.stream,
		Keep:        w.decisions.Keep,
		Now:         time.Now,
		Ready:       folder.ready(ctx),
		Metrics:     counted.Handler(),
		NamesBucket: s3.NamesBucket,
		Console:     w.console.sent,
		Admission:   c.admission(counted),
	})
	return w, err
}

// keepRecords makes what keeps the records of requests, and what reads them from where they are kept.
func (c *serveCommand) keepRecords(w *wired, folder *dataFolder, gate *access.Access, identity *iam.Service, log *slog.Logger) {
	store, exclusive := folder.store, w.sharing.exclusive()
	w.journal = journal.New(store, journal.Options{
		Age: c.RecordAge, Size: c.RecordSize << 20, Wait: c.RecordWait, Meter: w.metrics, Exclusive: exclusive, Log: log,
		Readers: []string{accesslog.Reader, history.Reader, delivery.Reader},
	})
	w.accessLog = accesslog.New(store, w.journal, gate, w.objects, accesslog.Options{
		Interval: c.AccessLogInterval, Region: c.Region, Meter: w.metrics, Exclusive: exclusive, Log: log,
	})
	w.history = history.New(store, w.journal, folder.box, history.Options{Region: c.Region, Meter: w.metrics, Exclusive: exclusive, Log: log})
	out := archive.New(gate, w.objects, archive.Options{
		Region: c.Region, Publish: func(r *audit.Record) { w.stream.Publish(r) },
		Keep: func(tx meta.Tx, r *audit.Record) error { return w.decisions.Keep(tx, r) },
	})
	w.trails.Destination = out
	w.signing = signing.New(store, folder.box, signing.Options{})
	w.delivery = delivery.New(store, delivery.Deps{Journal: w.journal, Trails: w.trails, Archive: out, Keys: w.signing}, delivery.Options{
		Interval: c.TrailInterval, DigestInterval: c.DigestInterval, Backlog: c.TrailBacklog << 20, Region: c.Region, Meter: w.metrics, Exclusive: exclusive, Log: log,
	})
	w.decisions = decisions.New(w.journal, w.questions, decisions.Options{
		Allows: c.RecordAllows, Organizations: w.delivery.Organizations, Shown: shown(identity), Log: log,
		Readers: []decisions.Reader{
			{ID: audit.ForAccessLog, Wants: w.accessLog.Wants},
			{ID: audit.ForHistory, Wants: w.history.Wants, Lasting: true},
			{ID: audit.ForTrails, Wants: w.delivery.Wants, Lasting: true},
		},
	})
}

// shown returns what names principals of stored policies by their ARNs, where they still are.
func shown(identity *iam.Service) func(stored string) string {
	return func(stored string) string {
		if name, err := identity.PrincipalARN(context.Background(), stored); err == nil {
			return name
		}
		return stored
	}
}

// traffic knows when a request ended last. It is a reader of the stream of request records.
type traffic struct{ last atomic.Int64 }

// Record notes that a request ended.
func (t *traffic) Record(*audit.Record) { t.last.Store(time.Now().UnixNano()) }

// is reports whether one ended just now.
func (t *traffic) is() bool { return time.Since(time.Unix(0, t.last.Load())) < 20*time.Millisecond }

// answers reports whether the metadata store does. It asks as a writer does, although it writes nothing:
// a store whose disk fails may still read, and refuses every write until the disk works again.
func answers(ctx context.Context, store *meta.Store) error {
	return store.Update(ctx, func(tx meta.Tx) error {
		_, err := tx.Get(keys.Meta(formatFact))
		return err
	})
}

// count returns the number of accounts, up to a page of them, for people to read.
func (w *wired) count(ctx context.Context) string {
	const page = 1000
	first, err := w.accounts.List(ctx, "", page)
	switch {
	case err != nil:
		return "unknown"
	case first.More:
		return "more than 1000"
	default:
		return strconv.Itoa(len(first.Accounts))
	}
}
