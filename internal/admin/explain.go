package admin

import (
	"context"
	"net/http"

	"crossgrant/internal/decisions"
	"crossgrant/internal/explain"
	"crossgrant/internal/questions"
)

// ExplainOperator explains decisions.
type ExplainOperator interface {
	// Explain explains the answer to a request that nobody made, in full. Errors are those of package questions.
	Explain(ctx context.Context, q questions.Question) (explain.Report, error)
}

// Explain explains the answer to a request that nobody made.
func (l *Local) Explain(ctx context.Context, q questions.Question) (explain.Report, error) {
	return l.Decisions.Ask(ctx, q, decisions.Operator)
}

// Explain explains the answer to a request that nobody made.
func (c *Client) Explain(ctx context.Context, q questions.Question) (report explain.Report, err error) {
	return report, c.do(ctx, http.MethodPost, "/explain", nil, q, &report)
}

// handleExplain serves operator's explanations.
func handleExplain(mux *http.ServeMux, operator ExplainOperator) {
	mux.HandleFunc("POST /explain", func(w http.ResponseWriter, r *http.Request) {
		var q questions.Question
		if err := decode(http.MaxBytesReader(w, r.Body, maxRequest), &q); err != nil {
			answer(w, nil, malformed(err))
			return
		}
		report, err := operator.Explain(r.Context(), q)
		answer(w, report, err)
	})
}
