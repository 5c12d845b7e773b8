// Package managed finds managed policies by ARN: those that an account has made, in its records, and
// those of AWS (arn:aws:iam::aws:policy/...), which every account can attach and none can change, in the
// catalogue that this product ships.
//
// The catalogue has the policies that users of S3 attach, those that service-linked roles have, and those that
// sessions of member accounts' root users are limited by, as AWS had them on 7 March 2026: with their names,
// paths, policy IDs, descriptions, dates and the numbers of their default versions. Their documents are whole,
// also where they name the actions of services that are not here; only AWS's indentation and order of members
// are not kept. Versions that are not the default one are not kept, since no request can be judged by them.
//
// Sources: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html and, as recorded from AWS's
// answers, https://github.com/zoph-io/MAMIP (documents, versions, policy IDs, dates) and
// https://github.com/udondan/iam-floyd/blob/main/lib/generated/aws-managed-policies/iam-floyd.ts (descriptions). Where
// a description differs from AWS's pages, which write "AWS services" for "AWS Services", it is that of GetPolicy.
package managed

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"crossgrant/internal/arn"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
)

// Owner stands in the place of the account ID in the ARN of an AWS managed policy.
const Owner = "aws"

// Paths of policies that are not for everybody.
const (
	// ServiceRolePath is that of the policies of service-linked roles, which nothing else can have attached.
	ServiceRolePath = "/aws-service-role/"
	// RootTaskPath is that of the policies that AssumeRoot takes.
	RootTaskPath = "/root-task/"
)

// Policy is an AWS managed policy. It is shared and must not be changed.
type Policy struct {
	Name        string
	ID          ids.UniqueID
	Path        string
	Description string
	// Version is the ID of the default version, such as "v1".
	Version string
	// Created is when the policy was first published, Updated when its default version was.
	Created, Updated time.Time

	compile func() *policy.Document
}

// ARN returns the policy's ARN.
func (p *Policy) ARN() string { return arn.Policy(Owner, p.Path, p.Name).String() }

// Text returns the document of the default version.
func (p *Policy) Text() string {
	text, err := documents.ReadFile("documents/" + p.Name + ".json")
	if err != nil {
		panic(fmt.Sprintf("managed: policy %s: %v", p.Name, err)) // a fault of this package, which its tests show
	}
	return string(text)
}

// Document returns the document of the default version, compiled. That is done when a policy is first asked
// for it, since the largest takes some milliseconds and a megabyte.
func (p *Policy) Document() *policy.Document { return p.compile() }

// Document returns the document of the default version of an AWS managed policy, compiled; ok is
// false if policyARN names none. ARNs compare exactly.
func Document(policyARN string) (document *policy.Document, ok bool) {
	p, ok := Lookup(policyARN)
	if !ok {
		return nil, false
	}
	return p.Document(), true
}

// Lookup returns an AWS managed policy by its ARN.
func Lookup(policyARN string) (*Policy, bool) {
	if !strings.HasPrefix(policyARN, prefix) {
		return nil, false // without waiting for the catalogue: most policies are an account's own
	}
	p, ok := load().byARN[policyARN]
	return p, ok
}

// All returns the catalogue, ordered by name ignoring case. The slice must not be changed.
func All() []*Policy { return load().byName }

const prefix = "arn:aws:iam::" + Owner + ":policy/"

//go:embed documents/*.json
var documents embed.FS

// list is what is known of the policies besides their documents, as JSON of Policy, ordered by name.
//
//go:embed catalogue.json
var list []byte

type catalogue struct {
	byName []*Policy
	byARN  map[string]*Policy
}

// load reads the list of the catalogue when it is first asked for.
var load = sync.OnceValue(func() *catalogue {
	c := &catalogue{byARN: map[string]*Policy{}}
	if err := json.Unmarshal(list, &c.byName); err != nil {
		panic(fmt.Sprintf("managed: catalogue: %v", err)) // a fault of this package, which its tests show
	}
	for _, p := range c.byName {
		p.compile = sync.OnceValue(p.parse)
		c.byARN[p.ARN()] = p
	}
	return c
})

// parse compiles the document. One that is not a policy is a fault of this package, which its tests show.
func (p *Policy) parse() *policy.Document {
	document, err := policy.Parse(policy.Identity, []byte(p.Text()), policy.Managed(), policy.Stored())
	if err != nil {
		panic(fmt.Sprintf("managed: policy %s: %v", p.Name, err))
	}
	return document
}
