// Package layers holds the direction of imports as data, and the check that the tree obeys it. The
// test of this package is part of every test run.
package layers

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Rules is what a module's imports have to obey. Packages are named relative to the module.
type Rules struct {
	Module string
	// Layers lists the packages, lowest layer first. A package may import packages of lower layers
	// only, so not those of its own. Every package has to be listed.
	Layers [][]string
	// Pure names the packages that do no I/O and read no clock; Impure the standard packages that
	// they therefore may not import, and the reason.
	Pure   []string
	Impure map[string]string
	// Restricted names packages that only the packages listed with them may import.
	Restricted map[string][]string
}

// Crossgrant is the rules of this module; docs/ARCHITECTURE.md draws them.
var Crossgrant = Rules{
	Module: "crossgrant",
	Layers: [][]string{
		{"internal/ids", "internal/totp", "internal/password", "internal/durable", "internal/disktest", "internal/layers", "internal/policy/gen", "internal/limits", "internal/faulttest", "internal/md5lanes/kernel", "internal/yamlnode", "internal/jsonwrite", "internal/wire/trailjson", "internal/background"},
		{"internal/arn", "internal/apierr", "internal/conns", "internal/md5lanes", "internal/md5lanes/gen"},
		{"internal/policy", "internal/acl", "internal/sigv4", "internal/postpolicy", "internal/checksum", "internal/cors", "internal/website", "internal/events", "internal/saml", "internal/picture", "internal/cloudtrail/digest"},
		{"internal/saml/samltest", "internal/policy/space"},
		{"internal/authz", "internal/policy/check", "internal/policy/lint"},
		{"internal/reach", "internal/analyzer/external", "internal/cloudtrail/selector"},
		{"internal/meta", "internal/blob", "internal/seal", "internal/webidentity", "internal/explain", "internal/expect", "internal/reachmap"},
		{"internal/blob/disk"},
		{"internal/meta/metatest", "internal/meta/postgres/postgrestest", "internal/blob/blobtest", "internal/meta/memory", "internal/meta/pebble", "internal/meta/postgres", "internal/blob/memory", "internal/blob/files", "internal/blob/packs", "internal/blob/s3blob"},
		{"internal/blob/embedded"},
		{"internal/keys", "internal/records"},
		{"internal/iam/managed", "internal/orgs/managed", "internal/orgs/declarative", "internal/sse", "internal/lifecycle", "internal/quotas", "internal/lease", "internal/servers"},
		{"internal/journal", "internal/objects", "internal/iam", "internal/sts", "internal/accounts", "internal/orgs", "internal/kms", "internal/backup", "internal/migrate", "internal/cloudtrail/signing"},
		{"internal/wire/restxml", "internal/wire/query", "internal/wire/json11", "internal/wire/formdata", "internal/lifecycle/engine", "internal/closure", "internal/fsck"},
		{"internal/access", "internal/wire/restjson"},
		{"internal/audit", "internal/simulator", "internal/notify", "internal/questions", "internal/reach/gather", "internal/analyzer", "internal/cloudtrail"},
		{"internal/accesslog", "internal/usage", "internal/decisions", "internal/cloudtrail/archive", "internal/cloudtrail/event"},
		{"internal/reports", "internal/cloudtrail/delivery", "internal/cloudtrail/history"},
		{"internal/metrics"},
		{"internal/httpapi"},
		{"internal/httpapi/queryapi", "internal/httpapi/jsonapi", "internal/httpapi/keytest", "internal/httpapi/s3tags"},
		{"internal/httpapi/s3api", "internal/httpapi/s3controlapi", "internal/httpapi/websiteapi", "internal/httpapi/iamapi", "internal/httpapi/stsapi", "internal/httpapi/orgsapi", "internal/httpapi/crossgrantapi", "internal/httpapi/analyzerapi", "internal/httpapi/cloudtrailapi", "internal/httpapi/signinapi"},
		{"internal/httpapi/queryapi/querytest"},
		{"internal/admin", "internal/bootstrap"},
		{"internal/console/cli", "internal/console/session", "internal/console/summary"},
		{"internal/console/client", "internal/console/shelf"},
		{"internal/console/page"},
		{"internal/console/bucket", "internal/console/mfadevice", "internal/console/consoletest"},
		{"internal/console/home", "internal/console/signin", "internal/console/validate", "internal/console/buckets", "internal/console/objects", "internal/console/permissions", "internal/console/properties", "internal/console/identities", "internal/console/account", "internal/console/organization", "internal/console/why", "internal/console/bucket/buckettest", "internal/console/s3test"},
		{"internal/console"},
		{"cmd/crossgrant"},
		{"test/oidcissuer", "test/rigs/daemon", "test/rigs/s3client", "test/spread", "test/relay"},
		{"test/rigs/ceph", "test/rigs/postgres", "test/servertest"},
		{"test/rigs/patroni", "test/rigs/store", "test/backing"},
		{"test/rigs/cmd"},
		{"test/s3tests", "bench/hist", "bench/sign", "bench/process", "bench/client"},
		{"bench/load"},
		{"bench/report"},
		{"bench/s3bench"},
		{"bench/scale/zipf", "bench/scale/chart", "bench/scale/ranges"},
		{"bench/scale/population", "bench/scale/caches", "bench/scale/hotrows", "bench/scale/capacity"},
		{"bench/scale"},
	},
	Pure: []string{
		"internal/ids", "internal/arn", "internal/apierr", "internal/policy", "internal/acl", "internal/sigv4",
		"internal/checksum", "internal/postpolicy", "internal/authz", "internal/totp", "internal/password", "internal/cors", "internal/website", "internal/events",
		"internal/saml", "internal/orgs/declarative", "internal/explain", "internal/expect", "internal/yamlnode", "internal/reach", "internal/reachmap", "internal/picture", "internal/jsonwrite",
		"internal/policy/space", "internal/policy/check", "internal/policy/lint", "internal/analyzer/external", "internal/cloudtrail/digest", "internal/cloudtrail/selector", "internal/wire/trailjson", "internal/console/summary",
	},
	Impure: map[string]string{
		"context":       "a pure core does not block",
		"crypto/rand":   "randomness is an argument",
		"log":           "a pure core returns what it has to say",
		"log/slog":      "a pure core returns what it has to say",
		"math/rand":     "randomness is an argument",
		"math/rand/v2":  "randomness is an argument",
		"net":           "no network",
		"net/http":      "no network",
		"os":            "no files and no environment",
		"os/exec":       "no processes",
		"path/filepath": "no files",
		"syscall":       "no system calls",
	},
	Restricted: map[string][]string{
		"internal/meta/memory":   {"cmd/crossgrant", "internal/httpapi/queryapi/querytest", "internal/console/s3test"},
		"internal/meta/pebble":   {"cmd/crossgrant"},
		"internal/meta/postgres": {"cmd/crossgrant"},
		"internal/blob/memory":   {"cmd/crossgrant", "internal/console/s3test"},
		"internal/blob/files":    {"internal/blob/embedded"},
		"internal/blob/packs":    {"internal/blob/embedded"},
		"internal/blob/embedded": {"cmd/crossgrant"},
		"internal/blob/s3blob":   {"cmd/crossgrant"},
	},
}

// Check reads the Go files below root, tests excepted, and returns one sentence for each import that
// breaks the rules, in order of package.
func (r *Rules) Check(root string) ([]string, error) {
	imports, err := r.read(root)
	if err != nil {
		return nil, err
	}
	layer := map[string]int{}
	for i, packages := range r.Layers {
		for _, p := range packages {
			layer[p] = i
		}
	}
	var broken []string
	for _, i := range imports {
		if sentence := r.judge(i, layer); sentence != "" {
			broken = append(broken, sentence)
		}
	}
	return slices.Compact(broken), nil
}

// edge is an import: to is a package of the module, relative to it, or a path outside.
type edge struct {
	from, to string
	inside   bool
}

// judge returns what is wrong with one import, or "".
func (r *Rules) judge(e edge, layer map[string]int) string {
	from, known := layer[e.from]
	if !known {
		return fmt.Sprintf("%s is in no layer: add it to the rules", e.from)
	}
	pure := slices.Contains(r.Pure, e.from)
	if !e.inside {
		if strings.HasPrefix(e.to, "time.") && pure {
			return fmt.Sprintf("%s is pure and calls %s: the time is an argument", e.from, e.to)
		}
		if reason, bad := r.Impure[e.to]; bad && pure {
			return fmt.Sprintf("%s is pure and imports %s: %s", e.from, e.to, reason)
		}
		return ""
	}
	to, known := layer[e.to]
	switch {
	case !known:
		return fmt.Sprintf("%s imports %s, which is in no layer", e.from, e.to)
	case to >= from:
		return fmt.Sprintf("%s imports %s, which is not below it", e.from, e.to)
	case pure && !slices.Contains(r.Pure, e.to):
		return fmt.Sprintf("%s is pure and imports %s, which is not", e.from, e.to)
	}
	if allowed, restricted := r.Restricted[e.to]; restricted && !slices.Contains(allowed, e.from) {
		return fmt.Sprintf("%s imports %s, which only %s may", e.from, e.to, strings.Join(allowed, ", "))
	}
	return ""
}

// read returns the imports of every package below root.
func (r *Rules) read(root string) ([]edge, error) {
	var edges []edge
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if path != root && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		found, err := r.readFile(root, path)
		edges = append(edges, found...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read imports below %s: %w", root, err)
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return slices.Compact(edges), nil
}

func (r *Rules) readFile(root, path string) ([]edge, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	from, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	from = filepath.ToSlash(from)
	var edges []edge
	for _, spec := range file.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		inside, ok := strings.CutPrefix(to, r.Module+"/")
		if ok {
			to = inside
		}
		edges = append(edges, edge{from: from, to: to, inside: ok})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.SelectorExpr); ok {
			if name, ok := call.X.(*ast.Ident); ok && name.Name == "time" && slices.Contains(clock, call.Sel.Name) {
				edges = append(edges, edge{from: from, to: "time." + call.Sel.Name})
			}
		}
		return true
	})
	return edges, nil
}

// clock has the functions of package time that read the clock or wait.
var clock = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}
