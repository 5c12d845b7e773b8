package policy

import "testing"

func TestValueTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ  ValueType
		good []string
		bad  []string
	}{
		{StringValue, []string{"", "x", "10"}, nil},
		{NumericValue, []string{"10", "-1.5"}, []string{"", "ten", "1e3"}},
		{BooleanValue, []string{"true", "False"}, []string{"", "yes", "1"}},
		{IPValue, []string{"203.0.113.7", "2001:db8::1"}, []string{"", "203.0.113.0/24", "localhost"}},
		{BinaryValue, []string{"", "QmluYXJ5"}, []string{"QmluYXJ5VmFsdWU", "*"}},
		{DateValue, []string{"2026-01-02T03:04:05Z", "2026", "1767323045"}, []string{"", "yesterday"}},
		{"stringList", nil, []string{"x"}},
	} {
		for _, v := range c.good {
			if !c.typ.Accepts(v) {
				t.Errorf("%s does not accept %q", c.typ, v)
			}
		}
		for _, v := range c.bad {
			if c.typ.Accepts(v) {
				t.Errorf("%s accepts %q", c.typ, v)
			}
		}
	}
}

// TestListPosition: the place of the list of statements is known, and that there is none.
func TestListPosition(t *testing.T) {
	t.Parallel()
	const statement = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	for text, want := range map[string]Position{
		"{\"Version\":\"2012-10-17\",\n \"Statement\": [\n" + statement + "]}": {2, 15},
		`{"Version":"2012-10-17","Statement":` + statement + `}`:               {},
	} {
		d, err := Parse(Identity, []byte(text))
		if err != nil || d.List != want {
			t.Errorf("%s: %v, %v", text, d.List, err)
		}
	}
}
