package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"crossgrant/internal/httpapi"
	"crossgrant/internal/httpapi/analyzerapi"
	"crossgrant/internal/httpapi/cloudtrailapi"
	"crossgrant/internal/httpapi/iamapi"
	"crossgrant/internal/httpapi/orgsapi"
	"crossgrant/internal/httpapi/s3api"
	"crossgrant/internal/httpapi/s3controlapi"
	"crossgrant/internal/httpapi/stsapi"
)

var rewrite = flag.Bool("rewrite", false, "write the list of operations in docs/COMPATIBILITY.md anew")

// TestCompatibilityListsWhatIsBuilt holds the list of operations in the documentation against the tables
// of the services, so that it cannot claim what is not there.
func TestCompatibilityListsWhatIsBuilt(t *testing.T) {
	const path = "../../docs/COMPATIBILITY.md"
	const begin, end = "<!-- operations: made from the tables by go test ./cmd/crossgrant -rewrite -->\n", "<!-- end of operations -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	listed, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the list of operations", path)
	}
	want := operationList()
	if *rewrite {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if listed != want {
		t.Errorf("the list in %s is\n%s\nthe tables have\n%s", path, listed, want)
	}
}

// operationList returns the list of operations: of each service every one that clients know.
func operationList() string {
	var built, missing, elsewhere []string
	for _, s := range s3api.New(nil, s3api.Deps{}).States() {
		switch {
		case s.Built:
			built = append(built, s.Name)
		case s.Elsewhere:
			elsewhere = append(elsewhere, s.Name)
		default:
			missing = append(missing, s.Name)
		}
	}
	control := s3controlapi.New(nil, nil, nil)
	var b strings.Builder
	list := func(what string, names []string) {
		fmt.Fprintf(&b, "\n%s (%d): %s.\n", what, len(names), strings.Join(names, ", "))
	}
	list("**S3**, built", built)
	list("S3, not built, answered with 501 `NotImplemented`", missing)
	list("S3, not built, asked of endpoints that are not here", elsewhere)
	list("**S3 Control**, built", control.Operations())
	list("S3 Control, not built, answered with 501 `NotImplemented`", control.NotBuilt())
	for _, s := range []struct {
		name   string
		states []httpapi.State
	}{{"IAM", iamapi.New(nil, iamapi.Deps{}).States()}, {"STS", stsapi.New(nil, stsapi.Deps{}).States()}, {"Organizations", orgsapi.New(nil).States()}, {"Access Analyzer", analyzerapi.New(nil).States()}, {"CloudTrail", cloudtrailapi.New(cloudtrailapi.Deps{}).States()}} {
		listStates(list, s.name, s.states)
	}
	b.WriteString("\nThe operations that the services have are those that botocore 1.43.11 (2026-11-26) knows, and beside\nthem what browsers send: PostObject and PreflightRequest.\n\n")
	return b.String()
}

// listStates lists the operations of a service: what is built, and what there is nothing to work on for.
func listStates(list func(what string, names []string), service string, states []httpapi.State) {
	var built []string
	notOffered := map[string][]string{}
	for _, s := range states {
		if s.NotOffered != "" {
			notOffered[s.NotOffered] = append(notOffered[s.NotOffered], s.Name)
		} else {
			built = append(built, s.Name)
		}
	}
	list("**"+service+"**, built", built)
	for _, what := range slices.Sorted(maps.Keys(notOffered)) {
		list(service+", without "+what+", answered with empty lists and errors of AWS's", notOffered[what])
	}
}
