package trailjson

// secrets are the members that are left out wherever they are, as in the examples that AWS publishes: passwords, secret
// keys, seeds and codes of MFA devices, and whatever proves who somebody is. AWS shows the session token of AssumeRole
// and its like, which tells nothing without the secret access key; here it is sealed with that key in it, and is left
// out.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html and the members that botocore's
// models mark as sensitive
var secrets = map[string]bool{
	"Password": true, "OldPassword": true, "NewPassword": true,
	"SecretAccessKey": true, "SessionToken": true,
	"PrivateKey": true, "AddPrivateKey": true,
	"ServicePassword": true, "ServiceCredentialSecret": true,
	"Base32StringSeed": true, "QRCodePNG": true,
	"TokenCode": true, "AuthenticationCode1": true, "AuthenticationCode2": true,
	"SAMLAssertion": true, "WebIdentityToken": true, "TradeInToken": true, "ContextAssertion": true,
	"EncodedMessage": true, "DecodedMessage": true,
}

// IsSecret reports whether a member is one whose value must not be told: neither in records nor in messages.
func IsSecret(name string) bool { return secrets[name] }

// What is written for a value that is hidden.
const (
	masked    = "****"                           // Organizations
	concealed = "HIDDEN_DUE_TO_SECURITY_REASONS" // others
	// mailOnly stands for masked, if the value is an e-mail address.
	mailOnly = "@"
)

// hidden says, by service, what is written for a member, or for a member of another one. The members are those that the
// models mark as sensitive. Of Organizations the published examples mask names and e-mail addresses of accounts, and show
// the ID of a handshake's party, which may be an e-mail address; they are older than the mark on notes, which
// is followed here.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
var hidden = map[string]map[string]string{
	"organizations": {
		"Email": masked, "AccountName": masked, "MasterAccountEmail": masked, "ManagementAccountEmail": masked, "Notes": masked, "SourceName": masked,
		"Account.Name": masked, "Accounts.Name": masked, "DelegatedAdministrators.Name": masked,
		"ResponsibilityTransfer.Name": masked, "ResponsibilityTransfers.Name": masked, "UpdateResponsibilityTransfer.Name": masked,
		"Resources.Value": masked, "Target.Id": mailOnly, "Parties.Id": mailOnly,
	},
	"signin": {"Email": concealed, "UserName": concealed, "MFACode": concealed},
	"access-analyzer": {
		"policyDocument": concealed, "existingPolicyDocument": concealed, "newPolicyDocument": concealed,
	},
}
