package permissions

import (
	"bytes"
	"encoding/json"
	"net"
	"strings"
	"text/template"

	"crossgrant/internal/console/page"
)

// fill is what the policies to begin with are filled in with. What was not typed is a word that says what belongs
// there, and that S3 refuses where it would let somebody in.
type fill struct {
	// Account, User and so on are what the fields show: empty if nothing was typed.
	Account, User, Organization, Range, VPC, Key, Source, Trail string

	Bucket, Own, Region string
	// Plain says that the visitor's browser reaches the API without TLS.
	Plain bool
}

func filled(v *page.Visit) fill {
	typed := func(name string) string { return strings.TrimSpace(v.Query(name)) }
	f := fill{
		Account: typed("account"), User: typed("user"), Organization: typed("organization"), Range: typed("range"), VPC: typed("vpc"), Key: typed("key"),
		Source: typed("source"), Trail: typed("trail"), Bucket: name(v), Own: v.Account(), Region: v.Region(),
		Plain: strings.HasPrefix(v.APIURL(), "http:"),
	}
	if f.Range == "" {
		// Who tries it is not shut out.
		if host, _, err := net.SplitHostPort(v.Request.RemoteAddr); err == nil {
			f.Range = host
		}
	}
	return f
}

// onlyTLS is the name of the policy that asks for TLS.
const onlyTLS = "Only over TLS"

// starts returns the policies to begin with for a bucket.
func starts(name string, f fill) []page.Start {
	f.Bucket = name
	word := func(is *string, otherwise string) {
		if *is == "" {
			*is = otherwise
		}
	}
	word(&f.Account, "ACCOUNT-ID")
	word(&f.User, "USER-NAME")
	word(&f.Organization, "o-ORGANIZATION")
	word(&f.VPC, "vpc-ID")
	word(&f.Key, "KEY-ARN")
	word(&f.Source, "SOURCE-BUCKET")
	word(&f.Trail, "TRAIL-NAME")
	out := make([]page.Start, len(documents))
	for i, d := range documents {
		var b bytes.Buffer
		if err := d.document.Execute(&b, f); err != nil {
			panic(err) // the templates are in the program
		}
		out[i] = page.Start{Name: d.name, Text: d.text, Document: b.String()}
		if d.name == onlyTLS && f.Plain {
			out[i].Text += " This server has no TLS: it would shut out everybody, you too."
		}
	}
	return out
}

// quoted parses a policy in which {{q …}} is its arguments, joined, as a text of JSON.
func quoted(document string) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"q": func(parts ...string) (string, error) {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		err := e.Encode(strings.Join(parts, ""))
		return strings.TrimSpace(b.String()), err
	}}).Parse(document))
}

// documents are the policies to begin with.
//
// Sources:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html#grant-log-delivery-permissions-general
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
// The second one is that of the walkthrough, as it is written there.
var documents = []struct {
	name, text string
	document   *template.Template
}{
	{"Read-only for another account", "Principals of the account that its own policies let may list and read.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ListForOtherAccount",
      "Effect": "Allow",
      "Principal": {"AWS": {{q "arn:aws:iam::" .Account ":root"}}},
      "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
      "Resource": {{q "arn:aws:s3:::" .Bucket}}
    },
    {
      "Sid": "ReadForOtherAccount",
      "Effect": "Allow",
      "Principal": {"AWS": {{q "arn:aws:iam::" .Account ":root"}}},
      "Action": "s3:GetObject",
      "Resource": {{q "arn:aws:s3:::" .Bucket "/*"}}
    }
  ]
}`)},
	{"Upload for a user of another account", "Only with the ACL bucket-owner-full-control, so that you can read what is uploaded.", quoted(`{
  "Id": "SomeUniqueId1",
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AllPutForOtherAccountUser",
      "Action": ["s3:PutObject"],
      "Effect": "Allow",
      "Resource": {{q "arn:aws:s3:::" .Bucket "/*"}},
      "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
      "Principal": {"AWS": [{{q "arn:aws:iam::" .Account ":user/" .User}}]}
    }
  ]
}`)},
	{onlyTLS, "Requests without TLS are denied, whoever makes them. By itself it lets nobody in.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DenyWithoutTLS",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:*",
      "Resource": [{{q "arn:aws:s3:::" .Bucket}}, {{q "arn:aws:s3:::" .Bucket "/*"}}],
      "Condition": {"Bool": {"aws:SecureTransport": "false"}}
    }
  ]
}`)},
	{"Read within an organization", "Every account of your organization may list and read, as far as its own policies let.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ReadWithinOrganization",
      "Effect": "Allow",
      "Principal": "*",
      "Action": ["s3:GetObject", "s3:ListBucket"],
      "Resource": [{{q "arn:aws:s3:::" .Bucket}}, {{q "arn:aws:s3:::" .Bucket "/*"}}],
      "Condition": {"StringEquals": {"aws:PrincipalOrgID": {{q .Organization}}}}
    }
  ]
}`)},
	{"CloudTrail log files", "A trail of your account may write its log files here.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AWSCloudTrailAclCheck20150319",
      "Effect": "Allow",
      "Principal": {"Service": "cloudtrail.amazonaws.com"},
      "Action": "s3:GetBucketAcl",
      "Resource": {{q "arn:aws:s3:::" .Bucket}},
      "Condition": {"StringEquals": {"aws:SourceArn": {{q "arn:aws:cloudtrail:" .Region ":" .Own ":trail/" .Trail}}}}
    },
    {
      "Sid": "AWSCloudTrailWrite20150319",
      "Effect": "Allow",
      "Principal": {"Service": "cloudtrail.amazonaws.com"},
      "Action": "s3:PutObject",
      "Resource": {{q "arn:aws:s3:::" .Bucket "/AWSLogs/" .Own "/*"}},
      "Condition": {
        "StringEquals": {
          "s3:x-amz-acl": "bucket-owner-full-control",
          "aws:SourceArn": {{q "arn:aws:cloudtrail:" .Region ":" .Own ":trail/" .Trail}}
        }
      }
    }
  ]
}`)},
	{"Server access logs", "S3 may write the access logs of another bucket of your account here.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "S3ServerAccessLogsPolicy",
      "Effect": "Allow",
      "Principal": {"Service": "logging.s3.amazonaws.com"},
      "Action": "s3:PutObject",
      "Resource": {{q "arn:aws:s3:::" .Bucket "/*"}},
      "Condition": {
        "ArnLike": {"aws:SourceArn": {{q "arn:aws:s3:::" .Source}}},
        "StringEquals": {"aws:SourceAccount": {{q .Own}}}
      }
    }
  ]
}`)},
	{"Public read", "Anybody may read every object, without signing in. The public access block has to let it.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "PublicReadGetObject",
      "Effect": "Allow",
      "Principal": "*",
      "Action": "s3:GetObject",
      "Resource": {{q "arn:aws:s3:::" .Bucket "/*"}}
    }
  ]
}`)},
	{"Only with one KMS key", "Uploads that ask for another encryption than SSE-KMS, or for another key, are denied.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DenyOtherEncryption",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:PutObject",
      "Resource": {{q "arn:aws:s3:::" .Bucket "/*"}},
      "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    },
    {
      "Sid": "DenyOtherKeys",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:PutObject",
      "Resource": {{q "arn:aws:s3:::" .Bucket "/*"}},
      "Condition": {"ArnNotEqualsIfExists": {"s3:x-amz-server-side-encryption-aws-kms-key-id": {{q .Key}}}}
    }
  ]
}`)},
	{"Only from some addresses", "Objects cannot be read or changed from elsewhere. Your own address is filled in.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DenyOtherAddresses",
      "Effect": "Deny",
      "Principal": "*",
      "Action": ["s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*"],
      "Resource": {{q "arn:aws:s3:::" .Bucket "/*"}},
      "Condition": {"NotIpAddress": {"aws:SourceIp": {{q .Range}}}}
    }
  ]
}`)},
	{"Only from a VPC", "Objects cannot be read or changed from outside the VPC.", quoted(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DenyOtherNetworks",
      "Effect": "Deny",
      "Principal": "*",
      "Action": ["s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*"],
      "Resource": {{q "arn:aws:s3:::" .Bucket "/*"}},
      "Condition": {"StringNotEquals": {"aws:SourceVpc": {{q .VPC}}}}
    }
  ]
}`)},
}
