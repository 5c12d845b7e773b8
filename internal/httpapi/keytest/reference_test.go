package keytest

import "testing"

func TestHasForm(t *testing.T) {
	t.Parallel()
	const (
		user   = "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}"
		unit   = "arn:${Partition}:organizations::${Account}:ou/o-${OrganizationId}/ou-${OrganizationalUnitId}"
		bucket = "arn:${Partition}:s3:::${BucketName}"
		object = "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
	)
	for _, c := range []struct {
		text, form string
		want       bool
	}{
		{"arn:aws:iam::111111111111:user/ann", user, true},
		{"arn:aws:iam::111111111111:user/staff/ann", user, true},
		{"arn:aws:iam::111111111111:user/", user, false},
		{"arn:aws:iam::111111111111:role/ann", user, false},
		{"arn:aws:iam::1:1:user/ann", user, false},
		{"arn:aws:organizations::111111111111:ou/o-a/ou-b", unit, true},
		{"arn:aws:organizations::111111111111:ou/o-a/*", unit, false},
		{"arn:aws:organizations::111111111111:ou/o-a/b/ou-c", unit, false},
		{"arn:aws:s3:::b", bucket, true},
		{"arn:aws:s3:::b/k", bucket, false},
		{"arn:aws:s3:::b/k/l", object, true},
		{"arn:aws:s3:::b", object, false},
		{"*", bucket, false},
		{"policy path /", "policy path /", true},
		{"policy path /a", "policy path /", false},
	} {
		if got := HasForm(c.text, c.form); got != c.want {
			t.Errorf("%s of the form %s: got %t", c.text, c.form, got)
		}
	}
}
