// Package jsonapi is what services of the AWS JSON 1.1 protocol have in common: the header that names the operation,
// bodies that are one JSON object, and errors.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
package jsonapi

import (
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/json11"
	"crossgrant/internal/wire/trailjson"
)

// Service is an httpapi.Service over a table of operations.
type Service struct {
	name, internal string
	targets        []string
	members        *trailjson.Members
	operations     map[string]*httpapi.Operation
}

var _ httpapi.Service = (*Service)(nil)

// New returns a service that credential scopes call name. target is what stands before the name of an operation in
// the header X-Amz-Target, with its dot; internal the code of errors that do not belong to the API. It panics, at
// start, if an operation is there twice.
func New(name, target, internal string, operations ...httpapi.Operation) *Service {
	s := &Service{name, internal, []string{target}, trailjson.For(name), map[string]*httpapi.Operation{}}
	for i := range operations {
		o := &operations[i]
		if trailjson.Tells(o.Name) {
			*o = o.Then(s.tell(o.Name))
		}
		if s.operations[o.Name] != nil {
			panic("jsonapi: operation " + o.Name + " of " + name + " is there twice")
		}
		s.operations[o.Name] = o
	}
	return s
}

// Also has clients name operations with something else before them as well, and returns the service.
func (s *Service) Also(target string) *Service {
	s.targets = append(s.targets, target)
	return s
}

// tell returns a function that records what an operation has answered.
func (s *Service) tell(operation string) func(*httpapi.Call, *httpapi.Response) {
	return func(c *httpapi.Call, answer *httpapi.Response) {
		c.Record.Elements = s.members.JSON(operation, answer.Body, nil)
	}
}

// Name implements httpapi.Service.
func (s *Service) Name() string { return s.name }

// Operations returns the names of the operations that have a row, in alphabetic order.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(s.operations)) }

// States returns every operation, in alphabetic order.
func (s *Service) States() []httpapi.State { return httpapi.States(s.operations) }

// Route returns the operation that the header X-Amz-Target names, and records what it is asked.
//
// Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#protocol-behaviors
func (s *Service) Route(c *httpapi.Call) (*httpapi.Operation, error) {
	unknown := apierr.New(http.StatusBadRequest, "UnknownOperationException", "There is no such operation.")
	media, _, err := mime.ParseMediaType(c.HTTP.Header.Get("Content-Type"))
	root := c.HTTP.URL.Path == "/" || c.HTTP.URL.Path == ""
	if err != nil || media != json11.MediaType || !root || c.HTTP.Method != http.MethodPost {
		return nil, unknown
	}
	var name string
	var operation *httpapi.Operation
	if targets := c.HTTP.Header.Values("X-Amz-Target"); len(targets) == 1 {
		name = s.named(targets[0])
		operation = s.operations[name]
	}
	if c.Caller.Kind == policy.Anonymous && (operation == nil || !operation.Unsigned) {
		return nil, apierr.New(http.StatusBadRequest, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	if operation == nil {
		return nil, unknown
	}
	c.Record.Parameters = s.members.JSON(name, c.Whole(), nil)
	return operation, nil
}

// named returns the name of the operation that a target names; empty if it names none of this service.
func (s *Service) named(target string) string {
	for _, before := range s.targets {
		if name, found := strings.CutPrefix(target, before); found {
			return name
		}
	}
	return ""
}

// Error implements httpapi.Service.
func (s *Service) Error(_ *httpapi.Call, err error) *httpapi.Response {
	status, code, body := json11.Error(err, s.internal)
	h := header()
	h["x-amzn-ErrorType"] = []string{code}
	return &httpapi.Response{Status: status, Header: h, Body: body}
}

// Read reads the body of a request, of at most limit bytes.
func Read(c *httpapi.Call, limit int64) (*json11.Reader, error) {
	body, err := c.ReadBody(limit, apierr.New(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is larger than %d bytes.", limit))
	if err != nil {
		return nil, err
	}
	return json11.NewReader(body)
}

// Respond renders the answer of an operation.
func Respond(operation string, result any) (*httpapi.Response, error) {
	body, err := json11.Response(operation, result)
	if err != nil {
		return nil, err
	}
	return &httpapi.Response{Header: header(), Body: body}, nil
}

func header() http.Header { return http.Header{"Content-Type": {json11.MediaType}} }
