package bootstrap

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"crossgrant/internal/acl"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/records"
)

// ACL is the access control list of a bucket or object: the name of a canned one, grants, or a file with grants. All
// are empty for the private one.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_AccessControlPolicy.html
type ACL struct {
	Canned string  `yaml:"-"`
	Owner  *Owner  `yaml:"Owner"` // may be left out; if it is there it has to be the owner
	Grants []Grant `yaml:"Grants"`
	File   string  `yaml:"file"`
}

// Owner is an account as an ACL names it. DisplayName means nothing.
type Owner struct {
	ID          string `yaml:"ID" xml:"ID"`
	DisplayName string `yaml:"DisplayName" xml:"-"`
}

// Grant gives a permission to a grantee.
type Grant struct {
	Grantee    Grantee `yaml:"Grantee"`
	Permission string  `yaml:"Permission"`
}

// Grantee is an account by its canonical user ID, or a group by its URI.
type Grantee struct {
	Type        string `yaml:"Type" xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
	ID          string `yaml:"ID" xml:"ID,omitempty"`
	DisplayName string `yaml:"DisplayName" xml:"-"`
	URI         string `yaml:"URI" xml:"URI,omitempty"`
	Email       string `yaml:"EmailAddress" xml:"EmailAddress,omitempty"`
}

// UnmarshalYAML reads the name of a canned ACL, or a mapping.
func (a *ACL) UnmarshalYAML(node ast.Node) error {
	if _, ok := node.(ast.ScalarNode); ok {
		return yaml.NodeToValue(node, &a.Canned)
	}
	type plain ACL // without this method
	if err := yaml.NodeToValue(node, (*plain)(a), yaml.Strict()); err != nil {
		return err
	}
	if a.File == "" && a.Grants == nil {
		return errors.New("an acl is the name of a canned one, or has Grants or a file")
	}
	return nil
}

// Block is the four settings of Block Public Access, or a file with them. Those that are left out are off.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html
type Block struct {
	BlockPublicAcls       bool   `yaml:"BlockPublicAcls"`
	IgnorePublicAcls      bool   `yaml:"IgnorePublicAcls"`
	BlockPublicPolicy     bool   `yaml:"BlockPublicPolicy"`
	RestrictPublicBuckets bool   `yaml:"RestrictPublicBuckets"`
	File                  string `yaml:"file"`
}

// Tags are tags, by key.
type Tags map[string]string

// sorted returns the tags in order of their keys.
func (t Tags) sorted() []*records.Tag {
	var out []*records.Tag
	for key, value := range t {
		out = append(out, &records.Tag{Key: key, Value: value})
	}
	slices.SortFunc(out, func(a, b *records.Tag) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// iam returns the tags as package iam takes them.
func (t Tags) iam() []iam.Tag {
	var out []iam.Tag
	for _, tag := range t.sorted() {
		out = append(out, iam.Tag{Key: tag.Key, Value: tag.Value})
	}
	return out
}

// list returns the grants of an ACL for a thing of owner; bucketOwner is as in acl.Canned.
func (f *File) list(a ACL, forBucket bool, owner, bucketOwner ids.CanonicalUserID) (acl.ACL, error) {
	if a.File == "" && a.Grants == nil {
		return acl.Canned(firstOf(a.Canned, "private"), forBucket, owner, bucketOwner)
	}
	if a.File != "" {
		read := ACL{}
		if err := f.configuration(a.File, &read); err != nil {
			return acl.ACL{}, err
		}
		if read.Grants == nil || read.File != "" {
			return acl.ACL{}, fmt.Errorf("%s has no Grants", a.File)
		}
		a = read
	}
	if a.Owner == nil {
		a.Owner = &Owner{ID: string(owner)}
	}
	list, err := parseACL(a)
	if err == nil && list.Owner != owner {
		err = fmt.Errorf("an ACL cannot give a thing to another owner, %s", list.Owner)
	}
	return list, err
}

// parseACL reads grants as S3 reads those of a request, which are in XML.
func parseACL(a ACL) (acl.ACL, error) {
	type grant struct {
		Grantee    Grantee
		Permission string
	}
	document := struct {
		XMLName xml.Name `xml:"AccessControlPolicy"`
		Owner   Owner
		List    struct{ Grant []grant } `xml:"AccessControlList"`
	}{Owner: *a.Owner}
	for _, g := range a.Grants {
		document.List.Grant = append(document.List.Grant, grant(g))
	}
	text, err := xml.Marshal(document)
	if err != nil {
		return acl.ACL{}, err
	}
	return acl.ParseXML(text)
}

// settings returns the settings of Block Public Access; nil for nil.
func (f *File) settings(b *Block) (*records.PublicAccessBlock, error) {
	if b == nil {
		return nil, nil
	}
	if name := b.File; name != "" {
		b = new(Block)
		if err := f.configuration(name, b); err != nil {
			return nil, err
		}
		if b.File != "" {
			return nil, fmt.Errorf("%s has the name of another file", name)
		}
	}
	return &records.PublicAccessBlock{
		BlockPublicAcls: b.BlockPublicAcls, IgnorePublicAcls: b.IgnorePublicAcls,
		BlockPublicPolicy: b.BlockPublicPolicy, RestrictPublicBuckets: b.RestrictPublicBuckets,
	}, nil
}

// configuration reads a JSON file, in the form in which AWS's command line takes it, as strictly as YAML is read: the
// decoder for JSON would take any letters for a key, and the last of those that are repeated.
func (f *File) configuration(path string, into any) error {
	text, err := f.read(path)
	if err != nil {
		return err
	}
	if !json.Valid(text) {
		return fmt.Errorf("%s is not JSON", path)
	}
	text = bytes.ReplaceAll(text, []byte("\t"), []byte(" ")) // which YAML does not take for white space everywhere
	if err := decode(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
