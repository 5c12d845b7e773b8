package e2e_test

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"crossgrant/test/oidcissuer"
)

// issuerCommand is the command issuer.
func issuerCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	switch {
	case !neg && len(args) == 1 && args[0] == "start":
		var err error
		s.issuer, err = oidcissuer.Start(oidcissuer.Options{})
		ts.Check(err)
		ts.Defer(func() { s.issuer.Close() })
		ts.Setenv("ISSUER", s.issuer.URL)
		ts.Setenv("ISSUER_NAME", strings.TrimPrefix(s.issuer.URL, "http://"))
	case !neg && len(args) == 3 && args[0] == "token":
		var claims map[string]any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &claims))
		token, err := s.issuer.Token(claims)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(token), 0o600))
	default:
		ts.Fatalf("usage: issuer start, issuer token FILE CLAIMS")
	}
}
