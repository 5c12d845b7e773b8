package decisions

import (
	"context"
	"strings"
	"time"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/questions"
	"crossgrant/internal/records"
)

// Difference is a decision on record that would be another one.
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
		for _, d := range r.Decisions {
			different, err := s.again(ctx, r, d, c, &out)
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

// again asks one decision again. It returns nil if the change makes no difference.
func (s *Service) again(ctx context.Context, r *records.RequestRecord, d *records.RequestDecision, c []*compiled, out *Replay) (*Difference, error) {
	in, why, err := s.input(ctx, r, d)
	if err != nil {
		return nil, err
	}
	if in == nil {
		out.Skipped[why]++
		return nil, nil
	}
	out.Decisions++
	changed, about, err := applyAll(c, in)
	if err != nil || !about {
		return nil, err
	}
	out.About++
	now, then := authz.Decide(in), authz.Decide(changed)
	recorded := authz.Effect(d.Effect)
	if now.Allowed() != (recorded == authz.Allow) {
		out.Drifted++
	}
	if now.Allowed() == then.Allowed() {
		return nil, nil
	}
	out.Changed++
	return &Difference{
		RequestID: r.RequestId, Time: time.Unix(0, r.Time).UTC(), Operation: r.Operation, Caller: r.CallerArn, Action: d.Action, Resource: string(d.Resource),
		Recorded: recorded.String(), Now: now.Effect.String(), Then: then.Effect.String(),
		By: then.By.Layer.String(), Source: then.By.Source(), Sid: then.By.Sid(),
	}, nil
}

// Why a decision cannot be asked again.
const (
	notKept      = "only its outcome was kept"
	noPolicy     = "a setting decided, whatever policies say"
	presented    = "the caller presented a token or assertion of an identity provider"
	gone         = "the caller, or what was asked for, is not there any more"
	notSupported = "callers of its kind cannot be asked about"
)

// input returns what a decision on record would depend on now: nil, and why not, if it cannot be asked again.
func (s *Service) input(ctx context.Context, r *records.RequestRecord, d *records.RequestDecision) (in *authz.Input, why string, err error) {
	switch {
	case d.Question == nil && len(d.Explanation) > 0:
		return nil, noPolicy, nil
	case d.Question == nil:
		return nil, notKept, nil
	case strings.HasPrefix(d.Action, "sts:AssumeRoleWith"):
		return nil, presented, nil
	}
	who := r.CallerArn
	if who == "" {
		who = access.AnonymousName
	}
	asked, err := s.asker.Ask(ctx, questions.Question{As: who, Action: d.Action, Resource: string(d.Resource)})
	if err != nil {
		switch e := apierr.From(err); {
		case e.Code == "ValidationError":
			return nil, notSupported, nil
		case e.Status < 500:
			return nil, gone, nil
		}
		return nil, "", err
	}
	in = asked.Checks[0].Input
	restore(in, d)
	return in, "", nil
}

// written are the actions by which an object is replaced or removed. What there is to replace is known only when a
// request has been let through so far: one that is denied before was judged by what needs the least.
var written = map[string]bool{"s3:PutObject": true, "s3:DeleteObject": true}

// object returns the object that a decision on record was about, as far as that is known: else as it is now.
func object(now *authz.Object, d *records.RequestDecision) *authz.Object {
	if written[d.Action] && authz.Effect(d.Effect) != authz.Allow {
		return now
	}
	if !d.Question.HasObject {
		return nil
	}
	owner := ids.CanonicalUserID(d.Question.ObjectOwner)
	return &authz.Object{Owner: owner, ACL: access.ACL(owner, d.Question.ObjectAcl)}
}

// restore puts what was kept of a decision into the input of the same question now.
func restore(in *authz.Input, d *records.RequestDecision) {
	var keys policy.Context
	for _, k := range d.Keys {
		values := make([]string, len(k.Values))
		for i, v := range k.Values {
			values[i] = string(v)
		}
		if k.Multi || len(values) != 1 {
			keys.SetMulti(string(k.Name), values)
		} else {
			keys.Set(string(k.Name), values[0])
		}
	}
	in.Request.Context = &keys
	q := d.Question
	in.BothSides = q.BothSides
	in.Session = nil
	if q.HasSession {
		session := authz.Layer{}
		for _, s := range q.Session {
			document, err := policy.Parse(policy.Session, []byte(s.Text), policy.Stored())
			session = append(session, authz.Source{Name: s.Name, Document: document, Fault: err})
		}
		in.Session = &session
	}
	if in.S3 == nil {
		return
	}
	in.S3.Object = object(in.S3.Object, d)
	in.S3.NewOwner, in.S3.Initiator, in.S3.AcceptsCharge = ids.CanonicalUserID(q.NewOwner), authz.Initiator(q.Initiator), q.AcceptsCharge
}
