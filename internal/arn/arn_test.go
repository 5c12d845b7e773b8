package arn

import (
	"strings"
	"testing"
)

// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func TestParse(t *testing.T) {
	for text, want := range map[string]ARN{
		"arn:aws:s3:::bucket/key":                          {"aws", "s3", "", "", "bucket/key"},
		"arn:aws:iam::123456789012:user/Development/x/*":   {"aws", "iam", "", "123456789012", "user/Development/x/*"},
		"arn:aws:sns:us-east-1:123456789012:a:b:c":         {"aws", "sns", "us-east-1", "123456789012", "a:b:c"},
		"arn:aws:s3:::a:b":                                 {"aws", "s3", "", "", "a:b"},
		"arn:::::":                                         {},
		"arn:aws-cn:iam::aws:policy/AdministratorAccess":   {"aws-cn", "iam", "", "aws", "policy/AdministratorAccess"},
		"arn:*:*:*:*:*":                                    {"*", "*", "*", "*", "*"},
		"arn:aws:sts::123456789012:assumed-role/role/name": {"aws", "sts", "", "123456789012", "assumed-role/role/name"},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("%s: got %#v, %v", text, got, err)
		}
		if got.String() != text {
			t.Errorf("%s: as text %s", text, got)
		}
	}
	for _, text := range []string{"", "*", "arn", "arn:aws:s3::bucket", "ARN:aws:s3:::b", "urn:aws:s3:::b", " arn:aws:s3:::b", "bucket/key"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q: got %#v", text, got)
		}
	}
}

func TestParts(t *testing.T) {
	for _, c := range []struct{ resource, typ, path, name string }{
		{"user/ann", "user", "/", "ann"},
		{"user/team/red/ann", "user", "/team/red/", "ann"},
		{"root", "root", "/", "root"},
		{"policy/service-role/p", "policy", "/service-role/", "p"},
		{"assumed-role/r/s", "assumed-role", "/r/", "s"},
		{"function:f", "function", "/", "function:f"},
		{"", "", "/", ""},
	} {
		a := ARN{Resource: c.resource}
		if a.Type() != c.typ || a.Path() != c.path || a.Name() != c.name {
			t.Errorf("%s: got %q %q %q", c.resource, a.Type(), a.Path(), a.Name())
		}
	}
}

func TestConstructors(t *testing.T) {
	for want, got := range map[string]ARN{
		"arn:aws:iam::111111111111:root":                                 Root("111111111111"),
		"arn:aws:iam::111111111111:user/ann":                             User("111111111111", "/", "ann"),
		"arn:aws:iam::111111111111:user/a/b/ann":                         User("111111111111", "/a/b/", "ann"),
		"arn:aws:iam::111111111111:group/g":                              Group("111111111111", "/", "g"),
		"arn:aws:iam::111111111111:role/x/r":                             Role("111111111111", "/x/", "r"),
		"arn:aws:iam::111111111111:mfa/x/phone":                          MFADevice("111111111111", "/x/", "phone"),
		"arn:aws:iam::111111111111:oidc-provider/idp.example.com:8443/x": OIDCProvider("111111111111", "idp.example.com:8443/x"),
		"arn:aws:iam::111111111111:saml-provider/Corp":                   SAMLProvider("111111111111", "Corp"),
		"arn:aws:iam::111111111111:policy/p":                             Policy("111111111111", "/", "p"),
		"arn:aws:sts::111111111111:assumed-role/r/sess":                  AssumedRole("111111111111", "r", "sess"),
		"arn:aws:s3:::b":      Bucket("b"),
		"arn:aws:s3:::b/k/:?": Object("b", "k/:?"),
		"arn:aws:sts::111111111111:federated-user/fay": FederatedUser("111111111111", "fay"),
	} {
		if got.String() != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// FuzzParse checks that what parses is written back as it was, in six parts of which only the last
// may hold colons.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "arn", "arn:::::", "arn:aws:s3:::b/k", "arn:aws:iam::1:user/a:b", "arn:aws:s3::b", "\xff:a:b:c:d:e", "arn:\x00::::é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			if strings.HasPrefix(text, "arn:") && strings.Count(text, ":") >= 5 {
				t.Error(err)
			}
			return
		}
		if a.String() != text {
			t.Errorf("%q: as text %q", text, a)
		}
		if strings.Contains(a.Partition+a.Service+a.Region+a.Account, ":") {
			t.Errorf("%q: %#v", text, a)
		}
		if a.Path() != "/" && a.Type()+a.Path()+a.Name() != a.Resource && !strings.Contains(a.Type(), ":") && strings.IndexByte(a.Resource, ':') < 0 {
			t.Errorf("%q: %q %q %q", text, a.Type(), a.Path(), a.Name())
		}
	})
}
