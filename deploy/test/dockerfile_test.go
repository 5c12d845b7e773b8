package deploy_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// TestDockerfile parses the Dockerfile and looks for what it copies.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	parsed, err := parser.Parse(bytes.NewReader(read(t, "compose/Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Errorf("warning: %s", w.Short)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(stages) != 2 || stages[0].Name != "build" {
		t.Fatalf("the stages are %v", stages)
	}
	kept := strings.Fields(string(read(t, "compose/Dockerfile.dockerignore")))
	for _, stage := range stages {
		for _, c := range stage.Commands {
			c, ok := c.(*instructions.CopyCommand)
			if !ok || c.From != "" {
				continue
			}
			for _, source := range c.SourcePaths {
				if _, err := os.Stat("../../" + source); err != nil || !slices.Contains(kept, "!"+source) {
					t.Errorf("COPY %s: it is not in the context: %v", source, err)
				}
			}
		}
	}
	last := stages[1].Commands
	user := slices.IndexFunc(last, func(c instructions.Command) bool {
		u, ok := c.(*instructions.UserCommand)
		return ok && u.User == "65532:65532"
	})
	if user < 0 {
		t.Error("the program runs as root")
	}
	if version := goVersion(t); !strings.HasPrefix(stages[0].BaseName, "golang:"+version+"-") {
		t.Errorf("the image to build in is %s, go.mod asks for %s", stages[0].BaseName, version)
	}
}

// goVersion returns the version of Go in the program's go.mod, without the patch.
func goVersion(t *testing.T) string {
	t.Helper()
	for line := range strings.Lines(string(read(t, "../go.mod"))) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "go "); ok {
			return strings.Join(strings.Split(version, ".")[:2], ".")
		}
	}
	t.Fatal("go.mod names no version")
	return ""
}
