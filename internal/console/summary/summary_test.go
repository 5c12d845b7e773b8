package summary

import (
	"fmt"
	"strings"
	"testing"
)

// show writes a table as lines of text.
func show(t *Table) string {
	var b strings.Builder
	for _, r := range t.Rows {
		effect := "allow"
		if r.Deny {
			effect = "deny"
		}
		fmt.Fprintf(&b, "%s %d %s %s", effect, r.Line, r.Sid, r.Service)
		if r.All {
			b.WriteString(" all")
		}
		if r.Except != nil {
			fmt.Fprintf(&b, " except %v", r.Except)
		}
		for _, l := range r.Levels {
			full := "some"
			if l.Full {
				full = "full"
			}
			fmt.Fprintf(&b, " [%s %s: %d]", full, l.Name, len(l.Actions))
		}
		for _, r := range r.Resources {
			fmt.Fprintf(&b, " on(%t) %q", r.Not, r.Words)
		}
		if r.Who != nil {
			fmt.Fprintf(&b, " who %q", r.Who)
		}
		if r.Conditions != nil {
			fmt.Fprintf(&b, " if %q", r.Conditions)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, document, want string }{
		{"administrator", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
			`allow 1  All services all on(false) "all resources"`},
		{"walkthrough", `{"Statement":[{"Sid":"DelegateS3WriteAccess","Effect":"Allow","Action":["s3:PutObject","s3:PutObjectAcl"],"Resource":"arn:aws:s3:::awsseccookbook/*"}]}`,
			`allow 1 DelegateS3WriteAccess S3 [some Write: 1] [some Permissions management: 1] on(false) "all objects of bucket awsseccookbook"`},
		{"denials first, lists of AWS", "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"sts:*\",\"ec2:Run*\"],\"Resource\":\"arn:aws:iam::111122223333:role/R\"},\n{\"Effect\":\"Deny\",\"NotAction\":[\"iam:*\",\"sts:*\"],\"NotResource\":\"arn:aws:s3:::b\",\"Condition\":{\"BoolIfExists\":{\"aws:MultiFactorAuthPresent\":false}}}]}",
			`deny 2  All services except [iam:* sts:*] on(true) "bucket b" if ["aws:MultiFactorAuthPresent is false, or it is absent"]` + "\n" +
				`allow 1  STS all on(false) "role R of account 111122223333"` + "\n" + `allow 1  EC2 [some : 1] on(false) "role R of account 111122223333"`},
		{"trust", `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::380701114427:root","arn:aws:iam::380701114427:user/x/testuser","*"],"Service":"s3.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":["a","b"]},"Null":{"aws:x":"true"}}},{"Effect":"Deny","NotPrincipal":"*","Action":"sts:AssumeRole"}]}`,
			`deny 1  STS [some Write: 1] who ["everyone except everyone"]` + "\n" +
				`allow 1  STS [some Write: 1] who ["account 380701114427" "user x/testuser of account 380701114427" "everyone" "service s3.amazonaws.com"] if ["sts:ExternalId is a or b" "aws:x is absent"]`},
		{"keys", `{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/logs/*","arn:aws:s3:::b/k","arn:aws:s3:::b*/a*b","arn:aws:s3:::*"],"Condition":{"ForAnyValue:StringNotLike":{"aws:k":["x","y"]},"Odd":{"k":1}}}]}`,
			`allow 1  S3 [some Read: 1] on(false) "objects below logs/ of bucket b" on(false) "object k of bucket b" on(false) "objects like a*b of buckets like b*" on(false) "every bucket and every object" if ["some value of aws:k is not like x nor y" "k Odd 1"]`},
		{"across services", `{"Statement":[{"Effect":"Allow","Action":["*:DecodeAuthorizationMessage","S3:listallmybuckets"],"Resource":"*"}]}`,
			`allow 1  STS [some Write: 1] on(false) "all resources"` + "\n" + `allow 1  S3 [some List: 1] on(false) "all resources"`},
		{"many services", `{"Statement":[{"Effect":"Allow","Action":["a:x","b:*","s3:*","c:x","d:y*","a:z"],"Resource":"*"}]}`,
			`allow 1  S3 all on(false) "all resources"` + "\n" + `allow 1  4 other services [some : 5] on(false) "all resources"`},
		{"what is no policy", `{"Statement":[1,{"Effect":"Allow"},null]}`, ""},
	} {
		table, err := Of(c.document)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := strings.TrimSpace(show(table)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	for _, none := range []string{"", "{", "[]", "{}", `"x"`, "{\n\"Statement\": oops}"} {
		if _, err := Of(none); err == nil {
			t.Errorf("%q was summed up", none)
		}
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	table, err := Of(`{"Statement":{"Effect":"Allow","Action":["s3:List*","s3:Get*"],"Resource":"*"}}`)
	if err != nil {
		t.Fatal(err)
	}
	levels := table.Rows[0].Levels
	if list, read := levels[0], levels[1]; list.Name != "List" || !list.Full || read.Name != "Read" || read.Full {
		t.Errorf("%+v", levels)
	}
}
