package analyzerapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/analyzer"
	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/wire/json11"
	"crossgrant/internal/wire/restjson"
)

// input is what operations read from a request, of which each uses a part.
type input struct {
	name     string // of the analyzer
	arn      string // of the analyzer, where the request gives that
	rule     string
	kind     string
	id       string
	ids      []string
	resource string
	status   string
	token    string // of the client
	filter   analyzer.Filter
	rules    []analyzer.Rule
	tags     []analyzer.Tag
	tagKeys  []string
	sort     analyzer.Query
	page     page

	document, other, policyType, resourceType string
	actions, resources                        []string

	have []analyzer.Tag // of the analyzer, as it is
}

// row declares an operation.
type row struct {
	name         string
	method, path string
	// action is what it is authorized as; empty means its name.
	action string
	about  about
	decode func(in *restjson.Input, to *input)
	// check refuses what the model of the API does not; nil: nothing.
	check func(in *input) error
	run   func(ctx context.Context, account ids.AccountID, in *input) (result any, err error)
	// notOffered is as in httpapi.Row.
	notOffered string
}

// about is what the action of an operation is authorized on.
type about uint8

const (
	aboutNothing  about = iota
	aboutAnalyzer       // named, or by its ARN
	aboutRule
)

// maxBody is the largest body of a request, in bytes; the pipeline takes no larger one either.
const maxBody = 1 << 20

// operation turns a row into an operation.
func (a *api) operation(r row) httpapi.Operation {
	return httpapi.Row[input]{
		Name:       r.name,
		NotOffered: r.notOffered,
		Decode:     r.read,
		Load: func(ctx context.Context, c *httpapi.Call, in *input) error {
			return a.load(ctx, r, c.Caller.Account, in)
		},
		Checks: func(c *httpapi.Call, in *input) []access.Check { return a.checks(r, c, in) },
		Run: func(ctx context.Context, c *httpapi.Call, in *input) (*httpapi.Response, error) {
			if in.arn != "" && !a.ours(in, c.Caller.Account) {
				// Whoever may act on an analyzer of another account would need a policy of the analyzer, which it has not.
				return nil, apierr.AccessDenied("The analyzer belongs to another account or Region.")
			}
			result, err := r.run(ctx, c.Caller.Account, in)
			if err != nil {
				return nil, err
			}
			body, err := restjson.Response(r.name, result)
			if err != nil {
				return nil, err
			}
			return &httpapi.Response{Header: header(), Body: body}, nil
		},
	}.Operation()
}

// read reads a request.
func (r row) read(c *httpapi.Call) (*input, error) {
	body, err := c.ReadBody(maxBody, apierr.New(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "The request body is larger than %d bytes.", maxBody))
	if err != nil {
		return nil, err
	}
	labels, _ := restjson.NewPath(r.path).Match(c.HTTP.URL.EscapedPath())
	reader, err := restjson.NewInput(labels, c.Query(), body)
	if err != nil {
		return nil, unreadable(err)
	}
	in := new(input)
	if r.decode != nil {
		r.decode(reader, in)
	}
	readErr := reader.Err()
	var violation *json11.Violation
	switch {
	case errors.As(readErr, &violation):
		return nil, invalid(violation)
	case readErr != nil:
		return nil, unreadable(readErr)
	}
	if in.arn != "" {
		name, err := arn.Parse(in.arn)
		if err != nil || name.Service != "access-analyzer" || name.Type() != "analyzer" {
			return nil, invalid(&json11.Violation{Member: "analyzerArn", Fault: json11.BadPattern})
		}
		in.name = strings.TrimPrefix(name.Resource, "analyzer/")
	}
	if r.check != nil {
		return in, r.check(in)
	}
	return in, nil
}

// ours reports whether the ARN of a request is that of an analyzer of this account, here.
func (a *api) ours(in *input, account ids.AccountID) bool {
	return in.arn == a.analyzer.ARN(account, in.name)
}

// load reads the tags of the analyzer that a request is about, which conditions may be about. One that is not there has
// none.
func (a *api) load(ctx context.Context, r row, account ids.AccountID, in *input) error {
	if r.about != aboutAnalyzer || in.arn != "" && !a.ours(in, account) {
		return nil
	}
	have, err := a.analyzer.Get(ctx, account, in.name)
	if apierr.Is(err, "ResourceNotFoundException") {
		return nil
	}
	in.have = have.Tags
	return err
}

// checks asks for the action of the row.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamaccessanalyzer.html
func (a *api) checks(r row, c *httpapi.Call, in *input) []access.Check {
	check := access.Check{Action: "access-analyzer:" + cmp.Or(r.action, r.name), Resource: "*"}
	if r.about != aboutNothing {
		check.Resource = cmp.Or(in.arn, a.analyzer.ARN(c.Caller.Account, in.name))
		if name, err := arn.Parse(check.Resource); err == nil {
			check.Owner = ids.AccountID(name.Account)
		}
	}
	if r.about == aboutRule {
		check.Resource += "/archive-rule/" + in.rule
	}
	check.Keys = func(k *policy.Context) {
		names := in.tagKeys
		for _, tag := range in.tags {
			k.Set("aws:RequestTag/"+tag.Key, tag.Value)
			names = append(names[:len(names):len(names)], tag.Key)
		}
		if len(names) > 0 {
			k.SetMulti("aws:TagKeys", names)
		}
		for _, tag := range in.have {
			k.Set("aws:ResourceTag/"+tag.Key, tag.Value)
		}
	}
	return []access.Check{check}
}
