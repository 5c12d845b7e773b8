package querytest_test

import (
	"encoding/base32"
	"encoding/base64"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"crossgrant/internal/audit"
	"crossgrant/internal/httpapi/queryapi/querytest"
	"crossgrant/internal/ids"
	"crossgrant/internal/totp"
)

// last returns the record of the last request.
func last(w *querytest.World) *audit.Record { return &w.Records[len(w.Records)-1] }

// TestWhatIsTold: what the record of a request to IAM or STS tells, as far as it does not differ from run to run, in the
// form of the examples that AWS publishes.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(management)
	bob := w.User(management, "bob", "IAMReadOnlyAccess")
	const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}`
	escaped := strings.ReplaceAll(url.QueryEscape(trust), "+", "%20")
	for _, c := range []struct {
		key                  querytest.Key
		service, form        string
		parameters, elements string // ID stands for what is drawn
		code                 string
	}{
		{root, "iam", "Action=CreateUser&UserName=ann&Tags.member.1.Key=team&Tags.member.1.Value=red", `{"tags":[{"key":"team","value":"red"}],"userName":"ann"}`,
			`{"user":{"arn":"arn:aws:iam::111111111111:user/ann","createDate":"Jan 2, 2026 3:04:05 AM","path":"/","tags":[{"key":"team","value":"red"}],"userId":"ID","userName":"ann"}}`, ""},
		{root, "iam", "Action=CreateRole&RoleName=R&MaxSessionDuration=7200&AssumeRolePolicyDocument=" + url.QueryEscape(trust),
			`{"assumeRolePolicyDocument":"` + strings.ReplaceAll(trust, `"`, `\"`) + `","maxSessionDuration":7200,"roleName":"R"}`,
			`{"role":{"arn":"arn:aws:iam::111111111111:role/R","assumeRolePolicyDocument":"` + escaped + `","createDate":"Jan 2, 2026 3:04:05 AM","path":"/","roleId":"ID","roleName":"R"}}`, ""},
		{root, "iam", "Action=CreateAccessKey&UserName=ann", `{"userName":"ann"}`,
			`{"accessKey":{"accessKeyId":"ID","createDate":"Jan 2, 2026 3:04:05 AM","status":"Active","userName":"ann"}}`, ""},
		{root, "iam", "Action=CreateLoginProfile&UserName=ann&Password=correct-horse-1A&PasswordResetRequired=true", `{"passwordResetRequired":true,"userName":"ann"}`,
			`{"loginProfile":{"createDate":"Jan 2, 2026 3:04:05 AM","passwordResetRequired":true,"userName":"ann"}}`, ""},
		{root, "iam", "Action=AttachUserPolicy&UserName=ann&PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess", `{"policyArn":"arn:aws:iam::aws:policy/AdministratorAccess","userName":"ann"}`, ``, ""},
		{root, "iam", "Action=GetUser&UserName=ann", `{"userName":"ann"}`, ``, ""},
		{root, "iam", "Action=ListUsers", ``, ``, ""},
		{root, "iam", "Action=CreateVirtualMFADevice&VirtualMFADeviceName=phone", `{"virtualMFADeviceName":"phone"}`, `{"virtualMFADevice":{"serialNumber":"arn:aws:iam::111111111111:mfa/phone"}}`, ""},
		{root, "iam", "Action=UntagUser&UserName=ann&TagKeys.member.1=team&TagKeys.member.2=x", `{"tagKeys":["team","x"],"userName":"ann"}`, ``, ""},
		// Refused requests tell it, too.
		{bob, "iam", "Action=DeleteUser&UserName=ann", `{"userName":"ann"}`, ``, "AccessDenied"},
		{bob, "iam", "Action=DeleteUser&UserName=ann&Colour=red", `{"userName":"ann"}`, ``, "ValidationError"},
		{root, "iam", "Action=DeleteUser&UserName=none", `{"userName":"none"}`, ``, "NoSuchEntity"},
		{bob, "sts", "Action=AssumeRole&RoleArn=arn:aws:iam::111111111111:role/R&RoleSessionName=sess&DurationSeconds=900&SourceIdentity=bob", `{"durationSeconds":900,"roleArn":"arn:aws:iam::111111111111:role/R","roleSessionName":"sess","sourceIdentity":"bob"}`,
			``, "AccessDenied"},
		{bob, "sts", "Action=AssumeRole&RoleArn=arn:aws:iam::111111111111:role/R&RoleSessionName=sess&DurationSeconds=900", `{"durationSeconds":900,"roleArn":"arn:aws:iam::111111111111:role/R","roleSessionName":"sess"}`,
			`{"assumedRoleUser":{"arn":"arn:aws:sts::111111111111:assumed-role/R/sess","assumedRoleId":"ID:sess"},"credentials":{"accessKeyId":"ID","expiration":"Jan 2, 2026, 3:19:05 AM"}}`, ""},
		{bob, "sts", "Action=GetSessionToken&DurationSeconds=900", `{"durationSeconds":900}`, `{"credentials":{"accessKeyId":"ID","expiration":"Jan 2, 2026, 3:19:05 AM"}}`, ""},
		{bob, "sts", "Action=GetCallerIdentity", ``, ``, ""},
	} {
		form, err := url.ParseQuery(c.form)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("Version", map[string]string{"iam": querytest.IAMVersion, "sts": querytest.STSVersion}[c.service])
		answer := w.Do(c.key, c.service, form)
		r := last(w)
		elements := string(r.Elements)
		for _, path := range []string{"UserId", "RoleId", "AccessKeyId"} {
			if id := answer.Get(path); id != "" {
				elements = strings.ReplaceAll(elements, id, "ID")
			}
		}
		if id, _, ok := strings.Cut(answer.Get("AssumedRoleId"), ":"); ok {
			elements = strings.ReplaceAll(elements, id, "ID")
		}
		message, _, _ := strings.Cut(answer.Get("Error>Message"), ": Colour") // what a parameter is called that is unknown is not recorded
		if string(r.Parameters) != c.parameters || elements != c.elements || r.ErrorCode != c.code || r.ErrorMessage != message {
			t.Errorf("%s tells\n  %s\nwant\n  %s\nand\n  %s\nwant\n  %s\nwith %s: %s", c.form, r.Parameters, c.parameters, elements, c.elements, r.ErrorCode, r.ErrorMessage)
		}
	}
}

// TestOrganizationsTold is TestWhatIsTold for Organizations.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
func TestOrganizationsTold(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(management)
	w.OrgsCall(root, "CreateOrganization", `{"FeatureSet":"ALL"}`).OK()
	if r := last(w); string(r.Parameters) != `{"featureSet":"ALL"}` || !strings.Contains(string(r.Elements), `"masterAccountEmail":"****"`) {
		t.Errorf("told are %s and %s", r.Parameters, r.Elements)
	}
	created := w.OrgsCall(root, "CreateAccount", `{"Email":"anaya@example.com","AccountName":"Workload","Tags":[]}`).OK()
	want := `{"createAccountStatus":{"accountName":"****","id":"` + created.Get("CreateAccountStatus.Id") + `","requestedTimestamp":"Jan 2, 2026 3:04:05 AM","state":"IN_PROGRESS"}}`
	if r := last(w); string(r.Parameters) != `{"accountName":"****","email":"****","tags":[]}` || string(r.Elements) != want {
		t.Errorf("told are %s and %s, want %s", r.Parameters, r.Elements, want)
	}
	w.OrgsCall(root, "DescribeAccount", `{"AccountId":"111111111111"}`).OK()
	if r := last(w); string(r.Parameters) != `{"accountId":"111111111111"}` || r.Elements != nil {
		t.Errorf("told are %s and %s", r.Parameters, r.Elements)
	}
	w.OrgsCall(root, "CreateOrganizationalUnit", `{"ParentId":"r-none","Name":"u","Colour":"red"}`)
	if r := last(w); string(r.Parameters) != `{"name":"u","parentId":"r-none"}` || r.ErrorMessage != "Unknown member" {
		t.Errorf("told is %s: %s", r.Parameters, r.ErrorMessage)
	}
}

// TestSessionTold: whose session is told of a caller.
//
// Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func TestSessionTold(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root, now := w.Account(management), w.Now
	bob := w.User(management, "bob", "AdministratorAccess")
	w.IAMCall(root, "CreateRole", "RoleName", "R", "Path", "/path/", "AssumeRolePolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]}}`).OK()
	role := w.IAMCall(root, "GetRole", "RoleName", "R").OK().Get("RoleId")
	user := w.IAMCall(root, "GetUser", "UserName", "bob").OK().Get("UserId")
	with := func(a querytest.Answer) querytest.Key {
		return querytest.Key{ID: a.Get("AccessKeyId"), Secret: a.Get("SecretAccessKey"), Token: a.Get("SessionToken")}
	}
	const userARN = "arn:aws:iam::111111111111:user/bob"
	for name, c := range map[string]struct {
		key  querytest.Key
		want *audit.Session
	}{
		"long-term": {bob, nil},
		"role": {with(w.STSCall(bob, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:role/path/R", "RoleSessionName", "sess", "SourceIdentity", "bob-at-home").OK()),
			&audit.Session{Issued: now, IssuerType: "Role", IssuerName: "R", IssuerARN: "arn:aws:iam::111111111111:role/path/R", SourceIdentity: "bob-at-home"}},
		"user":      {with(w.STSCall(bob, "GetSessionToken").OK()), &audit.Session{Issued: now, IssuerType: "IAMUser", IssuerName: "bob", IssuerARN: userARN}},
		"federated": {with(w.STSCall(bob, "GetFederationToken", "Name", "fay").OK()), &audit.Session{Issued: now, IssuerType: "IAMUser", IssuerName: "bob", IssuerARN: userARN}},
		"root":      {with(w.STSCall(root, "GetSessionToken").OK()), &audit.Session{Issued: now, IssuerType: "Root", IssuerARN: "arn:aws:iam::111111111111:root"}},
	} {
		w.Now = now.Add(time.Minute)
		w.STSCall(c.key, "GetCallerIdentity").OK()
		if c.want != nil {
			c.want.IssuerID = map[string]ids.UniqueID{"Role": ids.UniqueID(role), "IAMUser": ids.UniqueID(user)}[c.want.IssuerType]
		}
		if got := last(w).Session; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: told is %+v, want %+v", name, got, c.want)
		}
	}
}

// TestBarredCallIsTold: the record of a request that temporary credentials are not good for names the operation.
func TestBarredCallIsTold(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	token := w.STSCall(w.Account(management), "GetSessionToken").OK()
	key := querytest.Key{ID: token.Get("AccessKeyId"), Secret: token.Get("SecretAccessKey"), Token: token.Get("SessionToken")}
	w.STSCall(key, "GetFederationToken", "Name", "fay").Refused(403, "AccessDenied", "")
	if r := last(w); r.Operation != "GetFederationToken" || string(r.Parameters) != `{"name":"fay"}` {
		t.Errorf("the record is of %q with %s", r.Operation, r.Parameters)
	}
}

// TestNoSecretIsRecorded sends and receives secrets of every kind, by POST and in presigned URLs, in requests that work
// and in such that do not, and looks for them in what is kept of all requests.
func TestNoSecretIsRecorded(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(management)
	var secrets []string
	secret := func(text string) string {
		secrets = append(secrets, text)
		return text
	}
	secret(root.Secret)
	w.IAMCall(root, "CreateUser", "UserName", "ann").OK()
	w.IAMCall(root, "PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument", allowAll).OK()
	key := w.IAMCall(root, "CreateAccessKey", "UserName", "ann").OK()
	ann := querytest.Key{ID: key.Get("AccessKeyId"), Secret: secret(key.Get("SecretAccessKey"))}
	w.IAMCall(root, "CreateLoginProfile", "UserName", "ann", "Password", secret("Tr0ub4dor&3-first")).OK()
	w.IAMCall(root, "UpdateLoginProfile", "UserName", "ann", "Password", secret("Tr0ub4dor&3-second")).OK()
	w.IAMCall(ann, "ChangePassword", "OldPassword", secret("Tr0ub4dor&3-wrong"), "NewPassword", secret("Tr0ub4dor&3-third")).Refused(403, "AccessDenied", "")
	w.IAMCall(ann, "ChangePassword", "OldPassword", "Tr0ub4dor&3-second", "NewPassword", "Tr0ub4dor&3-third").OK()
	w.Presigned(ann, "iam", url.Values{"Action": {"UpdateLoginProfile"}, "Version": {querytest.IAMVersion}, "UserName": {"ann"}, "Password": {secret("Tr0ub4dor&3-fourth")}}).OK()
	device := w.IAMCall(root, "CreateVirtualMFADevice", "VirtualMFADeviceName", "phone").OK()
	text := secret(device.Get("Base32StringSeed"))
	secret(device.Get("QRCodePNG"))
	seed := decodeSeed(t, text)
	secret(base32.StdEncoding.EncodeToString(seed))
	code := func() string {
		w.Now = w.Now.Add(totp.Step)
		return secret(totp.Code(seed, totp.StepAt(w.Now)))
	}
	const serial = "arn:aws:iam::111111111111:mfa/phone"
	w.IAMCall(root, "EnableMFADevice", "UserName", "ann", "SerialNumber", serial, "AuthenticationCode1", code(), "AuthenticationCode2", code()).OK()
	session := w.STSCall(ann, "GetSessionToken", "SerialNumber", serial, "TokenCode", code()).OK()
	temporary := querytest.Key{ID: session.Get("AccessKeyId"), Secret: secret(session.Get("SecretAccessKey")), Token: secret(session.Get("SessionToken"))}
	w.IAMCall(temporary, "GetUser", "UserName", "ann").OK()
	if !last(w).Session.MFA {
		t.Error("the session was begun with MFA, which is not told")
	}
	w.Presigned(temporary, "iam", url.Values{"Action": {"ListUsers"}, "Version": {querytest.IAMVersion}}).OK()
	w.STSCall(ann, "GetSessionToken", "SerialNumber", serial, "TokenCode", secret("a-password-where-a-code-belongs")).Refused(400, "ValidationError", "")
	w.STSCall(querytest.Key{}, "AssumeRoleWithWebIdentity", "RoleArn", "arn:aws:iam::111111111111:role/R", "RoleSessionName", "sess", "WebIdentityToken", secret("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl")).
		Refused(400, "InvalidIdentityToken", "")
	w.STSCall(querytest.Key{}, "AssumeRoleWithSAML", "RoleArn", "arn:aws:iam::111111111111:role/R", "PrincipalArn", "arn:aws:iam::111111111111:saml-provider/P", "SAMLAssertion", secret("PHNhbWxwOlJlc3BvbnNlLz4=")).
		Refused(400, "InvalidIdentityToken", "")
	w.STSCall(ann, "GetDelegatedAccessToken", "TradeInToken", secret("a-trade-in-token")).Refused(400, "ExpiredTradeInTokenException", "")
	w.STSCall(ann, "DecodeAuthorizationMessage", "EncodedMessage", secret("an-encoded-message-of-someone"))
	w.STSCall(ann, "AssumeRole", "RoleArn", "arn:aws:iam::111111111111:role/R", "RoleSessionName", "sess", "ProvidedContexts.member.1.ProviderArn", "arn:aws:iam::aws:contextProvider/IdentityCenter",
		"ProvidedContexts.member.1.ContextAssertion", secret("an-assertion-of-a-context")).Refused(400, "ValidationError", "")
	w.IAMCall(ann, "CreateSAMLProvider", "Name", "P", "SAMLMetadataDocument", strings.Repeat("x", 1000), "AddPrivateKey", secret("-----BEGIN PRIVATE KEY-----of-saml"))
	w.IAMCall(ann, "UploadServerCertificate", "ServerCertificateName", "c", "CertificateBody", "x", "PrivateKey", secret("-----BEGIN PRIVATE KEY-----of-tls"))
	// Where they do not belong.
	w.IAMCall(ann, "DeleteUser", "UserName", "none", secret("a-password-without-a-name"), "")
	w.IAMCall(ann, "DeleteUser", "UserName", "none", "Passwort", secret("a-password-misspelt"))
	w.IAMCall(ann, "CreateUser", "UserName", "eve", "Tags.member.1.Password", secret("a-password-in-a-tag"))
	w.OrgsCall(ann, "CreateAccount", `{"Email":"eve@example.com","`+secret("a-name-that-is-a-password")+`":1,"Password":"`+secret("a-password-for-an-account")+`"}`)

	if len(w.Records) < 25 || len(secrets) < 20 {
		t.Fatalf("%d records and %d secrets", len(w.Records), len(secrets))
	}
	for i := range w.Records {
		r := &w.Records[i]
		kept := r.AppendTo(nil)
		for _, s := range secrets {
			for _, form := range []string{s, url.QueryEscape(s), base64.StdEncoding.EncodeToString([]byte(s))} {
				if strings.Contains(string(kept), form) {
					t.Errorf("the record of %s tells %q: %q", r.Operation, form, kept)
				}
			}
		}
	}
}

func decodeSeed(t *testing.T, text string) []byte {
	t.Helper()
	inner, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := base32.StdEncoding.DecodeString(string(inner))
	if err != nil {
		t.Fatal(err)
	}
	return seed
}
