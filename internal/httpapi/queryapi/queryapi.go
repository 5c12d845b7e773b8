// Package queryapi is what the services of the query protocol, IAM and STS, have in common: the route
// from the Action parameter to an operation, the refusal of callers that did not sign, or whose credentials
// are not good for the operation, and the rendering of results and errors. It knows no operation, but for the
// names of those that temporary credentials are not good for; packages iamapi and stsapi are tables of Rows.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html
package queryapi

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/query"
	"crossgrant/internal/wire/trailjson"
)

// Protocol is what tells one service from another on the wire.
type Protocol struct {
	Name      string // in a SigV4 credential scope
	Version   string // of the API, such as "2010-05-08"
	Namespace string // of its XML
	// ShowValues says that validation messages repeat the value that was refused.
	ShowValues bool
	// Known is the names of all operations that AWS's service has, separated by white space: each has a row.
	Known string
}

// Service is one service: an httpapi.Service over a table of operations.
type Service struct {
	protocol   Protocol
	members    *trailjson.Members
	operations map[string]*httpapi.Operation
}

var _ httpapi.Service = (*Service)(nil)

// New returns the service with these operations. It panics, at start, if a name is given twice, is not one of
// AWS's, or is missing.
func New(p Protocol, operations ...httpapi.Operation) *Service {
	s := &Service{protocol: p, members: trailjson.For(p.Name), operations: map[string]*httpapi.Operation{}}
	known := strings.Fields(p.Known)
	for i := range operations {
		name := operations[i].Name
		if !slices.Contains(known, name) || s.operations[name] != nil {
			panic("queryapi: operation " + name + " of " + p.Name + " is unknown, or there twice")
		}
		s.operations[name] = &operations[i]
	}
	if len(s.operations) != len(known) {
		panic("queryapi: an operation of " + p.Name + " is missing")
	}
	return s
}

// Name implements httpapi.Service.
func (s *Service) Name() string { return s.protocol.Name }

// Route returns the operation that the Action parameter names, and records what it is asked.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
func (s *Service) Route(c *httpapi.Call) (*httpapi.Operation, error) {
	method := c.HTTP.Method
	if c.HTTP.URL.Path != "/" && c.HTTP.URL.Path != "" || method != http.MethodPost && method != http.MethodGet {
		return nil, apierr.New(http.StatusNotFound, "UnknownOperationException", "There is no operation at this path and method.")
	}
	form := c.Form()
	action, version := form.Get("Action"), form.Get("Version")
	if operation := s.operations[action]; c.Caller.Kind == policy.Anonymous && (operation == nil || !operation.Unsigned) {
		return nil, apierr.New(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	if len(form["Action"]) > 1 || len(form["Version"]) > 1 {
		return nil, query.Invalid("Action and Version must be given once.")
	}
	if action == "" {
		return nil, apierr.New(http.StatusBadRequest, "MissingAction", "The request is missing an action or a required parameter.")
	}
	operation := s.operations[action]
	if version != s.protocol.Version || operation == nil {
		if version == "" {
			version = "NO_VERSION_SPECIFIED"
		}
		return nil, apierr.New(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", action, version)
	}
	c.Record.Parameters = s.members.Form(form)
	if operation.Unsigned {
		return operation, nil
	}
	return operation, barred(c.Caller, s.protocol.Name, action)
}

// Error implements httpapi.Service.
func (s *Service) Error(c *httpapi.Call, err error) *httpapi.Response {
	status, body := query.Error(s.protocol.Namespace, err, c.ID)
	return &httpapi.Response{Status: status, Header: header(), Body: body}
}

// Row declares an operation as httpapi.Row does, with a reader of the form on the one side and a
// result to be rendered on the other.
type Row[In any] struct {
	Name string
	// Decode reads the parameters; what q collects as wrong is reported by the row. An error of its
	// own comes after that.
	Decode func(c *httpapi.Call, q *query.Reader) (*In, error)
	// Load, Checks, Unchecked and NotOffered are as in httpapi.Row.
	Load       func(ctx context.Context, c *httpapi.Call, in *In) error
	Checks     func(c *httpapi.Call, in *In) []access.Check
	Unchecked  string
	NotOffered string
	// Unsigned says that the request need not be signed: its parameters show who asks. Whoever has signed it
	// all the same is the caller, whose credentials were found to be good, and means nothing to the operation.
	Unsigned bool
	// Run does the work. A nil result renders as an answer without a result element.
	Run func(ctx context.Context, c *httpapi.Call, in *In) (result any, err error)
}

// Operation returns the row as an operation of a service that speaks p.
func (r Row[In]) Operation(p Protocol) httpapi.Operation {
	members, tells := trailjson.For(p.Name), trailjson.Tells(r.Name)
	row := httpapi.Row[In]{Name: r.Name, Load: r.Load, Unchecked: r.Unchecked, NotOffered: r.NotOffered}
	row.Decode = func(c *httpapi.Call) (*In, error) {
		q := query.NewReader(c.Form(), options(p)...)
		in, decodeErr := r.Decode(c, q)
		if err := q.Err(); err != nil {
			return nil, err
		}
		return in, decodeErr
	}
	if r.Checks != nil {
		row.Checks = func(c *httpapi.Call, in *In) []access.Check {
			checks := r.Checks(c, in)
			c.Record.ResourceOwner = c.Caller.Account
			if len(checks) > 0 && checks[0].Owner != "" {
				c.Record.ResourceOwner = checks[0].Owner
			}
			return checks
		}
	}
	row.Run = func(ctx context.Context, c *httpapi.Call, in *In) (*httpapi.Response, error) {
		result, err := r.Run(ctx, c, in)
		if err != nil {
			return nil, err
		}
		if tells {
			c.Record.Elements = members.Result(result)
		}
		body, err := query.Response(p.Namespace, r.Name, result, c.ID)
		if err != nil {
			return nil, err
		}
		return &httpapi.Response{Header: header(), Body: body}, nil
	}
	operation := row.Operation()
	operation.Unsigned = r.Unsigned
	return operation
}

func options(p Protocol) []query.Option {
	secret := query.Secret(trailjson.IsSecret)
	if p.ShowValues {
		return []query.Option{query.ShowValues(), secret}
	}
	return []query.Option{secret}
}

func header() http.Header { return http.Header{"Content-Type": {"text/xml"}} }

// Operations returns the names of the operations that have a row, in alphabetic order.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(s.operations)) }

// States returns every operation of AWS's service, in alphabetic order.
func (s *Service) States() []httpapi.State { return httpapi.States(s.operations) }
