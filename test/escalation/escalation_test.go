// Package escalation_test goes the known ways to more permissions than one has, against a real server.
//
// Each way is a case in a file of testdata. It is gone several times, each time in accounts of its own, by a
// user whose policy differs:
//
//   - without one of the permissions that it takes, and with every other permission but those of S3: the call
//     is refused, and the prize stays out of reach;
//   - with that permission on every resource but the one that counts: the same;
//   - with these permissions on these resources, and nothing else: the prize is there.
//
// So no other permission opens the way, and each is one action with its documented name.
//
// Sources: https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
package escalation_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"crossgrant/internal/admin"
	"crossgrant/internal/saml/samltest"
	"crossgrant/test/oidcissuer"
	"crossgrant/test/servertest"
)

// TestEscalation runs the files of testdata. The lines of a case are
//
//	by ROOT                                mallory is in the account of that root user, not in root's
//	need ACTION RESOURCE [KEY=VALUE]       a permission that the way takes, with a condition
//	given LINE                             what others have arranged, a line of world.run
//	try LINE                               a step of the way
//	prize WHO [LINE]                       what was out of reach: to read the secret, or that call
//	prize the call itself                  there is nothing beyond it
//
// The answer says how the call was refused without each permission, and that it was not with all of them.
// The command "ask" runs lines in the world of the file's last "world", and says what each gave.
func TestEscalation(t *testing.T) {
	s := newSetting(t)
	datadriven.Walk(t, "testdata", func(t *testing.T, file string) {
		var w *world
		datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
			var out string
			var err error
			switch d.Cmd {
			case "way":
				out, err = s.way(t, d.Input)
			case "world":
				if w, err = s.newWorld(t.Context()); err == nil {
					err = w.all(strings.Split("user mallory\n"+d.Input, "\n")...)
				}
			case "ask":
				out, err = w.askAll(d.Input)
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			return out
		})
	})
}

// newSetting starts the server and the issuer.
func newSetting(t *testing.T) *setting {
	dir := t.TempDir()
	program, err := servertest.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &setting{server: &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Log: filepath.Join(dir, "server.log"),
	}}
	if err := s.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.server.Stop(); err != nil {
			t.Error(err)
		}
	})
	if s.operator, err = admin.Dial(s.server.Data); err != nil {
		t.Fatal(err)
	}
	if s.issuer, err = oidcissuer.Start(oidcissuer.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.issuer.Close() })
	for _, directory := range []**samltest.Provider{&s.theirs, &s.mine} {
		if *directory, err = samltest.New("https://idp.example.com"); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// way goes a way with each set of permissions.
func (s *setting) way(t *testing.T, lines string) (string, error) {
	p, err := parsePath(lines)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for i, n := range p.needs {
		refusal, err := s.refused(t, p, without(n, false))
		if err != nil {
			return "", fmt.Errorf("without %s: %w", n.action, err)
		}
		if i == 0 || n.action != p.needs[i-1].action {
			fmt.Fprintf(&out, "without %s: %s\n", n.action, refusal)
		}
		if n.resource == "*" {
			continue
		}
		elsewhere, err := s.refused(t, p, without(n, true))
		if err != nil {
			return "", fmt.Errorf("with %s elsewhere: %w", n.action, err)
		}
		if elsewhere != refusal {
			fmt.Fprintf(&out, "but for %s: %s\n", n.resource, elsewhere)
		}
	}
	if err := s.succeeds(t, p); err != nil {
		return "", fmt.Errorf("with exactly what it needs: %w", err)
	}
	return out.String() + "with what it needs: done\n", nil
}

// prepare makes a world in which mallory has a policy.
func (s *setting) prepare(t *testing.T, p *path, document string) (*world, error) {
	w, err := s.newWorld(t.Context())
	if err != nil {
		return nil, err
	}
	if err := w.all(append([]string{"user mallory " + p.by}, p.given...)...); err != nil {
		return nil, err
	}
	w.variables["document"] = w.expand(document)
	if err := w.all(p.by + " iam PutUserPolicy UserName=" + mallory + " PolicyName=" + policyName + " PolicyDocument=$document"); err != nil {
		return nil, err
	}
	return w, w.outOfReach(p)
}

// refused goes the way until it ends at a refusal, which it has to, and returns the error's message.
func (s *setting) refused(t *testing.T, p *path, document string) (string, error) {
	w, err := s.prepare(t, p, document)
	if err != nil {
		return "", err
	}
	for _, line := range p.try {
		a, err := w.run(line)
		switch {
		case err != nil:
			return "", fmt.Errorf("%s: %w", line, err)
		case a.denied():
			return a.code() + ": " + w.mask(a.message()), w.outOfReach(p)
		case !a.ok():
			return "", fmt.Errorf("%s: %d %s", line, a.status, a.body)
		}
	}
	return "", errors.New("no call is refused")
}

// succeeds goes the way to its end.
func (s *setting) succeeds(t *testing.T, p *path) error {
	w, err := s.prepare(t, p, exactly(p.needs))
	if err != nil {
		return err
	}
	if err := w.all(p.try...); err != nil {
		return err
	}
	line := w.prize(p)
	if line == "" {
		return nil
	}
	if err := w.all(line); err != nil {
		return fmt.Errorf("the prize is out of reach: %w", err)
	}
	return nil
}

// prize returns the line that takes the prize; empty if there is none.
func (w *world) prize(p *path) string {
	if p.prize == "the call itself" {
		return ""
	}
	if !strings.Contains(p.prize, " ") {
		return p.prize + " s3 GET /$bucket/secret"
	}
	return p.prize
}

// outOfReach returns an error unless the prize is refused.
func (w *world) outOfReach(p *path) error {
	line := w.prize(p)
	if line == "" {
		return nil
	}
	a, err := w.run(line)
	if errors.Is(err, errGone) {
		return nil
	}
	if err == nil && a.ok() {
		err = errors.New("the prize is within reach")
	}
	return err
}

// askAll runs lines and says what each gave.
func (w *world) askAll(lines string) (string, error) {
	var out strings.Builder
	for line := range strings.SplitSeq(lines, "\n") {
		a, err := w.run(line)
		if err != nil {
			return "", fmt.Errorf("%s: %w", line, err)
		}
		if a.ok() {
			fmt.Fprintln(&out, "ok")
			continue
		}
		fmt.Fprintf(&out, "%s: %s\n", a.code(), w.mask(a.message()))
	}
	return out.String(), nil
}
