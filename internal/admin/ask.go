package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/questions"
)

const (
	// MaxQuestions is how many questions may be asked at once.
	MaxQuestions = 1000
	// maxAsked is the largest body of a request with questions, in bytes.
	maxAsked = 4 << 20
)

// AskOperator answers questions about requests that nobody made.
type AskOperator interface {
	// Ask answers at most MaxQuestions questions, each by itself: what is wrong with one is in its Answer. The error
	// is an *apierr.Error for too many, and any other for what could not be read.
	Ask(ctx context.Context, asked []questions.Question) ([]Answer, error)
}

// Answer is the decision about a question, or, if Code is not empty, why it cannot be asked.
type Answer struct {
	// Effect is the effect of the decision, in AWS's words: allowed, explicitDeny or implicitDeny.
	Effect string `json:",omitempty"`
	// Action is the action that was judged: the one that was asked about or, if that is allowed and another one
	// which the request implies is not, that one.
	Action string `json:",omitempty"`
	// Layer is what decided, in the words of AWS's messages; Source the name of its policy, grant or setting, and Sid
	// that of its statement, whose place in the policy, from 1, is Statement. They are empty, and 0, where the layer
	// is silent.
	Layer     string `json:",omitempty"`
	Source    string `json:",omitempty"`
	Sid       string `json:",omitempty"`
	Statement int    `json:",omitempty"`
	// Code and Message are those of an error in the question.
	Code    string `json:",omitempty"`
	Message string `json:",omitempty"`
}

// Ask answers questions.
func (l *Local) Ask(ctx context.Context, asked []questions.Question) ([]Answer, error) {
	if len(asked) > MaxQuestions {
		return nil, apierr.New(http.StatusBadRequest, "ValidationError", "%d questions are more than %d at once", len(asked), MaxQuestions)
	}
	answers := make([]Answer, len(asked))
	for i, q := range asked {
		put, err := l.Questions.Ask(ctx, q)
		var wrong *apierr.Error
		switch {
		case errors.As(err, &wrong):
			answers[i] = Answer{Code: wrong.Code, Message: wrong.Message}
		case err != nil:
			return nil, fmt.Errorf("ask whether %s may %s: %w", q.As, q.Action, err)
		default:
			answers[i] = decided(put)
		}
	}
	return answers, nil
}

// decided returns the decision about a question: the first of its checks that is denied, or else the first. An operator
// is told that a role does not exist, which callers of other accounts are not.
func decided(put *questions.Asked) Answer {
	var first *Answer
	for _, judged := range put.Checks {
		if trust := judged.Check.Policy; trust != nil && trust.Fault == nil && len(trust.Document.Statements) == 0 {
			return Answer{Code: "NoSuchEntity", Message: fmt.Sprintf("There is no role %s.", judged.Check.Resource)}
		}
		d := authz.Decide(judged.Input)
		a := answerOf(&judged, &d)
		if !d.Allowed() {
			return a
		}
		if first == nil {
			first = &a
		}
	}
	if first == nil {
		return Answer{Code: "InternalFailure", Message: "The question asks nothing."} // which is no permission
	}
	return *first
}

func answerOf(judged *questions.Judged, d *authz.Decision) Answer {
	return Answer{
		Effect: d.Effect.String(), Action: judged.Check.Action, Layer: d.By.Layer.String(), Source: d.By.Source(), Sid: d.By.Sid(),
		Statement: int(d.By.Statement) + 1,
	}
}

// Ask has the server answer questions.
func (c *Client) Ask(ctx context.Context, asked []questions.Question) (answers []Answer, err error) {
	if err := c.do(ctx, http.MethodPost, "/ask", nil, asked, &answers); err != nil {
		return nil, err
	}
	if len(answers) != len(asked) {
		return nil, fmt.Errorf("the server gave %d answers to %d questions", len(answers), len(asked))
	}
	return answers, nil
}

// handleAsk serves operator's answers.
func handleAsk(mux *http.ServeMux, operator AskOperator) {
	mux.HandleFunc("POST /ask", func(w http.ResponseWriter, r *http.Request) {
		var asked []questions.Question
		if err := decode(http.MaxBytesReader(w, r.Body, maxAsked), &asked); err != nil {
			answer(w, nil, apierr.New(http.StatusBadRequest, "InvalidInputException", "malformed request: %v", err))
			return
		}
		answers, err := operator.Ask(r.Context(), asked)
		answer(w, answers, err)
	})
}
