package e2e_test

import (
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"crossgrant/internal/totp"
)

// codeCommand is the command code.
func codeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: code FILE STEPS NAME…")
	}
	seed, err := base32.StdEncoding.DecodeString(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	steps, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	first := totp.StepAt(time.Now()) + steps
	for i, name := range args[2:] {
		ts.Setenv(name, totp.Code(seed, first+int64(i)))
	}
}

// nowCommand is the command now. Whatever was done before lies in an earlier second, and what is done after
// in none that is earlier.
func nowCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: now NAME")
	}
	second := time.Now().Truncate(time.Second).Add(time.Second)
	time.Sleep(time.Until(second))
	ts.Setenv(args[0], second.UTC().Format(time.RFC3339))
}
