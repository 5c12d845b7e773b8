package explain

import (
	"cmp"
	"slices"
	"strings"

	"crossgrant/internal/authz"
)

// View says who looks at an explanation.
type View struct {
	// Operator sees all of it.
	Operator bool
	// Caller, Owner and ObjectOwner say that the viewer is the caller's account, the account that owns the resource,
	// and the account that owns the object.
	Caller, Owner, ObjectOwner bool
}

// ViewOf returns the view of an account, given by its ID and its canonical user ID.
func (e *Explanation) ViewOf(account, canonical string) View {
	return View{
		Caller:      account != "" && account == e.Principal.Account,
		Owner:       account != "" && account == e.Owner,
		ObjectOwner: canonical != "" && canonical == e.ObjectOwner,
	}
}

// sees reports whether the viewer sees a half.
func (v View) sees(h Half) bool {
	switch h {
	case Identity:
		return v.Operator || v.Caller
	case Object:
		return v.Operator || v.ObjectOwner
	default:
		return v.Operator || v.Owner
	}
}

// Withheld reports whether what a condition key has in a request that nobody made is kept from the viewer altogether,
// even how a condition on it comes out: whoever may write conditions and ask could else find the value, and nobody
// would know. Accounts of one organization are not kept from each other.
func (v View) Withheld(key string, sameOrganization bool) bool {
	key = strings.ToLower(key)
	for _, known := range []string{"aws:principalorg", "aws:resourceorg", "aws:resourceaccount", "s3:resourceaccount"} {
		if sameOrganization && strings.HasPrefix(key, known) {
			return false
		}
	}
	return !v.reads(key)
}

// reads reports whether the viewer may know the value of a condition key.
func (v View) reads(key string) bool {
	switch sideOf(key) {
	case requestSide:
		return true
	case callerSide:
		return v.sees(Identity)
	case resourceSide:
		return v.sees(Resource)
	default:
		return v.Operator || v.Caller && v.Owner
	}
}

// For returns what a viewer may see of the explanation. An account sees its own half: its policies in full, and of
// the policies of its organization which of them decided, by ARN. Of the other half it is told at most that it
// does not allow the request. Who asks for what is seen by both; who owns the resource by the owner.
func (e Explanation) For(v View) Explanation {
	if v.Operator {
		return e
	}
	out := Explanation{
		Effect: e.Effect, Principal: e.Principal, Action: e.Action, Resource: e.Resource, DecidedBy: e.DecidedBy,
	}
	if v.sees(Resource) {
		out.Owner, out.ObjectOwner = e.Owner, e.ObjectOwner
	}
	if v.sees(Object) {
		out.ObjectOwner = e.ObjectOwner
	}
	out.Layers = v.layers(&e)
	for _, s := range e.Settings {
		if v.sees(s.Half) {
			out.Settings = append(out.Settings, s)
		}
	}
	own := v.sees(e.DecidedBy)
	if !own && e.Effect != Allowed {
		out.Effect = Denied
	}
	if !own && out.DecidedBy == Object && !v.sees(Resource) {
		out.DecidedBy = Resource // whose object it is, is the bucket owner's to know
	}
	if own {
		out.Misses = v.misses(&e)
	}
	for _, n := range e.Notes {
		if v.sees(n.Half) {
			out.Notes = append(out.Notes, n)
		}
	}
	for _, u := range e.Unknown {
		if v.sees(u.Half) && !u.Organization {
			out.Unknown = append(out.Unknown, u)
		}
	}
	out.Remedies = v.remedies(&e)
	out.Verdict = verdict(&out)
	return out
}

// For returns what a viewer may see of the report, check by check: view tells who that is to each. A check that it has
// no part in is left out: whoever owns the target of a copy is not told what is copied. Without any it is nil.
func (r Report) For(view func(*Explanation) View) *Report {
	var checks []Explanation
	for i := range r.Checks {
		if v := view(&r.Checks[i]); v != (View{}) {
			checks = append(checks, r.Checks[i].For(v))
		}
	}
	if len(checks) == 0 {
		return nil
	}
	out := NewReport(checks)
	return &out
}

// organization reports whether a layer is of the policies of an organization.
func organization(layer string) bool {
	return layer == authz.SCP.String() || layer == authz.RCP.String()
}

// layers returns the layers of the halves that are seen. Of an organization's there is one for all levels.
func (v View) layers(e *Explanation) []Layer {
	var out []Layer
	for _, l := range e.Layers {
		switch {
		case !v.sees(l.Half):
		case organization(l.Layer):
			out = addOrganization(out, l)
		default:
			l.Statement = v.statement(e, l.Statement)
			out = append(out, l)
		}
	}
	return out
}

// addOrganization adds to layers what a policy of an organization says: of several of one kind the one that counts.
func addOrganization(layers []Layer, l Layer) []Layer {
	shown := Layer{Half: l.Half, Layer: l.Layer, Effect: l.Effect, Decided: l.Decided}
	if l.Effect == ExplicitDeny {
		shown.Policy = onlyARN(l.Policy)
	}
	at := slices.IndexFunc(layers, func(o Layer) bool { return o.Layer == l.Layer })
	switch {
	case at < 0:
		return append(layers, shown)
	case l.Decided || !layers[at].Decided && weight(l.Effect) > weight(layers[at].Effect):
		layers[at] = shown
	}
	return layers
}

func weight(effect string) int {
	return slices.Index([]string{Allowed, ImplicitDeny, ExplicitDeny}, effect)
}

func onlyARN(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return ""
}

// statement returns a statement of the viewer's own without the values that tell of the other half.
func (v View) statement(e *Explanation, s *Statement) *Statement {
	if s == nil {
		return nil
	}
	out := *s
	out.Conditions = slices.Clone(s.Conditions)
	for i := range out.Conditions {
		if c := &out.Conditions[i]; !v.reads(c.Key) || v.onlySession(e) && strings.EqualFold(c.Key, "aws:PrincipalArn") {
			c.Present, c.Actual, c.Hidden = false, nil, true
		}
	}
	return &out
}

func (v View) misses(e *Explanation) []Miss {
	var out []Miss
	for _, m := range e.Misses {
		if v.sees(m.Half) && !organization(m.Layer) {
			m.Statement = v.statement(e, m.Statement)
			out = append(out, m)
		}
	}
	return out
}

// remedies returns the remedies with the viewer's own edits. What others have to do is told once for each half, and
// remedies that do not differ in what is shown are one.
func (v View) remedies(e *Explanation) []Remedy {
	var out []Remedy
	for _, r := range e.Remedies {
		shown, ok := v.remedy(e, r)
		if !ok {
			continue
		}
		same := func(o Remedy) bool { return slices.EqualFunc(o.Edits, shown.Edits, sameEdit) }
		own := slices.ContainsFunc(shown.Edits, func(e Edit) bool { return e.own() > 0 })
		if own && !slices.ContainsFunc(out, same) {
			out = append(out, shown)
		}
	}
	return out
}

// remedy returns what is shown of one remedy; false if that would be no remedy any more.
func (v View) remedy(of *Explanation, r Remedy) (out Remedy, ok bool) {
	for _, e := range r.Edits {
		switch {
		case !v.sees(e.Half):
			e = v.others()
		case organization(e.Layer):
			e = organizations(of, &e)
		default:
			if e.Statements, ok = v.named(of, e.Statements); !ok {
				return out, false
			}
			for _, also := range e.Also {
				if !slices.Contains(out.Also, also) {
					out.Also = append(out.Also, also)
				}
			}
		}
		if !slices.ContainsFunc(out.Edits, func(o Edit) bool { return sameEdit(o, e) }) {
			out.Edits = append(out.Edits, e)
		}
	}
	// Last, wherever it was: its place would tell what the other half says.
	slices.SortStableFunc(out.Edits, func(a, b Edit) int { return cmp.Compare(b.own(), a.own()) })
	return out, true
}

// own is 1 for an edit that is shown, and 0 for what stands for those of the other half.
func (e *Edit) own() int {
	if e.Kind == "" {
		return 0
	}
	return 1
}

// others is what is shown of an edit of a half that is not.
func (v View) others() Edit {
	if !v.sees(Identity) && v.sees(Resource) {
		return Edit{Half: Identity, By: ByAccount, Text: "the caller's own account has to allow it as well"}
	}
	return Edit{Half: Resource, By: ByAccount, Text: "the account that owns the resource has to allow it as well"}
}

// organizations is what is shown of an edit that answers a policy of an organization.
func organizations(of *Explanation, e *Edit) Edit {
	owner := of.Principal.Account
	if e.Half != Identity {
		owner = of.Owner
	}
	return Edit{
		Half: e.Half, By: ByOrganization, Account: owner, Kind: OrganizationPolicy, Layer: e.Layer, Policy: onlyARN(e.Policy),
		Text: strings.TrimSpace("have it allow this in its " + e.Layer + " " + onlyARN(e.Policy)),
	}
}

// sameEdit reports whether two edits of a view are the same to who sees them.
func sameEdit(a, b Edit) bool {
	text := func(e Edit) string {
		out := e.Text + " " + e.Policy
		for _, s := range e.Statements {
			out += string(s)
		}
		return out
	}
	return a.Half == b.Half && a.Kind == b.Kind && text(a) == text(b)
}
