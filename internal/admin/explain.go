package admin

import (
	"context"
	"net/http"

	"crossgrant/internal/apierr"
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
	asked, err := l.Questions.Ask(ctx, q)
	if err != nil {
		return explain.Report{}, err
	}
	return asked.Report(func(stored string) string {
		if shown, err := l.PrincipalARN(ctx, stored); err == nil {
			return shown
		}
		return stored
	}), nil
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
			answer(w, nil, apierr.New(http.StatusBadRequest, "ValidationError", "malformed request: %v", err))
			return
		}
		report, err := operator.Explain(r.Context(), q)
		answer(w, report, err)
	})
}
