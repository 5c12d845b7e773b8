// Package deploy_test checks the files of deploy/ against what they are for: the chart is rendered by Helm's own engine and read
// as Kubernetes reads it, the Compose file by Compose's own loader, the Dockerfile by BuildKit's parser.
//
// It is a module of its own, because these take a few hundred modules that the program must not depend on.
package deploy_test

import (
	"io"
	"log"
	"os"
	"testing"
)

// TestMain keeps Helm from saying each time that the alert rules of the chart are a link.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// read returns the content of a file below deploy/.
func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile("../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
