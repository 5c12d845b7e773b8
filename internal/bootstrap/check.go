package bootstrap

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"crossgrant/internal/ids"
)

// profilePattern is what a profile may be called, so that its name needs no quoting in the CLI's files.
var profilePattern = regexp.MustCompile(`^[A-Za-z0-9_.+@-]{1,64}$`)

// check refuses what can be seen to be wrong without a data folder. What names and documents may be is
// for the services to say, when the file is applied.
func (f *File) check() error {
	if len(f.Accounts) == 0 {
		return errors.New("it has no accounts")
	}
	c := checker{seen: map[string]bool{}}
	for i := range f.Accounts {
		c.account(&f.Accounts[i])
	}
	for i := range f.Organizations {
		c.organization(&f.Organizations[i])
	}
	return c.err
}

// checker collects the first error.
type checker struct {
	seen map[string]bool
	err  error
}

func (c *checker) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// name refuses an empty name, and one that was seen before in the same scope.
func (c *checker) name(scope, what, name string) {
	if name == "" {
		c.fail("%s: there is a %s without a name", scope, what)
	}
	c.once(scope+": "+what, name)
}

func (c *checker) once(what, value string) {
	key := what + "\x00" + value
	if c.seen[key] {
		c.fail("%s %q is there twice", what, value)
	}
	c.seen[key] = true
}

func (c *checker) account(a *Account) {
	if a.Name == "" {
		c.fail("there is an account without a name")
	}
	if a.ID == "" && a.CanonicalID == "" && a.Email == "" {
		c.once("account without id", a.Name)
	}
	scope := "account " + a.Name
	c.block(scope, a.Block)
	c.profile(scope, a.Root.Profile)
	c.key(scope, a.Root.AccessKeyID, a.Root.SecretAccessKey, true)
	for _, k := range a.Keys {
		if k.ID == "" && k.Alias == "" {
			c.fail("%s: there is a key without id and alias", scope)
		}
		if k.ID != "" {
			c.once("key", k.ID)
		}
		if k.Alias != "" {
			c.once(scope+": alias", strings.TrimPrefix(k.Alias, "alias/"))
		}
	}
	for _, p := range a.Policies {
		c.name(scope, "policy", p.Name)
		c.content(scope+": policy "+p.Name, p.Content)
	}
	for _, g := range a.Groups {
		c.name(scope, "group", g.Name)
		c.inline(scope+": group "+g.Name, g.Inline)
	}
	for _, u := range a.Users {
		c.name(scope, "user", u.Name)
		c.user(scope+": user "+u.Name, &u)
	}
	for _, r := range a.Roles {
		c.name(scope, "role", r.Name)
		c.content(scope+": role "+r.Name+": trust", r.Trust)
		c.inline(scope+": role "+r.Name, r.Inline)
	}
	for _, b := range a.Buckets {
		c.name("the file", "bucket", b.Name)
		if b.Policy != nil {
			c.content("bucket "+b.Name+": policy", *b.Policy)
		}
		c.acl("bucket "+b.Name, b.ACL)
		c.block("bucket "+b.Name, b.Block)
		c.objects("bucket "+b.Name, b.Objects)
	}
}

func (c *checker) user(scope string, u *User) {
	c.profile(scope, u.Profile)
	c.inline(scope, u.Inline)
	for _, k := range u.AccessKeys {
		c.key(scope, k.AccessKeyID, k.SecretAccessKey, false)
	}
}

func (c *checker) profile(scope, name string) {
	if name == "" {
		return
	}
	if !profilePattern.MatchString(name) {
		c.fail("%s: %q is not the name of a profile: 1 to 64 letters, digits and _.+@-", scope, name)
	}
	c.once("profile", name)
}

// key refuses half of an access key; a root user's may be left out altogether.
func (c *checker) key(scope, id, secret string, optional bool) {
	if id == "" && secret == "" && optional {
		return
	}
	if id == "" || secret == "" {
		c.fail("%s: an access key needs access-key-id and secret-access-key", scope)
	}
	c.once("access key", id)
}

func (c *checker) inline(scope string, policies []Inline) {
	for _, p := range policies {
		c.name(scope, "inline policy", p.Name)
		c.content(scope+": inline policy "+p.Name, p.Content)
	}
}

func (c *checker) content(what string, content Content) {
	if (content.Document == "") == (content.File == "") {
		c.fail("%s needs a document or a file", what)
	}
}

func (c *checker) objects(scope string, objects []Object) {
	for _, o := range objects {
		if o.Key == "" {
			c.fail("%s: there is an object without a key", scope)
		}
		c.once(scope+": object", o.Key)
		if o.File != "" && o.Text != "" {
			c.fail("%s: object %s has both a text and a file", scope, o.Key)
		}
		c.acl(scope+": object "+o.Key, o.ACL)
	}
}

func (c *checker) acl(scope string, a ACL) {
	if a.File != "" && (a.Grants != nil || a.Owner != nil) {
		c.fail("%s: the acl has both grants and a file", scope)
	}
}

func (c *checker) block(scope string, b *Block) {
	if b != nil && b.File != "" && *b != (Block{File: b.File}) {
		c.fail("%s: the public-access-block has both settings and a file", scope)
	}
}

func (c *checker) organization(o *Organization) {
	if o.Management == "" {
		c.fail("there is an organization without a management account")
	}
	scope := "organization of " + o.Management
	c.once("organization of", o.Management)
	c.unit(scope, o.Accounts, o.Units)
	for _, p := range o.Policies {
		c.name(scope, "policy", p.Name)
		c.content(scope+": policy "+p.Name, p.Content)
	}
}

func (c *checker) unit(scope string, accounts []string, units []Unit) {
	for _, id := range accounts {
		c.once("account in an organization", id)
	}
	for _, u := range units {
		c.name(scope, "unit", u.Name)
		if strings.Contains(u.Name, "/") || u.Name == rootTarget || ids.IsAccountID(u.Name) {
			c.fail("%s: the name of the unit %q would name something else as a target", scope, u.Name)
		}
		c.unit(scope+": unit "+u.Name, u.Accounts, u.Units)
	}
}
