package trailjson

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write members/*.txt anew from the models")

// models are where the models of the services are, below botocore's data but for our own.
var models = map[string]string{
	"iam": "iam", "sts": "sts", "organizations": "organizations", "cloudtrail": "cloudtrail", "access-analyzer": "accessanalyzer",
	"crossgrant": "../../httpapi/crossgrantapi/model.json", "signin": "../../httpapi/signinapi/model.json",
}

// model is the part of a model that is needed.
type model struct {
	Operations map[string]struct{ Input, Output *struct{ Shape string } }
	Shapes     map[string]shape
}

type shape struct {
	Type      string
	Sensitive bool
	Members   map[string]struct{ Shape, Location, LocationName string }
	Member    *struct{ Shape string }
	Value     *struct{ Shape string }
}

// place is a member of a model: of what it is a member, and its shape.
type place struct {
	parent, name string
	shape        shape
	entry        bool // the shape is that of the entries of a map
}

// readModel reads a model; nil if botocore is not on this machine.
func readModel(t *testing.T, at string) *model {
	t.Helper()
	if !strings.HasSuffix(at, ".json") {
		root, err := exec.Command("python3", "-c", "import botocore,os;print(os.path.join(os.path.dirname(botocore.__file__),'data'))").Output()
		if err != nil {
			return nil
		}
		found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), at, "*", "service-2.json.gz"))
		if len(found) == 0 {
			return nil
		}
		at = found[len(found)-1]
	}
	f, err := os.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(at, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	m := new(model)
	if err := json.NewDecoder(r).Decode(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// places returns every member of everything that the operations take and answer.
func (m *model) places() []place {
	var out []place
	for name, o := range m.Operations {
		if o.Input != nil {
			out = m.walk(out, o.Input.Shape, name, "", nil)
		}
		if o.Output != nil {
			out = m.walk(out, o.Output.Shape, name, "", nil)
		}
	}
	return out
}

// walk adds the members of the shape below, which is the member name of parent.
func (m *model) walk(out []place, below, parent, name string, above []string) []place {
	if slices.Contains(above, below) {
		return out
	}
	above = append(above[:len(above):len(above)], below)
	s := m.Shapes[below]
	if name != "" {
		out = append(out, place{parent: parent, name: name, shape: s})
	}
	switch {
	case s.Member != nil:
		return m.walk(out, s.Member.Shape, parent, name, above)
	case s.Value != nil:
		from := len(out)
		out = m.walk(out, s.Value.Shape, parent, name, above)
		for i := from; i < len(out) && out[i].name == name; i++ {
			out[i].entry = true
		}
		return out
	}
	if name == "" {
		name = parent
	}
	for member, of := range s.Members {
		if of.Location != "" && of.LocationName != "" {
			member = of.LocationName
		}
		out = m.walk(out, of.Shape, name, member, above)
	}
	return out
}

// word returns how members/*.txt has the type of a shape.
func (s *shape) word() string {
	switch s.Type {
	case "integer", "long":
		return "integer"
	case "boolean", "map":
		return s.Type
	case "timestamp":
		return "time"
	}
	return ""
}

// TestMembers holds that members/*.txt has the members of the models, with their types. -rewrite writes them.
func TestMembers(t *testing.T) {
	for service, at := range models {
		m := readModel(t, at)
		if m == nil {
			t.Logf("botocore is not here: %s is not compared", service)
			continue
		}
		types := map[string]map[string]bool{}
		for _, p := range m.places() {
			if types[p.name] == nil {
				types[p.name] = map[string]bool{}
			}
			if p.shape.Type != "list" && !p.entry {
				types[p.name][p.shape.Type] = true
			}
			if types[p.name]["map"] && types[p.name]["structure"] {
				t.Errorf("%s: %s is a map in one place and a structure in another", service, p.name)
			}
		}
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(types)) {
			line := name
			for kind := range types[name] {
				if word := (&shape{Type: kind}).word(); word != "" && (len(types[name]) == 1 || word == "map") {
					line = name + " " + word
				}
			}
			lines = append(lines, line)
		}
		text := "# The members of the model of " + service + ". TestMembers -rewrite writes them.\n" + strings.Join(lines, "\n") + "\n"
		file := "members/" + service + ".txt"
		if *rewrite {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := os.ReadFile(file); string(got) != text {
			t.Errorf("%s is not as the model is: run this test with -rewrite, and look at what has changed", file)
		}
	}
}

// TestSensitive holds that nothing is shown of what a model marks as sensitive, wherever it is.
func TestSensitive(t *testing.T) {
	marked := 0
	for service, at := range models {
		m := readModel(t, at)
		if m == nil {
			continue
		}
		members := For(service)
		for _, p := range m.places() {
			if !p.shape.Sensitive {
				continue
			}
			marked++
			_, shown := members.shown(p.name)
			if _, veiled := members.veil(p.parent, p.name, "ann@example.com"); shown && !veiled {
				t.Errorf("%s shows %s of %s, which is sensitive", service, p.name, p.parent)
			}
		}
	}
	if marked == 0 {
		t.Skip("botocore is not on this machine")
	}
}

// TestNoMapsInForms holds what Form relies on.
func TestNoMapsInForms(t *testing.T) {
	for _, service := range []string{"iam", "sts"} {
		m := readModel(t, models[service])
		if m == nil {
			t.Skip("botocore is not on this machine")
		}
		for name, o := range m.Operations {
			if o.Input == nil {
				continue
			}
			for _, p := range m.walk(nil, o.Input.Shape, name, "", nil) {
				if p.shape.Type == "map" || p.shape.Type == "blob" {
					t.Errorf("%s of %s is a %s", p.name, name, p.shape.Type)
				}
			}
		}
	}
}

// TestSecretsAreMembers holds that a name of secrets is one of a model, so that a slip of the pen shows.
func TestSecretsAreMembers(t *testing.T) {
	t.Parallel()
	for name := range secrets {
		if For("iam").kinds[name] == 0 && For("sts").kinds[name] == 0 {
			t.Errorf("%s is no member of a model", name)
		}
	}
	for service, marks := range hidden {
		for path := range marks {
			if name := path[strings.LastIndex(path, ".")+1:]; For(service).kinds[name] == 0 {
				t.Errorf("%s is no member of %s", path, service)
			}
		}
	}
}
