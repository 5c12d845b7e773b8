package policy

import "testing"

func TestActionLevel(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"s3:ListBucket": "List", "S3:getobject": "Read", "s3:PutObject": "Write", "s3:PutBucketPolicy": "Permissions management",
		"s3:PutObjectTagging": "Tagging", "iam:PassRole": "Write", "sts:AssumeRole": "Write", "ec2:RunInstances": "", "s3:*": "", "": "",
	} {
		if got := ActionLevel(action).String(); got != want {
			t.Errorf("%s: %q, want %q", action, got, want)
		}
	}
}
