package decisions

import (
	"context"
	"net/http"
	"time"

	"crossgrant/internal/authz"
	"crossgrant/internal/records"
)

// Difference is a decision on record that would be another one. One of a request that was refused would be allowed if
// the request would be, as far as what was not asked any more follows from the record: of a write its ACL and its tags.
type Difference struct {
	RequestID string `json:"RequestId"`
	Time      time.Time
	Operation string
	Caller    string // ARN; empty: anonymous
	Action    string
	Resource  string
	// Recorded is what was decided, Now what would be decided with all policies as they are now, Then what with the
	// change: "allowed", "explicitDeny" or "implicitDeny".
	Recorded, Now, Then string
	// By is the layer, and Source the policy, ACL grant or setting that would decide then; Sid is of its statement.
	By     string
	Source string `json:",omitempty"`
	Sid    string `json:",omitempty"`
}

// Replay is what came of asking decisions again.
type Replay struct {
	// Requests is how many requests were looked at, Decisions how many of their decisions were asked again, and About
	// on how many of these the changed policies bear.
	Requests, Decisions, About int
	// Changed is how many the change would decide otherwise than they would be decided now.
	Changed int
	// Drifted is how many would be decided otherwise than recorded already now, because something else changed.
	Drifted int
	// Skipped is how many could not be asked again, by why.
	Skipped map[string]int `json:",omitempty"`
}

// reportEvery is how many requests are looked at between two reports of progress.
const reportEvery = 1000

// Replay asks the decisions of the requests that a query finds again, with changed policies: as the same callers, with
// the condition keys, session policies and object of then, and all other policies as they are now. It calls tell with
// each decision whose outcome they would change, the latest first, and progress now
// and then; an error of tell ends it. The caller may see everything.
func (s *Service) Replay(ctx context.Context, q Query, changes []Change, tell func(Difference) error, progress func(Replay) error) (Replay, error) {
	var out Replay
	c, err := compile(changes)
	if err != nil {
		return out, err
	}
	out.Skipped = map[string]int{}
	_, err = s.each(ctx, q, 0, func(r *records.RequestRecord) (bool, error) {
		out.Requests++
		for _, together := range outcomes(r) {
			different, err := s.again(ctx, r, together, c, &out)
			if err == nil && different != nil {
				err = tell(*different)
			}
			if err != nil {
				return false, err
			}
		}
		if out.Requests%reportEvery == 0 {
			return true, progress(out)
		}
		return q.Limit == 0 || out.Requests < q.Limit, nil
	})
	return out, err
}

// outcomes returns the decisions of a request by what came of them: of one that was refused all together, so that it is
// allowed if all of them are; else each alone, as each of the objects of DeleteObjects is removed or not.
func outcomes(r *records.RequestRecord) [][]*records.RequestDecision {
	if r.Status == http.StatusForbidden && len(r.Decisions) > 0 {
		return [][]*records.RequestDecision{r.Decisions}
	}
	var out [][]*records.RequestDecision
	for _, d := range r.Decisions {
		out = append(out, []*records.RequestDecision{d})
	}
	return out
}

// again asks decisions again that have one outcome. It returns nil if the change makes no difference.
func (s *Service) again(ctx context.Context, r *records.RequestRecord, together []*records.RequestDecision, c []*compiled, out *Replay) (*Difference, error) {
	var inputs []*authz.Input
	recorded := authz.Allow
	for _, d := range together {
		more, why, err := s.inputs(ctx, r, d, false)
		if err != nil {
			return nil, err
		}
		if more == nil {
			out.Skipped[why] += len(together)
			return nil, nil
		}
		inputs, recorded = append(inputs, more...), authz.Effect(d.Effect)
	}
	out.Decisions += len(together)
	changed, about, err := applyToEach(c, inputs)
	if err != nil || !about {
		return nil, err
	}
	out.About++
	now, _ := decide(inputs)
	then, by := decide(changed)
	if now.Allowed() != (recorded == authz.Allow) {
		out.Drifted++
	}
	if now.Allowed() == then.Allowed() {
		return nil, nil
	}
	out.Changed++
	return &Difference{
		RequestID: r.RequestId, Time: time.Unix(0, r.Time).UTC(), Operation: r.Operation, Caller: r.CallerArn, Action: by.Request.Action, Resource: by.Request.Resource,
		Recorded: recorded.String(), Now: now.Effect.String(), Then: then.Effect.String(),
		By: then.By.Layer.String(), Source: then.By.Source(), Sid: then.By.Sid(),
	}, nil
}

// applyToEach returns inputs with all changes, and whether any is about any of them.
func applyToEach(c []*compiled, inputs []*authz.Input) (changed []*authz.Input, about bool, err error) {
	for _, in := range inputs {
		next, bears, err := applyAll(c, in)
		if err != nil {
			return nil, false, err
		}
		changed, about = append(changed, next), about || bears
	}
	return changed, about, nil
}
