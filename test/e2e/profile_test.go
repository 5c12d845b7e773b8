package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// profileCommand is the command profile.
func profileCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: profile NAME [FILE]")
	}
	printed := "stdout"
	if len(args) == 2 {
		printed = args[1]
	}
	var answer struct {
		AccessKey struct{ AccessKeyID, SecretAccessKey string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(printed)), &answer))
	k := answer.AccessKey
	if k.SecretAccessKey == "" {
		ts.Fatalf("%s has no access key", printed)
	}
	file := ts.Getenv("AWS_SHARED_CREDENTIALS_FILE")
	text, err := os.ReadFile(file)
	ts.Check(err)
	section := fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", args[0], k.AccessKeyID, k.SecretAccessKey)
	before, after, known := strings.Cut(string(text), "["+args[0]+"]\n")
	if !known {
		appendTo(ts, ts.Getenv("AWS_CONFIG_FILE"), fmt.Sprintf("\n[profile %s]\nregion = us-east-1\noutput = json\nendpoint_url = %s\n",
			args[0], ts.Getenv("ENDPOINT")))
	}
	if _, rest, more := strings.Cut(after, "\n["); more {
		section += "\n[" + rest
	}
	// A client that reads the file meanwhile sees it as it was or as it will be.
	ts.Check(os.WriteFile(file+".new", []byte(strings.TrimRight(before, "\n")+"\n\n"+section), 0o600))
	ts.Check(os.Rename(file+".new", filepath.Clean(file)))
}
