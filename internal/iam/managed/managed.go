// Package managed finds managed policies by ARN: those that an account has made, in its records, and
// those of AWS (arn:aws:iam::aws:policy/...), which every account can attach and none can change, in the
// catalogue that this product ships.
//
// Each policy of the catalogue has AWS's own name, path, policy ID, dates and the number of its current default version; only
// that version is kept, since no request can be judged by another one. The documents say what AWS's
// say, with one exception: in ReadOnlyAccess and SecurityAudit, which name the actions of some
// hundred services, only the lines for Amazon S3, IAM, STS, Organizations, KMS, CloudTrail, IAM Access
// Analyzer and Account Management are here. Nothing in this product evaluates the others.
//
// Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
package managed

import (
	"embed"
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
	// Text is the document of the default version.
	Text string
	// Document is Text, compiled.
	Document *policy.Document
}

// ARN returns the policy's ARN.
func (p *Policy) ARN() string { return arn.Policy(Owner, p.Path, p.Name).String() }

// Document returns the document of the default version of an AWS managed policy, compiled; ok is
// false if policyARN names none. ARNs compare exactly.
func Document(policyARN string) (document *policy.Document, ok bool) {
	p, ok := Lookup(policyARN)
	if !ok {
		return nil, false
	}
	return p.Document, true
}

// Lookup returns an AWS managed policy by its ARN.
func Lookup(policyARN string) (*Policy, bool) {
	if !strings.HasPrefix(policyARN, prefix) {
		return nil, false // without waiting for the catalogue: most policies are an account's own
	}
	p, ok := load().byARN[policyARN]
	return p, ok
}

// All returns the catalogue, ordered by name. The slice must not be changed.
func All() []*Policy { return load().byName }

const prefix = "arn:aws:iam::" + Owner + ":policy/"

//go:embed documents/*.json
var documents embed.FS

type catalogue struct {
	byName []*Policy
	byARN  map[string]*Policy
}

// load compiles the catalogue when it is first asked for. A document that is not a policy is a fault
// of this package, which its tests would show.
var load = sync.OnceValue(func() *catalogue {
	c := &catalogue{byARN: map[string]*Policy{}}
	for i := range entries {
		p := &entries[i]
		text, err := documents.ReadFile("documents/" + p.Name + ".json")
		if err == nil {
			p.Text = string(text)
			p.Document, err = policy.Parse(policy.Identity, text, policy.Managed(), policy.Stored())
		}
		if err != nil {
			panic(fmt.Sprintf("managed: policy %s: %v", p.Name, err))
		}
		c.byName = append(c.byName, p)
		c.byARN[p.ARN()] = p
	}
	return c
})

// entries is what is known of the policies besides their documents, ordered by name.
var entries = []Policy{
	{
		Name: "AdministratorAccess", ID: "ANPAIWMBCKSKIEE64ZLYK", Path: "/", Version: "v1",
		Description: "Provides full access to AWS services and resources.",
		Created:     date("2015-02-06T18:39:46Z"), Updated: date("2015-02-06T18:39:46Z"),
	},
	{
		Name: "AmazonS3FullAccess", ID: "ANPAIFIR6V6BVTRAHWINE", Path: "/", Version: "v2",
		Description: "Provides full access to all buckets via the AWS Management Console.",
		Created:     date("2015-02-06T18:40:58Z"), Updated: date("2021-09-27T20:16:37Z"),
	},
	{
		Name: "AmazonS3ReadOnlyAccess", ID: "ANPAIZTJ4DXE7G6AGAE6M", Path: "/", Version: "v3",
		Description: "Provides read only access to all buckets via the AWS Management Console.",
		Created:     date("2015-02-06T18:40:59Z"), Updated: date("2023-08-10T21:31:39Z"),
	},
	{
		Name: "IAMFullAccess", ID: "ANPAI7XKCFMBPM3QQRRVQ", Path: "/", Version: "v2",
		Description: "Provides full access to IAM via the AWS Management Console.",
		Created:     date("2015-02-06T18:40:38Z"), Updated: date("2019-06-21T19:40:00Z"),
	},
	{
		Name: "IAMReadOnlyAccess", ID: "ANPAJKSO7NDY4T57MWDSQ", Path: "/", Version: "v4",
		Description: "Provides read only access to IAM via the AWS Management Console.",
		Created:     date("2015-02-06T18:40:39Z"), Updated: date("2018-01-25T19:11:27Z"),
	},
	{
		Name: "PowerUserAccess", ID: "ANPAJYRXTHIB4FOVS3ZXS", Path: "/", Version: "v12",
		Description: "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
		Created:     date("2015-02-06T18:39:47Z"), Updated: date("2026-02-12T17:59:14Z"),
	},
	{
		Name: "ReadOnlyAccess", ID: "ANPAILL3HVNFSB6DCOWYQ", Path: "/", Version: "v178",
		Description: "Provides read-only access to AWS services and resources.",
		Created:     date("2015-02-06T18:39:48Z"), Updated: date("2026-02-12T18:01:33Z"),
	},
	{
		Name: "SecurityAudit", ID: "ANPAIX2T3QCXHR2OGGCTO", Path: "/", Version: "v85",
		Description: "The security audit template grants access to read security configuration metadata. It is useful for software that audits the configuration of an AWS account.",
		Created:     date("2015-02-06T18:41:01Z"), Updated: date("2026-03-02T17:12:11Z"),
	},
}

func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}
