package clients_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crossgrant/internal/saml/samltest"
	"crossgrant/test/oidcissuer"
)

// TestEveryOperation calls every operation that botocore knows of IAM, STS and Organizations, once with the
// members that are required and once with all of them.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/COMPATIBILITY.md")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := oidcissuer.Start(oidcissuer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { issuer.Close() })
	setting := smokeSetting{Endpoint: first.endpoint(), Compatibility: string(document)}
	for _, members := range []string{"required", "all"} {
		setting.Worlds = append(setting.Worlds, newSmokeWorld(t, members, issuer))
	}
	text, err := json.Marshal(setting)
	if err != nil {
		t.Fatal(err)
	}
	shell := first.newShell(t, "PYTHONDONTWRITEBYTECODE=1")
	file := filepath.Join(shell.dir, "setting.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs("../../.ci/python")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/smoke.py")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(shell.run(t, "sh", python, script, file))
}

// smokeSetting is what smoke.py reads.
type smokeSetting struct {
	Endpoint      string       `json:"endpoint"`
	Compatibility string       `json:"compatibility"` // text of the document
	Worlds        []smokeWorld `json:"worlds"`
}

// smokeWorld is two accounts: one that will manage an organization, and one that is invited.
type smokeWorld struct {
	Name   string               `json:"name"` // which members are sent
	Keys   map[string][2]string `json:"keys"` // IDs of access keys and their secrets, by who has them
	Values map[string]string    `json:"values"`
}

const smokeAudience = "smoke"

func newSmokeWorld(t *testing.T, members string, issuer *oidcissuer.Issuer) smokeWorld {
	t.Helper()
	w := smokeWorld{Name: members, Keys: map[string][2]string{}, Values: map[string]string{}}
	for who, value := range map[string]string{"root_user": "account", "second_user": "second"} {
		a, err := server.CreateAccount(t.Context(), "smoke "+members+" "+value)
		if err != nil {
			t.Fatal(err)
		}
		w.Keys[who], w.Values[value] = [2]string{a.AccessKeyID, a.SecretAccessKey}, a.ID
	}
	token, err := issuer.Token(map[string]any{
		"sub": "ann", "aud": smokeAudience,
		"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string][]string{"team": {"red"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Values["issuer"], w.Values["token"], w.Values["audience"] = issuer.URL, token, smokeAudience
	w.addDirectory(t)
	return w
}

// addDirectory adds the values about a SAML provider: its metadata, a private key that is uploaded for it, and
// an assertion for the role that smoke_table.py makes. The names are those of the table.
func (w *smokeWorld) addDirectory(t *testing.T) {
	t.Helper()
	directory, err := samltest.New("https://idp.example.com/" + w.Name)
	if err != nil {
		t.Fatal(err)
	}
	_, private, err := samltest.PrivateKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	path := ""
	if w.Name == "all" {
		path = "smoke/"
	}
	account := "arn:aws:iam::" + w.Values["account"]
	response, err := directory.SignAssertion(directory.Document(samltest.Response{Now: time.Now(), Attributes: [][]string{
		{samltest.AWS + "Role", account + ":role/" + path + "worker," + account + ":saml-provider/directory"},
		{samltest.AWS + "RoleSessionName", "ann"},
	}})).WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	w.Values["metadata"], w.Values["private_key"] = directory.Metadata(""), private
	w.Values["assertion"] = base64.StdEncoding.EncodeToString(response)
}
