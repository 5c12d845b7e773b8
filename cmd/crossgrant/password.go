package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"crossgrant/internal/admin"
)

type passwordCommand struct {
	dataFlag
	outputFlag
	Account       string `arg:"" help:"Account ID, canonical user ID, e-mail address or name."`
	PasswordStdin bool   `name:"password-stdin" help:"Read the password from standard input, its first line. Without it one is drawn, and printed this once."`
}

// Run sets the password of a root user. It is no flag: what is typed is kept by shells, and seen by all who list processes.
func (c *passwordCommand) Run(ctx context.Context, s streams) error {
	var wanted admin.NewRootPassword
	if c.PasswordStdin {
		var err error
		if wanted.Password, err = readPassword(os.Stdin); err != nil {
			return err
		}
	}
	return c.with(ctx, false, func(o admin.Operator) error {
		set, err := o.SetRootPassword(ctx, c.Account, wanted)
		if err != nil {
			return err
		}
		lines := [][2]string{{"AccountId", set.AccountID}, {"Email", set.Email}}
		if set.Password != "" {
			lines = append(lines, [2]string{"Password", set.Password})
		}
		return c.print(s.out, set, lines)
	})
}

// maxPasswordLine is more than the longest password, in bytes.
const maxPasswordLine = 4 << 10

// readPassword reads a line.
func readPassword(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	text := strings.TrimRight(line, "\r\n")
	if text == "" {
		return "", usagef("--password-stdin: standard input has no password in its first line")
	}
	return text, nil
}
