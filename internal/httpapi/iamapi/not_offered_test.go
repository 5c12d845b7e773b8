package iamapi_test

import (
	"net/url"
	"strings"
	"testing"

	"crossgrant/internal/httpapi/iamapi"
	"crossgrant/internal/httpapi/queryapi/querytest"
)

const (
	ofAnn     = "UserName=ann"
	sshKey    = "&SSHPublicKeyId=APKAIOSFODNN7EXAMPLE"
	signing   = "&CertificateId=AAAABBBBCCCCDDDDEEEEFFFF"
	forGit    = "&ServiceSpecificCredentialId=ACCAIOSFODNN7EXAMPLE"
	ofCert    = "ServerCertificateName=c"
	ofRequest = "DelegationRequestId=0123456789abcdef"
	newOne    = "Description=d&RequestorWorkflowId=flow1&NotificationChannel=sns&SessionDuration=300"
	noUser    = "The user with name nobody cannot be found."
	noRequest = "The delegation request 0123456789abcdef cannot be found: delegation requests are not offered here."
	off       = "Outbound web identity federation is not offered here, and so is disabled for the account."
)

// notOffered is what the operations answer who was allowed to ask, by operation: the list that is empty, or the error.
var notOffered = []struct {
	operation, form string
	list            string
	status          int
	code, message   string
}{
	{operation: "ListSSHPublicKeys", form: ofAnn + "&MaxItems=5", list: "SSHPublicKeys"},
	{operation: "ListSSHPublicKeys", form: "", list: "SSHPublicKeys"},
	{"ListSSHPublicKeys", "UserName=nobody", "", 404, "NoSuchEntity", noUser},
	{"ListSSHPublicKeys", ofAnn + "&Marker=x", "", 400, "ValidationError", "Invalid Marker."},
	{"GetSSHPublicKey", ofAnn + sshKey + "&Encoding=PEM", "", 404, "NoSuchEntity", "The Public Key with id APKAIOSFODNN7EXAMPLE cannot be found."},
	{"GetSSHPublicKey", ofAnn + sshKey + "&Encoding=DER", "", 400, "ValidationError", "1 validation error detected: Value at 'encoding' failed to satisfy constraint: Member must satisfy enum value set"},
	{"GetSSHPublicKey", "UserName=nobody" + sshKey + "&Encoding=PEM", "", 404, "NoSuchEntity", noUser},
	{"UpdateSSHPublicKey", ofAnn + sshKey + "&Status=Inactive", "", 404, "NoSuchEntity", ""},
	{"DeleteSSHPublicKey", ofAnn + sshKey, "", 404, "NoSuchEntity", ""},
	{"UploadSSHPublicKey", ofAnn + "&SSHPublicKeyBody=ssh-rsa", "", 409, "LimitExceeded", "Cannot exceed quota for SSHPublicKeysPerUser: 0"},

	{operation: "ListSigningCertificates", form: ofAnn, list: "Certificates"},
	{"UpdateSigningCertificate", ofAnn + signing + "&Status=Active", "", 404, "NoSuchEntity", "The Certificate with id AAAABBBBCCCCDDDDEEEEFFFF cannot be found."},
	{"DeleteSigningCertificate", signing[1:], "", 404, "NoSuchEntity", ""},
	{"UploadSigningCertificate", ofAnn + "&CertificateBody=PEM", "", 409, "LimitExceeded", "Cannot exceed quota for SigningCertificatesPerUser: 0"},
	{"UploadSigningCertificate", "UserName=nobody&CertificateBody=PEM", "", 404, "NoSuchEntity", noUser},

	{operation: "ListServerCertificates", form: "PathPrefix=/x", list: "ServerCertificateMetadataList"},
	{"GetServerCertificate", ofCert, "", 404, "NoSuchEntity", "The Server Certificate with name c cannot be found."},
	{"UpdateServerCertificate", ofCert + "&NewPath=/x/&NewServerCertificateName=d", "", 404, "NoSuchEntity", ""},
	{"DeleteServerCertificate", ofCert, "", 404, "NoSuchEntity", ""},
	{"UploadServerCertificate", ofCert + "&CertificateBody=PEM&PrivateKey=PEM&CertificateChain=PEM" + tagged, "", 409, "LimitExceeded", "Cannot exceed quota for ServerCertificatesPerAccount: 0"},
	{"UploadServerCertificate", ofCert + "&CertificateBody=PEM", "", 400, "ValidationError", "1 validation error detected: Value at 'privateKey' failed to satisfy constraint: Member must not be null"},
	{"TagServerCertificate", ofCert + tagged, "", 404, "NoSuchEntity", ""},
	{"UntagServerCertificate", ofCert + tagKey, "", 404, "NoSuchEntity", ""},
	{"UntagServerCertificate", ofCert, "", 400, "ValidationError", ""},
	{"ListServerCertificateTags", ofCert, "", 404, "NoSuchEntity", ""},

	{operation: "ListServiceSpecificCredentials", form: ofAnn + "&ServiceName=codecommit.amazonaws.com", list: "ServiceSpecificCredentials"},
	{operation: "ListServiceSpecificCredentials", form: "AllUsers=true", list: "ServiceSpecificCredentials"},
	{"CreateServiceSpecificCredential", ofAnn + "&ServiceName=bedrock.amazonaws.com&CredentialAgeDays=7", "", 404, "NotSupportedService", "The service bedrock.amazonaws.com does not support service-specific credentials here."},
	{"ResetServiceSpecificCredential", ofAnn + forGit, "", 404, "NoSuchEntity", "No such credential ACCAIOSFODNN7EXAMPLE exists."},
	{"UpdateServiceSpecificCredential", ofAnn + forGit + "&Status=Expired", "", 404, "NoSuchEntity", ""},
	{"DeleteServiceSpecificCredential", ofAnn + forGit, "", 404, "NoSuchEntity", ""},

	{operation: "ListDelegationRequests", form: "OwnerId=arn:aws:iam::111111111111:user/ann", list: "DelegationRequests"},
	{"CreateDelegationRequest", newOne + "&Permissions.Parameters.member.1.Name=Bucket&Permissions.Parameters.member.1.Values.member.1=b&Permissions.Parameters.member.1.Type=string", "", 400, "InvalidInput", "Delegation requests are not offered here."},
	{"CreateDelegationRequest", newOne + "&Permissions.Colour=red", "", 400, "ValidationError", "Unknown parameter: Permissions.Colour"},
	{"CreateDelegationRequest", strings.Replace(newOne, "=300", "=299", 1), "", 400, "ValidationError", ""},
	{"GetDelegationRequest", ofRequest + "&DelegationPermissionCheck=true", "", 404, "NoSuchEntity", noRequest},
	{"AcceptDelegationRequest", ofRequest, "", 404, "NoSuchEntity", noRequest},
	{"AssociateDelegationRequest", ofRequest, "", 404, "NoSuchEntity", noRequest},
	{"RejectDelegationRequest", ofRequest + "&Notes=no", "", 404, "NoSuchEntity", noRequest},
	{"SendDelegationToken", ofRequest, "", 404, "NoSuchEntity", noRequest},
	{"UpdateDelegationRequest", ofRequest, "", 404, "NoSuchEntity", noRequest},
	{"GetHumanReadableSummary", "EntityArn=arn:aws:iam::111111111111:delegation-request/0123456789abcdef&Locale=en", "", 404, "NoSuchEntity", noRequest},
	{"GetHumanReadableSummary", "EntityArn=arn:aws:iam::111111111111:user/ann", "", 400, "InvalidInput", "ARN arn:aws:iam::111111111111:user/ann is not that of a delegation request."},
	{"GetHumanReadableSummary", "EntityArn=arn:aws:iam::222222222222:delegation-request/0123456789abcdef", "", 403, "AccessDenied", ""},

	{"GetOutboundWebIdentityFederationInfo", "", "", 404, "FeatureDisabled", off},
	{"DisableOutboundWebIdentityFederation", "", "", 404, "FeatureDisabled", off},
	{"EnableOutboundWebIdentityFederation", "", "", 400, "ValidationError", "Outbound web identity federation is not offered here."},
}

// TestNotOffered: who may ask is told that there is nothing, and who may not is told that.
func TestNotOffered(t *testing.T) {
	t.Parallel()
	w := querytest.New(t)
	root := w.Account(accountA)
	w.Account(accountB)
	ann := w.User(accountA, "ann")
	send := func(key querytest.Key, operation, text string) querytest.Answer {
		t.Helper()
		form, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("Action", operation)
		form.Set("Version", querytest.IAMVersion)
		return w.Do(key, "iam", form)
	}
	told := map[string]bool{}
	for _, c := range notOffered {
		t.Run(c.operation+"?"+c.form, func(t *testing.T) {
			told[c.operation] = true
			answer := send(root, c.operation, c.form)
			if c.list == "" {
				answer.Refused(c.status, c.code, c.message)
			} else if !strings.Contains(answer.OK().Body, "<"+c.list+"></"+c.list+">") || !strings.Contains(answer.Body, "sTruncated>false<") {
				t.Errorf("listed %s", answer.Body)
			}
			if c.code == "" || c.code == "NoSuchEntity" || c.code == "LimitExceeded" || c.code == "FeatureDisabled" {
				send(ann, c.operation, c.form).Refused(403, "AccessDenied", "")
			}
		})
	}
	for _, s := range iamapi.New(nil, iamapi.Deps{}).States() {
		if told[s.Name] != (s.NotOffered != "") {
			t.Errorf("%s is not offered: %t, in the table: %t", s.Name, s.NotOffered != "", told[s.Name])
		}
	}
}
