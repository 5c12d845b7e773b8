package questions

import (
	"slices"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/explain"
	"crossgrant/internal/policy"
)

// Report decides a question and explains the answer. shown returns the name by which a principal of a stored
// policy is shown; nil: as it is stored.
func (a *Asked) Report(shown func(stored string) string) explain.Report {
	checks := make([]explain.Explanation, len(a.Checks))
	for i := range a.Checks {
		checks[i] = explain.Of(authz.Explain(a.Checks[i].Input), explain.Facts{Supposed: true, Shown: shown, Withheld: a.Checks[i].withheld})
	}
	return explain.NewReport(checks)
}

// Withhold takes out of every check what whoever asks may not know: it is judged as if nobody had said anything of
// these keys. What the question says itself stays. view returns what who asks is to a check.
func (a *Asked) Withhold(view func(in *authz.Input) explain.View) {
	for i := range a.Checks {
		j := &a.Checks[i]
		v, same := view(j.Input), oneOrganization(j.Input.Request.Context)
		j.withheld = func(key string) bool {
			return !slices.Contains(a.Given, strings.ToLower(key)) && v.Withheld(key, same)
		}
		known := policy.Over(j.Input.Request.Context)
		for _, key := range j.Input.Request.Context.Keys() {
			if j.withheld(key) {
				known.SetAbsent(key)
			}
		}
		in := *j.Input
		in.Request.Context = &known
		j.Input = &in
	}
}

// oneOrganization reports whether caller and resource are in one organization.
func oneOrganization(k *policy.Context) bool {
	caller, _, ok := k.Lookup("aws:PrincipalOrgID")
	resource, _, there := k.Lookup("aws:ResourceOrgID")
	return ok && there && slices.Equal(caller, resource)
}
