package httpapi

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"

	"crossgrant/internal/access"
)

// Operation is one row of a service's table, ready to run. It is made by Row.Operation, which
// refuses a row that does not say how it is authorized.
type Operation struct {
	Name string
	// Unsigned says that also requests that are not signed may ask for it. Services whose every operation
	// takes them, as S3 does, do not look at it.
	Unsigned bool
	// NotOffered is as in Row.
	NotOffered string
	handle     func(ctx context.Context, c *Call) (*Response, error)
}

// Row declares an operation: how its input is read, what must be allowed, and what it does. In is
// the operation's input, decoded.
type Row[In any] struct {
	// Name is AWS's name of the operation.
	Name string
	// Decode reads the input from the request, strictly: what it does not know it refuses. It does
	// not touch storage.
	Decode func(c *Call) (*In, error)
	// Load reads the things that the checks are about, such as the bucket; nil if there are none.
	Load func(ctx context.Context, c *Call, in *In) error
	// Checks returns the questions that must all be answered with yes. Exactly one of Checks and
	// Unchecked is set.
	Checks func(c *Call, in *In) []access.Check
	// Unchecked says, in words, why the operation is not authorized by Checks: because Run asks
	// Call.Authorize for each item, or because AWS lets every authenticated caller do it.
	Unchecked string
	// Run does the work and returns the answer.
	Run func(ctx context.Context, c *Call, in *In) (*Response, error)
	// NotOffered says what it is that the operation is about and that there is not here, such as "SSH public
	// keys"; empty for what works. Run then lists nothing, finds nothing, and answers all else with an error
	// that the operation is documented to have. It is for the list of operations in docs/COMPATIBILITY.md.
	NotOffered string
}

// Operation returns the row as an Operation. It panics, at start, if the row is incomplete.
func (r Row[In]) Operation() Operation {
	if r.Name == "" || r.Decode == nil || r.Run == nil {
		panic("httpapi: operation " + r.Name + " is incomplete")
	}
	if (r.Checks == nil) == (r.Unchecked == "") {
		panic("httpapi: operation " + r.Name + " must have either checks or a reason for having none")
	}
	return Operation{Name: r.Name, NotOffered: r.NotOffered, handle: r.handle}
}

// Then returns the operation with tell called after it has answered, and before the answer is sent, to add to the record
// what it has done.
func (o Operation) Then(tell func(c *Call, answer *Response)) Operation {
	handle := o.handle
	o.handle = func(ctx context.Context, c *Call) (*Response, error) {
		answer, err := handle(ctx, c)
		if err == nil {
			tell(c, answer)
		}
		return answer, err
	}
	return o
}

// State is an operation of a service, and what its row says in NotOffered.
type State struct {
	Name       string
	NotOffered string
}

// States returns the operations of a service, in alphabetic order.
func States(rows map[string]*Operation) []State {
	var states []State
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		states = append(states, State{name, rows[name].NotOffered})
	}
	return states
}

// handle is the life of a request from decoding to its answer.
func (r Row[In]) handle(ctx context.Context, c *Call) (*Response, error) {
	in, err := r.Decode(c)
	if err != nil {
		return nil, err
	}
	if r.Load != nil {
		if err := r.Load(ctx, c, in); err != nil {
			return nil, err
		}
	}
	if r.Checks != nil {
		checks := r.Checks(c, in)
		if len(checks) == 0 {
			return nil, errNoChecks(r.Name)
		}
		for i := range checks {
			if err := c.Authorize(ctx, &checks[i]); err != nil {
				return nil, err
			}
		}
	}
	return r.Run(ctx, c, in)
}

// Response is an answer before it is written. At most one of Body and Stream is set.
type Response struct {
	Status int // 0 means 200
	Header http.Header
	// Body is the whole body.
	Body []byte
	// Stream is copied to the client and closed. Header must then have Content-Length, unless the
	// length is not known.
	Stream io.ReadCloser
}

// Service is one of the APIs behind the port: its table of operations and its wire form.
type Service interface {
	// Name is the service's name in a SigV4 credential scope, such as "s3".
	Name() string
	// Route returns the operation that the request asks for, or an *apierr.Error. It may read the
	// form of a query request through c.Form.
	Route(c *Call) (*Operation, error)
	// Error renders err as an answer. The answer to HEAD has no body; the pipeline sees to that.
	Error(c *Call, err error) *Response
}

// FormPoster is a Service to which browsers post forms that upload a file.
type FormPoster interface {
	// PostsForm reports whether a request is such a form. It looks at the request line and the headers.
	PostsForm(r *http.Request) bool
}

// Locator is a service that can tell what a request addresses although it could not be authenticated, for the
// record of the request.
type Locator interface {
	// Locate fills in the record of the request.
	Locate(c *Call)
}

// Foreseer is a Service that can tell what a request will read before it is authenticated and routed.
type Foreseer interface {
	// Foresee says what the request is about. It changes nothing of c.
	Foresee(c *Call, subject *access.Subject)
}
