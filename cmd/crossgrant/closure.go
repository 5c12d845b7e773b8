package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/accesslog"
	"crossgrant/internal/accounts"
	"crossgrant/internal/admin"
	"crossgrant/internal/analyzer"
	"crossgrant/internal/bootstrap"
	"crossgrant/internal/closure"
	"crossgrant/internal/cloudtrail"
	"crossgrant/internal/cloudtrail/history"
	"crossgrant/internal/decisions"
	"crossgrant/internal/iam"
	"crossgrant/internal/journal"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/notify"
	"crossgrant/internal/objects"
	"crossgrant/internal/orgs"
	"crossgrant/internal/questions"
	"crossgrant/internal/sse"
	"crossgrant/internal/sts"
	"crossgrant/internal/usage"
)

type closeCommand struct {
	dataFlag
	outputFlag
	Account string `arg:"" help:"Account ID, canonical user ID, e-mail address or name."`
}

type reopenCommand struct {
	dataFlag
	outputFlag
	Account string `arg:"" help:"Account ID, canonical user ID, e-mail address or name."`
}

type deleteCommand struct {
	dataFlag
	outputFlag
	Account string `arg:"" help:"Account ID, canonical user ID, e-mail address or name."`
	Yes     bool   `help:"Delete it. Without this, what would be removed is told, and nothing is."`
	Blobs   string `help:"Engine of large objects if no server runs: files:, files:DIR or s3://BUCKET?endpoint=URL." default:"files:" placeholder:"URL"`
}

// unconfirmedError says that nothing was done, because what is to be done has to be confirmed.
type unconfirmedError struct{ error }

// Run closes one account. What becomes unreachable is told before, on the stream for errors, so that what is printed
// stays what it was.
func (c *closeCommand) Run(ctx context.Context, s streams) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		has, err := o.AccountContents(ctx, c.Account, false)
		if err != nil {
			return err
		}
		if has.State == admin.Active {
			fmt.Fprintf(s.err, "crossgrant: closing account %s (%s) makes unreachable: %s\n", has.AccountID, has.Name, summary(has.Contents))
		}
		a, err := o.CloseAccount(ctx, c.Account)
		if err != nil {
			return err
		}
		return c.print(s.out, a, lines(a))
	})
}

// summary returns what an account has in one line.
func summary(items []admin.Item) string {
	if len(items) == 0 {
		return "nothing"
	}
	var parts []string
	for _, i := range items {
		parts = append(parts, fmt.Sprintf("%s %d", i.Name, i.Count))
	}
	return strings.Join(parts, ", ")
}

// Run opens a closed account again.
func (c *reopenCommand) Run(ctx context.Context, s streams) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		a, err := o.ReopenAccount(ctx, c.Account)
		if err != nil {
			return err
		}
		return c.print(s.out, a, lines(a))
	})
}

// Run deletes a closed account, or tells what would be removed.
func (c *deleteCommand) Run(ctx context.Context, s streams) error {
	return c.withBlobs(ctx, c.Blobs, func(o admin.Operator) error {
		if !c.Yes {
			return c.preview(ctx, s, o)
		}
		begun, err := o.DeleteAccount(ctx, c.Account)
		if err != nil {
			return err
		}
		done := admin.Deletion{}
		for done.State != admin.Deleted {
			if done, err = o.ContinueDeletion(ctx, begun.AccountID); err != nil {
				return err
			}
			fmt.Fprintf(s.err, "crossgrant: account %s: %d records removed\n", begun.AccountID, done.Removed)
		}
		done.CanonicalID, done.Name = begun.CanonicalID, begun.Name
		return c.print(s.out, done, [][2]string{
			{"AccountId", done.AccountID}, {"CanonicalId", done.CanonicalID}, {"Name", done.Name}, {"State", done.State}, {"Removed", fmt.Sprint(done.Removed)},
		})
	})
}

// deletionNotes are what a deletion does that its numbers do not tell.
var deletionNotes = []string{
	"It cannot be undone. Neither object lock nor a legal hold keeps anything.",
	"Objects of other accounts that are encrypted under its KMS keys become unreadable.",
	"Objects that it owns in buckets of other accounts stay; the owner of the bucket can delete them.",
	"Its account ID and canonical user ID are never given out again.",
}

// preview tells what a deletion would remove.
func (c *deleteCommand) preview(ctx context.Context, s streams, o admin.Operator) error {
	has, err := o.DeletableContents(ctx, c.Account)
	if err != nil {
		return err
	}
	text := [][2]string{{"AccountId", has.AccountID}, {"CanonicalId", has.CanonicalID}, {"Name", has.Name}, {"State", has.State}}
	for _, i := range has.Contents {
		text = append(text, [2]string{i.Name, fmt.Sprint(i.Count)})
	}
	if err := c.print(s.out, has, text); err != nil {
		return err
	}
	for _, note := range deletionNotes {
		fmt.Fprintln(s.err, "crossgrant: note: "+note)
	}
	return unconfirmedError{fmt.Errorf("nothing was removed: to delete account %s with all of this, add --yes", has.AccountID)}
}

// closureParts are the services that keep something of accounts.
type closureParts struct {
	iam       *iam.Service
	objects   *objects.Service
	kms       *kms.Service
	orgs      *orgs.Service
	events    *notify.Service
	accessLog *accesslog.Service
	usage     *usage.Service
	analyzer  *analyzer.Service
	trails    *cloudtrail.Service
	history   *history.Service
}

// closure returns the service that ends accounts. What names the records of another part comes before it: profiles
// name access keys; and no event or line comes into being when the buckets are gone.
func (p *closureParts) closure(store *meta.Store, service *accounts.Service, log *slog.Logger) *closure.Service {
	return closure.New(store, service, log, bootstrap.Records{Store: store}, p.objects, p.events, p.accessLog, p.kms, p.iam, p.orgs, p.usage, p.analyzer, p.trails, p.history)
}

// offline is the services of a folder that no server has open, as far as the command line needs them.
type offline struct {
	operator *admin.Local
	objects  *objects.Service
	access   *access.Access
	kms      *kms.Service
	iam      *iam.Service
	store    *meta.Store
}

// asking lets the operator answer questions, as the server of a region would.
func (o *offline) asking(region string) *admin.Local {
	o.operator.Questions = questions.New(o.access, o.objects, o.kms, region, nil)
	o.operator.Decisions = decisions.New(journal.New(o.store, journal.Options{}), o.operator.Questions, decisions.Options{Shown: shown(o.iam)})
	return o.operator
}

// offlineRegion is the region that questions are about where no server says which one it is.
const offlineRegion = "us-east-1"

func newOffline(folder *dataFolder) *offline {
	quiet := slog.New(slog.DiscardHandler)
	authorizer := access.New(folder.store, folder.box, sts.New(folder.store, folder.box, sts.Options{}))
	service := accounts.New(folder.store, folder.box, accounts.Options{})
	identity := iam.New(folder.store, folder.box, iam.Options{})
	keys := kms.New(folder.store, folder.box, kms.Options{Principals: identity})
	parts := &closureParts{
		iam: identity, kms: keys,
		objects:   objects.New(folder.store, folder.blobs, objects.Options{Keys: &sse.Keyring{Master: folder.box, KMS: keys}, Log: quiet}),
		orgs:      orgs.New(folder.store, orgs.Options{Accounts: service, Roles: identity}),
		events:    notify.New(folder.store, notify.Options{Log: quiet}),
		accessLog: accesslog.New(folder.store, nil, nil, nil, accesslog.Options{Log: quiet}),
		usage:     usage.New(folder.store, usage.Options{Log: quiet}),
		analyzer:  analyzer.New(folder.store, analyzer.Options{}),
		trails:    cloudtrail.New(folder.store, cloudtrail.Options{World: authorizer}),
		history:   history.New(folder.store, nil, folder.box, history.Options{Log: quiet}),
	}
	operator := folder.operator(service, keys, parts.closure(folder.store, service, quiet), "", "")
	operator.Backups = folder.backups(parts.objects)
	o := &offline{operator, parts.objects, authorizer, keys, identity, folder.store}
	o.asking(offlineRegion)
	return o
}
