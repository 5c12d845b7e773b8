package analyzer

import (
	"net/http"

	"crossgrant/internal/apierr"
)

// Errors, as every operation documents them.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html#API_CreateAnalyzer_Errors

// Reasons of a ValidationException.
const (
	NotSupported = "notSupported"
	FieldInvalid = "fieldValidationFailed"
	CannotParse  = "cannotParse"
	OtherReason  = "other"
)

// Invalid is a request that makes no sense, for one of the reasons.
func Invalid(reason, format string, args ...any) *apierr.Error {
	return apierr.New(http.StatusBadRequest, "ValidationException", format, args...).With("reason", reason)
}

func about(e *apierr.Error, kind, id string) error {
	return e.With("resourceId", id).With("resourceType", kind)
}

func notFound(kind, id string) error {
	return about(apierr.New(http.StatusNotFound, "ResourceNotFoundException", "The specified resource could not be found."), kind, id)
}

func conflict(kind, id string) error {
	return about(apierr.New(http.StatusConflict, "ConflictException", "The %s %s already exists.", kind, id), kind, id)
}

func quotaExceeded(kind, id string, most int) error {
	return about(apierr.New(http.StatusPaymentRequired, "ServiceQuotaExceededException", "The quota of %d is exceeded: %s.", most, kind), kind, id)
}

// missing reports whether an error says that something is not there.
func missing(err error) bool { return apierr.Is(err, "ResourceNotFoundException") }

func noAnalyzer(name string) error       { return notFound("Analyzer", name) }
func noRule(name string) error           { return notFound("ArchiveRule", name) }
func noFinding(id string) error          { return notFound("Finding", id) }
func noAnalyzedResource(id string) error { return notFound("AnalyzedResource", id) }

// errDisabled is the answer of an analyzer whose findings are not accessible any more.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-settings.html
func errDisabled(reason string) error {
	return apierr.New(http.StatusForbidden, "AccessDeniedException", "The analyzer is disabled: %s.", reason)
}
