package gather

import (
	"testing"

	"crossgrant/internal/reach"
)

// A question about nothing in particular is answered with all that questions about each bucket and each principal
// are.
func TestEverything(t *testing.T) {
	t.Parallel()
	w := small(t)
	all := w.answer(reach.Question{})
	has := map[string]bool{}
	for _, p := range all.Paths {
		has[p.Principal+" "+p.Target+" "+p.Text] = true
	}
	var questions []reach.Question
	for _, target := range all.Targets {
		if target.Kind == reach.BucketTarget {
			questions = append(questions, reach.Question{Bucket: target.Name})
		}
	}
	for _, p := range all.Principals {
		questions = append(questions, reach.Question{Principal: p.ID})
	}
	if len(all.Accounts) != 3 || len(questions) < 5 {
		t.Errorf("%d accounts, %d questions", len(all.Accounts), len(questions))
	}
	for _, q := range questions {
		for _, p := range w.answer(q).Paths {
			if !has[p.Principal+" "+p.Target+" "+p.Text] {
				t.Errorf("%+v: %s -> %s: %s is missing", q, p.Principal, p.Target, p.Text)
			}
		}
	}
}
