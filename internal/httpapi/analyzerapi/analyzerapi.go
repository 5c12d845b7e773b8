// Package analyzerapi is the table of operations of IAM Access Analyzer: for each, its method and path, how its
// members are read, what must be allowed, and what it answers. What the operations do is package analyzer's concern,
// and of the checks of policies that of the packages below policy.
//
// An operation is authorized as the action of its name on the analyzer or archive rule that it is about, or on "*".
// Operations of the second version have the actions of the first.
//
// Every operation that AWS has is in the table. Those about what there is not here find nothing, and make nothing.
//
// Sources: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/ and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamaccessanalyzer.html
package analyzerapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"crossgrant/internal/analyzer"
	"crossgrant/internal/apierr"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/json11"
	"crossgrant/internal/wire/restjson"
	"crossgrant/internal/wire/trailjson"
)

// Service is the API: an httpapi.Service over a table of operations.
type Service struct {
	operations map[string]*httpapi.Operation
	routes     []route
	members    *trailjson.Members
}

var _ httpapi.Service = (*Service)(nil)

// route is where an operation is asked for.
type route struct {
	method string
	path   restjson.Path
	name   string
}

// New returns the API over service. It panics, at start, if an operation is there twice, is not one of AWS's, or is
// missing.
func New(service *analyzer.Service) *Service {
	a := &api{service}
	s := &Service{operations: map[string]*httpapi.Operation{}, members: trailjson.For("access-analyzer")}
	names := strings.Fields(known)
	for _, r := range slices.Concat(a.analyzers(), a.rules(), a.findings(), a.resources(), a.tags(), a.policies(), a.notOffered()) {
		operation := a.operation(r)
		if trailjson.Tells(r.name) {
			operation = operation.Then(func(c *httpapi.Call, answer *httpapi.Response) {
				c.Record.Elements = s.members.JSON(r.name, answer.Body, nil)
			})
		}
		if !slices.Contains(names, r.name) || s.operations[r.name] != nil {
			panic("analyzerapi: operation " + r.name + " is unknown, or there twice")
		}
		s.operations[r.name] = &operation
		s.routes = append(s.routes, route{r.method, restjson.NewPath(r.path), r.name})
	}
	if len(s.operations) != len(names) {
		panic("analyzerapi: an operation is missing")
	}
	// Of two paths that match, such as /analyzer/findings and /analyzer/{analyzerName}, the plainer one counts.
	slices.SortStableFunc(s.routes, func(x, y route) int { return y.path.Literals() - x.path.Literals() })
	return s
}

// api is the table over a service; its methods return the rows of one family.
type api struct{ analyzer *analyzer.Service }

// Name implements httpapi.Service.
func (s *Service) Name() string { return "access-analyzer" }

// States returns every operation of AWS's service, in alphabetic order.
func (s *Service) States() []httpapi.State { return httpapi.States(s.operations) }

// Route returns the operation that method and path name, and records what it is asked.
func (s *Service) Route(c *httpapi.Call) (*httpapi.Operation, error) {
	if c.Caller.Kind == policy.Anonymous {
		return nil, apierr.New(http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	if r, labels := s.find(c); r != nil {
		c.Record.Parameters = s.members.JSON(r.name, c.Whole(), elsewhere(labels, c.Query()))
		return s.operations[r.name], nil
	}
	return nil, apierr.New(http.StatusNotFound, "UnknownOperationException", "There is no such operation.")
}

// elsewhere returns the members of a request that are labels of its path or parameters of its query, of which tagKeys
// is the only list.
func elsewhere(labels map[string]string, query url.Values) map[string]any {
	out := make(map[string]any, len(labels)+len(query))
	for name, values := range query {
		if len(values) == 1 && name != "tagKeys" {
			out[name] = values[0]
			continue
		}
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		out[name] = list
	}
	for name, value := range labels {
		out[name] = value
	}
	return out
}

// find returns the route of a request, with its labels; nil if there is none.
func (s *Service) find(c *httpapi.Call) (*route, map[string]string) {
	for i := range s.routes {
		r := &s.routes[i]
		if c.HTTP.Method != r.method {
			continue
		}
		if labels, ok := r.path.Match(c.HTTP.URL.EscapedPath()); ok {
			return r, labels
		}
	}
	return nil, nil
}

// Error implements httpapi.Service.
func (s *Service) Error(_ *httpapi.Call, err error) *httpapi.Response {
	status, code, body := restjson.Error(err)
	h := header()
	h["x-amzn-ErrorType"] = []string{code}
	return &httpapi.Response{Status: status, Header: h, Body: body}
}

func header() http.Header { return http.Header{"Content-Type": {restjson.MediaType}} }

// invalid words a violation of the API's model.
//
// Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ValidationExceptionField.html
func invalid(v *json11.Violation) error {
	text := map[json11.Fault]string{
		json11.Missing: "must not be null", json11.TooShort: "is shorter than allowed", json11.TooLong: "is longer than allowed",
		json11.TooSmall: "is smaller than allowed", json11.TooLarge: "is larger than allowed", json11.BadPattern: "does not match the required pattern",
		json11.BadValue: "is not one of the allowed values",
	}[v.Fault]
	failure := analyzer.Invalid(analyzer.FieldInvalid, "1 validation error detected: the value at '%s' %s.", v.Member, text)
	return &restjson.Rejected{Failure: failure, Fields: []restjson.Field{{Name: v.Member, Message: text}}}
}

// unreadable words a body that is not one of the API.
func unreadable(err error) error {
	if failure := apierr.From(err); failure.Code == "SerializationException" {
		return analyzer.Invalid(analyzer.CannotParse, "%s", failure.Message)
	}
	return err
}
