package decisions

import (
	"context"
	"net/http"
	"slices"

	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/explain"
	"crossgrant/internal/questions"
)

// ownHalf is the verdict about a request that nobody made and that goes to another account.
const ownHalf = "Only what the policies of your own account say is told: the request goes from one account to another, and both decide."

// Ask explains a request that nobody made. Of one across accounts an account is told what its own policies say, and not
// what would come of it: that would tell, without a trace, what the other's policies say.
func (s *Service) Ask(ctx context.Context, q questions.Question, viewer Viewer) (explain.Report, error) {
	asked, err := s.asker.Ask(ctx, q)
	if err == nil && !viewer.party(asked) || err != nil && !viewer.operator && apierr.From(err).Code == "NoSuchEntity" {
		// Whether another account has a principal of that name is not told either.
		return explain.Report{}, apierr.New(http.StatusNotFound, "NoSuchEntity", "There is no principal %s in your account, or that asks for something of yours.", q.As)
	}
	if err != nil {
		return explain.Report{}, err
	}
	if viewer.operator {
		return asked.Report(s.opts.Shown), nil
	}
	asked.Withhold(func(in *authz.Input) explain.View {
		return explain.View{Caller: asked.Caller.Account == viewer.account, Owner: in.Owner == viewer.account}
	})
	return viewer.supposed(asked.Report(s.opts.Shown)), nil
}

// party reports whether the viewer has to do with what is asked: who asks, or what for, is of its account.
func (v Viewer) party(asked *questions.Asked) bool {
	of := func(j questions.Judged) bool { return j.Input.Owner == v.account }
	return v.operator || asked.Caller.Account == v.account || slices.ContainsFunc(asked.Checks, of)
}

// supposed returns what an account may see of a request that nobody made.
func (v Viewer) supposed(r explain.Report) explain.Report {
	whole := true
	for i := range r.Checks {
		view := v.view(&r.Checks[i])
		whole = whole && view.Owner && (view.Caller || r.Checks[i].Principal.Account == "") && (view.ObjectOwner || r.Checks[i].ObjectOwner == "")
	}
	shown := r.For(v.view)
	if shown == nil {
		return explain.Report{Verdict: ownHalf}
	}
	if r = *shown; whole {
		return r
	}
	r.Allowed, r.Verdict = false, ownHalf
	for i := range r.Checks {
		e := &r.Checks[i]
		e.Effect, e.Verdict, e.DecidedBy, e.Misses, e.Remedies = "", ownHalf, "", nil, nil
		for j := range e.Layers {
			e.Layers[j].Decided = false
		}
	}
	return r
}
