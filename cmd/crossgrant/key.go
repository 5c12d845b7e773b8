package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"crossgrant/internal/admin"
	"crossgrant/internal/seal"
)

// keyCommand has the commands that keep KMS keys and the master key.
type keyCommand struct {
	Create       keyCreateCommand    `cmd:"" help:"Make a KMS key of an account."`
	List         keyListCommand      `cmd:"" help:"List the KMS keys of all accounts."`
	Rotate       keyRotateCommand    `cmd:"" help:"Give a KMS key new material; what the earlier one sealed stays readable."`
	Disable      keyDisableCommand   `cmd:"" help:"Disable a KMS key: what is encrypted under it cannot be read until it is enabled."`
	Enable       keyEnableCommand    `cmd:"" help:"Enable a KMS key."`
	MakeMaster   makeMasterCommand   `cmd:"" help:"Make the file with a master key, for servers that are to share a store."`
	RotateMaster rotateMasterCommand `cmd:"" help:"Add a new master key to master.json, which seals from then on. Back the file up afterwards."`
}

type keyCreateCommand struct {
	dataFlag
	outputFlag
	Account string `help:"Account ID, canonical user ID, e-mail address or name." required:"" placeholder:"ACCOUNT"`
	ID      string `name:"id" help:"Key ID: a UUID in lower case. Drawn if not given." placeholder:"UUID"`
	Alias   string `help:"Alias of the key, with or without alias/." placeholder:"NAME"`
	Policy  string `help:"File with the key policy. Default: the policies of the account decide." placeholder:"FILE"`
	Region  string `help:"Region of the key if no server runs; it is that of the server otherwise." default:"us-east-1" placeholder:"REGION"`
}

type keyListCommand struct {
	dataFlag
	outputFlag
}

// namedKey is what the commands have that are about one key.
type namedKey struct {
	dataFlag
	outputFlag
	Key string `arg:"" help:"Key ID or ARN."`
}

type (
	keyRotateCommand  struct{ namedKey }
	keyDisableCommand struct{ namedKey }
	keyEnableCommand  struct{ namedKey }
)

type rotateMasterCommand struct{ dataFlag }

type makeMasterCommand struct {
	File string `arg:"" help:"The file, which must not be there. Nobody but its owner can read it."`
}

// Run makes a master key.
func (c *makeMasterCommand) Run(s streams) error {
	if _, err := os.Lstat(c.File); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already: name a new file", c.File)
	}
	if _, err := seal.Load(c.File); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.out, "the master key is in %s: give it to each server with --master-key, and keep a copy, as nothing can be read without it\n", c.File)
	return err
}

// Run makes a KMS key.
func (c *keyCreateCommand) Run(ctx context.Context, s streams) error {
	n := admin.NewKey{Account: c.Account, KeyID: c.ID, Alias: c.Alias, Region: c.Region}
	if c.Policy != "" {
		text, err := os.ReadFile(c.Policy)
		if err != nil {
			return fmt.Errorf("read key policy: %w", err)
		}
		n.Policy = string(text)
	}
	return c.with(ctx, false, func(o admin.Operator) error {
		k, err := o.CreateKey(ctx, n)
		if err != nil {
			return err
		}
		return c.print(s.out, k, keyLines(k))
	})
}

// Run lists all KMS keys.
func (c *keyListCommand) Run(ctx context.Context, s streams) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		list, err := o.ListKeys(ctx)
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return printJSON(s.out, list)
		}
		table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "Arn\tAliases\tState")
		for _, k := range list.Keys {
			fmt.Fprintf(table, "%s\t%s\t%s\n", k.ARN, strings.Join(k.Aliases, " "), keyState(k))
		}
		return table.Flush()
	})
}

// Run rotates a KMS key.
func (c *keyRotateCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, admin.RotateKey)
}

// Run disables a KMS key.
func (c *keyDisableCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, admin.DisableKey)
}

// Run enables a KMS key.
func (c *keyEnableCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, admin.EnableKey)
}

// change does one thing to the key and prints the key.
func (c *namedKey) change(ctx context.Context, s streams, change string) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		k, err := o.ChangeKey(ctx, c.Key, change)
		if err != nil {
			return err
		}
		return c.print(s.out, k, keyLines(k))
	})
}

// Run rotates the master key.
func (c *rotateMasterCommand) Run(ctx context.Context, s streams) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		if _, err := o.RotateMasterKey(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(s.out, "the master key is rotated: back up master.json anew")
		return err
	})
}

// keyState is the state of a key in the words of KMS's API.
func keyState(k admin.Key) string {
	if k.Enabled {
		return "Enabled"
	}
	return "Disabled"
}

// keyLines returns a key as text.
func keyLines(k admin.Key) [][2]string {
	out := [][2]string{{"KeyId", k.KeyID}, {"Arn", k.ARN}, {"AccountId", k.AccountID}}
	if len(k.Aliases) > 0 {
		out = append(out, [2]string{"Aliases", strings.Join(k.Aliases, " ")})
	}
	return append(out, [][2]string{
		{"State", keyState(k)}, {"Created", k.Created.Format(time.RFC3339)}, {"Rotated", k.Rotated.Format(time.RFC3339)},
	}...)
}
