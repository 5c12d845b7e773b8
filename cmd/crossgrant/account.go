package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"crossgrant/internal/accounts"
	"crossgrant/internal/admin"
	"crossgrant/internal/bootstrap"
	"crossgrant/internal/closure"
	"crossgrant/internal/fsck"
	"crossgrant/internal/iam"
	"crossgrant/internal/kms"
	"crossgrant/internal/reach/gather"
	"crossgrant/internal/sse"
)

// accountCommand has the commands that keep accounts.
type accountCommand struct {
	Create   createCommand   `cmd:"" help:"Make an account and print it with the access key of its root user."`
	List     listCommand     `cmd:"" help:"List all accounts."`
	Show     showCommand     `cmd:"" help:"Show one account."`
	Password passwordCommand `cmd:"" help:"Set the password of the root user, and print it if it was drawn."`
	Quota    quotaCommand    `cmd:"" help:"Show the quotas of an account, or change them."`
	Close    closeCommand    `cmd:"" help:"Close an account: its credentials stop working, its data stays."`
	Reopen   reopenCommand   `cmd:"" help:"Open a closed account again."`
	Delete   deleteCommand   `cmd:"" help:"Delete a closed account with all that it has, or tell what that is."`
}

// dataFlag says which data folder a command is about, and where its metadata lies.
type dataFlag struct {
	Data string `help:"Data folder." default:"./crossgrant-data" placeholder:"DIR"`
	Meta string `help:"Engine of the metadata: pebble:, pebble:DIR, postgres://HOST/DATABASE or memory:." default:"pebble:" placeholder:"URL"`

	MasterKey string `name:"master-key" help:"File with the master key, the same for all servers that share a store; by default master.json in the data folder." placeholder:"FILE"`
}

// outputFlag says how a command prints.
type outputFlag struct {
	Output string `help:"How to print: text or json." enum:"text,json" default:"text"`
}

type createCommand struct {
	dataFlag
	outputFlag
	Name            string `arg:"" help:"Name of the account, 1 to 50 characters."`
	ID              string `name:"id" help:"Account ID: 12 digits. Drawn if not given." placeholder:"ID"`
	CanonicalID     string `name:"canonical-id" help:"Canonical user ID: 64 hexadecimal digits. Drawn if not given." placeholder:"ID"`
	Email           string `help:"E-mail address of the root user. Made up in the domain accounts.invalid if not given." placeholder:"ADDRESS"`
	AccessKeyID     string `name:"access-key-id" help:"Access key ID of the root user. Drawn if not given." placeholder:"ID"`
	SecretAccessKey string `name:"secret-access-key" help:"Secret access key of the root user. Drawn if not given." placeholder:"SECRET"`
}

type listCommand struct {
	dataFlag
	outputFlag
}

type showCommand struct {
	dataFlag
	outputFlag
	Account string `arg:"" help:"Account ID, canonical user ID, e-mail address or name."`
}

// Run makes an account.
func (c *createCommand) Run(ctx context.Context, s streams) error {
	if c.SecretAccessKey != "" && c.AccessKeyID == "" {
		return usagef("--secret-access-key needs --access-key-id")
	}
	return c.with(ctx, true, func(o admin.Operator) error {
		created, err := o.CreateAccount(ctx, admin.NewAccount{
			Name: c.Name, AccountID: c.ID, CanonicalID: c.CanonicalID, Email: c.Email,
			AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey,
		})
		if err != nil {
			return err
		}
		return c.print(s.out, created, [][2]string{
			{"AccountId", created.AccountID}, {"CanonicalId", created.CanonicalID}, {"Name", created.Name}, {"Email", created.Email},
			{"AccessKeyId", created.AccessKeyID}, {"SecretAccessKey", created.SecretAccessKey},
		})
	})
}

// Run lists all accounts.
func (c *listCommand) Run(ctx context.Context, s streams) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		all := admin.AccountList{Accounts: []admin.Account{}}
		for after, more := "", true; more; {
			page, err := o.ListAccounts(ctx, after)
			if err != nil {
				return err
			}
			all.Accounts = append(all.Accounts, page.Accounts...)
			if more = page.More && len(page.Accounts) > 0; more {
				after = page.Accounts[len(page.Accounts)-1].AccountID
			}
		}
		if c.Output == "json" {
			return printJSON(s.out, all)
		}
		table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "AccountId\tName\tEmail\tState")
		for _, a := range all.Accounts {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", a.AccountID, a.Name, a.Email, a.State)
		}
		return table.Flush()
	})
}

// Run shows one account.
func (c *showCommand) Run(ctx context.Context, s streams) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		a, err := o.ShowAccount(ctx, c.Account)
		if err != nil {
			return err
		}
		return c.print(s.out, a, lines(a))
	})
}

// lines returns an account as text.
func lines(a admin.Account) [][2]string {
	out := [][2]string{
		{"AccountId", a.AccountID}, {"CanonicalId", a.CanonicalID}, {"Name", a.Name}, {"Email", a.Email},
		{"State", a.State}, {"Created", a.Created.Format(time.RFC3339)},
	}
	if a.Closed != nil {
		out = append(out, [2]string{"Closed", a.Closed.Format(time.RFC3339)})
	}
	if len(a.AccessKeyIDs) > 0 {
		out = append(out, [2]string{"AccessKeyIds", strings.Join(a.AccessKeyIDs, " ")})
	}
	return out
}

// print prints value as JSON, or the lines that say the same as text.
func (f outputFlag) print(w io.Writer, value any, text [][2]string) error {
	if f.Output == "json" {
		return printJSON(w, value)
	}
	for _, line := range text {
		if _, err := fmt.Fprintf(w, "%-16s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}

func printJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	return e.Encode(value)
}

// with runs do with the operator of the data folder: the server that has it open, or, if there is none,
// the folder itself, which is made if create is set.
func (f dataFlag) with(ctx context.Context, create bool, do func(admin.Operator) error) error {
	return f.without(ctx, "", create, func(e engines) engines { return engines{meta: e.meta} }, func(o *offline) error { return do(o.operator) }, do)
}

// withBlobs is with for what removes large objects, too: without a server, the folder is opened with its blobs, and
// what is not needed any more is gone when it returns.
func (f dataFlag) withBlobs(ctx context.Context, blobs string, do func(admin.Operator) error) error {
	return f.without(ctx, blobs, false, func(e engines) engines { return e }, func(o *offline) error {
		if err := do(o.operator); err != nil {
			return err
		}
		return o.objects.Recover(ctx)
	}, do)
}

// without runs do with the server that has the data folder open or, if there is none, alone with the folder itself,
// whose engines are chosen by choose.
func (f dataFlag) without(ctx context.Context, blobs string, create bool, choose func(engines) engines, alone func(*offline) error, do func(admin.Operator) error) (err error) {
	client, err := admin.Dial(f.Data)
	if err == nil {
		return do(client)
	}
	if !errors.Is(err, admin.ErrNoServer) {
		return err
	}
	if f.Meta == "memory:" {
		return usagef("--meta memory: is kept by a running server only, and there is none")
	}
	e, err := parseEngines(f.Meta, blobs)
	if err != nil {
		return err
	}
	e = choose(e)
	e.master = f.MasterKey
	folder, err := openFolder(f.Data, e, create)
	if err != nil {
		return locked(err)
	}
	defer func() { err = errors.Join(err, folder.close()) }()
	if err := folder.check(ctx); err != nil {
		return err
	}
	return alone(newOffline(folder))
}

// locked says in err, if another process has the folder, what to do where a server was looked for before.
func locked(err error) error {
	if errors.Is(err, errLocked) {
		return fmt.Errorf("%w that does not answer on its admin socket: if it is starting, try again, else stop it", err)
	}
	return err
}

// operator returns the operator of an open folder.
func (d *dataFolder) operator(service *accounts.Service, keys *kms.Service, ends *closure.Service, endpoint, region string) *admin.Local {
	return &admin.Local{
		Alone:    d.alone(endpoint != ""),
		Accounts: service, Passwords: iam.New(d.store, d.box, iam.Options{}), KMS: keys, Closure: ends, Box: d.box, Endpoint: endpoint, Region: region,
		Reach:  gather.New(d.store, gather.Default),
		Verify: fsck.Options{Store: d.store, Blobs: d.blobs, Keys: &sse.Keyring{Master: d.box, KMS: keys}},
		ReadProfiles: func(ctx context.Context) ([]admin.Profile, error) {
			found, err := bootstrap.Profiles(ctx, d.store, d.box)
			profiles := make([]admin.Profile, len(found))
			for i, p := range found {
				profiles[i] = admin.Profile{Name: p.Name, AccessKeyID: string(p.AccessKeyID), SecretAccessKey: p.Secret}
			}
			return profiles, err
		},
	}
}
