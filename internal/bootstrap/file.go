// Package bootstrap fills a new data folder from a YAML file: accounts with their users, groups, roles,
// policies, buckets and objects.
//
// A file is applied once to a data folder. Until it has been applied to its end every start goes on
// where the last one was interrupted: what is there is left as it is, what is missing is made. From
// then on the file is not looked at again, whatever it says, so that what an operator deleted stays
// deleted.
//
// The form of the file, with every key there is (all but the names may be left out):
//
//	accounts:
//	  - name: example
//	    id: "111122223333"
//	    canonical-id: 64 hexadecimal digits
//	    email: root@example.com
//	    root:
//	      access-key-id: AKIA…
//	      secret-access-key: …
//	      profile: name of an AWS CLI profile
//	    keys:                      # KMS keys
//	      - id: 1234abcd-12ab-34cd-56ef-1234567890ab
//	        alias: example
//	    policies:                  # customer managed policies
//	      - name: Example
//	        path: /
//	        description: what it is for
//	        document: {Version: "2012-10-17", Statement: […]}   # or file: path
//	    groups:
//	      - name: example
//	        path: /
//	        attach: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//	        inline:
//	          - name: Example
//	            document: …        # or file: path
//	    users:
//	      - name: example
//	        path: /
//	        groups: [example]
//	        attach: […]
//	        inline: […]
//	        profile: name of an AWS CLI profile
//	        access-keys:
//	          - access-key-id: AKIA…
//	            secret-access-key: …
//	    roles:
//	      - name: example
//	        path: /
//	        description: what it is for
//	        max-session-duration: 3600
//	        trust: {document: …}   # or {file: path}
//	        attach: […]
//	        inline: […]
//	    buckets:
//	      - name: example
//	        ownership: ObjectWriter # BucketOwnerPreferred or BucketOwnerEnforced
//	        acl: private            # or another canned ACL
//	        objects:
//	          - key: example.txt
//	            text: content       # or file: path
//	            content-type: text/plain
//
// Files are found relative to the YAML file. A document is YAML or a string with JSON; numbers that
// have to be strings in a policy, such as account IDs, need quotes. A user with a profile and no
// access key gets one at the first start. Unknown and repeated keys are errors.
package bootstrap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// File is a bootstrap file as it was read and checked.
type File struct {
	Accounts []Account `yaml:"accounts"`

	dir string // that paths are relative to
}

// Account is an account and everything in it.
type Account struct {
	Name        string   `yaml:"name"`
	ID          string   `yaml:"id"`
	CanonicalID string   `yaml:"canonical-id"`
	Email       string   `yaml:"email"`
	Root        Root     `yaml:"root"`
	Keys        []Key    `yaml:"keys"`
	Policies    []Policy `yaml:"policies"`
	Groups      []Group  `yaml:"groups"`
	Users       []User   `yaml:"users"`
	Roles       []Role   `yaml:"roles"`
	Buckets     []Bucket `yaml:"buckets"`
}

// Root is the root user of an account: its access key, and the profile that has it.
type Root struct {
	AccessKeyID     string `yaml:"access-key-id"`
	SecretAccessKey string `yaml:"secret-access-key"`
	Profile         string `yaml:"profile"`
}

// AccessKey is an access key of a user that the file fixes.
type AccessKey struct {
	AccessKeyID     string `yaml:"access-key-id"`
	SecretAccessKey string `yaml:"secret-access-key"`
}

// Key is a KMS key; at least one of the fields is set.
type Key struct {
	ID    string `yaml:"id"`
	Alias string `yaml:"alias"`
}

// Content is a policy document or the content of an object: exactly one field is set.
type Content struct {
	Document Document `yaml:"document"`
	File     string   `yaml:"file"`
}

// Policy is a customer managed policy.
type Policy struct {
	Name        string `yaml:"name"`
	Path        string `yaml:"path"`
	Description string `yaml:"description"`
	Content     `yaml:",inline"`
}

// Inline is a policy that is written into a user, group or role.
type Inline struct {
	Name    string `yaml:"name"`
	Content `yaml:",inline"`
}

// Group is a group of users.
type Group struct {
	Name   string   `yaml:"name"`
	Path   string   `yaml:"path"`
	Attach []string `yaml:"attach"`
	Inline []Inline `yaml:"inline"`
}

// User is an IAM user.
type User struct {
	Name       string      `yaml:"name"`
	Path       string      `yaml:"path"`
	Groups     []string    `yaml:"groups"`
	Attach     []string    `yaml:"attach"`
	Inline     []Inline    `yaml:"inline"`
	Profile    string      `yaml:"profile"`
	AccessKeys []AccessKey `yaml:"access-keys"`
}

// Role is a role with its trust policy.
type Role struct {
	Name               string   `yaml:"name"`
	Path               string   `yaml:"path"`
	Description        string   `yaml:"description"`
	MaxSessionDuration int      `yaml:"max-session-duration"` // seconds
	Trust              Content  `yaml:"trust"`
	Attach             []string `yaml:"attach"`
	Inline             []Inline `yaml:"inline"`
}

// Bucket is a bucket with its first objects. Empty fields mean the defaults of the server.
type Bucket struct {
	Name      string   `yaml:"name"`
	Ownership string   `yaml:"ownership"`
	ACL       string   `yaml:"acl"`
	Objects   []Object `yaml:"objects"`
}

// Object is an object; its content is Text or that of File.
type Object struct {
	Key         string `yaml:"key"`
	File        string `yaml:"file"`
	Text        string `yaml:"text"`
	ContentType string `yaml:"content-type"`
}

// Read reads the file path. An error names the file, and line and column where there is one.
func Read(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read bootstrap file: %w", err)
	}
	f, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("bootstrap file %s: %w", path, err)
	}
	f.dir = filepath.Dir(path)
	return f, nil
}

// parse reads and checks the text of a file.
func parse(text []byte) (*File, error) {
	d := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	f := &File{}
	if err := d.Decode(f); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, oneLine(err)
	}
	if err := d.Decode(&File{}); err == nil {
		return nil, errors.New("there is more than one YAML document in it")
	} else if !errors.Is(err, io.EOF) {
		return nil, oneLine(err)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

// oneLine returns the error of the YAML library without its excerpt of the source, which may hold
// secrets.
func oneLine(err error) error { return errors.New(yaml.FormatError(err, false, false)) }

// open returns the file path, which is relative to the bootstrap file.
func (f *File) open(path string) (*os.File, error) { return os.Open(f.path(path)) }

func (f *File) path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.dir, path)
}

// document returns the JSON text of a policy.
func (f *File) document(c Content) (string, error) {
	if c.File == "" {
		return string(c.Document), nil
	}
	text, err := os.ReadFile(f.path(c.File))
	return string(text), err
}
