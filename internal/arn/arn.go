// Package arn parses and builds Amazon Resource Names.
//
//	arn:partition:service:region:account:resource
//
// The text is split at its first five colons; everything after them, colons included, is the
// resource. The package knows the shapes of the ARNs that this product serves and nothing about
// what they name.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
package arn

import (
	"fmt"
	"strings"

	"crossgrant/internal/ids"
)

// Partition is the only partition that is served.
const Partition = "aws"

// ARN is an Amazon Resource Name in its six parts. Region and Account may be empty.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// Parse splits s into an ARN. It fails if s does not begin with "arn:" or has fewer than six parts;
// it does not judge the parts, so patterns with wildcards parse as well.
func Parse(s string) (ARN, error) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, fmt.Errorf("%q is not an ARN", s)
	}
	return ARN{Partition: parts[1], Service: parts[2], Region: parts[3], Account: parts[4], Resource: parts[5]}, nil
}

// String returns the ARN as text; String of a parsed ARN is the text that was parsed.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Type returns the resource's type word: the text before the first '/' or ':' of the resource.
func (a ARN) Type() string {
	if i := strings.IndexAny(a.Resource, "/:"); i >= 0 {
		return a.Resource[:i]
	}
	return a.Resource
}

// Name returns what follows the last '/' of the resource, which is an IAM entity's name.
func (a ARN) Name() string { return a.Resource[strings.LastIndexByte(a.Resource, '/')+1:] }

// Path returns the IAM path between the type word and the name, with both slashes ("/" if none).
func (a ARN) Path() string {
	first, last := strings.IndexByte(a.Resource, '/'), strings.LastIndexByte(a.Resource, '/')
	if first < 0 {
		return "/"
	}
	return a.Resource[first : last+1]
}

// Root returns the ARN of an account, which is also that of its root user.
func Root(account ids.AccountID) ARN { return iam(account, "root") }

// User returns the ARN of an IAM user. Path begins and ends with '/'.
func User(account ids.AccountID, path, name string) ARN { return iam(account, "user"+path+name) }

// Group returns the ARN of an IAM group. Path begins and ends with '/'.
func Group(account ids.AccountID, path, name string) ARN { return iam(account, "group"+path+name) }

// Role returns the ARN of a role. Path begins and ends with '/'.
func Role(account ids.AccountID, path, name string) ARN { return iam(account, "role"+path+name) }

// Policy returns the ARN of a customer managed policy. Path begins and ends with '/'.
func Policy(account ids.AccountID, path, name string) ARN { return iam(account, "policy"+path+name) }

// InstanceProfile returns the ARN of an instance profile. Path begins and ends with '/'.
func InstanceProfile(account ids.AccountID, path, name string) ARN {
	return iam(account, "instance-profile"+path+name)
}

// MFADevice returns the ARN of a virtual MFA device, which is its serial number. Path begins and ends with
// '/'.
func MFADevice(account ids.AccountID, path, name string) ARN { return iam(account, "mfa"+path+name) }

// OIDCProvider returns the ARN of an OpenID Connect provider; issuer is its URL without the scheme.
func OIDCProvider(account ids.AccountID, issuer string) ARN {
	return iam(account, "oidc-provider/"+issuer)
}

// SAMLProvider returns the ARN of a SAML provider.
func SAMLProvider(account ids.AccountID, name string) ARN { return iam(account, "saml-provider/"+name) }

// AssumedRole returns the ARN of a role session; the role's path is left out, as on AWS.
func AssumedRole(account ids.AccountID, role, session string) ARN {
	return ARN{Partition, "sts", "", string(account), "assumed-role/" + role + "/" + session}
}

// FederatedUser returns the ARN of a federated user, that is of a session of GetFederationToken.
func FederatedUser(account ids.AccountID, name string) ARN {
	return ARN{Partition, "sts", "", string(account), "federated-user/" + name}
}

// Bucket returns the ARN of a bucket.
func Bucket(name string) ARN { return ARN{Partition, "s3", "", "", name} }

// Object returns the ARN of an object.
func Object(bucket, key string) ARN { return ARN{Partition, "s3", "", "", bucket + "/" + key} }

// KMSKey returns the ARN of a KMS key.
func KMSKey(region string, account ids.AccountID, id string) ARN {
	return ARN{Partition, "kms", region, string(account), "key/" + id}
}

// KMSAlias returns the ARN of an alias of a KMS key. The alias begins with "alias/".
func KMSAlias(region string, account ids.AccountID, alias string) ARN {
	return ARN{Partition, "kms", region, string(account), alias}
}

func iam(account ids.AccountID, resource string) ARN {
	return ARN{Partition, "iam", "", string(account), resource}
}
