package authz

import (
	"slices"

	"crossgrant/internal/acl"
	"crossgrant/internal/policy"
)

// Side tells who can make an edit.
type Side uint8

// The sides.
const (
	NoSide             Side = iota
	RequestSide             // whoever asks can ask differently
	CallerSide              // the caller's account
	OwnerSide               // the account that owns the bucket, the role or the object
	CallerOrganization      // the management account of the organization that the caller's account is in
	OwnerOrganization       // likewise of the owner's account
)

// EditKind is what an edit does.
type EditKind uint8

// The kinds of edit.
const (
	NoEdit EditKind = iota
	// AddStatement adds statements to a policy, or to a new one.
	AddStatement
	// ExceptFromDeny replaces a statement that denies by those that deny all that it denies but the request;
	// there may be none.
	ExceptFromDeny
	// AddGrant adds a grant to an ACL.
	AddGrant
	// TurnOff turns off a setting.
	TurnOff
	// SetKeys sends a request with other values of condition keys.
	SetKeys
	// AcceptCharge declares that the caller pays for the request.
	AcceptCharge
	// RepairDocument puts a document that can be read, and does not deny the request, in the place of one that
	// cannot. What it should say is not known.
	RepairDocument
	// SendOtherwise sends a request without what a setting refuses, which Setting names.
	SendOtherwise
	editKinds
)

var editNames = [editKinds]string{
	NoEdit: "none", AddStatement: "AddStatement", ExceptFromDeny: "ExceptFromDeny", AddGrant: "AddGrant", TurnOff: "TurnOff",
	SetKeys: "SetKeys", AcceptCharge: "AcceptCharge", RepairDocument: "RepairDocument", SendOtherwise: "SendOtherwise",
}

// String returns the name of the kind.
func (k EditKind) String() string {
	if k >= editKinds {
		k = NoEdit
	}
	return editNames[k]
}

// Opening tells what an edit allows beside the request, as a set. The principal of a request is the user, or
// the role for its sessions: what a user may do, its federated sessions may that are not limited otherwise.
type Opening uint8

// What an edit may open as well.
const (
	OtherPrincipals Opening = 1 << iota
	OtherActions
	OtherResources
)

// anything is what an edit opens of which nothing more is known.
const anything = OtherPrincipals | OtherActions | OtherResources

// Edit is one change. Apply makes it.
type Edit struct {
	Kind EditKind
	Side Side
	// Layer and Level are those of the finding that the edit answers, as in Finding: for SetKeys, of the
	// statement whose conditions the keys are for.
	Layer LayerKind
	Level uint8
	// Policy is the name of the policy that is changed, or whose conditions the keys are for, and Place its place
	// in its layer. A new policy has no name, and the place -1.
	Policy string
	Place  int
	// Statement is the place of the statement that is replaced, or that the keys are for; -1 where statements are
	// added.
	Statement int
	// Statements are the new ones, each as JSON. They are to be read as of the policy's Version, which for a new
	// policy is 2012-10-17.
	Statements []string
	// On is the ARN of the user or role that a new policy is for; empty for those of other layers.
	On      string
	Grant   *acl.Grant // of AddGrant
	Setting Setting    // of TurnOff and SendOtherwise
	Keys    []Key      // of SetKeys
	Also    Opening
}

// Key is a condition key as a request is to have it.
type Key struct {
	Name   string
	Values []string
	// Multi says that the key is multivalued, Absent that the request is not to have it.
	Multi, Absent bool
}

// same reports whether two edits change the same in the same way.
func (e *Edit) same(o *Edit) bool {
	key := func(a, b Key) bool {
		return a.Name == b.Name && a.Absent == b.Absent && slices.Equal(a.Values, b.Values)
	}
	return e.Kind == o.Kind && e.Layer == o.Layer && e.Level == o.Level && e.Place == o.Place && e.Statement == o.Statement &&
		e.Setting == o.Setting && slices.Equal(e.Statements, o.Statements) && slices.EqualFunc(e.Keys, o.Keys, key) &&
		(e.Grant == nil) == (o.Grant == nil) && (e.Grant == nil || *e.Grant == *o.Grant)
}

// Remedy is a list of edits that together allow a request that is denied. They are to be made in their order:
// where an edit names the place of a statement, it is that after the edits before it.
type Remedy struct{ Edits []Edit }

// Also returns what the edits together open beside the request.
func (r *Remedy) Also() Opening {
	var all Opening
	for i := range r.Edits {
		all |= r.Edits[i].Also
	}
	return all
}

// Apply returns in as it is after the edits; in itself stays as it is. It fails where an edit does not fit in,
// which that for which Remedies found it does.
func (r *Remedy) Apply(in *Input) (*Input, error) {
	var err error
	for i := range r.Edits {
		if in, err = r.Edits[i].Apply(in); err != nil {
			return nil, err
		}
	}
	return in, nil
}

const (
	// maxEdits is the number of edits of a remedy.
	maxEdits = 64
	// maxRemedies is how many remedies there are for one request.
	maxRemedies = 3
)

// Remedies returns the smallest changes that would allow a request that is denied, the nearest first, and at
// most three: first what whoever asks can do, then what the accounts can change. It returns nil for one that is
// allowed, and for one that no edit allows.
//
// A remedy is found by asking Decide again after every edit, so that it suffices by construction. An edit allows
// the request and nothing else where the language of policies can say that, and else tells in Also what.
func Remedies(in *Input) []Remedy {
	var found []Remedy
	for _, choose := range [maxRemedies]chooser{nearest, nearestPolicy, furthest} {
		r, ok := search(in, choose)
		if ok && !slices.ContainsFunc(found, r.same) {
			found = append(found, r)
		}
	}
	return found
}

func (r *Remedy) same(o Remedy) bool {
	return slices.EqualFunc(r.Edits, o.Edits, func(a, b Edit) bool { return a.same(&b) })
}

// chooser orders the edits that are possible at one step, of which the first one is nearest, by what a search
// tries first.
type chooser func([]Edit) []Edit

func nearest(edits []Edit) []Edit { return edits }

// nearestPolicy prefers what the accounts can change.
func nearestPolicy(edits []Edit) []Edit {
	slices.SortStableFunc(edits, func(a, b Edit) int { return bit(a.Side == RequestSide) - bit(b.Side == RequestSide) })
	return edits
}

func furthest(edits []Edit) []Edit {
	slices.Reverse(edits)
	return edits
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// search makes one edit after the other until the request is allowed; ok is false if that does not succeed, or
// nothing has to be done.
func search(in *Input, choose chooser) (r Remedy, ok bool) {
	for range maxEdits {
		d := Decide(in)
		if d.Allowed() {
			return r, len(r.Edits) > 0
		}
		s := newStep(in, &d)
		next := r.take(s, choose(s.edits()))
		if next == nil {
			return r, false
		}
		in = next
	}
	return r, false
}

// take makes the first edit that can be made, and returns what it leads to; nil if there is none.
func (r *Remedy) take(s *step, edits []Edit) *Input {
	for i := range edits {
		e := &edits[i]
		if slices.ContainsFunc(r.Edits, e.repeats) {
			continue
		}
		if next, err := e.Apply(s.in); err == nil {
			r.Edits = append(r.Edits, *e)
			return next
		}
	}
	return nil
}

// repeats reports whether an edit made before was this one, or sent one of its keys with another value.
func (e *Edit) repeats(before Edit) bool {
	if e.same(&before) {
		return e.Kind != ExceptFromDeny && e.Kind != RepairDocument
	}
	return slices.ContainsFunc(e.Keys, func(k Key) bool {
		return slices.ContainsFunc(before.Keys, func(b Key) bool { return k.Name == b.Name })
	})
}

// step is a denial on the way to a remedy.
type step struct {
	evaluation
	by *Finding
	q  policy.Query
}

func newStep(in *Input, d *Decision) *step {
	s := &step{evaluation: evaluation{in: in, caller: in.Request.Principal, d: *d}, by: &d.By, q: policy.NewQuery(&in.Request)}
	if s.caller == nil {
		s.caller = &nobody
	}
	return s
}

// edits returns the edits that answer what decided, the nearest first.
func (s *step) edits() []Edit {
	switch {
	case s.by.Layer == RequesterPays:
		return s.payment()
	case s.by.Setting == RestrictPublicBuckets:
		return append([]Edit{s.turnOff(RestrictPublicBuckets)}, s.grant()...)
	case s.by.Effect == ExplicitDeny && s.by.Policy != nil:
		return s.undeny()
	case s.by.Effect == ImplicitDeny:
		return s.allow()
	}
	return nil
}

func (s *step) payment() []Edit {
	off := s.turnOff(RequestPayer)
	if s.caller.Account == "" {
		return []Edit{off}
	}
	return []Edit{{Kind: AcceptCharge, Side: RequestSide, Layer: RequesterPays, Place: -1, Statement: -1}, off}
}

// turnOff turns a setting of the bucket off, by which whatever it held back may be allowed to anyone.
func (s *step) turnOff(setting Setting) Edit {
	return Edit{Kind: TurnOff, Side: OwnerSide, Layer: s.by.Layer, Place: -1, Statement: -1, Setting: setting, Also: anything}
}

// side returns who keeps the policies of a layer.
func side(k LayerKind) Side {
	switch k {
	case SCP:
		return CallerOrganization
	case RCP:
		return OwnerOrganization
	case IdentityPolicy, PermissionsBoundary, SessionPolicy:
		return CallerSide
	default:
		return OwnerSide
	}
}

// SettingRemedies returns what can be done about a decision that a setting made by itself, as Refused tells it.
// There is no Input to which it could be applied.
func SettingRemedies(d *Decision) []Remedy {
	send := Edit{Kind: SendOtherwise, Side: RequestSide, Layer: d.By.Layer, Place: -1, Statement: -1, Setting: d.By.Setting}
	off := Edit{Kind: TurnOff, Side: OwnerSide, Layer: d.By.Layer, Place: -1, Statement: -1, Setting: d.By.Setting, Also: anything}
	switch d.By.Setting {
	case ExpectedOwner, SourceExpectedOwner, AnotherAccount:
		return []Remedy{{[]Edit{send}}}
	case BlockPublicAcls, BlockPublicPolicy, BlockedEncryptionTypes:
		return []Remedy{{[]Edit{send}}, {[]Edit{off}}}
	}
	return nil
}
