package identities

import (
	"encoding/json"
	"strings"

	"crossgrant/internal/console/page"
)

// starts returns common policies. Those about a bucket, or a role, are about the one that the query of the page names, as
// others link here.
func starts(v *page.Visit) []page.Start {
	bucket, role := v.Query("bucket"), v.Query("role")
	if bucket == "" {
		bucket = "awsseccookbook"
	}
	if role == "" {
		role = "arn:aws:iam::" + v.Account() + ":role/ROLE"
	}
	return []page.Start{
		{Name: "Read one bucket", Text: "List a bucket, and read its objects.", Document: filled(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ListBucket",
      "Effect": "Allow",
      "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
      "Resource": "arn:aws:s3:::BUCKET"
    },
    {
      "Sid": "ReadObjects",
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:GetObjectVersion"],
      "Resource": "arn:aws:s3:::BUCKET/*"
    }
  ]
}`, "BUCKET", bucket)},
		{Name: "Write into another account's bucket", Text: "MyS3PutObjAndAclPolicy of the walkthrough: upload objects, with an ACL.", Document: filled(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DelegateS3WriteAccess",
      "Effect": "Allow",
      "Action": ["s3:PutObject", "s3:PutObjectAcl"],
      "Resource": "arn:aws:s3:::BUCKET/*"
    }
  ]
}`, "BUCKET", bucket)},
		{Name: "List all buckets", Text: "See the names of all buckets of the account, which the console lists.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ListBuckets",
      "Effect": "Allow",
      "Action": "s3:ListAllMyBuckets",
      "Resource": "*"
    }
  ]
}`},
		{Name: "Assume a role", Text: "Switch to one role, which has to trust the account or its user.", Document: filled(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AssumeRole",
      "Effect": "Allow",
      "Action": "sts:AssumeRole",
      "Resource": "ROLE-ARN"
    }
  ]
}`, "ROLE-ARN", role)},
		{Name: "Administrator", Text: "Everything in the account.", Document: `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}`},
	}
}

// filled puts a value into texts of a document.
func filled(document, place, value string) string {
	quoted, err := json.Marshal(value)
	if err != nil {
		panic(err) // a text
	}
	return strings.ReplaceAll(document, place, string(quoted[1:len(quoted)-1]))
}
