package s3api

import (
	"slices"
	"testing"

	"crossgrant/internal/apierr"
)

// TestModel holds the table against the list of S3's operations: what a row answers is what clients know by
// its method, address and sub-resource.
func TestModel(t *testing.T) {
	t.Parallel()
	s := New(nil, Deps{})
	beside := []string{"PostObject", "PreflightRequest"} // what browsers send, and no SDK
	for on, operation := range s.table {
		i := slices.IndexFunc(modelled, func(o modelledOperation) bool { return o.on == on })
		switch {
		case slices.Contains(beside, operation.Name):
		case i < 0:
			t.Errorf("%s: clients know nothing at %+v", operation.Name, on)
		case modelled[i].name != operation.Name:
			t.Errorf("%s: clients know %s at %+v", operation.Name, modelled[i].name, on)
		}
	}
	for i, o := range modelled {
		if i > 0 && o.name <= modelled[i-1].name {
			t.Errorf("%s is not in order", o.name)
		}
		if sub := o.on.sub; sub != "" && !subresources[sub] && !slices.ContainsFunc(configurationKinds, func(k configurationKind) bool { return k.sub+withID == sub }) {
			t.Errorf("%s: %s is no sub-resource", o.name, sub)
		}
	}
}

// TestStates holds that each operation of today and each name of old is told once, and that a name of old is
// built where the operation of today is.
func TestStates(t *testing.T) {
	t.Parallel()
	states := New(nil, Deps{}).States()
	built := map[string]bool{}
	for i, s := range states {
		if i > 0 && s.Name <= states[i-1].Name {
			t.Errorf("%s comes after %s", s.Name, states[i-1].Name)
		}
		built[s.Name] = s.Built
	}
	for _, o := range modelled {
		if o.now != "" && built[o.name] != built[o.now] {
			t.Errorf("%s: built %t, and %s: built %t", o.name, built[o.name], o.now, built[o.now])
		}
	}
	for _, o := range modelled {
		if o.on != (target{}) && !built[o.name] && !apierr.Is(unroutable(o.on), "NotImplemented") {
			t.Errorf("%s is not built, and refused with %v", o.name, unroutable(o.on))
		}
	}
	for _, name := range []string{"PutObject", "PostObject"} {
		if !built[name] {
			t.Errorf("%s is not built", name)
		}
	}
	if built["GetObjectTorrent"] {
		t.Error("GetObjectTorrent is built")
	}
}
