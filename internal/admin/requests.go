package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"crossgrant/internal/apierr"
	"crossgrant/internal/decisions"
)

// RequestOperator finds the records of requests, and asks what was decided again.
type RequestOperator interface {
	// Requests returns what a query finds.
	Requests(ctx context.Context, q decisions.Query) (decisions.Page, error)
	// Request returns the request of an ID: NoSuchRequest.
	Request(ctx context.Context, id string) (decisions.Request, error)
	// Replay asks the decisions that a query finds again with changed policies. tell is called with each line, the
	// last of which has the result; its error ends the run.
	Replay(ctx context.Context, order ReplayOrder, tell func(ReplayLine) error) error
}

// ReplayOrder says what is asked again, and with which change.
type ReplayOrder struct {
	Query   decisions.Query
	Changes []decisions.Change
}

// ReplayLine is one thing that is told of a replay: exactly one of its fields is set.
type ReplayLine struct {
	Difference *decisions.Difference `json:",omitempty"`
	Progress   *decisions.Replay     `json:",omitempty"`
	Result     *decisions.Replay     `json:",omitempty"`
	// Failure says why the run could not be finished.
	Failure *Failure `json:",omitempty"`
}

// Requests returns what a query finds.
func (l *Local) Requests(ctx context.Context, q decisions.Query) (decisions.Page, error) {
	return l.Decisions.Find(ctx, q, decisions.Operator)
}

// Request returns the request of an ID.
func (l *Local) Request(ctx context.Context, id string) (decisions.Request, error) {
	return l.Decisions.Explain(ctx, id, decisions.Operator)
}

// Replay asks decisions again.
func (l *Local) Replay(ctx context.Context, order ReplayOrder, tell func(ReplayLine) error) error {
	result, err := l.Decisions.Replay(ctx, order.Query, order.Changes,
		func(d decisions.Difference) error { return tell(ReplayLine{Difference: &d}) },
		func(so decisions.Replay) error { return tell(ReplayLine{Progress: &so}) })
	if err != nil {
		return err
	}
	return tell(ReplayLine{Result: &result})
}

// Requests returns what a query finds.
func (c *Client) Requests(ctx context.Context, q decisions.Query) (page decisions.Page, err error) {
	return page, c.do(ctx, http.MethodPost, "/requests", nil, q, &page)
}

// Request returns the request of an ID.
func (c *Client) Request(ctx context.Context, id string) (r decisions.Request, err error) {
	return r, c.do(ctx, http.MethodGet, "/request", url.Values{"id": {id}}, nil, &r)
}

// Replay has the server ask decisions again. It takes as long as it takes: the run ends with ctx.
func (c *Client) Replay(ctx context.Context, order ReplayOrder, tell func(ReplayLine) error) error {
	ended := func(err error) error { return fmt.Errorf("the server ended before the replay was finished: %w", err) }
	return readLines(ctx, c, "/replay", url.Values{}, order, ended, func(line ReplayLine) (last bool, err error) {
		if f := line.Failure; f != nil {
			return true, f.err()
		}
		return line.Result != nil, tell(line)
	})
}

// err returns what failed.
func (f *Failure) err() error {
	if f.Code == "" {
		return errors.New(f.Message)
	}
	return apierr.New(http.StatusBadRequest, f.Code, "%s", f.Message)
}

func handleRequests(mux *http.ServeMux, operator RequestOperator) {
	mux.HandleFunc("POST /requests", func(w http.ResponseWriter, r *http.Request) {
		var q decisions.Query
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &q); err != nil {
			answer(w, nil, malformed(err))
			return
		}
		page, err := operator.Requests(r.Context(), q)
		answer(w, page, err)
	})
	mux.HandleFunc("GET /request", func(w http.ResponseWriter, r *http.Request) {
		found, err := operator.Request(r.Context(), r.URL.Query().Get("id"))
		answer(w, found, err)
	})
	mux.HandleFunc("POST /replay", func(w http.ResponseWriter, r *http.Request) {
		var order ReplayOrder
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &order); err != nil {
			answer(w, nil, malformed(err))
			return
		}
		tell := sendLines[ReplayLine](w)
		if err := operator.Replay(r.Context(), order, tell); err != nil {
			failure := failureOf(err)
			_ = tell(ReplayLine{Failure: &failure}) // who cannot be told is gone
		}
	})
}

func malformed(err error) error {
	return apierr.New(http.StatusBadRequest, "InvalidInputException", "malformed request: %v", err)
}
