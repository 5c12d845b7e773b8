package authz

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"crossgrant/internal/acl"
	"crossgrant/internal/policy"
)

// errNoFit says that an edit does not fit an Input.
var errNoFit = errors.New("authz: the edit does not fit")

// Apply returns in as it is after the edit; in itself stays as it is.
func (e *Edit) Apply(in *Input) (*Input, error) {
	out := *in
	var err error
	switch e.Kind {
	case SetKeys:
		err = e.setKeys(&out)
	case AcceptCharge, TurnOff, AddGrant:
		err = e.setS3(&out)
	case AddStatement, ExceptFromDeny, RepairDocument:
		err = e.setPolicy(&out)
	default:
		err = errNoFit
	}
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// Document returns the document that the edit changes, as it is in in; nil if the edit changes none, or one that
// cannot be read.
func (e *Edit) Document(in *Input) *policy.Document {
	if layer, ok := layerAt(in, e.Layer, e.Level); ok && e.Place >= 0 && e.Place < len(layer) {
		return layer[e.Place].Document
	}
	return nil
}

func (e *Edit) setKeys(in *Input) error {
	for _, k := range e.Keys {
		if !k.Absent && !k.Multi && len(k.Values) != 1 {
			return errNoFit
		}
	}
	context := policy.Over(in.Request.Context)
	put(&context, e.Keys)
	in.Request.Context = &context
	return nil
}

// setS3 makes the edits of what only S3 has.
func (e *Edit) setS3(in *Input) error {
	if in.S3 == nil {
		return errNoFit
	}
	facts := *in.S3
	in.S3 = &facts
	switch {
	case e.Kind == AcceptCharge:
		facts.AcceptsCharge = true
	case e.Kind == AddGrant && e.Grant != nil && e.Layer == BucketACL:
		facts.BucketACL = granting(facts.BucketACL, *e.Grant)
	case e.Kind == AddGrant && e.Grant != nil && e.Layer == ObjectACL && facts.Object != nil:
		object := *facts.Object
		object.ACL = granting(object.ACL, *e.Grant)
		facts.Object = &object
	case e.Kind == TurnOff && e.Setting == RequestPayer:
		facts.RequesterPays = false
	case e.Kind == TurnOff && e.Setting == RestrictPublicBuckets:
		facts.Block.RestrictPublicBuckets = false
	default:
		return errNoFit
	}
	return nil
}

func granting(a acl.ACL, g acl.Grant) acl.ACL {
	return acl.ACL{Owner: a.Owner, Grants: append(slices.Clone(a.Grants), g)}
}

// setPolicy makes the edits of policies.
func (e *Edit) setPolicy(in *Input) error {
	layer, ok := layerAt(in, e.Layer, e.Level)
	if !ok || e.Place >= len(layer) {
		return errNoFit
	}
	layer = slices.Clone(layer)
	var old *policy.Document
	if e.Place >= 0 {
		old = layer[e.Place].Document
	}
	document, err := e.document(in, old)
	if err != nil {
		return err
	}
	switch {
	case e.Place < 0:
		layer = append(layer, Source{Document: document})
	case document == nil:
		layer = slices.Delete(layer, e.Place, e.Place+1)
	default:
		layer[e.Place] = Source{Name: e.Policy, Document: document}
	}
	return setLayer(in, e.Layer, e.Level, layer)
}

// document returns the document that takes the place of old; nil if nothing is left of it.
func (e *Edit) document(in *Input, old *policy.Document) (*policy.Document, error) {
	if e.Kind == RepairDocument {
		return nil, nil
	}
	if old == nil || len(old.Statements) == 0 {
		old = &policy.Document{Type: typeOf(in, e.Layer), Version: newVersion}
	}
	added, err := readStatements(old, e.Statements)
	if err != nil {
		return nil, err
	}
	changed := *old
	switch {
	case e.Kind == AddStatement:
		changed.Statements = slices.Concat(old.Statements, added)
	case e.Statement >= 0 && e.Statement < len(old.Statements):
		changed.Statements = slices.Concat(old.Statements[:e.Statement], added, old.Statements[e.Statement+1:])
	default:
		return nil, errNoFit
	}
	if len(changed.Statements) == 0 {
		return nil, nil
	}
	return policy.Parse(changed.Type, []byte(changed.Text()), options(changed.Type)...)
}

// newVersion is the Version of new policies.
const newVersion = "2012-10-17"

// readStatements reads the JSON of statements of a document like d.
func readStatements(d *policy.Document, statements []string) ([]policy.Statement, error) {
	if len(statements) == 0 {
		return nil, nil
	}
	version := ""
	if d.Version != "" {
		version = fmt.Sprintf(`"Version":%q,`, d.Version)
	}
	text := "{" + version + `"Statement":[` + strings.Join(statements, ",") + "]}"
	return policy.ParseStatements(d.Type, []byte(text), options(d.Type)...)
}

// options are those with which documents are parsed. The rules that bind only what customers put do not hold for
// resource control policies, among which AWS's own is, and which may be about any of the services that have them.
func options(t policy.Type) []policy.Option {
	if t == policy.RCP {
		return []policy.Option{policy.Stored(), policy.Managed()}
	}
	return []policy.Option{policy.Stored()}
}

// typeOf returns the type of a new document of a layer.
func typeOf(in *Input, k LayerKind) policy.Type {
	switch k {
	case SCP:
		return policy.SCP
	case RCP:
		return policy.RCP
	case SessionPolicy:
		return policy.Session
	case TrustPolicy:
		return policy.Trust
	case ResourcePolicy:
		if in.S3 != nil {
			return policy.Bucket
		}
		return policy.Resource
	default:
		return policy.Identity
	}
}

// layerAt returns the policies of a layer; ok is false if it has none because it is not one of policies.
func layerAt(in *Input, k LayerKind, level uint8) (layer Layer, ok bool) {
	at := func(levels []Layer) (Layer, bool) {
		if int(level) >= len(levels) {
			return nil, false
		}
		return levels[level], true
	}
	deref := func(l *Layer) (Layer, bool) {
		if l == nil {
			return nil, true
		}
		return *l, true
	}
	switch k {
	case RCP:
		return at(in.RCPs)
	case SCP:
		return at(in.SCPs)
	case ResourcePolicy, TrustPolicy:
		if in.Resource == nil {
			return nil, true
		}
		return Layer{*in.Resource}, true
	case IdentityPolicy:
		return in.Identity, true
	case PermissionsBoundary:
		return deref(in.Boundary)
	case SessionPolicy:
		return deref(in.Session)
	}
	return nil, false
}

// setLayer puts policies in the place of those of a layer.
func setLayer(in *Input, k LayerKind, level uint8, layer Layer) error {
	switch k {
	case RCP:
		in.RCPs = slices.Clone(in.RCPs)
		in.RCPs[level] = layer
	case SCP:
		in.SCPs = slices.Clone(in.SCPs)
		in.SCPs[level] = layer
	case ResourcePolicy, TrustPolicy:
		if in.Resource = nil; len(layer) > 0 {
			in.Resource = &layer[0]
		}
		if len(layer) > 1 {
			return errNoFit
		}
	case IdentityPolicy:
		in.Identity = layer
	case PermissionsBoundary:
		in.Boundary = &layer
	case SessionPolicy:
		in.Session = &layer
	default:
		return errNoFit
	}
	return nil
}
