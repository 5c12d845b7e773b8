package iamapi

import (
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/wire/query"
)

// What IAM has and there is no use for here. Its operations are authorized like all others and their parameters
// are read as strictly; then they list nothing, find nothing, and make nothing.
const (
	sshPublicKeys = "SSH public keys"
	signingCerts  = "signing certificates"
	serverCerts   = "server certificates"
	credentials   = "service-specific credentials"
	delegation    = "delegation requests"
	outbound      = "outbound web identity federation"
)

// notOffered returns the rows of what is not offered.
//
// Sources: https://github.com/boto/botocore/tree/develop/botocore/data/iam for parameters and errors;
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
func (a *api) notOffered() (rows []httpapi.Operation) {
	for _, r := range absentRows {
		rows = append(rows, a.absent(r))
	}
	return rows
}

var absentRows = []absentRow{
	{"ListSSHPublicKeys", sshPublicKeys, listing(ofUserOrSelf(newUserRules)), emptyList(&struct {
		SSHPublicKeys query.List[query.Empty]
		pageShape
	}{})},
	{"GetSSHPublicKey", sshPublicKeys, reading(ofUser, named("SSHPublicKeyId", publicKeyRules), needs("Encoding", query.Enum("SSH", "PEM"))), noPublicKey},
	{"UpdateSSHPublicKey", sshPublicKeys, reading(ofUser, named("SSHPublicKeyId", publicKeyRules), needs("Status", statusRules...)), noPublicKey},
	{"DeleteSSHPublicKey", sshPublicKeys, reading(ofUser, named("SSHPublicKeyId", publicKeyRules)), noPublicKey},
	{"UploadSSHPublicKey", sshPublicKeys, reading(ofUser, needs("SSHPublicKeyBody", pemRules...)), noQuota("SSHPublicKeysPerUser")},

	{"ListSigningCertificates", signingCerts, listing(ofUserOrSelf(existingUserRules)), emptyList(&struct {
		Certificates query.List[query.Empty]
		pageShape
	}{})},
	{"UpdateSigningCertificate", signingCerts, reading(ofUserOrSelf(existingUserRules), named("CertificateId", certificateRules), needs("Status", statusRules...)), noCertificate},
	{"DeleteSigningCertificate", signingCerts, reading(ofUserOrSelf(existingUserRules), named("CertificateId", certificateRules)), noCertificate},
	{"UploadSigningCertificate", signingCerts, reading(ofUserOrSelf(existingUserRules), needs("CertificateBody", pemRules...)), noQuota("SigningCertificatesPerUser")},

	{"ListServerCertificates", serverCerts, listing(ofCertificates), emptyList(&struct {
		ServerCertificateMetadataList query.List[query.Empty]
		pageShape
	}{})},
	{"GetServerCertificate", serverCerts, reading(ofCertificate), noServerCertificate},
	{"UpdateServerCertificate", serverCerts, reading(ofCertificate, takes("NewPath", pathRules...), takes("NewServerCertificateName", profileRules...)), noServerCertificate},
	{"DeleteServerCertificate", serverCerts, reading(ofCertificate), noServerCertificate},
	{
		"UploadServerCertificate", serverCerts,
		reading(ofNewCertificate, needs("CertificateBody", pemRules...), needs("PrivateKey", pemRules...), takes("CertificateChain", chainRules...), withTags),
		noQuota("ServerCertificatesPerAccount"),
	},
	{"TagServerCertificate", serverCerts, reading(ofCertificate, withNewTags), noServerCertificate},
	{"UntagServerCertificate", serverCerts, reading(ofCertificate, withTagKeys), noServerCertificate},
	{"ListServerCertificateTags", serverCerts, listing(ofCertificate), noServerCertificate},

	{"ListServiceSpecificCredentials", credentials, listing(ofUserOrAll, takes("ServiceName")), emptyList(&struct {
		ServiceSpecificCredentials query.List[query.Empty]
		pageShape
	}{})},
	{"CreateServiceSpecificCredential", credentials, reading(ofUser, withCredential), func(in *absentInput) (any, error) {
		return nil, apierr.New(http.StatusNotFound, "NotSupportedService", "The service %s does not support service-specific credentials here.", in.id)
	}},
	{"ResetServiceSpecificCredential", credentials, reading(ofUserOrSelf(newUserRules), named("ServiceSpecificCredentialId", publicKeyRules)), noCredential},
	{"UpdateServiceSpecificCredential", credentials, reading(ofUserOrSelf(newUserRules), named("ServiceSpecificCredentialId", publicKeyRules), needs("Status", statusRules...)), noCredential},
	{"DeleteServiceSpecificCredential", credentials, reading(ofUserOrSelf(newUserRules), named("ServiceSpecificCredentialId", publicKeyRules)), noCredential},

	{"ListDelegationRequests", delegation, listing(ofDelegations), emptyList(&struct {
		DelegationRequests query.List[query.Empty]
		IsTruncated        bool `xml:"isTruncated"`
	}{})},
	{"CreateDelegationRequest", delegation, reading(ofNewDelegation), func(*absentInput) (any, error) {
		return nil, apierr.New(http.StatusBadRequest, "InvalidInput", "Delegation requests are not offered here.")
	}},
	{"GetDelegationRequest", delegation, reading(ofDelegation, takesBool("DelegationPermissionCheck")), noDelegation},
	{"AcceptDelegationRequest", delegation, reading(ofDelegation), noDelegation},
	{"AssociateDelegationRequest", delegation, reading(ofDelegation), noDelegation},
	{"RejectDelegationRequest", delegation, reading(ofDelegation, takes("Notes", notesRules...)), noDelegation},
	{"SendDelegationToken", delegation, reading(ofDelegation), noDelegation},
	{"UpdateDelegationRequest", delegation, reading(ofDelegation, takes("Notes", notesRules...)), noDelegation},
	{"GetHumanReadableSummary", delegation, reading(ofDelegationARN, takes("Locale", query.Length(2, 12))), noDelegation},

	{"GetOutboundWebIdentityFederationInfo", outbound, reading(ofEverything), disabled},
	{"DisableOutboundWebIdentityFederation", outbound, reading(ofEverything), disabled},
	// The one error that the model has is that the feature is enabled already. This one is common to all operations.
	// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
	{"EnableOutboundWebIdentityFederation", outbound, reading(ofEverything), func(*absentInput) (any, error) {
		return nil, query.Invalid("Outbound web identity federation is not offered here.")
	}},
}

// Rules of the parameters of these operations alone.
var (
	publicKeyRules    = []query.Rule{query.Length(20, 128), query.Pattern(`[\w]+`)}
	certificateRules  = []query.Rule{query.Length(24, 128), query.Pattern(`[\w]+`)}
	statusRules       = []query.Rule{query.Enum("Active", "Inactive", "Expired")}
	pemRules          = []query.Rule{query.Length(1, 16384), query.Pattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)}
	chainRules        = []query.Rule{query.Length(1, 2097152), query.Pattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)}
	notesRules        = []query.Rule{query.Length(0, 500), query.Pattern(`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`)}
	delegationRules   = []query.Rule{query.Length(16, 128), query.Pattern(`[\w-]+`)}
	ownerRules        = []query.Rule{query.Length(20, 2048), query.Pattern(`[a-zA-Z0-9:/+=,.@_-]+`)}
	messageRules      = []query.Rule{query.Length(0, 200), query.Pattern(`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`)}
	workflowRules     = []query.Rule{query.Length(5, 400), query.Pattern(`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]+`)}
	redirectRules     = []query.Rule{query.Length(1, 255), query.Pattern(`http(s?)://[a-zA-Z0-9._/-]*(\?[a-zA-Z0-9._=&-]*)?(#[a-zA-Z0-9._/-]*)?`)}
	channelRules      = []query.Rule{query.Length(2, 400), query.Pattern(`[a-zA-Z0-9:_.-]+`)}
	templateNameRules = []query.Rule{query.Length(5, 256), query.Pattern(`[ -~]+`)}
)

// The answers. Messages are AWS's where they are known.
var (
	noPublicKey         = noSuch("The Public Key with id %s cannot be found.")
	noCertificate       = noSuch("The Certificate with id %s cannot be found.")
	noServerCertificate = noSuch("The Server Certificate with name %s cannot be found.")
	noCredential        = noSuch("No such credential %s exists.")
	noDelegation        = noSuch("The delegation request %s cannot be found: delegation requests are not offered here.")
)

// answer is what an operation answers once it was allowed and its user was found.
type answer func(in *absentInput) (result any, err error)

func emptyList(result any) answer { return func(*absentInput) (any, error) { return result, nil } }

func noSuch(format string) answer {
	return func(in *absentInput) (any, error) {
		return nil, apierr.New(http.StatusNotFound, "NoSuchEntity", format, in.id)
	}
}

// noQuota refuses to make something of which an account or user may have none.
func noQuota(name string) answer {
	return func(*absentInput) (any, error) {
		return nil, apierr.New(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for %s: 0", name)
	}
}

func disabled(*absentInput) (any, error) {
	return nil, apierr.New(http.StatusNotFound, "FeatureDisabled", "Outbound web identity federation is not offered here, and so is disabled for the account.")
}
