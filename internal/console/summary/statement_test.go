package summary

import (
	"strings"
	"testing"
)

// TestStatements holds the sentences that are made of statements.
func TestStatements(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`:                                                                                                "allow everything!",
		`{"Statement":{"Effect":"Deny","Action":["s3:*","*"],"Resource":["a","*"]}}`:                                                                                  "deny everything",
		`{"Statement":[{"Sid":"A","Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":["a","arn:aws:s3:::b"]}]}`:                                                 "A: deny everything but iam:*, sts:* on a, bucket b",
		`{"Statement":[{"Effect":"Allow","Action":"*","NotResource":"a","Condition":{"Bool":{"b":true},"StringEquals":{"a":["x","y"]}}}]}`:                            "allow everything on all resources but a when b is true and a is x or y",
		`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-EXAMPLE"}}}]}`: "deny s3:* when aws:PrincipalOrgID is not o-EXAMPLE, or it is absent",
		`{"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*"},1,{"Effect":"Deny","Action":["c:d","e:*"],"Resource":"*"}]}`:                                  "allow a:b; deny c:d, e:*",
		`{`: "none", `{"Statement":1}`: "", `{"s3_attributes":{}}`: "none",
	} {
		statements, err := Statements(document)
		var said []string
		for _, s := range statements {
			words := map[bool]string{false: "allow ", true: "deny "}[s.Deny] + s.What()
			if s.Sid != "" {
				words = s.Sid + ": " + words
			}
			if s.On() != "" {
				words += " on " + s.On()
			}
			if s.Conditions != nil {
				words += " when " + strings.Join(s.Conditions, " and ")
			}
			if s.Everything() {
				words += "!"
			}
			said = append(said, words)
		}
		got := strings.Join(said, "; ")
		if err != nil {
			got = "none"
		}
		if got != want {
			t.Errorf("%s\n%q, want %q", document, got, want)
		}
	}
}
