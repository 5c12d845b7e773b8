package event

import "crossgrant/internal/audit"

// The answers of a sign-in that events tell, and what they say of a name that no user of the account has: whoever mistook
// the field may have typed a password there.
//
// Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
// and, for names that are not known, https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
const (
	mfaRequired  = "MFARequired"
	failedToShow = "AuthenticationFailed"
	noSuchUser   = "No username found in supplied account"
	notTheUser   = "Failed authentication"
	hiddenName   = "HIDDEN_DUE_TO_SECURITY_REASONS"
	checkMFA     = "CheckMfa"
	signInType   = "AwsConsoleSignIn"
	virtualMFA   = "Virtual MFA"
)

// isSignIn reports whether r is of an attempt to sign in.
func isSignIn(r *audit.Record) bool { return r.SignIn != nil }

// claimed writes who somebody who signs in is, or, if that did not succeed, says to be.
func (e *event) claimed(s *audit.SignIn) {
	switch {
	case s.Root:
		e.String("type", rootUser)
		e.String("principalId", string(s.Account))
		e.String("arn", "arn:aws:iam::"+string(s.Account)+":root")
		e.String("accountId", string(s.Account))
		e.String("accessKeyId", "")
	case s.UserName == "":
		e.String("type", iamUser)
		e.String("accountId", string(s.Account))
		e.String("accessKeyId", "")
		e.String("userName", hiddenName)
	default:
		e.String("type", iamUser)
		e.String("principalId", string(s.UserID))
		if s.Succeeded {
			e.String("arn", s.UserARN)
		}
		e.String("accountId", string(s.Account))
		if !s.Succeeded {
			e.String("accessKeyId", "")
		}
		e.String("userName", s.UserName)
	}
}

// signInError writes why an attempt to sign in failed. A wrong password has no errorCode.
func (e *event) signInError() {
	r := e.record
	switch {
	case r.ErrorCode == "" || r.ErrorCode == mfaRequired:
	case r.ErrorCode == failedToShow && !r.SignIn.Root && r.SignIn.UserName == "":
		e.String("errorMessage", noSuchUser)
	case r.ErrorCode == failedToShow:
		e.String("errorMessage", notTheUser)
	default:
		e.String("errorCode", cut(r.ErrorCode, maxText))
		e.String0("errorMessage", cut(r.ErrorMessage, maxText))
	}
}

// signIn writes what became of an attempt to sign in. Nothing is known of the end of one during which the server
// crashed. That the password was replaced as well is told beside, where AWS has another event for the root user's.
func (e *event) signIn() {
	r, s := e.record, e.record.SignIn
	e.Null("requestParameters")
	answer := "Failure"
	if s.Succeeded || e.operation.name == checkMFA {
		answer = "Success"
	}
	if r.ErrorCode == "" && !s.Succeeded {
		e.Null("responseElements")
	} else {
		e.Open("responseElements", '{')
		e.String(e.operation.name, answer)
		if s.Replaced {
			e.String("PasswordUpdated", "Success")
		}
		e.Close('}')
	}
	e.Open("additionalEventData", '{')
	defer e.Close('}')
	if e.operation.name == checkMFA {
		e.String("MfaType", virtualMFA)
		return
	}
	e.String("LoginTo", cut(s.Page, maxText))
	e.String("MobileVersion", "No")
	e.String0("MFAIdentifier", s.MFADevice)
	e.String("MFAUsed", map[bool]string{false: "No", true: "Yes"}[s.MFA])
}
