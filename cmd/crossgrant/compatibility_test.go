package main

import (
	"flag"
	"os"
	"strings"
	"testing"

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
	var want strings.Builder
	for _, service := range []struct {
		name       string
		operations []string
	}{
		{"S3", s3api.New(nil, s3api.Deps{}).Operations()},
		{"S3 Control", s3controlapi.New(nil, nil, nil).Operations()},
		{"IAM", iamapi.New(nil, nil).Operations()},
		{"STS", stsapi.New(nil, nil).Operations()},
		{"Organizations", orgsapi.New(nil).Operations()},
	} {
		want.WriteString("\n**" + service.name + "**: " + strings.Join(service.operations, ", ") + ".\n")
	}
	want.WriteString("\n")
	if *rewrite {
		if err := os.WriteFile(path, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if listed != want.String() {
		t.Errorf("the list in %s is\n%s\nthe tables have\n%s", path, listed, want.String())
	}
}
