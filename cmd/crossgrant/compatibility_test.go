package main

import (
	"flag"
	"fmt"
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

// operationList returns the list of operations: of S3 and S3 Control every one that clients know, of the
// others those that are built.
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
	list("**IAM**, built", iamapi.New(nil, nil, nil).Operations())
	list("**STS**, built", stsapi.New(nil, nil).Operations())
	list("**Organizations**, built", orgsapi.New(nil).Operations())
	b.WriteString("\nThe operations that S3 and S3 Control have are those that botocore 1.43.11 (2026-11-26) knows, and beside\nthem what browsers send: PostObject and PreflightRequest.\n\n")
	return b.String()
}
