package stsapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"crossgrant/internal/httpapi/queryapi/querytest"
)

const messageHeader = "x-crossgrant-authorization-message"

// messageOf returns the encoded message of a denial; empty if it has none.
func messageOf(header map[string][]string) string {
	if values := header[messageHeader]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// decoded is a decoded message.
type decoded struct {
	Allowed           *bool
	ExplicitDeny      *bool
	MatchedStatements struct {
		Items []struct {
			StatementID, Effect string
			Principals          values
			PrincipalGroups     values
			Actions, Resources  values
			Conditions          struct{ Items []condition }
		}
	}
	Failures values
	Context  struct {
		Principal        struct{ ID, Name, ARN string }
		Action, Resource string
		Conditions       struct{ Items []condition }
	}
}

type (
	values    struct{ Items []struct{ Value string } }
	condition struct {
		Key    string
		Values values
	}
)

func (v values) String() string {
	var out []string
	for _, item := range v.Items {
		out = append(out, item.Value)
	}
	return strings.Join(out, "|")
}

// key returns the values of a condition key; "absent" if it has none.
func (d *decoded) key(name string) string {
	for _, c := range d.Context.Conditions.Items {
		if strings.EqualFold(c.Key, name) {
			return c.Values.String()
		}
	}
	return "absent"
}

func (r *roles) decode(key querytest.Key, message string) *decoded {
	r.Helper()
	text := r.STSCall(key, "DecodeAuthorizationMessage", "EncodedMessage", message).OK().Get("DecodedMessage")
	d := new(decoded)
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(d); err != nil {
		r.Fatalf("%v: %s", err, text)
	}
	if d.Allowed == nil || *d.Allowed {
		r.Errorf("the message says that it is allowed: %s", text)
	}
	return d
}

// TestDecodeAuthorizationMessage: principals of the caller's account who have the permission learn why it was
// denied, in AWS's form.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
func TestDecodeAuthorizationMessage(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	implicit := r.IAMCall(r.bob, "GetUser", "UserName", "ann")
	implicit.Refused(403, "AccessDenied", "")
	message := messageOf(implicit.Header)
	if len(message) == 0 || len(message) > 10240 {
		t.Fatalf("a message of %d characters", len(message))
	}
	id := r.IAMCall(r.rootB, "GetUser", "UserName", "bob").OK().Get("UserId")
	d := r.decode(r.rootB, message)
	p := d.Context.Principal
	if d.ExplicitDeny == nil || *d.ExplicitDeny || len(d.MatchedStatements.Items) != 0 || len(d.Failures.Items) != 0 || p.ID != id || p.Name != "bob" ||
		p.ARN != "arn:aws:iam::222222222222:user/bob" || d.Context.Action != "iam:GetUser" || d.Context.Resource != "arn:aws:iam::222222222222:user/ann" ||
		d.key("aws:username") != "bob" || d.key("aws:PrincipalAccount") != accountB || d.key("aws:ResourceAccount") != accountB {
		t.Errorf("decoded %+v", d)
	}

	// An explicit deny is shown with its statement.
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "bob", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"NotAnn","Effect":"Deny","Action":"iam:Get*","Resource":"arn:aws:iam::*:user/ann","Condition":{"StringEquals":{"aws:username":["bob","cid"]}}}]}`).OK()
	d = r.decode(r.rootB, messageOf(r.IAMCall(r.bob, "GetUser", "UserName", "ann").Header))
	if d.ExplicitDeny == nil || !*d.ExplicitDeny || len(d.MatchedStatements.Items) != 1 {
		t.Fatalf("decoded %+v", d)
	}
	s := d.MatchedStatements.Items[0]
	if s.StatementID != "NotAnn" || s.Effect != "DENY" || s.Actions.String() != "iam:Get*" || s.Resources.String() != "arn:aws:iam::*:user/ann" ||
		len(s.Conditions.Items) != 1 || s.Conditions.Items[0].Key != "aws:username" || s.Conditions.Items[0].Values.String() != "bob|cid" {
		t.Errorf("statement %+v", s)
	}

	// Who is not of the account, or has not the permission, does not learn it.
	const invalid = "InvalidAuthorizationMessageException"
	r.STSCall(r.rootA, "DecodeAuthorizationMessage", "EncodedMessage", message).Refused(400, invalid, "Message is not valid")
	r.STSCall(r.ann, "DecodeAuthorizationMessage", "EncodedMessage", message).Refused(403, "AccessDenied", "")
	r.STSCall(r.rootB, "DecodeAuthorizationMessage", "EncodedMessage", message[1:]).Refused(400, invalid, "")
	r.STSCall(r.rootB, "DecodeAuthorizationMessage", "EncodedMessage", "message").Refused(400, invalid, "")
	r.STSCall(r.rootB, "DecodeAuthorizationMessage", "EncodedMessage", strings.Repeat("x", 10241)).Refused(400, "ValidationError", "")
	r.STSCall(r.rootB, "DecodeAuthorizationMessage").Refused(400, "ValidationError", "")

	// Only a denial has a message.
	for name, a := range map[string]querytest.Answer{
		"allowed":       r.IAMCall(r.rootB, "GetUser", "UserName", "ann").OK(),
		"not there":     r.IAMCall(r.rootB, "GetUser", "UserName", "nobody"),
		"not valid":     r.IAMCall(r.bob, "GetUser", "UserName", "!"),
		"root":          r.assume(r.rootB),
		"not signed":    r.STSCall(querytest.Key{}, "GetCallerIdentity"),
		"unknown key":   r.STSCall(querytest.Key{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "s"}, "GetCallerIdentity"),
		"barred":        r.IAMCall(keyOf(r.STSCall(r.bob, "GetSessionToken").OK()), "ListUsers"),
		"a wrong token": r.STSCall(r.rootB, "DecodeAuthorizationMessage", "EncodedMessage", "message"),
	} {
		if got := messageOf(a.Header); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestMessageAcrossAccounts: what the owner of a resource does not tell other accounts is not in the message.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func TestMessageAcrossAccounts(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, `{"StringEquals":{"sts:ExternalId":"secret of A"}}`)
	r.IAMCall(r.rootA, "CreateRole", "RoleName", "T", "Tags.member.1.Key", "color", "Tags.member.1.Value", "red", "AssumeRolePolicyDocument",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"},{"Sid":"secret","Effect":"Deny","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"}]}`).OK()
	r.IAMCall(r.rootB, "PutUserPolicy", "UserName", "bob", "PolicyName", "p", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/color":"red"}}}]}`).OK()
	silent, denies, missing := roleARN, "arn:aws:iam::111111111111:role/T", "arn:aws:iam::111111111111:role/none"
	for name, c := range map[string]struct {
		key querytest.Key
		arn string
	}{
		"a trust policy is silent":                   {r.ann, silent},
		"a trust policy denies":                      {r.ann, denies},
		"there is no such role":                      {r.ann, missing},
		"the own policy denies because of its tags":  {r.bob, denies},
		"the own policy would, were there tags":      {r.bob, silent},
		"the own policy would, were there such role": {r.bob, missing},
	} {
		a := r.assumeARN(c.key, c.arn, "ExternalId", "guess")
		a.Refused(403, "AccessDenied", "")
		d := r.decode(r.rootB, messageOf(a.Header))
		if d.ExplicitDeny != nil || len(d.MatchedStatements.Items) != 0 || d.Failures.String() != "The account that owns the resource does not tell why it denies." ||
			d.key("aws:ResourceTag/color") != "absent" || d.key("aws:ResourceAccount") != "absent" || d.Context.Resource != c.arn {
			t.Errorf("%s: %+v", name, d)
		}
	}
	// In the account of the role all of it is there.
	local := r.User(accountA, "local", "AdministratorAccess")
	r.IAMCall(r.rootA, "UpdateAssumeRolePolicy", "RoleName", "T", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Sid":"own","Effect":"Deny","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}`).OK()
	d := r.decode(r.rootA, messageOf(r.assumeARN(local, denies, "ExternalId", "guess").Header))
	if d.ExplicitDeny == nil || !*d.ExplicitDeny || len(d.MatchedStatements.Items) != 1 || d.MatchedStatements.Items[0].StatementID != "own" ||
		d.MatchedStatements.Items[0].Principals.String() != "arn:aws:iam::111111111111:root" || d.key("aws:ResourceTag/color") != "red" || d.key("sts:ExternalId") != "guess" {
		t.Errorf("decoded %+v", d)
	}
	// A session is named as the denial names it.
	r.IAMCall(r.rootA, "UpdateAssumeRolePolicy", "RoleName", "R", "PolicyDocument", trust(accountB, "")).OK()
	session := keyOf(r.assume(r.ann, "Policy", strings.Replace(allowAll, `"*"`, `"sts:*"`, 1)).OK())
	d = r.decode(r.rootA, messageOf(r.IAMCall(session, "ListUsers").Header))
	if p := d.Context.Principal; p.Name != "" || p.ARN != "arn:aws:sts::111111111111:assumed-role/R/sess" || !strings.HasSuffix(p.ID, ":sess") {
		t.Errorf("principal %+v", p)
	}
}

// TestLargeMessage: what has no room in a message is left out, and it says so.
func TestLargeMessage(t *testing.T) {
	t.Parallel()
	r := newRoles(t, accountB, "")
	// Of most requests, the headers are the largest part.
	r.Sent = sendAgent(strings.Repeat("agent ", 1000))
	a := r.IAMCall(r.bob, "GetUser", "UserName", "ann")
	r.Sent = nil
	message := messageOf(a.Header)
	if len(message) < 8000 || len(message) > 10240 {
		t.Errorf("a message of %d characters", len(message))
	}
	if d := r.decode(r.rootB, message); len(d.Failures.Items) != 0 || len(d.key("aws:UserAgent")) != 6000 {
		t.Errorf("decoded %+v", d)
	}
	r.Sent = sendAgent(strings.Repeat("agent ", 1250))
	a = r.IAMCall(r.bob, "GetUser", "UserName", "ann")
	r.Sent = nil
	message = messageOf(a.Header)
	if len(message) == 0 || len(message) > 10240 {
		t.Errorf("a message of %d characters", len(message))
	}
	if d := r.decode(r.rootB, message); d.Failures.String() != "There was no room for 1 condition keys." || d.key("aws:UserAgent") != "absent" || d.key("aws:username") != "bob" {
		t.Errorf("decoded %+v", d)
	}
}

// sendAgent returns what makes requests come from a program of this name.
func sendAgent(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("User-Agent", name) }
}
