// Package crossgrantapi is the API by which an account asks why: about requests that were made (ExplainRequest,
// ListRequests) and about those that were not (ExplainAccess); who can reach what of it (ListAccess); and who will once a
// change of a bucket is saved (PreviewAccess). AWS has none like it. It speaks the AWS JSON 1.1
// protocol and is signed for the service crossgrant; Model describes it as the AWS CLI and the SDKs want it, so that
// `aws configure add-model` makes it a command of the CLI.
//
// Each operation is authorized as the action of its name, such as crossgrant:ExplainRequest, on "*". What it
// tells is what the caller's account may know; packages decisions and reach/gather see to that.
package crossgrantapi

import (
	"context"
	_ "embed" // of Model
	"errors"
	"net/http"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/decisions"
	"crossgrant/internal/explain"
	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/jsonapi"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/questions"
	"crossgrant/internal/reach"
	"crossgrant/internal/reach/gather"
	"crossgrant/internal/wire/json11"
)

// Model is the model of the API, as botocore reads it.
//
//go:embed model.json
var Model []byte

// targetPrefix begins the header that names the operation.
const targetPrefix = "Crossgrant_20261126."

// maxBody is the largest body of a request, in bytes: a bucket policy with white space, as a string of JSON.
const maxBody = 512 << 10

// Decisions answers; package decisions does.
type Decisions interface {
	Find(ctx context.Context, q decisions.Query, viewer decisions.Viewer) (decisions.Page, error)
	Explain(ctx context.Context, id string, viewer decisions.Viewer) (decisions.Request, error)
	Ask(ctx context.Context, q questions.Question, viewer decisions.Viewer) (explain.Report, error)
}

// Halves answers who can reach what, and who could after a change; package reach/gather does.
type Halves interface {
	Answer(ctx context.Context, account ids.AccountID, q reach.Question) (*reach.Result, error)
	Preview(ctx context.Context, caller *access.Caller, request *policy.Context, e *gather.Edit) (*gather.Preview, error)
}

// row declares an operation.
type row struct {
	name   string
	decode func(r *json11.Reader, in *input)
	run    func(ctx context.Context, c *httpapi.Call, in *input) (any, error)
}

// input is what operations read from a request, of which each uses a part.
type input struct {
	query    decisions.Query
	question questions.Question
	reach    reach.Question
	edit     gather.Edit
	err      error // of what is not as another API wants it
}

// New returns the API over what answers.
func New(service Decisions, halves Halves) *jsonapi.Service {
	var operations []httpapi.Operation
	for _, r := range append(rows(service), reachRows(halves)...) {
		operations = append(operations, r.operation())
	}
	return jsonapi.New("crossgrant", targetPrefix, "InternalFailure", operations...)
}

func rows(service Decisions) []row {
	return []row{
		{
			name:   "ExplainRequest",
			decode: func(r *json11.Reader, in *input) { in.query.RequestID = r.Required("RequestId", json11.Length(1, 64)) },
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return service.Explain(ctx, in.query.RequestID, viewer(c))
			},
		},
		{
			name:   "ListRequests",
			decode: decodeQuery,
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return service.Find(ctx, in.query, viewer(c))
			},
		},
		{
			name:   "ExplainAccess",
			decode: decodeQuestion,
			run: func(ctx context.Context, c *httpapi.Call, in *input) (any, error) {
				return service.Ask(ctx, in.question, viewer(c))
			},
		},
	}
}

func viewer(c *httpapi.Call) decisions.Viewer {
	return decisions.Of(c.Caller.Account, c.Caller.CanonicalID)
}

func decodeQuery(r *json11.Reader, in *input) {
	text := json11.Length(1, 2048)
	in.query = decisions.Query{
		Principal: r.String("Principal", text), Bucket: r.String("Bucket", text), Action: r.String("Action", text),
		Account: ids.AccountID(r.String("AccountId", json11.Pattern(`[0-9]{12}`))), Outcome: r.String("Outcome", json11.Enum(decisions.Allowed, decisions.Denied)),
		From: r.Time("From"), To: r.Time("To"), Limit: r.Int("Limit", 100, 1, decisions.MaxFound),
	}
}

func decodeQuestion(r *json11.Reader, in *input) {
	text := json11.Length(1, 2048)
	in.question = questions.Question{As: r.Required("Principal", text), Action: r.Required("Action", text), Resource: r.String("Resource", text)}
	for _, entry := range r.Objects("Context") {
		in.question.Context = append(in.question.Context, questions.Value{Key: entry.Required("Key", text), Values: entry.Strings("Values", json11.Length(0, 2048))})
	}
}

// operation turns a row into an operation.
func (r row) operation() httpapi.Operation {
	return httpapi.Row[input]{
		Name:   r.name,
		Decode: r.read,
		Checks: func(*httpapi.Call, *input) []access.Check {
			return []access.Check{{Action: "crossgrant:" + r.name, Resource: "*"}}
		},
		Run: func(ctx context.Context, c *httpapi.Call, in *input) (*httpapi.Response, error) {
			result, err := r.run(ctx, c, in)
			if err != nil {
				return nil, err
			}
			return jsonapi.Respond(r.name, result)
		},
	}.Operation()
}

func (r row) read(c *httpapi.Call) (*input, error) {
	reader, err := jsonapi.Read(c, maxBody)
	if err != nil {
		return nil, err
	}
	in := new(input)
	r.decode(reader, in)
	err = reader.Err()
	var violation *json11.Violation
	if errors.As(err, &violation) {
		return nil, apierr.New(http.StatusBadRequest, "ValidationException", "The member %s is missing, or is not as the model of the API says.", violation.Member)
	}
	if err == nil {
		err = in.err
	}
	return in, err
}
