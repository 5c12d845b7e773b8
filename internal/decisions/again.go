package decisions

import (
	"context"
	"strings"

	"crossgrant/internal/access"
	"crossgrant/internal/apierr"
	"crossgrant/internal/authz"
	"crossgrant/internal/ids"
	"crossgrant/internal/policy"
	"crossgrant/internal/questions"
	"crossgrant/internal/records"
)

// Why a decision cannot be asked again.
const (
	notKept      = "only its outcome was kept"
	noPolicy     = "a setting decided, whatever policies say"
	presented    = "the caller presented a token or assertion of an identity provider"
	gone         = "the caller, or what was asked for, is not there any more"
	notSupported = "callers of its kind cannot be asked about"
)

// inputs returns what a decision on record would depend on now: nil, and why not, if it cannot be asked again. If it was
// denied, that of the checks follows which were not asked any more, as far as they follow from the condition keys.
// current: the object is that which is there, and not the one of then, if any is.
func (s *Service) inputs(ctx context.Context, r *records.RequestRecord, d *records.RequestDecision, current bool) (inputs []*authz.Input, why string, err error) {
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
	asked, err := s.asker.Ask(ctx, questions.Question{As: who, Action: d.Action, Resource: string(d.Resource), Context: telling(d.Keys)})
	if err != nil {
		switch e := apierr.From(err); {
		case e.Code == "ValidationError":
			return nil, notSupported, nil
		case e.Status < 500:
			return nil, gone, nil
		}
		return nil, "", err
	}
	for i := range asked.Checks {
		in := asked.Checks[i].Input
		restore(in, d)
		if i == 0 {
			restoreS3(in, d, current)
		}
		if inputs = append(inputs, in); authz.Effect(d.Effect) == authz.Allow {
			break // the others are on record themselves
		}
	}
	return inputs, "", nil
}

// telling returns those of the condition keys that tell what is asked for: which version, and with a write which ACL and
// tags.
func telling(keys []*records.RequestKey) []questions.Value {
	var out []questions.Value
	for _, k := range keys {
		name := strings.ToLower(string(k.Name))
		for _, prefix := range []string{"s3:versionid", "s3:x-amz-acl", "s3:x-amz-grant-", "s3:requestobjecttag"} {
			if strings.HasPrefix(name, prefix) {
				out = append(out, questions.Value{Key: string(k.Name), Values: texts(k.Values)})
			}
		}
	}
	return out
}

func texts(values [][]byte) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// decide decides inputs one after the other, as the pipeline does: the decision is that of the first that is denied, or
// if none is that of the first.
func decide(inputs []*authz.Input) (authz.Decision, *authz.Input) {
	for _, in := range inputs {
		if d := authz.Decide(in); !d.Allowed() {
			return d, in
		}
	}
	return authz.Decide(inputs[0]), inputs[0]
}

// restore puts what was kept of a request into an input of now.
func restore(in *authz.Input, d *records.RequestDecision) {
	var keys policy.Context
	for _, k := range d.Keys {
		if values := texts(k.Values); k.Multi || len(values) != 1 {
			keys.SetMulti(string(k.Name), values)
		} else {
			keys.Set(string(k.Name), values[0])
		}
	}
	in.Request.Context = &keys
	q := d.Question
	in.BothSides = q.BothSides
	in.Session = nil
	if !q.HasSession {
		return
	}
	session := authz.Layer{}
	for _, s := range q.Session {
		document, err := policy.Parse(policy.Session, []byte(s.Text), policy.Stored())
		session = append(session, authz.Source{Name: s.Name, Document: document, Fault: err})
	}
	in.Session = &session
}

// restoreS3 puts what was kept of what a decision was about into the input of the same question now.
func restoreS3(in *authz.Input, d *records.RequestDecision, current bool) {
	if in.S3 == nil {
		return
	}
	q := d.Question
	in.S3.NewOwner, in.S3.Initiator, in.S3.AcceptsCharge = ids.CanonicalUserID(q.NewOwner), authz.Initiator(q.Initiator), q.AcceptsCharge
	if !current || in.S3.Object == nil {
		in.S3.Object = object(in.S3.Object, d)
	}
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
