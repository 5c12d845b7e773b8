package quotas

import "testing"

// TestTableIsOfUse holds that the defaults can be set and what they may be raised to, and that names are alone.
func TestTableIsOfUse(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, q := range All() {
		if (q.Default == 0) != (q.Name == RequestRate || q.Name == RequestBurst) || q.Default < 0 || q.Default > q.Most || q.AWSMaximum > q.Most || q.AWSMaximum != 0 && q.AWSMaximum <= q.Default {
			t.Errorf("%+v", q)
		}
		for _, name := range []string{q.Name, q.Told} {
			if name == "" {
				continue
			}
			if seen[name] {
				t.Errorf("two quotas are named %s", name)
			}
			seen[name] = true
			if found, ok := Lookup(name); !ok || found.Name != q.Name {
				t.Errorf("%s is found as %+v", name, found)
			}
		}
		if q.Like != "" && Default(q.Like) != q.Default {
			t.Errorf("%s is like %s and has another default", q.Name, q.Like)
		}
	}
	if _, ok := Lookup(""); ok {
		t.Error("a quota has no name")
	}
}
