package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crossgrant/internal/admin"
)

// profilesCommand prints or writes what the AWS CLI needs.
type profilesCommand struct {
	dataFlag
	Dir         string `help:"Write the files config and credentials into this directory instead of printing them; other profiles in them are kept." placeholder:"DIR"`
	EndpointURL string `name:"endpoint-url" help:"Address of the server. Default: that of the running server, or http://127.0.0.1:9000." placeholder:"URL"`
	Region      string `help:"Region of the server. Default: that of the running server, or us-east-1." placeholder:"REGION"`
}

// Run prints or writes the profiles of the bootstrap users.
func (c *profilesCommand) Run(ctx context.Context, s streams) error {
	return c.with(ctx, false, func(o admin.Operator) error {
		p, err := o.Profiles(ctx)
		if err != nil {
			return err
		}
		if c.EndpointURL != "" {
			p.Endpoint = c.EndpointURL
		}
		if c.Region != "" {
			p.Region = c.Region
		}
		config, credentials := sections(&p)
		if c.Dir == "" {
			_, err := fmt.Fprintf(s.out, "# config\n%s\n# credentials\n%s", join(config), join(credentials))
			return err
		}
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return err
		}
		return errors.Join(
			merge(filepath.Join(c.Dir, "config"), config),
			merge(filepath.Join(c.Dir, "credentials"), credentials))
	})
}

// section is a section of a file of the AWS CLI: its header, and its lines with their ends.
type section struct{ header, body string }

// configBody is the body of a profile's section in the file config. Without signature_version, version 1
// of the AWS CLI presigns with Signature Version 2, which this server refuses as AWS's newer regions do.
const configBody = `region = %s
output = json
endpoint_url = %s
s3 =
    signature_version = s3v4
`

// sections returns the profiles as the sections of both files.
//
// Source: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
func sections(p *admin.Profiles) (config, credentials []section) {
	endpoint, region := p.Endpoint, p.Region
	if endpoint == "" {
		endpoint = "http://127.0.0.1:9000"
	}
	if region == "" {
		region = "us-east-1"
	}
	for _, profile := range p.Profiles {
		config = append(config, section{
			"[profile " + profile.Name + "]",
			fmt.Sprintf(configBody, region, endpoint),
		})
		credentials = append(credentials, section{
			"[" + profile.Name + "]",
			fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", profile.AccessKeyID, profile.SecretAccessKey),
		})
	}
	return config, credentials
}

// join returns sections as the text of a file.
func join(sections []section) string {
	var b strings.Builder
	for _, s := range sections {
		b.WriteString(s.header + "\n" + s.body)
	}
	return b.String()
}

// merge writes sections into the file path, mode 0600, in place of those with the same headers; other
// sections stay as they are, behind them. It replaces the file at once.
func merge(path string, sections []section) error {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ours := map[string]bool{}
	for _, s := range sections {
		ours[s.header] = true
	}
	for _, s := range split(string(text)) {
		if !ours[s.header] {
			sections = append(sections, s)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".profiles-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	_, err = f.WriteString(join(sections))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// split returns the sections of a file. What stands before the first one is dropped.
func split(text string) []section {
	var sections []section
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "[") {
			sections = append(sections, section{header: trimmed})
		} else if n := len(sections); n > 0 {
			sections[n-1].body += strings.TrimSuffix(line, "\n") + "\n"
		}
	}
	return sections
}
