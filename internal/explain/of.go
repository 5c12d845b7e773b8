package explain

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// Facts are what an Explanation needs to know beside what was decided.
type Facts struct {
	// Principal, Action, Resource and Owner tell of the request where a setting refused it and there is no Input;
	// else they are not looked at.
	Principal        policy.Principal
	Action, Resource string
	Owner            string
	// Supposed says that nobody made the request: the condition keys that matter and are not known are told then.
	Supposed bool
	// Withheld reports whether a condition key counts as one of which nobody said anything; nil: none does.
	Withheld func(key string) bool
	// WithoutRemedies leaves out the remedies, which take far longer to find than the rest.
	WithoutRemedies bool
	// Shown returns the name by which a principal of a stored policy is shown; nil: as it is stored.
	Shown func(stored string) string
}

// Of explains a decision in full. What is for one account to see is For.
func Of(x authz.Explanation, f Facts) Explanation {
	if x.Input != nil && len(x.Reasons) == 0 {
		x = authz.Explain(x.Input)
	}
	t := &teller{Facts: f, x: &x}
	t.request()
	t.layers()
	t.decided()
	t.settings()
	t.misses()
	t.remedies()
	if f.Supposed {
		t.unknown()
	}
	t.out.Verdict = verdict(&t.out)
	return t.out
}

// teller is an Explanation in the making.
type teller struct {
	Facts
	x   *authz.Explanation
	out Explanation
}

func (t *teller) request() {
	e, p := &t.out, &t.Principal
	e.Effect, e.Action, e.Resource, e.Owner = t.x.Effect.String(), t.Action, t.Resource, t.Owner
	if in := t.x.Input; in != nil {
		e.Action, e.Resource, e.Owner = in.Request.Action, in.Request.Resource, string(in.Owner)
		if in.Request.Principal != nil {
			p = in.Request.Principal
		}
	}
	e.Principal = principalOf(p)
	if in := t.x.Input; in != nil && t.foreign() {
		e.ObjectOwner = string(in.S3.Object.Owner)
	}
}

func principalOf(p *policy.Principal) Principal {
	out := Principal{Kind: kindNames[p.Kind], ARN: p.ARN, Account: string(p.Account), Name: p.Name}
	switch {
	case p.Provider != "":
		out.Kind, out.ARN = "WebIdentity", p.Provider
	case p.Kind == policy.RoleSession:
		out.Name = p.EntityARN[strings.LastIndexByte(p.EntityARN, '/')+1:]
	}
	return out
}

var kindNames = map[policy.Kind]string{
	policy.Anonymous: "Anonymous", policy.Root: "Root", policy.User: "User", policy.RoleSession: "AssumedRole",
	policy.FederatedUser: "FederatedUser", policy.Service: "Service",
}

// foreign reports whether the ACL of an object decides that belongs to another account than its bucket.
func (t *teller) foreign() bool {
	return slices.ContainsFunc(t.x.Reasons, func(r authz.Reason) bool { return r.Layer == authz.ObjectACL }) &&
		t.x.Input.S3.Object.Owner != t.x.Input.S3.OwnerCanonicalID
}

// half returns the half that a layer belongs to.
func (t *teller) half(k authz.LayerKind) Half {
	switch k {
	case authz.SCP, authz.IdentityPolicy, authz.PermissionsBoundary, authz.SessionPolicy, authz.RootUser:
		return Identity
	case authz.ObjectACL:
		if t.out.ObjectOwner != "" {
			return Object
		}
	}
	return Resource
}

func (t *teller) layers() {
	for i := range t.x.Reasons {
		r := &t.x.Reasons[i]
		t.out.Layers = append(t.out.Layers, t.layer(&r.Finding, r.Conditions))
	}
}

func (t *teller) layer(f *authz.Finding, conditions []policy.Comparison) Layer {
	l := Layer{
		Half: t.half(f.Layer), Layer: f.Layer.String(), Effect: f.Effect.String(), Level: t.level(f.Layer, f.Level), Setting: f.Setting.String(),
	}
	switch {
	case f.Policy != nil:
		l.Policy, l.Unreadable = f.Policy.Name, f.Policy.Document == nil
		l.Statement = t.statement(f.Policy, int(f.Statement), conditions)
	case f.ACL != nil:
		l.Grant = f.Source()
	case f.Effect == authz.ImplicitDeny:
		l.Policy = t.onlyPolicy(f.Layer)
	}
	return l
}

// onlyPolicy returns the name of the policy of a layer that has but one.
func (t *teller) onlyPolicy(k authz.LayerKind) string {
	in := t.x.Input
	switch {
	case in == nil:
	case (k == authz.ResourcePolicy || k == authz.TrustPolicy) && in.Resource != nil:
		return in.Resource.Name
	case k == authz.PermissionsBoundary && in.Boundary != nil && len(*in.Boundary) == 1:
		return (*in.Boundary)[0].Name
	}
	return ""
}

// level names a level of an organization.
func (t *teller) level(k authz.LayerKind, level uint8) string {
	if t.x.Input == nil {
		return ""
	}
	levels := len(t.x.Input.SCPs)
	switch k {
	case authz.RCP:
		levels = len(t.x.Input.RCPs)
	case authz.SCP:
	default:
		return ""
	}
	switch int(level) {
	case levels - 1:
		return "account"
	case 0:
		return "root"
	default:
		return "unit " + strconv.Itoa(int(level))
	}
}

// statement returns statement i of a policy; nil if it has none there.
func (t *teller) statement(s *authz.Source, i int, conditions []policy.Comparison) *Statement {
	if s.Document == nil || i < 0 || i >= len(s.Document.Statements) {
		return nil
	}
	from := &s.Document.Statements[i]
	out := &Statement{Number: i + 1, Sid: from.Sid, Text: t.text(from.Text(s.Document.Type), from)}
	for j := range conditions {
		c := &conditions[j]
		out.Conditions = append(out.Conditions, Condition{
			Operator: c.Operator, Key: c.Key, Values: c.Values, Present: c.Present, Actual: c.Actual, Holds: c.Holds,
		})
	}
	return out
}

// text returns the JSON of a statement with the names of principals as they are shown. from is the statement,
// or the one that it is made of.
func (t *teller) text(statement string, from *policy.Statement) json.RawMessage {
	if t.Shown == nil || from == nil || from.Principals == nil {
		return json.RawMessage(statement)
	}
	for _, n := range from.Principals.Names {
		if n.Kind == policy.PrincipalAWS && n.Value != "*" {
			statement = strings.ReplaceAll(statement, strconv.Quote(n.Value), strconv.Quote(t.Shown(n.Value)))
		}
	}
	return json.RawMessage(statement)
}

// decided marks the layer that decided. What decided without having been consulted, such as a setting, is added
// as a layer.
func (t *teller) decided() {
	by, e := &t.x.By, &t.out
	at := slices.IndexFunc(t.x.Reasons, func(r authz.Reason) bool { return r.Finding == *by })
	if by.Effect == authz.ImplicitDeny && by.Layer == authz.ResourcePolicy && e.ObjectOwner != "" {
		// The bucket policy cannot grant on another account's object.
		at = slices.IndexFunc(e.Layers, func(l Layer) bool { return l.Layer == authz.ObjectACL.String() })
	}
	if at < 0 {
		if at = slices.IndexFunc(t.x.Reasons, func(r authz.Reason) bool { return r.Layer > by.Layer }); at < 0 {
			at = len(e.Layers)
		}
		e.Layers = slices.Insert(e.Layers, at, t.layer(by, nil))
	}
	e.Layers[at].Decided = true
	e.DecidedBy = e.Layers[at].Half
	if by.Layer == authz.RequestItself && by.Setting != authz.NoSetting && by.Effect == authz.ExplicitDeny {
		e.DecidedBy = Resource
	}
}

func (t *teller) settings() {
	in := t.x.Input
	if in == nil || in.S3 == nil {
		return
	}
	for _, s := range []struct {
		on   bool
		name string
	}{
		{in.S3.Enforced, "BucketOwnerEnforced"}, {in.S3.Block.RestrictPublicBuckets, "RestrictPublicBuckets"},
		{in.S3.Block.IgnorePublicAcls, "IgnorePublicAcls"}, {in.S3.RequesterPays, "RequesterPays"},
	} {
		if s.on {
			t.out.Settings = append(t.out.Settings, Setting{Resource, s.name})
		}
	}
}

func (t *teller) misses() {
	for i := range t.x.Misses {
		m := &t.x.Misses[i]
		out := Miss{Half: t.half(m.Layer), Layer: m.Layer.String(), Level: t.level(m.Layer, m.Level), Why: m.Why()}
		if m.Policy == nil {
			out.Grant = m.Source()
		} else {
			out.Policy, out.Statement = m.Policy.Name, t.statement(m.Policy, int(m.Statement), m.Conditions)
			out.Why = elements(m)
		}
		t.out.Misses = append(t.out.Misses, out)
	}
}

// elements tells which elements of a statement other than conditions are not about the request.
func elements(m *authz.Miss) []string {
	var conditions int
	for i := range m.Conditions {
		if !m.Conditions[i].Holds {
			conditions++
		}
	}
	why := m.Why()
	return why[:len(why)-conditions]
}

// unknown tells which condition keys the statements name that are about the request, and that it has not.
func (t *teller) unknown() {
	if t.x.Input == nil {
		return
	}
	for _, u := range authz.UnknownKeys(t.x.Input) {
		key := UnknownKey{t.half(u.Layer), u.Key, u.Layer == authz.SCP || u.Layer == authz.RCP}
		if (ofRequest(u.Key) || t.Withheld != nil && t.Withheld(u.Key)) && !slices.Contains(t.out.Unknown, key) {
			t.out.Unknown = append(t.out.Unknown, key)
		}
	}
}

// ofRequest reports whether a key tells of the request: of what is known of the caller and the resource, what is
// not there is absent. Whether a user shows an MFA device is up to the request.
func ofRequest(key string) bool {
	return sideOf(key) == requestSide || strings.HasPrefix(strings.ToLower(key), "aws:multifactorauth")
}
