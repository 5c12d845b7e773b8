package matrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	operators "crossgrant/internal/admin"
	"crossgrant/internal/explain"
	"crossgrant/internal/questions"
)

// TestExplanations asks `explain` about requests of the matrix before they are made: the answer is the one that the
// rules compute, of a denial the layer that decided is, and the first change of policies that is suggested, made
// through the public APIs, allows the request and nothing else that is asked.
func TestExplanations(t *testing.T) {
	server := startServer(t)
	ctx := t.Context()
	tree, err := newOrganization(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(ctx, server, tree, "explained")
	if err != nil {
		t.Fatal(err)
	}
	operator, err := operators.Dial(server.Data)
	if err != nil {
		t.Fatal(err)
	}
	told := &teller{T: t, operator: operator, byLayer: map[string]int{}}
	for i := range combinations {
		if row := &combinations[i]; row.deny.session == noPolicy {
			if err := w.explain(ctx, row, told); err != nil {
				t.Fatalf("%s: %v", row.deny.name, err)
			}
		}
	}
	t.Logf("%d answers, denials by layer %v, %d remedies made, %d requests asked about again", told.asked, told.byLayer, told.made, told.probed)
	for _, layer := range []string{identityLayer, boundaryLayer, scpLayer, rcpLayer, resourceLayer, trustLayer, objectLayer} {
		if told.byLayer[layer] == 0 {
			t.Errorf("no denial is by %s", layer)
		}
	}
	if told.made < 20 {
		t.Errorf("%d remedies were made, want at least 20", told.made)
	}
}

// The layers in AWS's terms.
const (
	identityLayer = "identity-based policy"
	boundaryLayer = "permissions boundary"
	scpLayer      = "service control policy"
	rcpLayer      = "resource control policy"
	resourceLayer = "resource-based policy"
	trustLayer    = "role trust policy"
	objectLayer   = "object ACL"
)

// teller asks for explanations and counts them.
type teller struct {
	*testing.T
	operator            *operators.Client
	asked, made, probed int
	byLayer             map[string]int
}

// every is how many requests of a configuration one is asked about.
const every = 5

// explain arranges the configurations of a row and asks about them.
func (w *world) explain(ctx context.Context, row *combination, told *teller) error {
	var stages []*stage
	for _, c := range row.configurations() {
		s, err := w.arrange(ctx, c)
		if err != nil {
			return err
		}
		stages = append(stages, s)
	}
	lift, err := w.impose(ctx, &row.deny)
	if err != nil {
		return err
	}
	for i, s := range stages {
		if err := s.explainSome(ctx, i, told); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return lift()
}

// explainSome asks about some requests of a stage, and makes the remedy of the first that has one.
func (s *stage) explainSome(ctx context.Context, from int, told *teller) error {
	made := false
	n := from
	for _, who := range s.askable() {
		for _, a := range s.actions {
			if n++; n%every != 0 || !askable(who, a) {
				continue
			}
			report, err := s.tell(ctx, who, a, told)
			if err != nil {
				return err
			}
			if report.Allowed || made {
				continue
			}
			if made, err = s.remedy(ctx, who, a, report, told); err != nil {
				return fmt.Errorf("%s of %s: %s: %w", who.kind, who.account, a, err)
			}
		}
	}
	return nil
}

// askable are the callers that can be named: a session is one without session policy.
func (s *stage) askable() []*caller {
	var out []*caller
	for _, who := range s.callers {
		if !who.isNarrowed() {
			out = append(out, who)
		}
	}
	return out
}

// askable reports whether the answer follows from policies: what anonymous callers may read of a bucket policy,
// and whether they and root users may assume roles, does not.
func askable(who *caller, a action) bool {
	return !(who.kind == anonymous && (a == getBucketPolicy || a == assumeRole)) && !(who.kind == root && a == assumeRole)
}

// tell asks about one request and compares answer and layer.
func (s *stage) tell(ctx context.Context, who *caller, a action, told *teller) (explain.Report, error) {
	report, err := told.operator.Explain(ctx, s.question(who, a))
	if err != nil {
		return report, err
	}
	told.asked++
	v := judge(s.configuration, who, a)
	if report.Allowed != v.allowed {
		told.Errorf("%s: %s of %s: %s: %s", s, who.kind, who.account, a, report.Verdict)
		return report, nil
	}
	if v.allowed {
		return report, nil
	}
	layer := decidedBy(report)
	told.byLayer[layer]++
	if want := s.decider(who, a, v); layer != want {
		told.Errorf("%s: %s of %s: %s: decided by %s, want %s: %s", s, who.kind, who.account, a, layer, want, report.Verdict)
	}
	return report, nil
}

func decidedBy(r explain.Report) string {
	for _, l := range r.Checks[0].Layers {
		if l.Decided {
			return l.Layer
		}
	}
	return "no layer"
}

// question is the request of an action.
func (s *stage) question(who *caller, a action) questions.Question {
	bucket := "arn:aws:s3:::" + s.bucket
	q := questions.Question{As: "anonymous", Resource: bucket}
	if who.kind != anonymous {
		m := s.world.members[who.account]
		q.As = map[kind]string{
			root: m.id, admin: m.arn("iam", "user/"+adminName), plain: m.arn("iam", "user/"+plainName), worker: m.arn("iam", "user/"+workerName),
			role: m.arn("sts", "assumed-role/"+roleName+"/"+workName), bare: m.arn("sts", "assumed-role/"+bareName+"/"+workName),
		}[who.kind]
	}
	q.Action = map[action]string{
		putObject: "s3:PutObject", overwriteObject: "s3:PutObject", getObject: "s3:GetObject", deleteObject: "s3:DeleteObject",
		listBucket: "s3:ListBucket", putObjectACL: "s3:PutObjectAcl", getBucketPolicy: "s3:GetBucketPolicy", assumeRole: "sts:AssumeRole",
	}[a]
	switch a {
	case putObject, overwriteObject, deleteObject:
		q.Resource += "/" + s.ownKey(who, a)
	case getObject, putObjectACL:
		q.Resource += "/" + sharedKey
	case assumeRole:
		q.Resource = s.role
	}
	return q
}

// decider is the layer that a denial is attributed to, by the tables.
func (s *stage) decider(who *caller, a action, v verdict) string {
	resource := resourceLayer
	if a == assumeRole {
		resource = trustLayer
	}
	d := &s.deny
	switch {
	case !v.explicit && d.scp == silentPolicy && who.isMember():
		return scpLayer
	case !v.explicit:
		return s.missing(who, a, resource)
	case d.rcp == denyPolicy:
		return rcpLayer
	case d.scp == denyPolicy && who.isMember():
		return scpLayer
	case d.identity == denyPolicy && who.isPrincipal():
		return identityLayer
	case d.boundary == denyPolicy && who.isPrincipal():
		return boundaryLayer
	default:
		return resource // a Deny of it, or RestrictPublicBuckets
	}
}

// missing is the layer that should have allowed.
func (s *stage) missing(who *caller, a action, resource string) string {
	authority, grant := s.authority(a), s.grant.policy.names(who)
	if a == assumeRole {
		if grant == nothing {
			return resource
		}
	} else if list := s.listGrant(who, a); authority != owner || list > grant {
		grant = list
	}
	if who.account != authority && grant == nothing {
		if authority != owner {
			return objectLayer
		}
		return resource
	}
	silent := s.deny.boundary == silentPolicy && who.isPrincipal()
	own := who.account == authority && grant == limited || who.account == owner && s.grant.policy.names(who) == limited
	if silent && (own || who.kind != plain && who.kind != bare) {
		return boundaryLayer
	}
	return identityLayer
}

// remedy makes the first remedy that is for the accounts to make, and reports whether it was one that this test can
// make. Then the request is allowed, and what else is asked about is answered as before.
func (s *stage) remedy(ctx context.Context, who *caller, a action, report explain.Report, told *teller) (made bool, err error) {
	r := firstExact(report)
	if r == nil || s.deny.scp != noPolicy || s.deny.rcp != noPolicy {
		return false, nil // what denies the request may deny the change as well
	}
	var undo []func() error
	for i := range r.Edits {
		back, err := s.make(ctx, &r.Edits[i], who)
		if err != nil {
			return false, fmt.Errorf("%s: %w", r.Edits[i].Text, err)
		}
		undo = append(undo, back)
	}
	told.made++
	// ownKey is of the rules: the key that was asked about is still the one.
	after, err := told.operator.Explain(ctx, s.question(who, a))
	if err != nil {
		return false, err
	}
	if !after.Allowed {
		told.Errorf("%s: %s of %s: %s: still denied after %+v: %s", s, who.kind, who.account, a, r.Edits, after.Verdict)
	}
	if err := s.probe(ctx, who, a, told); err != nil {
		return false, err
	}
	return true, all(undo...)
}

// probe asks about all other requests of the stage.
func (s *stage) probe(ctx context.Context, who *caller, a action, told *teller) error {
	changed := s.question(who, a)
	for _, other := range s.askable() {
		for _, b := range s.actions {
			q := s.question(other, b)
			if q.As == changed.As && q.Action == changed.Action && q.Resource == changed.Resource || !askable(other, b) {
				continue
			}
			got, err := told.operator.Explain(ctx, q)
			if err != nil {
				return err
			}
			told.probed++
			if want := judge(s.configuration, other, b).allowed; got.Allowed != want {
				told.Errorf("%s: the remedy for %+v makes %+v: %s", s, changed, q, got.Verdict)
			}
		}
	}
	return nil
}

// firstExact returns the first remedy of which all edits are of policies of users, roles and buckets, and open
// nothing else; nil if there is none.
func firstExact(report explain.Report) *explain.Remedy {
	for i := range report.Checks[0].Remedies {
		r := &report.Checks[0].Remedies[i]
		ok := len(r.Also) == 0
		for j := range r.Edits {
			e := &r.Edits[j]
			statements := e.Kind == "AddStatement" || e.Kind == "ExceptFromDeny"
			inline := e.Layer == identityLayer && (e.Policy == "" || !strings.HasPrefix(e.Policy, "arn:"))
			ok = ok && statements && (inline || e.Layer == resourceLayer || e.Layer == trustLayer)
		}
		if ok {
			return r
		}
	}
	return nil
}

// make makes an edit and returns what takes it back.
func (s *stage) make(ctx context.Context, e *explain.Edit, who *caller) (undo func() error, err error) {
	switch e.Layer {
	case resourceLayer:
		return s.editBucketPolicy(ctx, e)
	case trustLayer:
		return s.editTrust(ctx, e)
	default:
		return s.editIdentity(ctx, e, who)
	}
}

// edited returns a document with an edit made; text may be empty.
func edited(text string, e *explain.Edit) (string, error) {
	var d struct {
		Version   string
		Statement []json.RawMessage
	}
	d.Version = "2012-10-17"
	if text != "" {
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return "", err
		}
	}
	if e.Replaces > 0 {
		rest := append([]json.RawMessage(nil), d.Statement[e.Replaces:]...)
		d.Statement = append(d.Statement[:e.Replaces-1:e.Replaces-1], rest...)
	}
	d.Statement = append(d.Statement, e.Statements...)
	out, err := json.Marshal(d)
	return string(out), err
}

func (s *stage) editBucketPolicy(ctx context.Context, e *explain.Edit) (undo func() error, err error) {
	c := s.owner().s3
	before := ""
	if got, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &s.bucket}); err == nil {
		before = *got.Policy
	}
	put := func(text string) error {
		_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &s.bucket, Policy: &text})
		return err
	}
	after, err := edited(before, e)
	if err != nil {
		return nil, err
	}
	return func() error {
		if before != "" {
			return put(before)
		}
		_, err := c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &s.bucket})
		return err
	}, put(after)
}

func (s *stage) editTrust(ctx context.Context, e *explain.Edit) (undo func() error, err error) {
	c := s.owner().iam
	got, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: &s.bucket})
	if err != nil {
		return nil, err
	}
	before, err := url.PathUnescape(*got.Role.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	put := func(text string) error {
		_, err := c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &s.bucket, PolicyDocument: &text})
		return err
	}
	after, err := edited(before, e)
	if err != nil {
		return nil, err
	}
	return func() error { return put(before) }, put(after)
}

// editIdentity edits an inline policy of a user or role, or makes one.
func (s *stage) editIdentity(ctx context.Context, e *explain.Edit, who *caller) (undo func() error, err error) {
	c := s.world.members[who.account].root.iam
	name, before := "remedy", ""
	entity := map[kind]string{admin: adminName, plain: plainName, worker: workerName, role: roleName, bare: bareName}[who.kind]
	ofRole := who.kind == role || who.kind == bare
	if e.Policy != "" {
		name = e.Policy[strings.LastIndexByte(e.Policy, '/')+1:]
		before = *document(denyActions)
	}
	put := func(text string) error {
		if ofRole {
			_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &entity, PolicyName: &name, PolicyDocument: &text})
			return err
		}
		_, err := c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &entity, PolicyName: &name, PolicyDocument: &text})
		return err
	}
	after, err := edited(before, e)
	if err != nil {
		return nil, err
	}
	return func() error {
		if before != "" {
			return put(before)
		}
		if ofRole {
			_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &entity, PolicyName: &name})
			return err
		}
		_, err := c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &entity, PolicyName: &name})
		return err
	}, put(after)
}
