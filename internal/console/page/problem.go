package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// Problem is an error as it is shown.
type Problem struct {
	// Code, Message, Status and RequestID are as the API gave them; all but Message are empty for what was wrong with a
	// form.
	Code, Message string
	Status        int
	RequestID     string
	// Operation is what was called.
	Operation string
	// Why is the page that explains a denial; empty: there is nothing to explain.
	Why string
}

// Denied reports whether access was denied.
func (p *Problem) Denied() bool { return p != nil && p.Why != "" }

// invalid is an error in what the visitor typed.
type invalid string

func (i invalid) Error() string { return string(i) }

// Invalid returns an error that tells the visitor what is wrong with what was typed.
func Invalid(format string, args ...any) error { return invalid(fmt.Sprintf(format, args...)) }

// missing says that there is no such page.
type missing string

func (m missing) Error() string { return string(m) }

// Missing returns an error that says that there is nothing under an address of the console.
func Missing(format string, args ...any) error { return missing(fmt.Sprintf(format, args...)) }

// denials are the codes of a denial, which is on record and can be explained.
var denials = []string{"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedOperation"}

// IsDenial reports whether a code is one of a denial.
func IsDenial(code string) bool { return slices.Contains(denials, code) }

// Code returns the code of an error of the API; empty if it is none.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Absent reports whether an error of the API says that what was asked for is not there, by one of these codes. It is for
// settings that a bucket may have, or not.
func Absent(err error, codes ...string) bool { return slices.Contains(codes, Code(err)) }

// problemOf returns err as it is shown, and whether it is one of the console itself.
func problemOf(err error) (p *Problem, internal bool) {
	if err == nil {
		return nil, false
	}
	p = &Problem{}
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		p.Operation = operation.Operation()
	}
	var status interface{ HTTPStatusCode() int }
	if errors.As(err, &status) {
		p.Status = status.HTTPStatusCode()
	}
	var id interface{ ServiceRequestID() string }
	if errors.As(err, &id) {
		p.RequestID = id.ServiceRequestID()
	}
	var typed invalid
	var absent missing
	var api smithy.APIError
	switch {
	case errors.As(err, &typed):
		p.Message = string(typed)
	case errors.As(err, &absent):
		p.Message, p.Status = string(absent), http.StatusNotFound
	case errors.As(err, &api):
		p.Code, p.Message = api.ErrorCode(), api.ErrorMessage()
		if p.Message == "" {
			p.Message = p.Code
		}
		if IsDenial(p.Code) && p.RequestID != "" {
			p.Why = Path("why", "requests", p.RequestID)
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p.Message = "The request was given up before it was answered."
	case incomplete(err) != "":
		p.Message, p.Status = incomplete(err), http.StatusUnprocessableEntity
	default:
		p.Message = "The console could not do it. The log of the server says why."
		return p, true
	}
	return p, false
}

// incomplete tells what is missing if the SDK refused to send a request because it has not all that it needs, which the
// form did not have; empty: it was something else.
func incomplete(err error) string {
	var wrong smithy.InvalidParamsError
	if errors.As(err, &wrong) {
		var names []string
		for _, each := range wrong.Errs() {
			var member smithy.InvalidParamError
			if errors.As(each, &member) {
				_, name, _ := strings.Cut(member.Field(), ".")
				names = append(names, name)
			}
		}
		return "Something is missing: " + strings.Join(names, ", ") + "."
	}
	var unsent *smithy.SerializationError
	if errors.As(err, &unsent) {
		return "Something is missing, or is not of its form: " + unsent.Err.Error() + "."
	}
	return ""
}

// status is that of the answer that shows a problem.
func (p *Problem) status() int {
	switch {
	case p == nil:
		return http.StatusOK
	case p.Status >= 400 && p.Status < 600 && p.Status != http.StatusUnauthorized:
		return p.Status
	case p.Code == "" && p.Operation == "":
		return http.StatusUnprocessableEntity
	default:
		return http.StatusBadGateway
	}
}
