package event

import "crossgrant/internal/audit"

// accessDenied is what CloudTrail calls a denial, whichever service denies.
const accessDenied = "AccessDenied"

// errorCode returns the errorCode of an event. CloudTrail calls the errors of IAM and STS by the names of their
// exceptions in the services' models, not by the codes that clients are sent, and a denial of any service AccessDenied.
//
// Sources: testdata/observed/no-such-entity.json and organizations-denied.json; botocore 1.43.11 for the names.
func errorCode(r *audit.Record) string {
	switch {
	case isS3(r):
		return r.ErrorCode
	case r.ErrorCode == "AccessDeniedException":
		return accessDenied
	case r.Service == "iam" || r.Service == "sts":
		if name, ok := exceptions[r.ErrorCode]; ok {
			return name
		}
	}
	return r.ErrorCode
}

// exceptions are the names of the exceptions of IAM and STS whose codes differ, by code.
var exceptions = map[string]string{
	"ConcurrentModification":        "ConcurrentModificationException",
	"DeleteConflict":                "DeleteConflictException",
	"DuplicateCertificate":          "DuplicateCertificateException",
	"DuplicateSSHPublicKey":         "DuplicateSSHPublicKeyException",
	"EntityAlreadyExists":           "EntityAlreadyExistsException",
	"EntityTemporarilyUnmodifiable": "EntityTemporarilyUnmodifiableException",
	"FeatureDisabled":               "FeatureDisabledException",
	"FeatureEnabled":                "FeatureEnabledException",
	"IDPCommunicationError":         "IDPCommunicationErrorException",
	"IDPRejectedClaim":              "IDPRejectedClaimException",
	"InvalidAuthenticationCode":     "InvalidAuthenticationCodeException",
	"InvalidCertificate":            "InvalidCertificateException",
	"InvalidIdentityToken":          "InvalidIdentityTokenException",
	"InvalidInput":                  "InvalidInputException",
	"InvalidPublicKey":              "InvalidPublicKeyException",
	"InvalidUserType":               "InvalidUserTypeException",
	"KeyPairMismatch":               "KeyPairMismatchException",
	"LimitExceeded":                 "LimitExceededException",
	"MalformedCertificate":          "MalformedCertificateException",
	"MalformedPolicyDocument":       "MalformedPolicyDocumentException",
	"NoSuchEntity":                  "NoSuchEntityException",
	"NotSupportedService":           "ServiceNotSupportedException",
	"OpenIdIdpCommunicationError":   "OpenIdIdpCommunicationErrorException",
	"PackedPolicyTooLarge":          "PackedPolicyTooLargeException",
	"PasswordPolicyViolation":       "PasswordPolicyViolationException",
	"PolicyEvaluation":              "PolicyEvaluationException",
	"PolicyNotAttachable":           "PolicyNotAttachableException",
	"ReportExpired":                 "CredentialReportExpiredException",
	"ReportGenerationLimitExceeded": "ReportGenerationLimitExceededException",
	"ReportInProgress":              "CredentialReportNotReadyException",
	"ReportNotPresent":              "CredentialReportNotPresentException",
	"ServiceFailure":                "ServiceFailureException",
	"UnmodifiableEntity":            "UnmodifiableEntityException",
	"UnrecognizedPublicKeyEncoding": "UnrecognizedPublicKeyEncodingException",
}
