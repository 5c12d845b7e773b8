package expect

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"crossgrant/internal/authz"
)

// Parse reads a file of tests, whose name says whether it is an archive. An error is one line that begins with file,
// line and column.
func Parse(name, text string) (*Suite, error) {
	s := &Suite{File: name}
	if len(text) > MaxFile {
		return nil, place{name, 1, 1}.errorf("the file is larger than %d bytes", MaxFile)
	}
	d := &document{file: name}
	if IsArchive(name) {
		files, err := unpack(name, text)
		if err != nil {
			return nil, err
		}
		s.Archive = map[string]string{}
		found := false
		for _, f := range files {
			if f.name == TestsFile {
				found, text, d.skipped = true, f.text, f.line
				continue
			}
			s.Archive[f.name] = f.text
		}
		if !found {
			return nil, place{name, 1, 1}.errorf("there is no file %s in the archive", TestsFile)
		}
	}
	return s, s.read(d, text)
}

// read reads the YAML of the tests.
func (s *Suite) read(d *document, text string) error {
	body, err := d.parse(text)
	if err != nil {
		return err
	}
	entries, err := d.mapping(body, "a file of tests")
	if err != nil {
		return err
	}
	r := &reader{document: d, suite: s, names: map[string]string{}}
	var tests ast.Node
	for _, e := range entries {
		switch e.key.text {
		case "world":
			world, err := d.scalar(e.value, "world")
			if err != nil {
				return err
			}
			s.World = world.text
		case "names":
			if err := r.readNames(e.value); err != nil {
				return err
			}
		case "tests":
			tests = e.value // after the names, wherever they are
		default:
			return unknown(e.key, "a file of tests", "world, names and tests")
		}
	}
	return r.readTests(body, tests)
}

// reader reads one file.
type reader struct {
	*document
	suite *Suite
	names map[string]string
}

func (r *reader) readNames(n ast.Node) error {
	entries, err := r.mapping(n, "names")
	if err != nil {
		return err
	}
	for _, e := range entries {
		value, err := r.scalar(e.value, "what a name stands for")
		if err != nil {
			return err
		}
		if isPrincipal(e.key.text) || isResource(e.key.text) {
			return e.key.at.errorf("%s cannot be a name: it means something by itself", quoted(e.key.text))
		}
		if !isPrincipal(value.text) && !isResource(value.text) {
			return value.at.errorf("%s is neither a principal nor a resource: a name stands for an ARN, an account ID, a service principal or anonymous", quoted(value.text))
		}
		r.names[e.key.text] = value.text
	}
	return nil
}

func (r *reader) readTests(body, n ast.Node) error {
	if n == nil {
		return r.of(body).errorf("there are no tests in the file")
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		return r.of(n).errorf("tests is a list of tests")
	}
	for _, v := range list.Values {
		t, err := r.readTest(v)
		if err != nil {
			return err
		}
		if n := len(t.as) * len(t.does) * max(len(t.on), 1); n > MaxChecks-len(r.suite.Checks) {
			return t.at.errorf("with this test the file stands for more than %d checks", MaxChecks)
		}
		r.suite.Checks = append(r.suite.Checks, t.checks()...)
	}
	return nil
}

// readTest reads one test.
func (r *reader) readTest(n ast.Node) (*test, error) {
	entries, err := r.mapping(n, "a test")
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, r.of(n).errorf("a test needs as, and allow or deny")
	}
	t := &test{at: entries[0].key.at}
	for _, e := range entries {
		if err := r.readKey(t, e); err != nil {
			return nil, err
		}
	}
	switch {
	case len(t.as) == 0:
		return nil, t.at.errorf("a test needs as: who it is about")
	case len(t.does) == 0:
		return nil, t.at.errorf("a test needs allow or deny: an action, such as s3:GetObject")
	}
	return t, r.resolve(t)
}

// readKey reads one key of a test.
func (r *reader) readKey(t *test, e entry) (err error) {
	switch e.key.text {
	case "name":
		var name word
		name, err = r.scalar(e.value, "name")
		t.name = strings.Join(strings.Fields(name.text), " ")
	case "as":
		t.as, t.asList, err = r.list(e.value, "as")
	case "allow", "deny":
		if len(t.does) > 0 {
			return e.key.at.errorf("a test has one of allow and deny")
		}
		t.allow = e.key.text == "allow"
		t.does, t.doesList, err = r.list(e.value, e.key.text)
	case "on":
		t.on, t.onList, err = r.list(e.value, "on")
	case "with":
		t.with, err = r.readContext(e.value)
	case "because":
		t.because, err = r.readCause(e.value)
	default:
		return unknown(e.key, "a test", "name, as, allow, deny, on, with and because")
	}
	return err
}

// readContext reads condition keys. What they are, and may be, is for those who are asked to say.
func (r *reader) readContext(n ast.Node) ([]Value, error) {
	entries, err := r.mapping(n, "with")
	if err != nil {
		return nil, err
	}
	var out []Value
	for _, e := range entries {
		words, _, err := r.list(e.value, e.key.text)
		if err != nil {
			return nil, err
		}
		v := Value{Key: e.key.text}
		for _, w := range words {
			v.Values = append(v.Values, w.text)
		}
		out = append(out, v)
	}
	return out, nil
}

// readCause reads what must have decided: a layer, or a mapping.
func (r *reader) readCause(n ast.Node) (c Cause, err error) {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		layer, err := r.scalar(n, "because")
		if err == nil {
			c.Layer, err = layerOf(layer)
		}
		return c, err
	}
	entries, err := r.mapping(n, "because")
	if err != nil {
		return c, err
	}
	for _, e := range entries {
		value, err := r.scalar(e.value, e.key.text)
		if err != nil {
			return c, err
		}
		switch e.key.text {
		case "layer":
			if c.Layer, err = layerOf(value); err != nil {
				return c, err
			}
		case "source":
			c.Source = value.text
		case "statement":
			c.Statement = value.text
		default:
			return c, unknown(e.key, "because", "layer, source and statement")
		}
	}
	return c, nil
}

// layerOf returns the name of a layer that decides. A name that no layer has would never be the one.
func layerOf(w word) (string, error) {
	var known []string
	for k := authz.NoLayer + 1; k.String() != authz.NoLayer.String(); k++ {
		if strings.EqualFold(k.String(), w.text) {
			return k.String(), nil
		}
		known = append(known, k.String())
	}
	return "", w.at.errorf("%s is not a layer: there are %s", quoted(w.text), strings.Join(known, ", "))
}

// resolve puts in what names stand for.
func (r *reader) resolve(t *test) error {
	for _, w := range t.as {
		who, ok := r.meaning(w.text, isPrincipal)
		if !ok {
			return w.at.errorf("%s is not a principal: give one of the names, an ARN, an account ID, a service principal or anonymous", quoted(w.text))
		}
		t.resolvedAs = append(t.resolvedAs, who)
	}
	for _, w := range t.does {
		if !actionPattern.MatchString(w.text) {
			return w.at.errorf("%s is not an action, such as s3:GetObject", quoted(w.text))
		}
	}
	for _, w := range t.on {
		what, ok := r.meaning(w.text, isResource)
		if !ok {
			return w.at.errorf("%s is not a resource: give one of the names or an ARN", quoted(w.text))
		}
		t.resolvedOns = append(t.resolvedOns, what)
	}
	return nil
}

// meaning returns what a word stands for, which has to be of a kind.
func (r *reader) meaning(text string, is func(string) bool) (string, bool) {
	if named, ok := r.names[text]; ok {
		text = named
	}
	return text, is(text)
}

var (
	actionPattern    = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`)
	principalPattern = regexp.MustCompile(`^(arn:.+|[0-9]{12}|[a-z0-9.-]+\.amazonaws\.com|anonymous|\*)$`)
)

func isPrincipal(s string) bool { return principalPattern.MatchString(s) }
func isResource(s string) bool  { return s == "*" || strings.HasPrefix(s, "arn:") }
