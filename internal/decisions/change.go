package decisions

import (
	"net/http"
	"slices"
	"strings"

	"crossgrant/internal/apierr"
	"crossgrant/internal/arn"
	"crossgrant/internal/authz"
	"crossgrant/internal/policy"
)

// What a Change is about.
const (
	OfBucket = "bucket" // the policy of the bucket of this name
	OfUser   = "user"   // a policy of the user of this ARN, or of a group of it
	OfRole   = "role"   // a policy of the role of this ARN
	OfTrust  = "trust"  // the trust policy of the role of this ARN
	OfPolicy = "policy" // the managed policy, or policy of an organization, of this ARN, wherever it applies
)

// Kinds are what a Change can be about.
var Kinds = []string{OfBucket, OfUser, OfRole, OfTrust, OfPolicy}

// Change is a policy that takes the place of another one, or is added.
type Change struct {
	Kind string // of Kinds
	For  string // a name or ARN, as Kind says
	// Name is, for a user or role, the policy that is replaced: the name of an inline policy, as "user/ann/name",
	// "group/devs/name" or alone for the user's or role's own, or the ARN of a managed one. One that is not there is
	// added. Empty: the only one that it has.
	Name string
	// Document is the text of the policy; empty: there is none any more.
	Document string
}

// compiled is a Change whose document is parsed.
type compiled struct {
	Change
	source *authz.Source // nil: the policy is taken away
	about  arn.ARN       // of For, where that is an ARN
}

// compile parses a change. The error is an *apierr.Error that says what is wrong with it.
func (c Change) compile() (*compiled, error) {
	out := &compiled{Change: c}
	if !slices.Contains(Kinds, c.Kind) {
		return nil, invalid("%q is not what a policy can be for: %s.", c.Kind, strings.Join(Kinds, ", "))
	}
	var err error
	if c.Kind != OfBucket {
		if out.about, err = arn.Parse(c.For); err != nil {
			return nil, invalid("%q is not an ARN.", c.For)
		}
	}
	if want := map[string]string{OfUser: "user", OfRole: "role", OfTrust: "role"}[c.Kind]; want != "" && out.about.Type() != want {
		return nil, invalid("%s is not the ARN of a %s.", c.For, want)
	}
	if c.Name != "" && c.Kind != OfUser && c.Kind != OfRole {
		return nil, invalid("Only the policies of users and roles are named.")
	}
	if c.Document == "" {
		return out, nil
	}
	document, err := c.parse()
	if err != nil {
		return nil, apierr.New(http.StatusBadRequest, "MalformedPolicyDocument", "%s", err).Because(err)
	}
	out.source = &authz.Source{Name: c.name(), Document: document}
	return out, nil
}

// compile compiles changes, of which there is at least one.
func compile(changes []Change) ([]*compiled, error) {
	if len(changes) == 0 {
		return nil, invalid("Nothing is changed.")
	}
	var all []*compiled
	for _, change := range changes {
		c, err := change.compile()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// applyAll returns an input with all changes, and whether any is about it.
func applyAll(changes []*compiled, in *authz.Input) (changed *authz.Input, about bool, err error) {
	changed = in
	for _, c := range changes {
		next, bears, err := c.apply(changed)
		if err != nil {
			return nil, false, err
		}
		if bears {
			changed, about = next, true
		}
	}
	return changed, about, nil
}

// parse parses the document as what it is to be.
func (c *Change) parse() (*policy.Document, error) {
	text := []byte(c.Document)
	switch c.Kind {
	case OfBucket:
		return policy.ParseBucket(text, c.For)
	case OfTrust:
		return policy.Parse(policy.Trust, text)
	case OfPolicy:
		switch {
		case strings.Contains(c.For, "/service_control_policy/"):
			return policy.Parse(policy.SCP, text)
		case strings.Contains(c.For, "/resource_control_policy/"):
			return policy.Parse(policy.RCP, text)
		}
	}
	return policy.Parse(policy.Identity, text)
}

// name returns the name of the policy, as sources have it.
func (c *Change) name() string {
	switch {
	case c.Kind == OfBucket:
		return "bucket policy of " + c.For
	case c.Name == "" || strings.HasPrefix(c.Name, "arn:") || strings.Contains(c.Name, "/"):
		return c.Name
	}
	a, _ := arn.Parse(c.For) // compile has parsed it
	return c.Kind + "/" + a.Name() + "/" + c.Name
}

// apply returns an input with the change, and whether it is about that input at all.
func (c *compiled) apply(in *authz.Input) (changed *authz.Input, about bool, err error) {
	out := *in
	switch c.Kind {
	case OfBucket:
		bucket, _, _ := strings.Cut(strings.TrimPrefix(in.Request.Resource, "arn:aws:s3:::"), "/")
		about = in.S3 != nil && bucket == c.For
		out.Resource = c.source
	case OfTrust:
		about = in.MustTrust && in.Request.Resource == c.For
		out.Resource = c.source
		if c.source == nil {
			out.Resource = &authz.Source{Name: c.For, Document: new(policy.Document)}
		}
	case OfUser, OfRole:
		if about = in.Request.Principal.EntityARN == c.For && in.Request.Principal.IsIAM(); about {
			out.Identity, err = c.one(in.Identity)
		}
	case OfPolicy:
		about = c.everywhere(&out)
	}
	return &out, about, err
}

// one returns the policies of a user or role with the one that is replaced or added.
func (c *compiled) one(layer authz.Layer) (authz.Layer, error) {
	name := c.name()
	if name == "" {
		if len(layer) != 1 {
			var names []string
			for i := range layer {
				names = append(names, layer[i].Name)
			}
			return nil, invalid("%s has %d policies: say which one is replaced, or how a new one is called. It has: %s.", c.For, len(layer), strings.Join(names, ", "))
		}
		name = layer[0].Name
	}
	out, found := c.replace(layer, name)
	if !found && c.source != nil {
		out = append(out, authz.Source{Name: name, Document: c.source.Document})
	}
	if !found && c.source == nil {
		return nil, invalid("%s has no policy %s.", c.For, name)
	}
	return out, nil
}

// replace returns a copy of a layer with the policies of a name replaced, or without them.
func (c *compiled) replace(layer authz.Layer, name string) (out authz.Layer, found bool) {
	for i := range layer {
		switch {
		case layer[i].Name != name:
			out = append(out, layer[i])
		case c.source != nil:
			out, found = append(out, authz.Source{Name: name, Document: c.source.Document}), true
		default:
			found = true
		}
	}
	return out, found
}

// everywhere replaces a policy wherever it applies to an input, and reports whether it does anywhere.
func (c *compiled) everywhere(in *authz.Input) (about bool) {
	of := func(layer *authz.Layer) *authz.Layer {
		if layer == nil {
			return nil
		}
		out, found := c.replace(*layer, c.For)
		about = about || found
		return &out
	}
	in.Identity = *of(&in.Identity)
	in.Boundary, in.Session = of(in.Boundary), of(in.Session)
	levels := func(layers []authz.Layer) []authz.Layer {
		out := slices.Clone(layers)
		for i := range out {
			out[i] = *of(&out[i])
		}
		return out
	}
	in.SCPs, in.RCPs = levels(in.SCPs), levels(in.RCPs)
	return about
}
