package bootstrap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseKeepsDocumentsInOrder(t *testing.T) {
	t.Parallel()
	f, err := parse([]byte(`
accounts:
  - name: a
    id: 012345678901
    policies:
      - name: mapping
        document:
          Version: 2012-10-17
          Statement:
            - Sid: Z
              Effect: Allow
              Action: ["s3:GetObject", 's3:Put*']
              Resource: "arn:aws:s3:::b/<&>"
              Condition: {NumericLessThan: {"aws:MultiFactorAuthAge": 10}, Bool: {"aws:SecureTransport": true}}
      - name: text
        document: '{"Version": "2012-10-17"}'
`))
	if err != nil {
		t.Fatal(err)
	}
	a := f.Accounts[0]
	if a.ID != "012345678901" {
		t.Errorf("an unquoted id is read as %q", a.ID)
	}
	want := `{"Version":"2012-10-17","Statement":[{"Sid":"Z","Effect":"Allow","Action":["s3:GetObject","s3:Put*"],"Resource":"arn:aws:s3:::b/<&>",` +
		`"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":10},"Bool":{"aws:SecureTransport":true}}}]}`
	if got := string(a.Policies[0].Document); got != want {
		t.Errorf("document =\n%s\nwant\n%s", got, want)
	}
	if got := string(a.Policies[1].Document); got != `{"Version": "2012-10-17"}` {
		t.Errorf("a string with JSON became %s", got)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"nothing", "", "it is empty"},
		{"no accounts", "accounts: []", "it has no accounts"},
		{"unknown key", "accounts:\n- name: a\n  idd: 1\n", `[3:3] unknown field "idd"`},
		{"unknown key deep inside", "accounts:\n- name: a\n  users:\n  - name: u\n    profil: p\n", `[5:5] unknown field "profil"`},
		{"unknown key in a policy", "accounts:\n- name: a\n  policies:\n  - name: p\n    documnt: {}\n", `[5:5] unknown field "documnt"`},
		{"repeated key", "accounts:\n- name: a\n  name: b\n", "[3:3]"},
		{"broken YAML", "accounts: [", "[1:11]"},
		{"wrong type", "accounts:\n- name: [a]\n", "[2:9]"},
		{"two documents", "accounts:\n- name: a\n---\naccounts:\n- name: b\n", "more than one YAML document"},
		{"account without name", "accounts:\n- id: 1\n", "an account without a name"},
		{"account twice", "accounts:\n- name: a\n- name: a\n", "twice"},
		{"user twice", "accounts:\n- name: a\n  users: [{name: u}, {name: u}]\n", `user "u" is there twice`},
		{"profile twice", "accounts:\n- name: a\n  users: [{name: u, profile: p}, {name: v, profile: p}]\n", `profile "p" is there twice`},
		{"profile with a line end", "accounts:\n- name: a\n  users: [{name: u, profile: \"p]\\n\"}]\n", "is not the name of a profile"},
		{"half a key", "accounts:\n- name: a\n  users: [{name: u, access-keys: [{access-key-id: A}]}]\n", "needs access-key-id and secret-access-key"},
		{"policy without document", "accounts:\n- name: a\n  policies: [{name: p}]\n", "policy p needs a document or a file"},
		{"policy with both", "accounts:\n- name: a\n  policies: [{name: p, file: f, document: {}}]\n", "policy p needs a document or a file"},
		{"role without trust", "accounts:\n- name: a\n  roles: [{name: r}]\n", "trust needs a document or a file"},
		{"document that is a list", "accounts:\n- name: a\n  policies: [{name: p, document: [1]}]\n", "a document is a mapping"},
		{"object with text and file", "accounts:\n- name: a\n  buckets: [{name: bbb, objects: [{key: k, text: t, file: f}]}]\n", "both a text and a file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("parse = %v, want one line with %q", err, test.want)
			}
		})
	}
}

func TestReadFindsFilesBesideTheYAML(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "accounts.yaml")
	for name, text := range map[string]string{
		"accounts.yaml": "accounts:\n- name: a\n  policies: [{name: p, file: p.json}]\n",
		"p.json":        `{"a":1}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.document(f.Accounts[0].Policies[0].Content); err != nil || got != `{"a":1}` {
		t.Errorf("document = %s, %v", got, err)
	}
	if _, err := Read(filepath.Join(dir, "none.yaml")); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("Read of a missing file = %v, want its name", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("accounts:\n- name: a\n  policies: [{name: p, document: {a: {b: [1, x, null]}}}]\n")
	f.Add("accounts:\n- {name: &a x, id: *a}\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parse([]byte(text))
		if err == nil && len(file.Accounts) == 0 {
			t.Error("a file without accounts was read")
		}
	})
}
