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
//	      password: …              # with the e-mail address, to sign in with
//	      profile: name of an AWS CLI profile
//	    public-access-block:       # of the account; those that are left out are off
//	      BlockPublicAcls: true
//	      IgnorePublicAcls: true
//	      BlockPublicPolicy: true
//	      RestrictPublicBuckets: true   # or {file: path}
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
//	        boundary: ARN of a managed policy
//	        tags: {key: value}
//	        password: …            # to sign in with
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
//	        boundary: ARN of a managed policy
//	        tags: {key: value}
//	    buckets:
//	      - name: example
//	        ownership: ObjectWriter # BucketOwnerPreferred or BucketOwnerEnforced
//	        acl: private            # or another canned ACL, {file: path}, or
//	                                # {Grants: [{Grantee: {Type: CanonicalUser, ID: …}, Permission: WRITE}]}
//	        policy: {document: …}   # or {file: path}
//	        public-access-block: …
//	        tags: {key: value}
//	        objects:
//	          - key: example.txt
//	            text: content       # or file: path
//	            content-type: text/plain
//	            owner: "444455556666"   # the account that wrote it, if it is not the bucket's
//	            acl: …
//	            tags: {key: value}
//	organizations:
//	  - management: "111122223333"      # the account whose organization it is; all accounts are those of the file
//	    policy-types: [RESOURCE_CONTROL_POLICY]   # beside SERVICE_CONTROL_POLICY, which is enabled
//	    accounts: ["444455556666"]      # right below the root, where the management account is if nothing else is said
//	    units:
//	      - name: Example
//	        accounts: […]
//	        units: […]
//	    policies:
//	      - name: Example
//	        type: SERVICE_CONTROL_POLICY  # or another type
//	        description: what it is for
//	        document: …                 # or file: path
//	        targets: [root, Example, Example/Inner, "444455556666"]
//	    without-full-access: [Example]  # targets that AWS's policy FullAWSAccess is detached from
//
// Files are found relative to the YAML file. A document is YAML or a string with JSON; numbers that
// have to be strings in a policy, such as account IDs, need quotes. The files of ACLs and public access blocks are JSON, as AWS's command line takes it (file://…). A user with a profile and no
// access key gets one at the first start. A password obeys the account's rules; one that is there is not replaced. Unknown and repeated keys are errors.
//
// A directory is read as its file accounts.yaml or, if it has none, as documents by convention, where each file is
// what AWS's command line would be given (file://…), or else words:
//
//	111122223333/                   an account; what is beside such directories is not looked at
//	  name                          what it is called; if left out, by its ID
//	  canonical-id, email
//	  public-access-block.json
//	  policies/NAME.json            customer managed policies
//	  groups/NAME/
//	    attach                      ARNs of managed policies
//	    path
//	    POLICY.json                 inline policies
//	  users/NAME/                   as groups, and
//	    groups                      names
//	    boundary                    ARN of a managed policy
//	  roles/NAME/                   as users, without groups, and
//	    trust.json
//	  buckets/NAME/
//	    policy.json
//	    acl.json
//	    public-access-block.json
//	    ownership
//	    objects/KEY                 their content
//
// What has another name is an error, unless that begins with a dot. A user without a policy is a directory as well: where
// empty ones are not kept, as by Git, an empty file attach keeps it.
package bootstrap

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"

	"crossgrant/internal/yamlnode"
)

// File is a bootstrap file as it was read and checked.
type File struct {
	Accounts      []Account      `yaml:"accounts"`
	Organizations []Organization `yaml:"organizations"`

	source source // of the files that it names
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
	Block       *Block   `yaml:"public-access-block"`
}

// Root is the root user of an account: its access key, the profile that has it, and its password.
type Root struct {
	Password        string `yaml:"password"`
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
	Password   string      `yaml:"password"`
	AccessKeys []AccessKey `yaml:"access-keys"`
	Boundary   string      `yaml:"boundary"`
	Tags       Tags        `yaml:"tags"`
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
	Boundary           string   `yaml:"boundary"`
	Tags               Tags     `yaml:"tags"`
}

// Bucket is a bucket with its first objects. Empty fields mean the defaults of the server.
type Bucket struct {
	Name      string   `yaml:"name"`
	Ownership string   `yaml:"ownership"`
	ACL       ACL      `yaml:"acl"`
	Policy    *Content `yaml:"policy"`
	Block     *Block   `yaml:"public-access-block"`
	Tags      Tags     `yaml:"tags"`
	Objects   []Object `yaml:"objects"`
}

// Object is an object; its content is Text or that of File.
type Object struct {
	Key         string `yaml:"key"`
	File        string `yaml:"file"`
	Text        string `yaml:"text"`
	ContentType string `yaml:"content-type"`
	Owner       string `yaml:"owner"` // account ID; empty: the account of the bucket
	ACL         ACL    `yaml:"acl"`
	Tags        Tags   `yaml:"tags"`
}

// parse reads and checks the text of a file.
func parse(text []byte) (*File, error) {
	f := &File{source: folder("")}
	if err := decode(text, f); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

// decode reads the one YAML document in a text, strictly. An error is one line.
func decode(text []byte, into any) error {
	body, err := yamlnode.Parse(string(text))
	var wrong *yamlnode.Error
	switch {
	case errors.As(err, &wrong):
		return fmt.Errorf("[%d:%d] %s", wrong.Line, wrong.Column, wrong.Message)
	case err != nil:
		return err
	case body == nil:
		return errors.New("it is empty")
	}
	if err := yaml.NodeToValue(body, into, yaml.Strict()); err != nil {
		return oneLine(err)
	}
	return nil
}

// oneLine returns the error of the YAML library without its excerpt of the source, which may hold
// secrets.
func oneLine(err error) error { return errors.New(yaml.FormatError(err, false, false)) }

// document returns the JSON text of a policy.
func (f *File) document(c Content) (string, error) {
	if c.File == "" {
		return string(c.Document), nil
	}
	text, err := f.read(c.File)
	return string(text), err
}
