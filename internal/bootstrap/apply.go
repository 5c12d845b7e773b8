package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/apierr"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/kms"
	"crossgrant/internal/meta"
	"crossgrant/internal/objects"
	"crossgrant/internal/orgs"
	"crossgrant/internal/records"
)

// doneFact names the fact that a bootstrap file has been applied to its end; its value is when.
const doneFact = "bootstrap"

// Services are what a file is applied to.
type Services struct {
	Store    *meta.Store
	Accounts *accounts.Service
	IAM      *iam.Service
	Objects  *objects.Service
	KMS      *kms.Service

	Organizations *orgs.Service
	// Region, Ownership, Block and NoCustomerKeys are what a bucket gets for which the file says nothing;
	// Block sets all four settings of Block Public Access, NoCustomerKeys blocks SSE-C.
	Region         string
	Ownership      string
	Block          bool
	NoCustomerKeys bool
	Now            func() time.Time
}

// Apply makes what f says and what is not there yet, unless a file has been applied to the data folder
// before. It tells progress, in one line each, what it makes. If it fails, or the process ends, what
// was made stays, and the next Apply goes on.
//
// It must not run while requests are served.
func Apply(ctx context.Context, s Services, f *File, progress io.Writer) error {
	done, err := applied(ctx, s.Store)
	if err != nil || done {
		return err
	}
	run := &run{Services: s, file: f, progress: progress}
	if err := run.all(ctx); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	return s.Store.Update(ctx, func(tx meta.Tx) error {
		return tx.Put(keys.Meta(doneFact), []byte(s.Now().UTC().Format(time.RFC3339)))
	})
}

// applied reports whether a file has been applied to the store.
func applied(ctx context.Context, store *meta.Store) (done bool, err error) {
	err = store.View(ctx, func(r meta.Reader) error {
		_, err := r.Get(keys.Meta(doneFact))
		done = err == nil
		if errors.Is(err, meta.ErrNotFound) {
			return nil
		}
		return err
	})
	return done, err
}

// run is one application of a file.
type run struct {
	Services
	file     *File
	progress io.Writer
	accounts []accounts.Account // in the order of the file
}

// all applies the file. Everything that a policy may name as a principal is there before the first
// policy that may name it.
func (r *run) all(ctx context.Context) error {
	for i := range r.file.Accounts {
		a := &r.file.Accounts[i]
		account, err := r.account(ctx, a)
		if err != nil {
			return fmt.Errorf("account %s: %w", a.Name, err)
		}
		if err := r.keys(ctx, account.ID, a); err != nil {
			return fmt.Errorf("account %s: %w", a.Name, err)
		}
		if err := r.block(ctx, account.ID, a); err != nil {
			return fmt.Errorf("account %s: %w", a.Name, err)
		}
		if err := r.rootPassword(ctx, account.ID, a); err != nil {
			return fmt.Errorf("account %s: root: %w", a.Name, err)
		}
		r.accounts = append(r.accounts, account)
	}
	for _, step := range []func(context.Context, ids.AccountID, *Account) error{r.identities, r.roles} {
		for i := range r.file.Accounts {
			a := &r.file.Accounts[i]
			if err := step(ctx, r.accounts[i].ID, a); err != nil {
				return fmt.Errorf("account %s: %w", a.Name, err)
			}
		}
	}
	for i := range r.file.Accounts {
		for j := range r.file.Accounts[i].Buckets {
			b := &r.file.Accounts[i].Buckets[j]
			if err := r.bucket(ctx, r.accounts[i], b); err != nil {
				return fmt.Errorf("bucket %s: %w", b.Name, err)
			}
		}
	}
	for i := range r.file.Organizations {
		o := &r.file.Organizations[i]
		if err := r.organization(ctx, o); err != nil {
			return fmt.Errorf("organization of account %s: %w", o.Management, err)
		}
	}
	return nil
}

func (r *run) say(format string, args ...any) { fmt.Fprintf(r.progress, format+"\n", args...) }

// account returns the account of a, which it makes if there is none. An account that is there has to
// have the identifiers that the file gives it.
func (r *run) account(ctx context.Context, a *Account) (accounts.Account, error) {
	account, err := r.Accounts.Lookup(ctx, firstOf(a.ID, a.CanonicalID, a.Email, a.Name))
	if apierr.Is(err, accounts.CodeNotFound) {
		account, _, err = r.Accounts.Create(ctx, accounts.NewAccount{
			Name: a.Name, ID: a.ID, CanonicalID: a.CanonicalID, Email: a.Email,
			AccessKeyID: a.Root.AccessKeyID, SecretAccessKey: a.Root.SecretAccessKey,
		})
		if err == nil {
			r.say("made account %s (%s)", account.Name, account.ID)
		}
	}
	if err != nil {
		return accounts.Account{}, err
	}
	for _, same := range []struct{ what, file, there string }{
		{"id", a.ID, string(account.ID)},
		{"canonical id", a.CanonicalID, string(account.CanonicalID)},
	} {
		if same.file != "" && same.file != same.there {
			return accounts.Account{}, fmt.Errorf("it is there with %s %s, but the file says %s", same.what, same.there, same.file)
		}
	}
	if a.Root.Profile == "" {
		return account, nil
	}
	root, err := r.Accounts.RootKeys(ctx, account.ID)
	if err != nil {
		return accounts.Account{}, err
	}
	if len(root) == 0 {
		return accounts.Account{}, fmt.Errorf("its root user has no access key for profile %s", a.Root.Profile)
	}
	return account, r.profile(ctx, a.Root.Profile, root[0])
}

// block sets the public access block of an account that has none.
func (r *run) block(ctx context.Context, id ids.AccountID, a *Account) error {
	block, err := r.file.settings(a.Block)
	if err != nil {
		return fmt.Errorf("public-access-block: %w", err)
	}
	record := new(records.Account)
	err = r.Store.View(ctx, func(reader meta.Reader) error { return records.Get(reader, keys.Account(id), record) })
	if err != nil || block == nil || record.PublicAccessBlock != nil {
		return err
	}
	return r.Accounts.SetPublicAccessBlock(ctx, id, block)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
