package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// operatorFiles are what operators copy from and look up: everything below deploy, and OPERATIONS.md.
func operatorFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	read := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(path, "../../")] = string(text)
	}
	read("../../docs/OPERATIONS.md")
	err := filepath.WalkDir("../../deploy", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path == "../../deploy/test" {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() {
			read(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestOperatorFilesNameFlagsThatThereAre: a variable that is misspelt would have no effect, and say nothing.
func TestOperatorFilesNameFlagsThatThereAre(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commandLine{}, kong.DefaultEnvars("CROSSGRANT"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, command := range parser.Model.Leaves(false) {
		if command.Name != "serve" {
			continue
		}
		for _, group := range command.AllFlags(false) {
			for _, flag := range group {
				for _, env := range flag.Envs {
					known[env] = true
				}
			}
		}
	}
	pattern, found := regexp.MustCompile(`CROSSGRANT_[A-Z_]*[A-Z]`), 0
	for file, text := range operatorFiles(t) {
		for _, name := range pattern.FindAllString(text, -1) {
			if found++; !known[name] {
				t.Errorf("%s: no flag has the variable %s", file, name)
			}
		}
	}
	if found == 0 {
		t.Error("no file names a variable")
	}
}

// TestOperatorFilesNameMetricsThatThereAre: an alert about a metric that does not exist never fires.
func TestOperatorFilesNameMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	known := metricNames(t)
	// The program's names, with what a histogram appends; names that end in _ begin one.
	pattern, found := regexp.MustCompile(`\bcrossgrant_[a-z_]*[a-z]\b`), 0
	for file, text := range operatorFiles(t) {
		for _, name := range pattern.FindAllString(text, -1) {
			if name == "crossgrant_kv" { // the table of the metadata in PostgreSQL
				continue
			}
			base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			if found++; !known[name] && !(known[base] && strings.HasSuffix(base, "_seconds")) {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
	if found == 0 {
		t.Error("no file names a metric")
	}
}

// metricNames reads the names of all metrics from where they are made: texts in package metrics, and calls of its Gauge.
func metricNames(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	paths, err := filepath.Glob("../../internal/metrics/*.go")
	if err != nil {
		t.Fatal(err)
	}
	own, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, own...) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Gauge" && len(call.Args) > 0 {
					known["crossgrant_"+literal(call.Args[0])] = true
				}
			}
			if e, ok := n.(ast.Expr); ok && strings.HasPrefix(literal(e), "crossgrant_") {
				known[literal(e)] = true
			}
			return true
		})
	}
	if !known["crossgrant_connections"] || !known["crossgrant_requests_total"] {
		t.Fatalf("the names were not found: %v", known)
	}
	return known
}

// literal returns a text that is written in the source, or "".
func literal(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		text, _ := strconv.Unquote(l.Value)
		return text
	}
	return ""
}
