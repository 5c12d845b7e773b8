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
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/orgs"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/json11"
)

// targetPrefix begins the header that names the operation.
const targetPrefix = "AWSOrganizationsV20161128."

// Service is the API: an httpapi.Service over a table of operations.
type Service struct {
	operations map[string]*httpapi.Operation
}

var _ httpapi.Service = (*Service)(nil)

// New returns the API over service. It panics, at start, if an operation is there twice, is not one of AWS's,
// or is missing.
func New(service *orgs.Service) *Service {
	a := &api{service}
	s := &Service{operations: map[string]*httpapi.Operation{}}
	names := strings.Fields(known)
	for _, row := range slices.Concat(a.organizations(), a.units(), a.accounts(), a.creation(), a.handshakes(), a.services(), a.policies(), a.attachments(), a.effective(), a.delegation(), a.transfers(), a.tags()) {
		operation := a.operation(row)
		if !slices.Contains(names, row.name) || s.operations[row.name] != nil {
			panic("orgsapi: operation " + row.name + " is unknown, or there twice")
		}
		s.operations[row.name] = &operation
	}
	if len(s.operations) != len(names) {
		panic("orgsapi: an operation is missing")
	}
	return s
}

// api is the table over a service; its methods return the rows of one family.
type api struct{ orgs *orgs.Service }

// Name implements httpapi.Service.
func (s *Service) Name() string { return "organizations" }

// Operations returns the names of the operations that have a row, in alphabetic order.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(s.operations)) }

// States returns every operation of AWS's service, in alphabetic order.
func (s *Service) States() []httpapi.State { return httpapi.States(s.operations) }

// Route returns the operation that the header X-Amz-Target names.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#protocol-behaviors
func (s *Service) Route(c *httpapi.Call) (*httpapi.Operation, error) {
	unknown := apierr.New(http.StatusBadRequest, "UnknownOperationException", "There is no such operation.")
	media, _, err := mime.ParseMediaType(c.HTTP.Header.Get("Content-Type"))
	root := c.HTTP.URL.Path == "/" || c.HTTP.URL.Path == ""
	if err != nil || media != json11.MediaType || !root || c.HTTP.Method != http.MethodPost {
		return nil, unknown
	}
	if c.Caller.Kind == policy.Anonymous {
		return nil, apierr.New(http.StatusBadRequest, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	targets := c.HTTP.Header.Values("X-Amz-Target")
	if len(targets) != 1 {
		return nil, unknown
	}
	name, ours := strings.CutPrefix(targets[0], targetPrefix)
	operation := s.operations[name]
	if !ours || operation == nil {
		return nil, unknown
	}
	return operation, nil
}

// Error implements httpapi.Service.
func (s *Service) Error(_ *httpapi.Call, err error) *httpapi.Response {
	status, code, body := json11.Error(err, "ServiceException")
	h := header()
	h["x-amzn-ErrorType"] = []string{code}
	return &httpapi.Response{Status: status, Header: h, Body: body}
}

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

func header() http.Header { return http.Header{"Content-Type": {json11.MediaType}} }
