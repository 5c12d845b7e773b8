// Package console_test holds what the console promises, in a real browser: the real program, and Debian's Chromium driven
// by its debugging protocol.
//
// Tests use the console as a person does: they click what is visible by its text and type into fields by their labels.
// Whatever the browser itself complains of while they do fails them: messages of its console, exceptions, violations of
// the content security policy, and requests that fail.
package console_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"crossgrant/test/servertest"
)

// screenshots is where the pages are kept as pictures; empty: nowhere.
var screenshots = flag.String("screenshots", "", "folder for pictures of all pages")

// program is the path of the executable. TestMain sets it.
var program string

func TestMain(m *testing.M) { servertest.Main(m, &program) }

const (
	accountA   = "111122223333"
	accountB   = "380701114427"
	canonicalA = "5df5b6014ae606808dcb64208aa09e4f19931b3123456e152c4dfa52d38bf8fd"
	canonicalB = "e280db54f21834544a8162b8fc5d23851972d31e1ae3560240156fa14d66b952"
	// bucket is A's.
	bucket = "awsseccookbook"
)

// The profiles of the users of testdata/accounts.yaml.
const (
	adminA = "awssecadmin"
	plainA = "parent_plainuser"
	adminB = "awschild1admin"
	userB  = "child1_testuser"
)

// world is a server with a console, and the access keys of its users.
type world struct {
	server  *servertest.Server
	console string // URL
	keys    map[string]aws.Credentials
}

// newWorld starts a server with the accounts of testdata/accounts.yaml, which ends with the test.
func newWorld(t *testing.T, flags ...string) *world {
	t.Helper()
	return newWorldOf(t, "accounts.yaml", flags...)
}

// newWorldOf starts a server with the accounts of another file.
func newWorldOf(t *testing.T, file string, flags ...string) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{server: &servertest.Server{
		Program: program, Data: filepath.Join(dir, "data"), Address: "127.0.0.1:0", Log: filepath.Join(dir, "server.log"),
		Flags: append([]string{"--console-listen", "127.0.0.1:0", "--bootstrap", filepath.Join("testdata", file)}, flags...),
	}}
	if err := w.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if w.server.Running() {
			w.server.Kill()
		}
		if t.Failed() {
			log, _ := os.ReadFile(w.server.Log)
			t.Logf("the server's log ends with:\n%s", log[max(0, len(log)-2000):])
		}
	})
	var err error
	if w.console, err = w.server.Console(); err != nil {
		t.Fatal(err)
	}
	if w.keys, err = readKeys(w.server); err != nil {
		t.Fatal(err)
	}
	return w
}

// readKeys returns the access keys of the profiles.
func readKeys(server *servertest.Server) (map[string]aws.Credentials, error) {
	dir := filepath.Join(filepath.Dir(server.Data), "aws")
	if out, err := exec.Command(program, "profiles", "--data", server.Data, "--dir", dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("crossgrant profiles: %w\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "credentials"))
	if err != nil {
		return nil, err
	}
	keys := map[string]aws.Credentials{}
	profile := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			profile = strings.Trim(line, "[]")
		}
		name, value, _ := strings.Cut(line, " = ")
		key := keys[profile]
		switch name {
		case "aws_access_key_id":
			key.AccessKeyID = value
		case "aws_secret_access_key":
			key.SecretAccessKey = value
		}
		keys[profile] = key
	}
	return keys, nil
}

// config returns the configuration of an SDK client that acts as a profile.
func (w *world) config(profile string) aws.Config {
	key := w.keys[profile]
	endpoint := "http://" + w.server.Address
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
	}
}
