package trailjson

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestForm: what IAM and STS are asked, as the examples that AWS publishes have it.
func TestForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ service, form, want string }{
		{"iam", "Action=CreateUser&Version=2010-05-08&UserName=ann&X-Amz-Signature=s", `{"userName":"ann"}`},
		{"iam", "Action=TagRole&RoleName=r&Tags.member.2.Key=b&Tags.member.2.Value=&Tags.member.10.Key=c&Tags.member.1.Key=a&Tags.member.1.Value=1",
			`{"roleName":"r","tags":[{"key":"a","value":"1"},{"key":"b","value":""},{"key":"c"}]}`},
		{"iam", "Action=CreateRole&MaxSessionDuration=3600&AssumeRolePolicyDocument={\"a\":\"<>\"}", `{"assumeRolePolicyDocument":"{\"a\":\"<>\"}","maxSessionDuration":3600}`},
		{"iam", "MaxSessionDuration=x&SetAsDefault=maybe", `{"maxSessionDuration":"x","setAsDefault":"maybe"}`},
		{"iam", "Action=CreatePolicyVersion&SetAsDefault=true&PolicyArn=arn:aws:iam::1:policy/p", `{"policyArn":"arn:aws:iam::1:policy/p","setAsDefault":true}`},
		{"iam", "Action=ChangePassword&OldPassword=a&NewPassword=b", ``},
		{"iam", "Action=CreateLoginProfile&UserName=ann&Password=a&PasswordResetRequired=true", `{"passwordResetRequired":true,"userName":"ann"}`},
		{"iam", "SAMLMetadataDocument=x&SAMLProviderArn=y", `{"sAMLMetadataDocument":"x","sAMLProviderArn":"y"}`},
		{"sts", "Action=AssumeRole&RoleArn=r&RoleSessionName=s&DurationSeconds=900&TransitiveTagKeys.member.1=a&TransitiveTagKeys.member.2=b&SerialNumber=n&TokenCode=123456",
			`{"durationSeconds":900,"roleArn":"r","roleSessionName":"s","serialNumber":"n","transitiveTagKeys":["a","b"]}`},
		{"sts", "PolicyArns.member.1.arn=x", `{"policyArns":[{"arn":"x"}]}`},
		// What the model does not have, however it is written.
		{"iam", "Passwort=hunter2&userName=ann&UserName.=x&UserName.member=x&UserName.member.0=x&UserName.member.01=x&member.1=x&=x&Tags.member.1.Passwort=x", ``},
		{"iam", "Password.member.1=x&Tags.member.1.Password=x", ``},
		// What contradicts itself.
		{"iam", "UserName=a&UserName=b", `{"userName":"a"}`},
		{"iam", "Tags=x&Tags.member.1.Key=k&Tags.Key=y", `{"tags":[{"key":"k"}]}`},
		{"iam", "Tags=", `{"tags":""}`},
		{"iam", "UserName=%ff%00", `{"userName":"\ufffd\u0000"}`},
		{"iam", "UserName=" + strings.Repeat("x", MaxSize), ``},
	} {
		form, err := url.ParseQuery(c.form)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(For(c.service).Form(form)); got != c.want {
			t.Errorf("%.200s\n got %s\nwant %s", c.form, got, c.want)
		}
	}
}

// TestJSON: what the services that speak JSON are asked, and answer.
func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ service, operation, body, want string }{
		// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
		{"organizations", "CreateAccount", `{"Tags":[],"Email":"anaya@amazon.com","AccountName":"n"}`, `{"accountName":"****","email":"****","tags":[]}`},
		{"organizations", "CreateAccount", `{"CreateAccountStatus":{"AccountName":"n","State":"IN_PROGRESS","Id":"car-examplecreateaccountrequestid111","RequestedTimestamp":1600291250.25}}`,
			`{"createAccountStatus":{"accountName":"****","id":"car-examplecreateaccountrequestid111","requestedTimestamp":"Sep 16, 2020 9:20:50 PM","state":"IN_PROGRESS"}}`},
		{"organizations", "CreateOrganizationalUnit", `{"Name":"test-cloud-trail","ParentId":"r-examplerootid111"}`, `{"name":"test-cloud-trail","parentId":"r-examplerootid111"}`},
		{"organizations", "InviteAccountToOrganization", `{"Target":{"Type":"ACCOUNT","Id":"111111111111"},"Notes":"x"}`, `{"notes":"****","target":{"id":"111111111111","type":"ACCOUNT"}}`},
		{"organizations", "InviteAccountToOrganization", `{"Target":{"Type":"EMAIL","Id":"a@b"}}`, `{"target":{"id":"****","type":"EMAIL"}}`},
		{"organizations", "UpdateResponsibilityTransfer", `{"Id":"rt-1","Name":"x"}`, `{"id":"rt-1","name":"****"}`},
		{"organizations", "AcceptHandshake", `{"Handshake":{"Resources":[{"Type":"ORGANIZATION","Value":"o-1","Resources":[{"Type":"MASTER_NAME","Value":"x"}]}],"Parties":[{"Id":"a@b","Type":"EMAIL"}]}}`,
			`{"handshake":{"parties":[{"id":"****","type":"EMAIL"}],"resources":[{"resources":[{"type":"MASTER_NAME","value":"****"}],"type":"ORGANIZATION","value":"****"}]}}`},
		{"access-analyzer", "CreateArchiveRule", `{"ruleName":"r","filter":{"isPublic":{"eq":["false"]}},"clientToken":null}`, `{"filter":{"isPublic":{"eq":["false"]}},"ruleName":"r"}`},
		{"access-analyzer", "TagResource", `{"tags":{"Team":"x","Password":"y"}}`, `{"tags":{"Password":"y","Team":"x"}}`},
		{"access-analyzer", "CheckNoPublicAccess", `{"policyDocument":"{}","resourceType":"AWS::S3::Bucket"}`, `{"policyDocument":"HIDDEN_DUE_TO_SECURITY_REASONS","resourceType":"AWS::S3::Bucket"}`},
		{"cloudtrail", "CreateTrail", `{"Name":"t","S3BucketName":"b","IsMultiRegionTrail":true,"TagsList":[{"Key":"k"}]}`, `{"isMultiRegionTrail":true,"name":"t","s3BucketName":"b","tagsList":[{"key":"k"}]}`},
		{"cloudtrail", "CreateTrail", `{"TrailARN":"x","Unknown":1}`, `{"trailARN":"x"}`},
		{"cloudtrail", "LookupEvents", `{"StartTime":1600291250,"EndTime":1e999}`, `{"endTime":1e999,"startTime":"Sep 16, 2020 9:20:50 PM"}`},
		{"cloudtrail", "CreateTrail", `not JSON`, ``},
		{"cloudtrail", "CreateTrail", `[]`, ``},
		{"cloudtrail", "CreateTrail", ``, ``},
		{"cloudtrail", "CreateTrail", `{"Name":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, `{"name":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`},
	} {
		if got := string(For(c.service).JSON(c.operation, []byte(c.body), nil)); got != c.want {
			t.Errorf("%.200s\n got %s\nwant %s", c.body, got, c.want)
		}
	}
	if got := string(For("access-analyzer").JSON("GetFinding", nil, map[string]any{"analyzerArn": "a", "id": "i", "maxResults": "5", "X-Amz-Signature": "s"})); got != `{"analyzerArn":"a","id":"i","maxResults":5}` {
		t.Errorf("path and query are %s", got)
	}
}

// TestResult: what IAM and STS answer.
func TestResult(t *testing.T) {
	t.Parallel()
	type tag struct{ Key, Value string }
	type list[T any] struct {
		Members []T `xml:"member"`
	}
	type page struct {
		IsTruncated bool
		Marker      string `xml:",omitempty"`
	}
	type user struct {
		UserName, UserId, CreateDate string
		Tags                         *list[tag] `xml:",omitempty"`
		MaxSessionDuration           int        `xml:",omitempty"`
		PermissionsBoundary          *tag
		SecretAccessKey              string
		Unknown                      string
	}
	for _, c := range []struct {
		service string
		result  any
		want    string
	}{
		{"iam", nil, ""}, {"iam", struct{}{}, ""}, {"iam", (*user)(nil), ""},
		{"iam", &struct {
			User user
			page
		}{user{UserName: "Richard", UserId: "AIDA", CreateDate: "2023-07-19T21:25:09Z", SecretAccessKey: "s", Unknown: "u"}, page{}},
			`{"isTruncated":false,"user":{"createDate":"Jul 19, 2023 9:25:09 PM","userId":"AIDA","userName":"Richard"}}`},
		{"iam", struct{ User user }{user{Tags: &list[tag]{[]tag{{"k", "v"}}}, MaxSessionDuration: 3600}},
			`{"user":{"createDate":"","maxSessionDuration":3600,"tags":[{"key":"k","value":"v"}],"userId":"","userName":""}}`},
		{"sts", struct {
			Credentials struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
		}{struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }{"ASIA", "s", "t", "2023-08-28T19:00:58Z"}},
			`{"credentials":{"accessKeyId":"ASIA","expiration":"Aug 28, 2023, 7:00:58 PM"}}`},
	} {
		if got := string(For(c.service).Result(c.result)); got != c.want {
			t.Errorf("%+v\n got %s\nwant %s", c.result, got, c.want)
		}
	}
}

func TestTells(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"CreateUser": true, "AssumeRole": true, "GetSessionToken": true, "GetFederationToken": true, "StartLogging": true, "GetUser": false, "ListUsers": false,
		"DescribeTrails": false, "LookupEvents": false, "DecodeAuthorizationMessage": false, "SimulateCustomPolicy": false, "GenerateCredentialReport": false,
	} {
		if got := Tells(name); got != want {
			t.Errorf("Tells(%s) is %t", name, got)
		}
	}
}

// valid reports what is wrong with an object that was made from anything.
func valid(text []byte) error {
	switch {
	case text == nil:
		return nil
	case len(text) > MaxSize+1 || !json.Valid(text) || !utf8.Valid(text) || text[0] != '{':
		return fmt.Errorf("%d bytes: %.200s", len(text), text)
	}
	return nil
}

// FuzzForm holds that whatever is sent becomes a JSON object within the bounds, and that what is sent as a secret does
// not come back.
func FuzzForm(f *testing.F) {
	f.Add("Action=CreateUser&UserName=ann&Tags.member.1.Key=k&Tags.member.2.Value=%ff")
	f.Add("Tags.member.1.Key.member.2.Value.member.9999999999=x&Tags=&Password=mark-of-a-secret")
	f.Add("TokenCode=mark-of-a-secret&DurationSeconds=9e9&member.1.member.2=x")
	iam, sts := For("iam"), For("sts")
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		for name := range secrets {
			form[name] = []string{"mark-of-a-secret"}
			form["Tags.member.1."+name] = form[name]
		}
		for _, m := range []*Members{iam, sts} {
			got := m.Form(form)
			if err := valid(got); err != nil {
				t.Error(err)
			}
			if strings.Contains(string(got), "mark-of-a-secret") && !strings.Contains(text, "mark") {
				t.Errorf("a secret is told: %s", got)
			}
		}
	})
}

// FuzzJSON is FuzzForm for bodies.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"Tags":[{"Key":"k","Value":1e400}],"Email":"mark-of-a-secret","Target":{"Id":"mark-of-a-secret@x"}}`))
	f.Add([]byte(`{"Name":[[[{"Name":"x"}]]],"Email":["mark-of-a-secret"],"RequestedTimestamp":-1e300}`))
	m := For("organizations")
	f.Fuzz(func(t *testing.T, text []byte) {
		got := m.JSON("CreateAccount", text, map[string]any{"Email": "mark-of-a-secret"})
		if err := valid(got); err != nil {
			t.Error(err)
		}
		var sent map[string]any
		if json.Unmarshal(text, &sent) == nil && len(sent) == 0 && strings.Contains(string(got), "mark-of-a-secret") {
			t.Errorf("a secret is told: %s", got)
		}
	})
}
