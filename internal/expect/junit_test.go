package expect

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// schema is the JUnit XML schema as far as it is used: of each element its children, in order, its attributes that
// have to be there and those that may be, and which of those are numbers.
//
// Source: https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
var schema = map[string]struct {
	children, required, optional, numbers []string
	text                                  bool
}{
	"testsuites": {children: []string{"testsuite"}, optional: []string{"name", "time", "tests", "failures", "errors", "disabled"}, numbers: []string{"tests", "failures", "errors"}},
	"testsuite": {
		children: []string{"properties", "testcase", "system-out", "system-err"}, required: []string{"name", "tests"},
		optional: []string{"failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"}, numbers: []string{"tests", "failures", "errors"},
	},
	"testcase": {children: []string{"skipped", "error", "failure", "system-out", "system-err"}, required: []string{"name", "classname"}, optional: []string{"assertions", "time", "status"}},
	"failure":  {optional: []string{"type", "message"}, text: true},
	"error":    {optional: []string{"type", "message"}, text: true},
}

// node is an element of a document.
type node struct {
	name       string
	attributes map[string]string
	children   []*node
	text       string
}

// readXML returns the root of a document.
func readXML(t *testing.T, text string) *node {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	root := &node{}
	open := []*node{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root.children[0]
		}
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		top := open[len(open)-1]
		switch e := token.(type) {
		case xml.StartElement:
			n := &node{name: e.Name.Local, attributes: map[string]string{}}
			for _, a := range e.Attr {
				n.attributes[a.Name.Local] = a.Value
			}
			top.children = append(top.children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(e)
		}
	}
}

// validate holds that an element is as the schema has it.
func validate(t *testing.T, n *node) {
	t.Helper()
	rule, ok := schema[n.name]
	if !ok {
		t.Fatalf("there is an element %s", n.name)
	}
	for name, value := range n.attributes {
		if !slices.Contains(rule.required, name) && !slices.Contains(rule.optional, name) {
			t.Errorf("%s has an attribute %s", n.name, name)
		}
		if _, err := strconv.Atoi(value); slices.Contains(rule.numbers, name) && err != nil {
			t.Errorf("%s of %s is %q", name, n.name, value)
		}
	}
	for _, name := range rule.required {
		if n.attributes[name] == "" {
			t.Errorf("%s has no %s", n.name, name)
		}
	}
	if !rule.text && strings.TrimSpace(n.text) != "" {
		t.Errorf("%s has the text %q", n.name, n.text)
	}
	last := 0
	for _, c := range n.children {
		place := slices.Index(rule.children, c.name)
		if place < last {
			t.Errorf("%s is out of its place in %s", c.name, n.name)
		}
		last = place
		validate(t, c)
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	odd := "<&>\"' \x01 \xff ]]> ü"
	checks := []Check{
		{File: "a.yaml", Line: 3, As: "u", Action: "s3:GetObject", On: odd, Allow: true, Name: odd},
		{File: "a.yaml", Line: 4, As: "u", Action: "s3:ListAllMyBuckets", With: []Value{{"x:y", []string{"a", odd}}}},
		{File: "b.yaml", Line: 1, As: "u", Action: "s3:GetObject", Allow: true},
		{File: "b.yaml", Line: 2, As: "u", Action: "s3:GetObject"},
	}
	answers := []Answer{
		{Effect: allowed, Layer: "bucket ACL", Source: odd}, {Effect: allowed, Layer: "root user"},
		{Code: "NoSuchBucket", Message: odd}, {Effect: "implicitDeny", Layer: "identity-based policy"},
	}
	var r Report
	for i, c := range checks {
		r.Results = append(r.Results, Judge(c, answers[i]))
	}
	var out strings.Builder
	if err := r.JUnit(&out); err != nil {
		t.Fatal(err)
	}
	root := readXML(t, out.String())
	if root.name != "testsuites" {
		t.Fatalf("the root is %s", root.name)
	}
	validate(t, root)
	counted := func(n *node) string {
		return n.attributes["name"] + " " + n.attributes["tests"] + " " + n.attributes["failures"] + " " + n.attributes["errors"]
	}
	if got := counted(root); got != "crossgrant check 4 1 1" {
		t.Errorf("all: %s", got)
	}
	if len(root.children) != 2 || counted(root.children[0]) != "a.yaml 2 1 0" || counted(root.children[1]) != "b.yaml 2 0 1" {
		t.Fatalf("suites: %s", out.String())
	}
	failed := root.children[0].children[1]
	if len(failed.children) != 1 || failed.children[0].name != "failure" || !strings.HasPrefix(failed.children[0].text, "a.yaml:4: u can s3:ListAllMyBuckets with x:y a <&>\"'") {
		t.Errorf("the failure is told as %q", out.String())
	}
	broken := root.children[1].children[0]
	if len(broken.children) != 1 || broken.children[0].name != "error" || broken.children[0].attributes["type"] != "NoSuchBucket" {
		t.Errorf("the error is told as %q", out.String())
	}
}
