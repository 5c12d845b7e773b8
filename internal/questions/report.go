package questions

import (
	"crossgrant/internal/authz"
	"crossgrant/internal/explain"
)

// Report decides a question and explains the answer. shown returns the name by which a principal of a stored
// policy is shown; nil: as it is stored.
func (a *Asked) Report(shown func(stored string) string) explain.Report {
	checks := make([]explain.Explanation, len(a.Checks))
	for i := range a.Checks {
		checks[i] = explain.Of(authz.Explain(a.Checks[i].Input), explain.Facts{Supposed: true, Shown: shown})
	}
	return explain.NewReport(checks)
}
