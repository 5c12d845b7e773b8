package event

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/ids"
)

const (
	mine   = ids.AccountID("111111111111")
	theirs = ids.AccountID("222222222222")
)

// foreign is a GetObject of a user of mine in a bucket of theirs, changed by each.
func foreign(change ...func(*audit.Record)) *audit.Record {
	r := get()
	r.ResourceOwner = theirs
	for _, c := range change {
		c(r)
	}
	return r
}

func denied(message string) func(*audit.Record) {
	return func(r *audit.Record) { r.Status, r.ErrorCode, r.ErrorMessage = 403, "AccessDenied", message }
}

func anonymous(r *audit.Record) {
	r.CallerARN, r.CallerAccount, r.CallerID, r.AccessKeyID, r.Authentication = "", "", "anonymous", "", ""
}

// TestRecipients holds who gets an event.
//
// Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html#cloudtrail-object-level-crossaccount,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html (note 1) and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
func TestRecipients(t *testing.T) {
	t.Parallel()
	service := func(name, operation string) func(*audit.Record) {
		return func(r *audit.Record) { r.Service, r.Operation, r.Bucket, r.Key = name, operation, "", "" }
	}
	vouched := func(r *audit.Record) {
		r.CallerID = "arn:aws:iam::222222222222:oidc-provider/issuer.example.com:app:ann"
	}
	for name, c := range map[string]struct {
		r    *audit.Record
		want []ids.AccountID
	}{
		"one account":                     {get(), []ids.AccountID{mine}},
		"another's bucket":                {foreign(), []ids.AccountID{mine, theirs}},
		"another's bucket, refused":       {foreign(denied("Access Denied")), []ids.AccountID{mine, theirs}},
		"no such bucket":                  {foreign(func(r *audit.Record) { r.ResourceOwner = "" }), []ids.AccountID{mine}},
		"anonymous":                       {foreign(anonymous), []ids.AccountID{theirs}},
		"anonymous, no such bucket":       {foreign(anonymous, func(r *audit.Record) { r.ResourceOwner = "" }), nil},
		"not authenticated":               {foreign(anonymous, func(r *audit.Record) { r.Operation = "" }), nil},
		"a service":                       {foreign(anonymous, func(r *audit.Record) { r.CallerARN = "cloudtrail.amazonaws.com" }), []ids.AccountID{theirs}},
		"another's role":                  {foreign(service("sts", "AssumeRole")), []ids.AccountID{mine, theirs}},
		"another's role, refused":         {foreign(service("sts", "AssumeRole"), denied("")), []ids.AccountID{mine}},
		"a member's root user":            {foreign(service("sts", "AssumeRoot")), []ids.AccountID{mine, theirs}},
		"STS, nothing of another":         {foreign(service("sts", "GetCallerIdentity")), []ids.AccountID{mine}},
		"vouched for":                     {foreign(service("sts", "AssumeRoleWithWebIdentity"), anonymous, vouched), []ids.AccountID{theirs}},
		"vouched for, refused":            {foreign(service("sts", "AssumeRoleWithWebIdentity"), anonymous, vouched, denied("")), []ids.AccountID{theirs}},
		"vouched for, role not known":     {foreign(service("sts", "AssumeRoleWithWebIdentity"), anonymous, vouched, func(r *audit.Record) { r.ResourceOwner = "" }), []ids.AccountID{theirs}},
		"vouched for by nobody":           {foreign(service("sts", "AssumeRoleWithSAML"), anonymous, func(r *audit.Record) { r.ResourceOwner = "" }), nil},
		"another's organization":          {foreign(service("organizations", "DescribeOrganization")), []ids.AccountID{mine}},
		"IAM":                             {foreign(service("iam", "GetUser")), []ids.AccountID{mine}},
		"public access block of accounts": {foreign(service("s3-control", "GetPublicAccessBlock"), denied("")), []ids.AccountID{mine, theirs}},
		"a sign-in":                       {foreign(service("signin", "SignIn"), anonymous, func(r *audit.Record) { r.ResourceOwner, r.SignIn = "", &audit.SignIn{Account: theirs} }), []ids.AccountID{theirs}},
		"a sign-in to nothing":            {foreign(service("signin", "SignIn"), anonymous, func(r *audit.Record) { r.ResourceOwner, r.SignIn = "", &audit.SignIn{} }), nil},
		"website":                         {foreign(anonymous, func(r *audit.Record) { r.Service = "s3-website" }), []ids.AccountID{theirs}},
	} {
		if got := Recipients(c.r); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if len(c.want) == 0 && FactsOf(c.r).Category != Unlogged && name == "not authenticated" {
			t.Errorf("%s: makes the event %+v", name, FactsOf(c.r))
		}
	}
}

// decoded returns the event of r for recipient.
func decoded(t *testing.T, r *audit.Record, recipient ids.AccountID) map[string]any {
	t.Helper()
	text := Append(nil, r, recipient, "us-east-1")
	memberNames(t, text)
	var e map[string]any
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return e
}

// at returns what lies at a path of members, as JSON.
func at(t *testing.T, e map[string]any, path string) string {
	t.Helper()
	var v any = e
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMessages holds that a caller's copy has what the caller was told, and another account's nothing of the caller's side.
func TestMessages(t *testing.T) {
	t.Parallel()
	const told = "User: arn:aws:iam::111111111111:user/eng/ann is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::walnut/a/b.txt\" " +
		"with an explicit deny in an identity-based policy: arn:aws:iam::111111111111:policy/Secret"
	const decided = "User: arn:aws:iam::111111111111:user/eng/ann is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::walnut/a/b.txt\" " +
		"because no resource-based policy allows the s3:GetObject action"
	missing := func(r *audit.Record) {
		r.Status, r.ErrorCode, r.ErrorMessage = 404, "NoSuchKey", "The specified key does not exist."
	}
	for name, c := range map[string]struct {
		r         *audit.Record
		recipient ids.AccountID
		want      string
	}{
		"the caller's":                      {foreign(denied(told)), mine, told},
		"the owner's":                       {foreign(denied(told)), theirs, "Access Denied"},
		"the owner's, which refuses":        {foreign(denied(decided)), theirs, decided},
		"the owner's, not a denial":         {foreign(missing), theirs, "The specified key does not exist."},
		"the owner's, of itself":            {foreign(denied(told), func(r *audit.Record) { r.ResourceOwner = mine }), mine, told},
		"the owner's, of who does not sign": {foreign(anonymous, denied("Access Denied")), theirs, "Access Denied"},
	} {
		if got := decoded(t, c.r, c.recipient)["errorMessage"]; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestCopies holds what each account is told of a request across accounts.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-receive-logs-from-multiple-accounts.html
// and https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html#cloudtrail-crossaccount-example2
func TestCopies(t *testing.T) {
	t.Parallel()
	const user = `{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111111111111","arn":"arn:aws:iam::111111111111:user/eng/ann","principalId":"AIDAANN","type":"IAMUser","userName":"ann"}`
	const account = `{"accountId":"111111111111","principalId":"AIDAANN","type":"AWSAccount"}`
	const object = `{"ARN":"arn:aws:s3:::walnut/a/b.txt","type":"AWS::S3::Object"}`
	const told = `[` + object + `,{"ARN":"arn:aws:s3:::walnut","accountId":"222222222222","type":"AWS::S3::Bucket"}]`
	const hidden = `[` + object + `,{"ARN":"arn:aws:s3:::walnut","accountId":"","type":"AWS::S3::Bucket"}]`
	own := func(message string) func(*audit.Record) {
		return func(r *audit.Record) {
			denied("User: arn:aws:iam::111111111111:user/eng/ann is not authorized to perform: s3:GetObject because no " + message + " policy allows the s3:GetObject action")(r)
		}
	}
	for name, c := range map[string]struct {
		r                               *audit.Record
		recipient                       ids.AccountID
		identity, resources, recipient2 string
	}{
		"the caller's":                              {foreign(), mine, user, told, `"111111111111"`},
		"the owner's":                               {foreign(), theirs, account, told, `"222222222222"`},
		"the caller's, refused by its account":      {foreign(own("identity-based")), mine, user, hidden, `"111111111111"`},
		"the caller's, refused, not said by whom":   {foreign(denied("Access Denied")), mine, user, hidden, `"111111111111"`},
		"the caller's, refused by the owner's side": {foreign(own("resource-based")), mine, user, told, `"111111111111"`},
		"the owner's, refused by the caller's":      {foreign(own("identity-based")), theirs, account, told, `"222222222222"`},
		"the caller's, failed":                      {foreign(func(r *audit.Record) { r.ErrorCode = "NoSuchKey" }), mine, user, told, `"111111111111"`},
	} {
		e := decoded(t, c.r, c.recipient)
		if got := at(t, e, "userIdentity"); got != c.identity {
			t.Errorf("%s: caller %s", name, got)
		}
		if got := at(t, e, "resources"); got != c.resources {
			t.Errorf("%s: resources %s", name, got)
		}
		if got := at(t, e, "recipientAccountId"); got != c.recipient2 {
			t.Errorf("%s: recipient %s", name, got)
		}
	}
	a, b := decoded(t, foreign(), mine), decoded(t, foreign(), theirs)
	if a["eventID"] == b["eventID"] || a["sharedEventID"] != b["sharedEventID"] || a["sharedEventID"] == nil || a["sharedEventID"] == a["eventID"] {
		t.Errorf("IDs are %v and %v, shared %v and %v", a["eventID"], b["eventID"], a["sharedEventID"], b["sharedEventID"])
	}
	if e := decoded(t, get(), mine); e["sharedEventID"] != nil {
		t.Errorf("alone, and shared as %v", e["sharedEventID"])
	}
	if got := ID(foreign(), theirs); got != b["eventID"] || got != ID(foreign(), theirs) {
		t.Errorf("ID is %s, the event has %v", got, b["eventID"])
	}
}

// TestOwnersCopyHasNoGrants: the bucket's owner learns that another account called, and neither e-mail addresses nor
// grants.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html#cloudtrail-crossaccount-example2
func TestOwnersCopyHasNoGrants(t *testing.T) {
	t.Parallel()
	const acl = `<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="AmazonCustomerByEmail">` +
		`<EmailAddress>ann@example.com</EmailAddress></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`
	const grants = `emailAddress="ann@example.com"`
	put := func(operation, query, document string, headers ...audit.Header) *audit.Record {
		return foreign(func(r *audit.Record) {
			r.Operation, r.Method, r.Query, r.Document, r.Headers = operation, "PUT", query, []byte(document), headers
			for _, h := range headers {
				if strings.HasPrefix(h.Name, "x-amz-grant-") {
					r.RequestACL = "grants"
				}
			}
		})
	}
	for name, r := range map[string]*audit.Record{
		"document":         put("PutObjectAcl", "acl", acl),
		"headers":          put("PutObjectAcl", "acl", "", audit.Header{Name: "x-amz-grant-read", Value: grants}),
		"canned":           put("PutObjectAcl", "acl", "", audit.Header{Name: "x-amz-acl", Value: "ann@example.com"}),
		"write":            put("PutObject", "", "", audit.Header{Name: "x-amz-grant-write", Value: grants}),
		"presigned":        put("PutObjectAcl", "acl&X-Amz-Grant-Read="+"emailAddress%3D%22ann%40example.com%22", ""),
		"another document": put("PutBucketLogging", "logging", `<BucketLoggingStatus><LoggingEnabled><TargetGrants><Grant><Grantee><EmailAddress>ann@example.com</EmailAddress></Grantee></Grant></TargetGrants></LoggingEnabled></BucketLoggingStatus>`),
	} {
		owners, callers := string(Append(nil, r, theirs, "us-east-1")), string(Append(nil, r, mine, "us-east-1"))
		if strings.Contains(owners, "ann@example.com") {
			t.Errorf("%s: the owner is told\n%s", name, owners)
		}
		if !strings.Contains(callers, "ann@example.com") {
			t.Errorf("%s: the caller is not told in\n%s", name, callers)
		}
	}
	r := put("PutObject", "", "", audit.Header{Name: "x-amz-acl", Value: "bucket-owner-full-control"})
	if got := at(t, decoded(t, r, theirs), "requestParameters.x-amz-acl"); got != `"bucket-owner-full-control"` {
		t.Errorf("the owner is not told that it may do all: %s", got)
	}
}

// TestIdentities holds userIdentity of the callers that nobody has published, and Username for all.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func TestIdentities(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	caller := func(arn, id string, s *audit.Session) *audit.Record {
		r := get()
		r.CallerARN, r.CallerID, r.Session = arn, id, s
		return r
	}
	for name, c := range map[string]struct {
		r              *audit.Record
		identity, user string
	}{
		"root user": {caller("arn:aws:iam::111111111111:root", "111111111111", nil),
			`{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111111111111","arn":"arn:aws:iam::111111111111:root","principalId":"111111111111","type":"Root"}`, "root"},
		"root user with MFA": {caller("arn:aws:iam::111111111111:root", "111111111111", &audit.Session{Issued: began, MFA: true, IssuerType: "Root", IssuerARN: "arn:aws:iam::111111111111:root"}),
			`{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111111111111","arn":"arn:aws:iam::111111111111:root","principalId":"111111111111",` +
				`"sessionContext":{"attributes":{"creationDate":"2026-11-26T09:00:00Z","mfaAuthenticated":"true"}},"type":"Root"}`, "root"},
		"user whose path looks like a session": {caller("arn:aws:iam::111111111111:user/:assumed-role/ann", "AIDAANN", nil),
			`{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111111111111","arn":"arn:aws:iam::111111111111:user/:assumed-role/ann","principalId":"AIDAANN","type":"IAMUser","userName":"ann"}`, "ann"},
		"web identity's session": {caller("arn:aws:sts::111111111111:assumed-role/deploy/run-7", "AROADEPLOY:run-7", &audit.Session{
			Issued: began, IssuerType: "Role", IssuerName: "deploy", IssuerID: "AROADEPLOY", IssuerARN: "arn:aws:iam::111111111111:role/ci/deploy",
			Provider: "arn:aws:iam::111111111111:oidc-provider/issuer.example.com", ProviderKeys: []audit.Header{{Name: "issuer.example.com:aud", Value: "app"}}, SourceIdentity: "ann"}),
			`{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111111111111","arn":"arn:aws:sts::111111111111:assumed-role/deploy/run-7","principalId":"AROADEPLOY:run-7",` +
				`"sessionContext":{"attributes":{"creationDate":"2026-11-26T09:00:00Z","mfaAuthenticated":"false"},` +
				`"sessionIssuer":{"accountId":"111111111111","arn":"arn:aws:iam::111111111111:role/ci/deploy","principalId":"AROADEPLOY","type":"Role","userName":"deploy"},` +
				`"sourceIdentity":"ann","webIdFederationData":{"attributes":{"issuer.example.com:aud":"app"},"federatedProvider":"arn:aws:iam::111111111111:oidc-provider/issuer.example.com"}},"type":"AssumedRole"}`, "run-7"},
		"SAML's session": {caller("arn:aws:sts::111111111111:assumed-role/deploy/ann", "AROADEPLOY:ann", &audit.Session{
			Issued: began, IssuerType: "Role", IssuerName: "deploy", IssuerID: "AROADEPLOY", IssuerARN: "arn:aws:iam::111111111111:role/deploy",
			Provider: "arn:aws:iam::111111111111:saml-provider/idp", ProviderKeys: []audit.Header{{Name: "saml:sub", Value: "ann"}}}),
			`{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111111111111","arn":"arn:aws:sts::111111111111:assumed-role/deploy/ann","principalId":"AROADEPLOY:ann",` +
				`"sessionContext":{"attributes":{"creationDate":"2026-11-26T09:00:00Z","mfaAuthenticated":"false"},` +
				`"sessionIssuer":{"accountId":"111111111111","arn":"arn:aws:iam::111111111111:role/deploy","principalId":"AROADEPLOY","type":"Role","userName":"deploy"}},"type":"AssumedRole"}`, "ann"},
		"root user's federated user": {caller("arn:aws:sts::111111111111:federated-user/bob", "111111111111:bob", &audit.Session{Issued: began, IssuerType: "Root", IssuerARN: "arn:aws:iam::111111111111:root"}),
			`{"accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111111111111","arn":"arn:aws:sts::111111111111:federated-user/bob","principalId":"111111111111:bob",` +
				`"sessionContext":{"attributes":{"creationDate":"2026-11-26T09:00:00Z","mfaAuthenticated":"false"},` +
				`"sessionIssuer":{"accountId":"111111111111","arn":"arn:aws:iam::111111111111:root","principalId":"111111111111","type":"Root"}},"type":"FederatedUser"}`, "bob"},
	} {
		if got := at(t, decoded(t, c.r, mine), "userIdentity"); got != c.identity {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.identity)
		}
		if got := Username(c.r, mine); got != c.user {
			t.Errorf("%s is called %q, want %q", name, got, c.user)
		}
		if got := Username(c.r, theirs); got != "" {
			t.Errorf("another account is told %q of %s", got, name)
		}
	}
	port := "arn:aws:iam::111111111111:oidc-provider/localhost:8080:app:sub:1"
	if c := vouchedFor(port); c.provider != "arn:aws:iam::111111111111:oidc-provider/localhost:8080" || c.name != "sub:1" || c.id != port {
		t.Errorf("%s is %+v", port, c)
	}
}
