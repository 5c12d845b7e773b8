package policy

import (
	"slices"
	"testing"
)

// TestCanAllow holds which actions identity policies let somebody use at all, as the access advisor tells it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
func TestCanAllow(t *testing.T) {
	t.Parallel()
	statement := func(text string) *Document {
		t.Helper()
		d, err := Parse(Identity, []byte(`{"Version":"2012-10-17","Statement":[`+text+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		name, action string
		documents    []*Document
		want         bool
	}{
		{"nothing", "s3:GetObject", nil, false},
		{"a wildcard", "s3:GetObject", []*Document{statement(`{"Effect":"Allow","Action":"*","Resource":"*"}`)}, true},
		{"on one resource under a condition", "s3:getobject", []*Document{
			statement(`{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`)}, true},
		{"another service", "iam:GetUser", []*Document{statement(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)}, false},
		{"a deny of everything", "s3:GetObject", []*Document{
			statement(`{"Effect":"Allow","Action":"*","Resource":"*"}`), statement(`{"Effect":"Deny","Action":"s3:*","Resource":"*"}`)}, false},
		{"a deny of one resource", "s3:GetObject", []*Document{
			statement(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`)}, true},
		{"a deny under a condition", "s3:GetObject", []*Document{
			statement(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`)}, true},
		{"a deny of all others", "iam:GetUser", []*Document{
			statement(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}`)}, false},
		{"all but", "iam:GetUser", []*Document{statement(`{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}`)}, true},
		{"a pattern", "ec2:run*", []*Document{statement(`{"Effect":"Allow","Action":"ec2:Run*","Resource":"*"},{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*"}`)}, true},
		{"a pattern that is denied", "ec2:run*", []*Document{statement(`{"Effect":"Allow","Action":"ec2:Run*","Resource":"*"},{"Effect":"Deny","Action":"ec2:*","Resource":"*"}`)}, false},
	} {
		if got := CanAllow(c.documents, c.action); got != c.want {
			t.Errorf("%s: CanAllow(%s) = %t", c.name, c.action, got)
		}
	}
	named := []*Document{statement(`{"Effect":"Allow","Action":["ec2:Run*","EC2:run*","*","s3:*","*:Get*"],"Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Resource":"*"},{"Effect":"Allow","NotAction":"sns:*","Resource":"*"}`)}
	if got := NamedServices(named); !slices.Equal(got, []string{"ec2", "s3"}) {
		t.Errorf("NamedServices = %v", got)
	}
	if got := NamedActions(named, "ec2"); !slices.Equal(got, []string{"ec2:run*"}) {
		t.Errorf("NamedActions = %v", got)
	}
}

func TestActionsOf(t *testing.T) {
	t.Parallel()
	if got := ActionsOf("sts"); !slices.Contains(got, "AssumeRole") || slices.Contains(got, "GetObject") {
		t.Errorf("ActionsOf(sts) = %v", got)
	}
	if got := ActionsOf("none"); got != nil {
		t.Errorf("ActionsOf(none) = %v", got)
	}
	for name, want := range map[string]bool{"s3:GetObject": true, "s3:getobject": false, "s3:": false, "": false} {
		if IsAction(name) != want {
			t.Errorf("IsAction(%q) = %t", name, !want)
		}
	}
}
