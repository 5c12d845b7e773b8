package event

import (
	"encoding/json"
	"strings"
	"testing"

	"crossgrant/internal/audit"
)

// TestSignInEvents holds what AWS has published no example of: the answers of this server that it does not give, and what
// LookupEvents calls the user.
func TestSignInEvents(t *testing.T) {
	t.Parallel()
	user := audit.SignIn{Account: mine, UserName: "ann", UserID: "AIDAANN", UserARN: "arn:aws:iam::111111111111:user/ann", Page: "https://console.example/"}
	root := audit.SignIn{Account: mine, Root: true}
	nobody := audit.SignIn{Account: mine}
	for name, c := range map[string]struct {
		in            audit.SignIn
		code, message string
		who, event    string
		has           []string
	}{
		"reset":    {user, "PasswordResetRequired", "m", "ann", "ConsoleLogin", []string{`"errorCode":"PasswordResetRequired","errorMessage":"m"`, `{"ConsoleLogin":"Failure"}`}},
		"crashed":  {user, "", "", "ann", "ConsoleLogin", []string{`"responseElements":null`}},
		"of root":  {root, "AuthenticationFailed", "m", "root", "ConsoleLogin", []string{`"errorMessage":"Failed authentication"`, `"awsRegion":"us-east-1"`}},
		"nobody":   {nobody, "AuthenticationFailed", "m", hiddenName, "ConsoleLogin", []string{`"errorMessage":"No username found in supplied account"`, `"awsRegion":"eu-west-1"`}},
		"the code": {user, "MFARequired", "m", "ann", "CheckMfa", []string{`{"CheckMfa":"Success"}`}},
		"replaced": {audit.SignIn{Account: mine, Root: true, MFA: true, MFADevice: "arn:d", Succeeded: true, Replaced: true}, "", "", "root", "ConsoleLogin",
			[]string{`{"ConsoleLogin":"Success","PasswordUpdated":"Success"}`, `"MFAIdentifier":"arn:d","MFAUsed":"Yes"`}},
	} {
		r := &audit.Record{RequestID: "R", Service: "signin", Operation: "SignIn", ErrorCode: c.code, ErrorMessage: c.message, SignIn: &c.in}
		text := string(Append(nil, r, mine, "eu-west-1"))
		if !json.Valid([]byte(text)) {
			t.Errorf("%s: %s", name, text)
		}
		for _, part := range c.has {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %s lacks %s", name, text, part)
			}
		}
		if f := FactsOf(r); f.Name != c.event || f.Source != "signin.amazonaws.com" || f.ReadOnly || f.Category != Management {
			t.Errorf("%s: %+v", name, f)
		}
		if got := Username(r, mine); got != c.who {
			t.Errorf("%s is of %s", name, got)
		}
	}
}
