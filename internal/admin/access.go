package admin

import (
	"context"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/reach"
)

// AccessOperator tells who can reach what.
type AccessOperator interface {
	// Access answers a question from the policies, as they are in one snapshot.
	Access(ctx context.Context, q reach.Question) (*reach.Result, error)
}

// Reach answers questions about access; package gather does.
type Reach interface {
	Answer(ctx context.Context, q reach.Question) (*reach.Result, error)
}

// Access answers a question.
func (l *Local) Access(ctx context.Context, q reach.Question) (*reach.Result, error) {
	return l.Reach.Answer(ctx, q)
}

// Access answers a question.
func (c *Client) Access(ctx context.Context, q reach.Question) (*reach.Result, error) {
	out := new(reach.Result)
	return out, c.patient().do(ctx, http.MethodPost, "/access", nil, q, out)
}

// handleAccess serves operator's answers.
func handleAccess(mux *http.ServeMux, operator AccessOperator) {
	mux.HandleFunc("POST /access", func(w http.ResponseWriter, r *http.Request) {
		var q reach.Question
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &q); err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, "ValidationError", "malformed request: %v", err))
			return
		}
		result, err := operator.Access(r.Context(), q)
		answer(w, result, err)
	})
}
