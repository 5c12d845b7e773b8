// Package orgsapi is the table of operations of AWS Organizations: for each, how its members are read,
// what must be allowed, and what it answers. What the operations do, and for whose account they are, is
// package orgs's concern.
//
// An operation is authorized as the action of its name on each thing that it is about: root, unit,
// account, policy, handshake. As in AWS's table of actions some have no resource, and are authorized on
// "*". Tags of something that is made have to be allowed as organizations:TagResource as well.
//
// Every operation that AWS has is in the table. Those about what there is not here answer with an error that
// AWS documents for them, once their caller was found to be allowed to ask.
//
// Sources: https://docs.aws.amazon.com/organizations/latest/APIReference/ and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
package orgsapi

import (
	"slices"
	"strings"

	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/jsonapi"
	"crossgrant/internal/orgs"
	"crossgrant/internal/wire/json11"
)

// targetPrefix begins the header that names the operation.
const targetPrefix = "AWSOrganizationsV20161128."

// New returns the API over service. It panics, at start, if an operation is there twice, is not one of AWS's,
// or is missing.
func New(service *orgs.Service) *jsonapi.Service {
	a := &api{service}
	var operations []httpapi.Operation
	names := strings.Fields(known)
	for _, row := range slices.Concat(a.organizations(), a.units(), a.accounts(), a.creation(), a.handshakes(), a.services(), a.policies(), a.attachments(), a.effective(), a.delegation(), a.transfers(), a.tags()) {
		if !slices.Contains(names, row.name) {
			panic("orgsapi: operation " + row.name + " is unknown")
		}
		operations = append(operations, a.operation(row))
	}
	if len(operations) != len(names) {
		panic("orgsapi: an operation is missing, or there twice")
	}
	return jsonapi.New("organizations", targetPrefix, "ServiceException", operations...)
}

// api is the table over a service; its methods return the rows of one family.
type api struct{ orgs *orgs.Service }

// invalid words a violation of the API's model. Organizations has one error for all of them, with a
// reason.
//
// Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html#API_CreatePolicy_Errors
func invalid(f json11.Fault) error {
	switch f {
	case json11.Missing:
		return orgs.Invalid("INPUT_REQUIRED", "You must include a value for all required parameters.")
	case json11.TooShort:
		return orgs.Invalid("MIN_LENGTH_EXCEEDED", "You provided a string parameter that is shorter than allowed.")
	case json11.TooLong:
		return orgs.Invalid("MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed.")
	case json11.TooSmall:
		return orgs.Invalid("MIN_VALUE_EXCEEDED", "You provided a numeric parameter that has a smaller value than allowed.")
	case json11.TooLarge:
		return orgs.Invalid("MAX_VALUE_EXCEEDED", "You provided a numeric parameter that has a larger value than allowed.")
	case json11.BadPattern:
		return orgs.Invalid("INVALID_PATTERN", "You provided a value that does not match the required pattern.")
	default:
		return orgs.Invalid("INVALID_ENUM", "You specified an invalid value.")
	}
}
