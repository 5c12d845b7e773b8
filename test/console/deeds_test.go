package console_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What people of the walkthrough do, by clicks and typing.

const allowed, denied = "allowed", "denied"

// openBucket goes to the bucket of the walkthrough: by the list of buckets, or by its name for those of another account.
func (p *tab) openBucket() {
	p.t.Helper()
	p.click("Buckets")
	if p.says(bucket) {
		p.click(bucket)
	} else {
		p.fill("Open a bucket by name", bucket)
		p.click("do:open")
	}
	p.expectAt("/buckets/" + bucket)
}

// upload chooses a file for the bucket, with a canned ACL if one is given, and returns what came of it.
func (p *tab) upload(key, text, acl string) string {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), key)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.openBucket()
	p.give(file)
	if acl != "" {
		p.click("Options")
		p.choose("Canned ACL", acl)
	}
	p.press("", "do:upload")
	row := p.uploaded(key)
	p.settle()
	switch {
	case strings.HasPrefix(row, "done"):
		return allowed
	case strings.HasPrefix(row, "failed") && strings.Contains(row, "AccessDenied"):
		return denied
	}
	return row
}

// uploaded waits until the upload of a file has ended, and returns the state of its row and what it says.
func (p *tab) uploaded(key string) string {
	p.t.Helper()
	var row string
	p.until("the upload of "+key+" ends", func() (string, error) {
		var err error
		row, err = ask[string](p, `const row = [...document.querySelectorAll("#upload tbody tr")].find((r) => r.cells[0].textContent === args[0]); return row ? row.dataset.state + " " + page.clean(row.innerText) : ""`, key)
		if err == nil && !strings.HasPrefix(row, "done") && !strings.HasPrefix(row, "failed") {
			return "it is " + row, nil
		}
		return "", err
	})
	return row
}

// openObject goes to an object by its name in the list, or by its key for those who may not list.
func (p *tab) openObject(key string) {
	p.t.Helper()
	p.openBucket()
	if p.says("You may not list this bucket") {
		p.fill("Key of an object", key)
		p.click("Open")
	} else {
		p.clickIn(key, key)
	}
	p.expect("s3://" + bucket + "/" + key)
}

// read opens an object, and returns what came of reading its content, text.
func (p *tab) read(key, text string) string {
	p.t.Helper()
	p.openObject(key)
	if p.says(text) {
		return allowed
	}
	p.press("", "Download")
	p.expect("AccessDenied: ")
	return denied
}

// remove deletes an object.
func (p *tab) remove(key string) string {
	p.t.Helper()
	p.openObject(key)
	p.click("Delete object…")
	p.fill("Type", key)
	p.click("do:delete")
	if p.says("AccessDenied") {
		return denied
	}
	p.expect("was deleted")
	return allowed
}

// savePolicy saves a policy of the bucket.
func (p *tab) savePolicy(document string) {
	p.t.Helper()
	p.openBucket()
	p.click("Permissions")
	p.click("css:main a[href$='/permissions/policy']")
	p.fill("Policy", document)
	p.click("do:save")
	p.expectAt("/buckets/" + bucket + "/permissions")
}

// openGrants goes to the ACL of the bucket.
func (p *tab) openGrants() {
	p.t.Helper()
	p.openBucket()
	p.click("Permissions")
	p.click("css:main a[href$='/permissions/acl']")
}

// giveInline gives a user an inline policy.
func (p *tab) giveInline(user, name, document string) {
	p.t.Helper()
	p.click("Users")
	p.click(user)
	p.click("Create inline policy")
	p.fill("Policy name", name)
	p.fill("Policy document", document)
	p.click("do:put")
	p.expect(name)
	p.refuse("That did not work")
}

// takeInline takes an inline policy from a user.
func (p *tab) takeInline(user, name string) {
	p.t.Helper()
	p.click("Users")
	p.click(user)
	p.click(name)
	p.click("Delete inline policy…")
	p.fill("Type", name)
	p.click("do:delete")
}

// resource returns a document of the walkthrough.
func (p *tab) resource(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples/walkthrough/resources", name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// answer fails the test if an answer is another one than AWS's.
func (p *tab) answer(n int, got, want string) {
	p.t.Helper()
	if got != want {
		p.fatal("answer %d is %s, want %s", n, got, want)
	}
	fmt.Fprintf(p.t.Output(), "answer %d: %s\n", n, got)
}
